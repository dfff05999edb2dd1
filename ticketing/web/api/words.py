"""What calls are made of: texts with their limits, numbers, moments, and the form of lists and errors."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Generic, Self, TypeVar

from fastapi import Path, Query, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict

from ticketing.domain.queries import GREATEST_NUMBER, Page
from ticketing.domain.text import (
    EMAIL_LIMIT,
    NAME_LIMIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    TEXT_LIMIT,
    TITLE_LIMIT,
    WHO_LIMIT,
    Typed,
)

Item = TypeVar("Item")

# Tabs and line ends are the only control characters in a text.
_SHOWN: Final = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
PLAIN: Final = rf"^{_SHOWN}*$"
# With something in it that can be seen.
_READABLE: Final = rf"^{_SHOWN}*[^\s\x00-\x1f\x7f-\xa0]{_SHOWN}*$"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")
_A_WORD: Final = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$"


class Input(Typed):
    """What a call brings: a field that is not known is refused."""

    model_config = ConfigDict(defer_build=False)


class Output(BaseModel):
    """
    What a call is answered with; kept apart from what is stored, so that nothing gets out by being added there.

    `of` copies what its fields name.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, from_attributes=True)

    @classmethod
    def of(cls, found: Any) -> Self:
        """Return what is told of something that a service has found for its caller."""
        return cls.model_validate(found)


class Listed(Output, Generic[Item]):
    """A part of a list; with `next` as `cursor` the same call has the next part."""

    items: list[Item]
    total: int
    next: str | None = None

    @classmethod
    def up_to(cls, page: Page[Any], following: str | None, told: Callable[[Any], Any] | None = None) -> Self:
        """
        Return a page that a service has found, with the cursor of what follows.

        Each item is as it is *told*, or else what its own fields name.
        """
        items = page.items if told is None else [told(item) for item in page.items]
        return cls.model_validate({"items": items, "total": page.total, "next": following})


class Fault(Output):
    """What is wrong: a word for programs, a sentence for people, and the mark under which the log tells of it."""

    code: str
    message: str
    field: str | None = None
    reference: str


class Problem(Output):
    """How every call is answered that fails."""

    error: Fault


def ready(found: Output, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """Return an answer as it is sent, for what is called most: FastAPI would check it anew, in a thread of its own."""
    return Response(found.model_dump_json(), status, media_type="application/json", headers=headers)


def _require_text(given: Any) -> Any:
    """Refuse numbers, even as a text, which else would be seconds since 1970."""
    if isinstance(given, datetime) or (isinstance(given, str) and _DAY.match(given)):
        return given
    raise ValueError("should be a date and a time, such as 2026-03-02T09:00:00Z")


def _in_utc(given: datetime) -> datetime:
    """Return a moment in UTC, which one without a zone is meant in."""
    try:
        return given.replace(tzinfo=given.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError("should be within the years 1 to 9999") from None


def _require_duration(given: Any) -> Any:
    """Refuse numbers, of which nobody knows what they count."""
    if isinstance(given, timedelta) or (isinstance(given, str) and given.startswith("P")):
        return given
    raise ValueError("should be a duration, such as PT4H or P2D")


def _in_seconds(took: timedelta) -> float:
    return took.total_seconds()


Number = Annotated[int, Path(ge=1, le=GREATEST_NUMBER, description="The number of a ticket: 12 of T-12.")]
TicketNumber = Annotated[int, Strict(), Field(ge=1, le=GREATEST_NUMBER)]
Word = Annotated[str, Path(max_length=80, pattern=_A_WORD)]
Id = Annotated[str, Field(min_length=1, max_length=80, pattern=_A_WORD)]
Username = Annotated[str, Path(min_length=3, max_length=32, pattern="^[a-z0-9][a-z0-9._-]{2,31}$")]
UsernameField = Annotated[str, Field(min_length=3, max_length=32, pattern="^[a-z0-9][a-z0-9._-]{2,31}$")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_LIMIT, pattern=_READABLE)]
Text = Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT, pattern=_READABLE)]
Somebody = Annotated[str, Field(min_length=1, max_length=WHO_LIMIT, pattern=_READABLE)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT, pattern=_READABLE)]
Email = Annotated[str, Field(max_length=EMAIL_LIMIT, pattern=PLAIN)]
Tags = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=TAG_LIMIT, pattern=_READABLE)], ...],
    Field(max_length=TAGS_LIMIT),
]
Files = Annotated[
    tuple[Id, ...], Field(max_length=20, description="Ids of what was sent to `/attachments`, to hang on the message.")
]
Whole = Annotated[int, Strict()]
YesOrNo = Annotated[bool, Strict()]
At = Annotated[datetime, BeforeValidator(_require_text), AfterValidator(_in_utc)]
Duration = Annotated[timedelta, BeforeValidator(_require_duration)]
Seconds = Annotated[timedelta, PlainSerializer(_in_seconds, return_type=float)]
