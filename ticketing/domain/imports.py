"""
Imports from other help desks: what their files bring, how it is put into words of this desk, and what is on record.

A reader of each system makes the same `Brought…` of its files, with statuses, priorities and categories as they were
called there; a `Mapping` says what these are called here.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from operator import not_
from typing import ClassVar, Final, Self

from pydantic import Field, ValidationError, field_validator

from ticketing.domain.attachments import MEGABYTE
from ticketing.domain.audit import IMPORTED
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import ImportRefusedError
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.text import NAME_LIMIT, SEARCH_LIMIT, Typed, is_blank, printable
from ticketing.domain.tickets import MessageKind, Ticket

IMPORT_LIMIT: Final = 100 * MEGABYTE
DATES_LIMIT: Final = 40
ZONE_LIMIT: Final = 64
PROBLEMS_TOLD: Final = 100
_VALUES: Final = 500
_NO_NAME: Final = "(no name)"


class System(StrEnum):
    """Where a file comes from."""

    OSTICKET = "osticket"
    ZAMMAD = "zammad"
    FREESCOUT = "freescout"
    CSV = "csv"

    @property
    def label(self) -> str:
        """What it is called."""
        return _LABELS[self]

    @property
    def is_table(self) -> bool:
        """Whether its files are tables, of which a mapping names the columns."""
        return self in {System.OSTICKET, System.CSV}


_LABELS: Final = {
    System.OSTICKET: "osTicket",
    System.ZAMMAD: "Zammad",
    System.FREESCOUT: "FreeScout",
    System.CSV: "CSV",
}


class Column(StrEnum):
    """What a column of a table can hold."""

    NUMBER = "number"
    SUBJECT = "subject"
    TEXT = "text"
    NAME = "name"
    EMAIL = "email"
    STATUS = "status"
    PRIORITY = "priority"
    CATEGORY = "category"
    TAGS = "tags"
    ASSIGNEE = "assignee"
    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


class Mapping(Typed):
    """
    How the words of a file are put into those of this desk.

    `columns` names the column of a table for each field that it has; of values that are not named, what they are is
    found by their names. `delimiter`, `encoding` and `dates` (a format of strptime, "" for ISO 8601) are found in the
    file where they are not given; times without a zone are of `time_zone`.
    """

    columns: dict[Column, str] = Field(default_factory=dict)
    statuses: dict[str, Status] = Field(default_factory=dict, max_length=_VALUES)
    priorities: dict[str, Priority] = Field(default_factory=dict, max_length=_VALUES)
    categories: dict[str, str] = Field(default_factory=dict, max_length=_VALUES)
    delimiter: str | None = Field(None, pattern=r"^[,;|\t]$")
    encoding: str | None = Field(None, pattern=r"^(utf-8|utf-16|cp1252)$")
    dates: str | None = Field(None, max_length=DATES_LIMIT)
    time_zone: str = Field("UTC", max_length=ZONE_LIMIT)

    @field_validator("statuses", "priorities", "categories")
    @classmethod
    def _told_apart_by_what_is_read(cls, values: dict[str, str]) -> dict[str, str]:
        return {word_key(word): value for word, value in values.items()}

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Return what a file of JSON says; raises ImportRefusedError."""
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise ImportRefusedError(f"The mapping cannot be taken: {printable(where)}: {first['msg']}.") from error


def word_key(word: str) -> str:
    """Return by what the names of values are told apart."""
    return " ".join(word.casefold().split())[:SEARCH_LIMIT]


class BroughtPerson(Typed):
    """Somebody as the other system knows them; `is_agent` is whether they worked there."""

    name: str = ""
    email: str = ""
    is_agent: bool = False

    @property
    def key(self) -> str:
        """What tells them from others: the address, or the name where there is none; "" for nobody."""
        return self.email.casefold() or word_key(self.name)

    @property
    def shown(self) -> str:
        """As whom they are shown."""
        name = " ".join(printable(self.name).split())[:NAME_LIMIT]
        return name if not is_blank(name) else self.email[:NAME_LIMIT] or _NO_NAME


class BroughtFile(Typed):
    """A file of a message; without a content if only its name came."""

    name: str
    content: bytes | None = None


class BroughtMessage(Typed):
    """A message, its text without any markup."""

    author: BroughtPerson
    text: str
    at: datetime
    kind: MessageKind = MessageKind.REPLY
    files: tuple[BroughtFile, ...] = ()


class BroughtTicket(Typed):
    """A ticket as it was there; `place` says where in the file it stands."""

    place: str
    external_id: str = Field(min_length=1, max_length=SEARCH_LIMIT)
    title: str
    requester: BroughtPerson
    status: str = ""
    priority: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    assignee: BroughtPerson | None = None
    opened_at: datetime
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    messages: tuple[BroughtMessage, ...] = ()


class Problem(Typed):
    """What is left out or changed, and why; `is_left_out` if the whole ticket is."""

    place: str
    says: str
    is_left_out: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


Brought = BroughtTicket | Problem


class ImportState(StrEnum):
    """How far an import is."""

    UNFINISHED = "unfinished"
    DONE = "done"
    UNDONE = "undone"


class ImportCounts(Typed):
    """
    How much an import brings or has brought, in this desk's words.

    `known` are tickets that were here already, `left_out` those that cannot be taken, `matched` are people who have an
    account already, `people` those for whom one is made.
    """

    tickets: int = 0
    messages: int = 0
    files: int = 0
    people: int = 0
    matched: int = 0
    known: int = 0
    left_out: int = 0

    def __add__(self, other: "ImportCounts") -> "ImportCounts":
        own, others = self.model_dump(), other.model_dump()
        return ImportCounts(**{name: own[name] + others[name] for name in own})


class ImportReport(Typed):
    """What an import comes to, and the first hundred problems."""

    counts: ImportCounts
    problems: tuple[Problem, ...] = ()


class ImportRun(Definition):
    """
    What is on record of an import. `id` is of its system and its file, so that the same file goes on where it stopped.

    `numbers` are the first and the last of each run of tickets that were made; `kept` are those of them that stayed
    when it was undone.
    """

    kind: ClassVar[str] = "imports"
    is_settings: ClassVar[bool] = False

    system: System
    state: ImportState = ImportState.UNFINISHED
    by: str
    at: datetime
    counts: ImportCounts = ImportCounts()
    numbers: tuple[tuple[int, int], ...] = ()
    kept: tuple[int, ...] = Field((), exclude_if=not_)

    def with_numbers(self, numbers: list[int]) -> "ImportRun":
        """Return it with the numbers of more tickets, which count up."""
        runs = list(self.numbers)
        for number in numbers:
            if runs and runs[-1][1] == number - 1:
                runs[-1] = (runs[-1][0], number)
            else:
                runs.append((number, number))
        return self.model_copy(update={"numbers": tuple(runs)})

    def all_numbers(self) -> Iterator[int]:
        """Yield the number of each ticket that it has made."""
        for first, last in self.numbers:
            yield from range(first, last + 1)


def run_of(ticket: Ticket) -> str | None:
    """Return the id of the import that has brought a ticket, or None."""
    return next((event.old for event in ticket.events if event.field == IMPORTED), None)


def is_touched(ticket: Ticket) -> bool:
    """Whether anybody has done something to a ticket since it was brought; what the desk does by itself is nothing."""
    own = {Source.IMPORT, Source.RULE}
    sources = {message.source for message in ticket.messages} | {event.source for event in ticket.events}
    return bool(sources - own or ticket.followers or ticket.watchers)


def is_joined(ticket: Ticket) -> bool:
    """Whether other tickets name it, so that it cannot be taken away without a trace."""
    return bool(ticket.related())
