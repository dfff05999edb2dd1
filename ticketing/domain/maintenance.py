"""Maintenance: for a while everybody can read, and nobody but those who look after the desk can change anything."""

from typing import ClassVar, Final, Self

from ticketing.domain.definitions import Definition
from ticketing.domain.text import clean_line, is_blank

LONGEST_MESSAGE: Final = 200


class Maintenance(Definition):
    """Whether the desk is being maintained, and what people are told besides; it goes into no settings file."""

    kind: ClassVar[str] = "maintenance"
    is_settings: ClassVar[bool] = False
    only: ClassVar[str] = "Maintenance"

    is_on: bool = False
    message: str = ""

    def checked(self) -> Self:
        """Return it with its message cleaned; raises InvalidInputError."""
        told = "" if is_blank(self.message) else clean_line("Message", self.message, LONGEST_MESSAGE)
        return super().checked().model_copy(update={"message": told})
