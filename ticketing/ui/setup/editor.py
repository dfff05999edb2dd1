"""How one kind of definition is listed and edited."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ticketing.domain.definitions import Definition
from ticketing.domain.people import Actor


@dataclass(frozen=True, slots=True)
class Editor:
    """
    How one kind is listed and edited; its words stand in the catalogue under `setup.` and the kind's name.

    `summary` returns the line below a definition's name in the list. `fields` draws what can be set, within a form;
    it is given the definition as it is, or None for a new one, and returns it as the person wants it. `preview` draws
    what that comes to, for kinds of which one cannot tell by looking at the fields; `preview_word` is what its button
    says, by the catalogue.
    """

    kind: type[Definition]
    icon: str
    summary: Callable[[Actor, Any], str]
    fields: Callable[[Actor, Any], Definition]
    preview: Callable[[Actor, Any], None] | None = None
    preview_word: str = "setup.preview"
