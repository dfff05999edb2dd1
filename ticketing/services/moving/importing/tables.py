"""
Tables of which each row is a ticket: CSV of any origin, and of osTicket.

Columns are told by their names. Those of osTicket are what the export of a queue gives (CustomQueue's
getExportableFields in include/class.queue.php, and before version 1.11 dumpTickets in include/class.export.php); it
holds no message of any ticket.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO, Final

from ticketing.domain import imports
from ticketing.domain.errors import ImportRefusedError, quoted
from ticketing.domain.imports import Brought, BroughtMessage, BroughtPerson, BroughtTicket, Column, Problem, word_key
from ticketing.services.moving.importing import csv_files
from ticketing.services.moving.importing.csv_files import Written
from ticketing.services.moving.importing.moments import Moments, format_of, require_format, zone_of

SAMPLE: Final = 1_000
_QUOTED: Final = 60
_VALUES_SHOWN: Final = 50
_TIMES: Final = (Column.OPENED, Column.UPDATED, Column.CLOSED)
_BETWEEN_TAGS: Final = re.compile(r"[,;|]")
_NAMES: Final[Mapping[Column, str]] = {
    Column.NUMBER: "ticket number|number|ticket id|ticket|id|#|ticket no|no|nr",
    Column.SUBJECT: "subject|title|issue summary|summary",
    Column.TEXT: "description|text|message|body|issue details|details|content|question",
    Column.NAME: "from|name|requester|customer|requester name|customer name|user|contact|client|full name",
    Column.EMAIL: "from email|email|e-mail|requester email|customer email|email address|mail|user email|contact email",
    Column.STATUS: "current status|status|state",
    Column.PRIORITY: "priority|urgency|severity",
    Column.CATEGORY: "help topic|category|topic|department|group|queue|type|mailbox",
    Column.TAGS: "tags|labels|tag",
    Column.ASSIGNEE: "agent assigned|assignee|assigned to|owner|agent|assigned agent",
    Column.OPENED: "date created|created|created at|opened|opened at|date|created on|creation date|create date",
    Column.UPDATED: "last updated|updated|updated at|modified|last update|last modified",
    Column.CLOSED: "closed date|closed|closed at|resolved at|date closed|close date",
}


@dataclass(frozen=True, slots=True)
class Look:
    """
    A table at a glance: its columns, and the mapping with all that was found out about it.

    `values` are what stands in the columns of statuses, priorities and categories, at most fifty of each.
    """

    columns: tuple[str, ...]
    mapping: imports.Mapping
    values: Mapping[Column, tuple[str, ...]]


def look_at(file: BinaryIO, mapping: imports.Mapping) -> Look:
    """Find out how a table is written, and what its columns are; what the mapping says already stands."""
    written = csv_files.how_written(file, mapping.encoding, mapping.delimiter)
    columns = csv_files.header(file, written)
    chosen = dict(mapping.columns) or _guessed(columns)
    for column in chosen.values():
        if column not in columns:
            raise ImportRefusedError(f"The file has no column “{quoted(column, _QUOTED)}”.")
    zone_of(mapping.time_zone)
    require_format(mapping.dates or "")
    sample = [_Row(columns, chosen, row) for _, row in islice(csv_files.rows(file, written), 1, SAMPLE)]
    times = [row.get(time) for row in sample for time in _TIMES]
    dates = format_of(times) if mapping.dates is None else mapping.dates
    found = {"columns": chosen, "encoding": written.encoding, "delimiter": written.delimiter, "dates": dates}
    values = {
        column: tuple(dict.fromkeys(filter(None, (row.get(column)[:_QUOTED] for row in sample))))[:_VALUES_SHOWN]
        for column in (Column.STATUS, Column.PRIORITY, Column.CATEGORY)
    }
    return Look(tuple(columns), mapping.model_copy(update=found), values)


def read_table(file: BinaryIO, mapping: imports.Mapping, now: datetime) -> Iterator[Brought]:
    """Yield the ticket of each row; raises ImportRefusedError unless some columns are known."""
    look = look_at(file, mapping)
    chosen, known = look.mapping.columns, look.mapping
    for needed in (Column.SUBJECT, Column.OPENED):
        if needed not in chosen:
            raise ImportRefusedError(f"No column is known to be the “{needed.value}” of a ticket.")
    if not chosen.keys() & {Column.NAME, Column.EMAIL}:
        raise ImportRefusedError("No column is known to be the name or the e-mail address of a requester.")
    moments = Moments(now, known.dates or "", zone_of(known.time_zone))
    written = Written(known.encoding or "utf-8", known.delimiter or ",")
    for line, row in islice(csv_files.rows(file, written), 1, None):
        yield _ticket(f"Line {line}", line, _Row(look.columns, chosen, row).get, moments)


class _Row:
    """The cells of a row by what they are."""

    __slots__ = ("_cells", "_places")

    def __init__(self, columns: Sequence[str], chosen: Mapping[Column, str], cells: Sequence[str]) -> None:
        self._cells = cells
        self._places = {column: columns.index(name) for column, name in chosen.items()}

    def get(self, column: Column) -> str:
        """Return the cell, "" if the row has none."""
        place = self._places.get(column, len(self._cells))
        return self._cells[place] if place < len(self._cells) else ""


def _ticket(place: str, line: int, get: Callable[[Column], str], moments: Moments) -> Brought:
    opened_at = moments.read(get(Column.OPENED))
    if opened_at is None:
        return Problem(place=place, says=f"“{quoted(get(Column.OPENED), _QUOTED)}” is no time, or one that cannot be.")
    requester = BroughtPerson(name=get(Column.NAME), email=get(Column.EMAIL))
    text, assignee = get(Column.TEXT), get(Column.ASSIGNEE)
    agent = BroughtPerson(name="" if "@" in assignee else assignee, email=assignee if "@" in assignee else "")
    first = BroughtMessage(author=requester, text=text, at=opened_at)
    return BroughtTicket(
        place=place,
        external_id=(get(Column.NUMBER) or f"line {line}")[:200],
        title=get(Column.SUBJECT),
        requester=requester,
        status=get(Column.STATUS),
        priority=get(Column.PRIORITY),
        category=get(Column.CATEGORY),
        tags=tuple(tag.strip() for tag in _BETWEEN_TAGS.split(get(Column.TAGS)) if tag.strip()),
        assignee=agent.model_copy(update={"is_agent": True}) if assignee else None,
        opened_at=opened_at,
        updated_at=moments.read(get(Column.UPDATED)),
        closed_at=moments.read(get(Column.CLOSED)),
        messages=(first,) if text else (),
    )


def _guessed(columns: Sequence[str]) -> dict[Column, str]:
    """Return which column is what, by the first of its usual names that is there."""
    named = {word_key(name.replace("_", " ")): name for name in reversed(columns)}
    found = {}
    for column, names in _NAMES.items():
        usual = (named.pop(name) for name in names.split("|") if name in named)
        if name := next(usual, None):
            found[column] = name
    return found
