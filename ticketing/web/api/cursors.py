"""
Cursors of lists: each tells behind which line the next part begins, whatever has changed before it.

A cursor is of one question, and no secret: all that is in it stands in the line that it was made of. In those of the
list of tickets, moments are in microseconds since 1970; in all others a place is JSON, in base64.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

from fastapi import Query
from pydantic import TypeAdapter

from ticketing.domain.errors import InvalidInputError
from ticketing.domain.people import Named
from ticketing.domain.queries import Item, Page, Place, Recorded, TicketSummary
from ticketing.domain.sign_in import fingerprint

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MARK: Final = 12
_FORM: Final = re.compile(r"([0-9a-f]{12})-([0-9]{1,19})-([0-9])-([0-9]{1,17})-([0-9]{0,17})")

TicketCursor = Annotated[
    str,
    Query(
        max_length=70,
        pattern="^[0-9a-f-]*$",
        description="`next` of the part before, with the same query, sort and zone; none for the first.",
    ),
]

Cursor = Annotated[
    str,
    Query(
        max_length=1500,  # a name of 80 letters that have three each once their case is folded
        pattern="^[A-Za-z0-9_=-]*$",
        description="`next` of the part before, asked for alike; none for the first.",
    ),
]
_Place = TypeVar("_Place", Named, Recorded)
_PLACES: Final[Mapping[type, TypeAdapter[Any]]] = {kind: TypeAdapter(kind) for kind in (Named, Recorded)}


def following(found: Page[Item], cursor: Callable[[Item], str], *, is_first: bool) -> str | None:
    """
    Return the cursor of the next part, None behind the last one.

    Of a part that is not the first nobody knows whether it is the last if it is full.
    """
    is_last = found.pages == 1 if is_first else len(found.items) < found.size
    return None if is_last else cursor(found.items[-1])


def cursor_at(place: Named | Recorded, *question: str) -> str:
    """Return the cursor of what comes behind a place in what was asked."""
    return _mark(question) + urlsafe_b64encode(_PLACES[type(place)].dump_json(place)).decode()


def place_in(kind: type[_Place], cursor: str, *question: str) -> _Place | None:
    """Return the place that a cursor tells, None for the beginning; raises InvalidInputError for another list's."""
    if not cursor:
        return None
    if not cursor.startswith(_mark(question)):
        raise _not_told()
    try:
        place: _Place = _PLACES[kind].validate_json(urlsafe_b64decode(cursor[_MARK:]))
    except ValueError:
        raise _not_told() from None
    return place


def cursor_behind(line: TicketSummary, *question: str) -> str:
    """Return the cursor of what comes behind a line of what was asked."""
    due = "" if line.due_at is None else _written(line.due_at)
    return f"{_mark(question)}-{line.number}-{line.priority.rank}-{_written(line.updated_at)}-{due}"


def place_at(cursor: str, *question: str) -> Place | None:
    """Return the place that a cursor tells, None for the beginning; raises InvalidInputError for another list's."""
    if not cursor:
        return None
    found = _FORM.fullmatch(cursor)
    if found is None or found[1] != _mark(question):
        raise _not_told()
    try:
        due_at = _read(found[5]) if found[5] else None
        return Place(number=int(found[2]), rank=int(found[3]), updated_at=_read(found[4]), due_at=due_at)
    except ValueError:
        raise _not_told() from None


def _not_told() -> InvalidInputError:
    return InvalidInputError("Cursor", "The cursor must be one that a list has told as its next, asked for alike.")


def _mark(question: tuple[str, ...]) -> str:
    return fingerprint(*question)[:_MARK]


def _written(moment: datetime) -> str:
    return str((moment - _EPOCH) // _MICROSECOND)


def _read(written: str) -> datetime:
    return _EPOCH + int(written) * _MICROSECOND
