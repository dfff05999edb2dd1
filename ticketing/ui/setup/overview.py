"""What of the set-up can be looked at, and is changed elsewhere or not at all."""

from collections.abc import Callable
from dataclasses import dataclass

from ticketing.domain.people import Actor
from ticketing.domain.policy import Action


@dataclass(frozen=True, slots=True)
class Overview:
    """One such page: its words stand in the catalogue under `setup.` and its name, *action* is what one must be let."""

    icon: str
    action: Action
    draw: Callable[[Actor], None]
