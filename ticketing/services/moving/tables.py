"""Tickets as rows of a table, and tables as files: CSV and JSON for everything, XLSX for spreadsheets."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ticketing.domain.custom_fields import PUBLIC, CustomField, words_of
from ticketing.domain.tickets import Ticket

# A moment is in UTC.
Cell = str | int | datetime | None
Row = Sequence[Cell]

BYTE_ORDER_MARK: Final = "\ufeff"
COLUMNS: Final = (
    "ticket",
    "title",
    "status",
    "priority",
    "category",
    "requester",
    "assignee",
    "team",
    "tags",
    "resolution",
    "opened_at",
    "updated_at",
    "first_response_at",
    "resolved_at",
    "closed_at",
    "messages",
    "external_id",
    "follows",
    "description",
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_CHUNK: Final = 1 << 16
_WIDTHS: Final = {"title": 50, "description": 60, "tags": 20}
_WIDTH: Final = 16


def row_of(ticket: Ticket, fields: Iterable[CustomField] = ()) -> Row:
    """Return what the table says of a ticket, as it is given here, and of its custom fields, each in a column."""
    values = [ticket.field_value(field.id) for field in fields]
    return (
        ticket.label,
        ticket.title,
        ticket.status.value,
        ticket.priority.value,
        ticket.category,
        ticket.requester,
        ticket.assignee,
        ticket.team,
        ", ".join(ticket.tags),
        ticket.resolution and ticket.resolution.value,
        ticket.opened_at,
        ticket.updated_at,
        ticket.first_response_at,
        ticket.resolved_at,
        ticket.closed_at,
        len(ticket.messages),
        ticket.external_id,
        ticket.follows and f"T-{ticket.follows}",
        ticket.description,
        *(None if value is None else ", ".join(words_of(value)) for value in values),
    )


def document_of(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as JSON tells it, as it is given here."""
    return ticket.model_dump(mode="json", exclude_none=True, exclude={"original", "version"})


def names_of_columns(fields: Iterable[CustomField] = ()) -> list[str]:
    """Return how the columns are called, those of custom fields as in a query."""
    return [*COLUMNS, *(f"{PUBLIC}{field.id}" for field in fields)]


def as_csv(rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> Iterator[str]:
    """
    Yield a CSV file line by line, its heading first, moments in ISO 8601.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    yield BYTE_ORDER_MARK + _line(columns)
    for row in rows:
        yield _line([_neutral(_written(cell)) for cell in row])


def as_array(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one JSON array, a document a line."""
    before = "[\n"
    for document in documents:
        yield before + json.dumps(document, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def as_xlsx(rows: Iterable[Row], names: Sequence[str] = COLUMNS) -> Iterator[bytes]:
    """
    Yield a workbook of one sheet: texts stay texts, moments are moments; written on disk, since all may be much.

    Its first byte is known when it is whole. Until then nothing is yielded for each row, as a sign that it goes on.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped] # noqa: PLC0415 - slow to import, seldom wanted

    with TemporaryDirectory(prefix="ticketing-export-") as folder:
        file = Path(folder) / "tickets.xlsx"
        with Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as workbook:
            sheet = workbook.add_worksheet("Tickets")
            for place, name in enumerate(names):
                sheet.set_column(place, place, _WIDTHS.get(name, _WIDTH))
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, names, workbook.add_format({"bold": True}))
            for number, row in enumerate(rows, start=1):
                for place, cell in enumerate(row):
                    match cell:
                        case str():
                            sheet.write_string(number, place, cell)
                        case datetime():
                            sheet.write_datetime(number, place, cell.astimezone(UTC).replace(tzinfo=None))
                        case int():
                            sheet.write_number(number, place, cell)
                yield b""
        with file.open("rb") as written:
            while chunk := written.read(_CHUNK):
                yield chunk


def _written(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return "" if cell is None else str(cell)


def _neutral(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
