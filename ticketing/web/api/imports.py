"""
`/imports`: moving in from another help desk, for admins.

A file is looked at, tried, brought in, and taken away again as a whole. The same file again goes on where it was broken
off, and brings nothing twice.
"""

from collections.abc import Callable
from collections.abc import Mapping as Mapped
from datetime import datetime
from functools import partial
from typing import Annotated, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, Field, Json, ValidationError, WithJsonSchema
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ticketing.domain.attachments import clean_file_name
from ticketing.domain.errors import EmptyFileError, FileTooLargeError
from ticketing.domain.imports import BroughtTicket, Column, ImportState, Mapping, System
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.services.moving.importing.tables import Look
from ticketing.web.api.bounds import BODY_LIMIT
from ticketing.web.api.calling import Caller, GivenKey, Who
from ticketing.web.api.forms import announced, described_form, received
from ticketing.web.api.repeating import ONCE, Route, once_with_file
from ticketing.web.api.words import PLAIN, Id, Input, Output, Word, YesOrNo, ready

router = APIRouter(route_class=Route, prefix="/imports", tags=["imports"])

_MOST_VALUES: Final = 500
_LONGEST_HEADING: Final = 1_000
# To read a file takes the processor, and the same file may come twice; so the others wait, without a thread.
_one_at_a_time: Final = CapacityLimiter(1)

# Beside this one, `Column` is what the queue shows of a ticket.
ColumnName = Annotated[str, AfterValidator(Column), WithJsonSchema({"type": "string", "enum": list(Column)})]
Value = Annotated[str, Field(max_length=SEARCH_LIMIT)]
Heading = Annotated[str, Field(min_length=1, max_length=_LONGEST_HEADING, pattern=PLAIN)]


class ImportMapping(Input):
    """
    How the words of a file are put into those of this desk; what is not said is found in the file.

    `columns` names the column of a table for each field that it has.
    """

    columns: dict[ColumnName, Heading] = Field(default_factory=dict)
    statuses: Annotated[dict[Value, Status], Field(max_length=_MOST_VALUES)] = Field(default_factory=dict)
    priorities: Annotated[dict[Value, Priority], Field(max_length=_MOST_VALUES)] = Field(default_factory=dict)
    categories: Annotated[dict[Value, Id], Field(max_length=_MOST_VALUES)] = Field(default_factory=dict)
    delimiter: str | None = Field(None, pattern=r"^[,;|\t]$")
    encoding: str | None = Field(None, pattern=r"^(utf-8|utf-16|cp1252)$")
    dates: str | None = Field(None, max_length=40, pattern=PLAIN)
    time_zone: str = Field("UTC", max_length=64, pattern=PLAIN)

    def meant(self) -> Mapping:
        """Return it as the services take it."""
        return Mapping.model_validate(self.model_dump())


class TableForm(Input):
    """What stands beside the file of a table."""

    mapping: Json[ImportMapping] = ImportMapping()


class ImportForm(TableForm):
    """What stands beside the file that another help desk has written."""

    system: System


class UndoIn(Input):
    """Whether tickets go as well in which somebody has done something since."""

    touched_too: YesOrNo = False


class LookOut(Output):
    """
    A table at a glance: its columns, and the mapping with all that was found out about it.

    `values` are what stands in the columns of statuses, priorities and categories, at most fifty of each.
    """

    columns: tuple[str, ...]
    mapping: ImportMapping
    values: Mapped[ColumnName, tuple[str, ...]]

    @classmethod
    def seen(cls, look: Look) -> "LookOut":
        """Return what was found in a table."""
        mapping = ImportMapping.model_validate(look.mapping.model_dump())
        return cls(columns=look.columns, mapping=mapping, values=look.values)


class CountsOut(Output):
    """
    How much an import brings or has brought.

    `known` are tickets that were here already, `left_out` those that cannot be taken, `matched` are people who have an
    account already, `people` those for whom one is made.
    """

    tickets: int
    messages: int
    files: int
    people: int
    matched: int
    known: int
    left_out: int


class ImportProblemOut(Output):
    """What is left out or changed, and why; `is_left_out` if the whole ticket is."""

    place: str
    says: str
    is_left_out: bool


class BroughtOut(Output):
    """A ticket as it was read, with its status, priority and category as they were called there."""

    place: str
    external_id: str
    title: str
    requester: str
    status: str
    priority: str
    category: str
    tags: list[str]
    opened_at: datetime
    messages: int

    @classmethod
    def read(cls, found: BroughtTicket) -> "BroughtOut":
        """Return what is told of a ticket that was read."""
        told = found.model_dump(include=set(cls.model_fields) - {"requester", "messages"})
        return cls(requester=found.requester.shown, messages=len(found.messages), **told)


class ImportPlanOut(Output):
    """What an import would come to, the first hundred problems, and the first few tickets as they are read."""

    counts: CountsOut
    problems: list[ImportProblemOut]
    first: list[BroughtOut]


class ImportOut(Output):
    """
    What is on record of an import; it is `unfinished` while it goes on, and when it was broken off.

    `numbers` are the first and the last of each run of tickets that were made; `kept` are those of them that stayed
    when it was undone.
    """

    id: str
    name: str
    system: System
    state: ImportState
    by: str
    at: datetime
    counts: CountsOut
    numbers: list[tuple[int, int]]
    kept: list[int]


class UndoingOut(Output):
    """
    How many tickets would go if an import were undone.

    `touched` are those in which somebody has done something since, and which go only if that is asked for; `joined`
    are those that other tickets name, and which stay.
    """

    tickets: int
    touched: list[int]
    joined: list[int]


_MAPPING: Final = {"$ref": "#/components/schemas/ImportMapping"}
_A_TABLE: Final = described_form(mapping=_MAPPING)
_AN_EXPORT: Final = described_form(("system",), system={"$ref": "#/components/schemas/System"}, mapping=_MAPPING)

Given = TypeVar("Given", bound=Input)


@router.get("")
def list_imports(who: Who) -> list[ImportOut]:
    """List all imports, the newest first, with how far each is."""
    return [ImportOut.of(run) for run in who.desk.imports.all(who.actor)]


@router.post("", response_model=ImportOut, openapi_extra=_AN_EXPORT)
async def import_tickets(who: Who, request: Request, key: GivenKey = "") -> Response:
    """
    Bring in the tickets of a file; the same file again goes on where it was broken off, and brings nothing twice.

    Under the key of one that was broken off it does not go on; under another one, or none, it does.
    """
    return await _with_file(who, request, ImportForm, _bring_in, key)


@router.post("/plan", response_model=ImportPlanOut, openapi_extra=_AN_EXPORT)
async def plan_import(who: Who, request: Request) -> Response:
    """Tell what would come of a file, and what cannot; nothing is done."""
    return await _with_file(who, request, ImportForm, _plan)


@router.post("/look", response_model=LookOut, openapi_extra=_A_TABLE)
async def look_at_table(who: Who, request: Request) -> Response:
    """Tell what is in a table (CSV, osTicket), with a mapping that can be changed and sent along with the file."""
    return await _with_file(who, request, TableForm, _look)


@router.get("/{key}/undo")
def plan_undoing_import(who: Who, key: Word) -> UndoingOut:
    """Tell which tickets would go if an import were undone, and which would stay; nothing is done."""
    return UndoingOut.of(who.desk.imports.look_at_undoing(who.actor, key))


@router.post("/{key}/undo", dependencies=ONCE)
def undo_import(who: Who, key: Word, body: UndoIn) -> ImportOut:
    """Take away what an import has made; broken off, the same call goes on."""
    return ImportOut.of(who.desk.imports.undo(who.actor, key, touched_too=body.touched_too))


async def _with_file(
    who: Caller,
    request: Request,
    shape: type[Given],
    deed: Callable[[Caller, UploadFile, Given], Output],
    key: str = "",
) -> Response:
    """Do something with the file that comes, beside which stands what the shape says."""
    await to_thread.run_sync(_expect, who, announced(request, BODY_LIMIT))
    largest, fields = who.desk.attachments.largest, len(shape.model_fields)
    async with received(request, largest, fields=fields, around=BODY_LIMIT) as form:
        _require_size(form.file, largest)
        given = _given(shape, form.fields)

        async def do() -> Response:
            return ready(await to_thread.run_sync(partial(deed, who, form.file, given), limiter=_one_at_a_time))

        return await once_with_file(who, request, key, form, do)


def _expect(who: Caller, size: int) -> None:
    """Refuse whoever may not, and what is too large, before any of it is read."""
    who.desk.imports.require(who.actor)
    if size > who.desk.attachments.largest:
        raise FileTooLargeError("file", who.desk.attachments.largest)


def _require_size(file: UploadFile, largest: int) -> None:
    name, size = clean_file_name(file.filename or ""), file.size or 0
    if not size:
        raise EmptyFileError(name)
    if size > largest:
        raise FileTooLargeError(name, largest)


def _given(shape: type[Given], fields: dict[str, str]) -> Given:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([one | {"loc": ("body", *one["loc"])} for one in found]) from None


def _look(who: Caller, file: UploadFile, given: TableForm) -> LookOut:
    return LookOut.seen(who.desk.imports.look(who.actor, file.file, given.mapping.meant()))


def _plan(who: Caller, file: UploadFile, given: ImportForm) -> ImportPlanOut:
    mapping = given.mapping.meant()
    report = who.desk.imports.plan(who.actor, file.file, given.system, mapping)
    first = who.desk.imports.first(who.actor, file.file, given.system, mapping)
    tickets = [BroughtOut.read(one) for one in first if isinstance(one, BroughtTicket)]
    return ImportPlanOut(
        counts=CountsOut.of(report.counts),
        problems=[ImportProblemOut.of(problem) for problem in report.problems],
        first=tickets,
    )


def _bring_in(who: Caller, file: UploadFile, given: ImportForm) -> ImportOut:
    name = clean_file_name(file.filename or "")
    run = who.desk.imports.apply(who.actor, file.file, name, given.system, given.mapping.meant())
    return ImportOut.of(run)
