"""Banners: what the desk tells everybody above each page, such as that the mail server is down."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, Self

from ticketing.domain.definitions import Definition
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.text import clean_text

LONGEST_BANNER: Final = 500
# Of how many banners one remembers that somebody does not want to see them any more.
DISMISSED_LIMIT: Final = 50


class BannerLevel(StrEnum):
    """How grave it is; who has read a piece of news can put it away, a warning stays."""

    INFO = "info"
    WARNING = "warning"


class Banner(Definition):
    """
    One banner; its name is for those who look after it.

    It is shown from `begins` until before `ends`, where these are set. `signed_in_only`: the login page does not tell.
    """

    kind: ClassVar[str] = "banners"

    text: str
    level: BannerLevel = BannerLevel.INFO
    begins: datetime | None = None
    ends: datetime | None = None
    signed_in_only: bool = False

    def checked(self) -> Self:
        """Return it with its text cleaned; raises InvalidInputError."""
        if self.begins and self.ends and self.ends <= self.begins:
            raise InvalidInputError("Until", "A banner ends after it has begun. Please choose a later end.")
        return super().checked().model_copy(update={"text": clean_text("Text", self.text, LONGEST_BANNER)})

    @property
    def mark(self) -> str:
        """By what one remembers that somebody has put it away; one that says something new has another."""
        return f"{self.id}@{self.version}"

    @property
    def can_be_dismissed(self) -> bool:
        """Whether people can put it away."""
        return self.level is BannerLevel.INFO

    def is_shown(self, now: datetime, *, signed_in: bool) -> bool:
        """Whether it stands above the pages at this moment."""
        has_begun = self.begins is None or self.begins <= now
        is_over = self.removed or (self.ends is not None and self.ends <= now)
        return has_begun and not is_over and (signed_in or not self.signed_in_only)
