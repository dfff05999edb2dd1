"""Every kind of thing that can be set up."""

from collections.abc import Mapping
from typing import Final

from ticketing.domain.articles import Article
from ticketing.domain.definitions import Definition
from ticketing.domain.teams import Team

# By the names of their collections.
KINDS: Final[Mapping[str, type[Definition]]] = {kind.kind: kind for kind in (Article, Team)}
