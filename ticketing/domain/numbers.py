"""Numbers of tickets that were taken away, which are given to no other."""

from typing import ClassVar, Final

from ticketing.domain.definitions import Definition


class Numbers(Definition):
    """The highest number of a ticket that was taken away; those of others count up from it at least."""

    kind: ClassVar[str] = "numbers"
    is_settings: ClassVar[bool] = False

    last: int = 0


NO_NUMBERS: Final = Numbers(id="tickets", name="Numbers of tickets")
