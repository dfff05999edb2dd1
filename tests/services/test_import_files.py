"""Files of other help desks of which nothing can be believed: each is refused with a sentence, or its text kept."""

import json
from collections.abc import Callable
from io import BytesIO

import pytest

from tests.services.conftest import Clock
from ticketing.delivery.html_text import text_of
from ticketing.domain.errors import ImportRefusedError
from ticketing.domain.imports import IMPORT_LIMIT, Column, ImportReport, Mapping, System
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.moving.imports import Imports

Plan = Callable[[bytes, System], ImportReport]
HEADER = b"Number,Subject,From,Date Created\n"
TICKET = b'{"number": "1", "customer": "carla@example.net", "created_at": "2030-01-01T00:00:00Z"}'


@pytest.fixture
def imports(store: Store, clock: Clock, gate: Gate) -> Imports:
    return Imports(store, clock, gate, text_of)


@pytest.fixture
def plan(imports: Imports, root: Actor) -> Plan:
    return lambda raw, system: imports.plan(root, BytesIO(raw), system)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"[" + TICKET, "cut off after entry 1"),
        (TICKET[:-5], "Entry 1 of the file is no JSON, or was cut off"),
        (TICKET.replace(b'"1"', b"NaN"), "Entry 1 of the file is no JSON"),
        (TICKET.replace(b'"1"', b"-Infinity"), "Entry 1 of the file is no JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"number": ' + b"9" * 5_000 + b"}", "Entry 1 of the file is no JSON"),
        (b"[1, 2]", "Entry 1 of the file is no object"),
        (b"[" + TICKET + b"] and more", "After entry 1 there is something"),
        (TICKET + b"\xff\xfe", "not written in UTF-8"),
        (b"PK\x03\x04" + bytes(30), "Entry 1 of the file is no JSON"),
    ],
    ids=[
        "a list without an end",
        "cut off",
        "NaN",
        "infinity",
        "deep objects",
        "deep lists",
        "an endless number",
        "no objects",
        "something after it",
        "another encoding",
        "a ZIP archive",
    ],
)
def test_what_is_no_json_is_refused_with_its_place(plan: Plan, raw: bytes, sentence: str) -> None:
    for system in (System.ZAMMAD, System.FREESCOUT):
        with pytest.raises(ImportRefusedError, match=sentence):
            plan(raw, system)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "no first line"),
        (b"\n\n\n", "no first line"),
        (b"PK\x03\x04" + bytes(30), "a ZIP archive"),
        (b"\x1f\x8b\x08" + bytes(30), "a gzip archive"),
        (b"Subject,\0,From,Created\n", "bytes that are no text"),
        (b",".join(b"c%d" % n for n in range(1_000_000)), "longer than a table's can be|columns; at most 200"),
        (b",".join(b"c" for _ in range(500)) + b"\n", "500 columns; at most 200"),
        (HEADER + b"1," + b"x" * 2_000_000, "longer than a table's can be"),
        (HEADER + b'1,"' + b"x\n" * 100_000, "is no CSV"),
        (b"Subject,From\nHelp,Carla\n", "No column is known to be the “opened” of a ticket"),
        (b"Subject,Created\nHelp,2030-01-01\n", "No column is known to be the name or the e-mail address"),
    ],
    ids=[
        "nothing",
        "empty lines",
        "a ZIP archive",
        "a gzip archive",
        "NUL",
        "a million columns",
        "many columns",
        "an endless line",
        "a cell without an end",
        "no time",
        "nobody",
    ],
)
def test_what_is_no_table_is_refused_with_its_place(plan: Plan, raw: bytes, sentence: str) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        plan(raw, System.CSV)


@pytest.mark.parametrize(
    "written",
    ["99/99/9999", "0000-00-00", "9999-12-31T23:59:59+00:00", "1899-01-01", "0001-01-01T00:00:00+14:00", "yesterday"],
)
def test_a_ticket_of_no_possible_time_is_left_out(plan: Plan, written: str) -> None:
    table = plan(HEADER + f"1,Help,Carla,{written}\n2,Help,Carla,2030-01-01\n".encode(), System.CSV)
    documents = plan(TICKET.replace(b"2030-01-01T00:00:00Z", written.encode()) + TICKET, System.ZAMMAD)

    assert (table.counts.tickets, table.counts.left_out) == (1, 1)
    assert (documents.counts.tickets, documents.counts.left_out) == (1, 1)
    assert table.problems[0].place == "Line 2"
    assert documents.problems[0].place == "Entry 1"


def test_a_number_that_is_there_twice_comes_once(plan: Plan) -> None:
    report = plan(HEADER + b"1,Help,Carla,2030-01-01\n1,Help,Carla,2030-01-01\n", System.CSV)

    assert (report.counts.tickets, report.counts.left_out) == (1, 1)
    assert str(report.problems[0]) == "Line 3: its number is there twice."


@pytest.mark.parametrize("wrong", [None, 5, [], {}, "x", True, [[]], [None], 1e300])
@pytest.mark.parametrize("field", ["title", "customer", "owner", "state", "group", "tags", "articles", "close_at"])
def test_fields_of_another_kind_are_taken_for_nothing(imports: Imports, root: Actor, field: str, wrong: object) -> None:
    raw = json.dumps(json.loads(TICKET) | {"articles": [{"from": "carla@example.net"}], field: wrong}).encode()

    report = imports.plan(root, BytesIO(raw), System.ZAMMAD)

    assert report.counts.tickets + report.counts.left_out == 1


def test_what_cannot_be_written_here_is_replaced(imports: Imports, store: Store, root: Actor) -> None:
    ticket = json.loads(TICKET) | {
        "title": "A\u0000B\ud800" + "x" * 500,
        "tags": ["\u0007", "y" * 100],
        "state": "lost",
        "priority": "9 endless",
        "articles": [{"sender": "Customer", "from": "\u202ecarla@example.net", "body": "\u0000" + "z" * 50_000}],
    }
    imports.apply(root, BytesIO(json.dumps(ticket).encode()), "x\u0000.json", System.ZAMMAD)

    with store.read() as tx:
        (made,) = tx.tickets.stream()
    assert made.title.startswith("A\N{REPLACEMENT CHARACTER}B\N{REPLACEMENT CHARACTER}x")
    assert len(made.title) == 200
    assert len(made.description) == 20_000
    assert made.description.endswith("(Cut off by the import.)")
    assert made.status is Status.OPEN


def test_pages_come_as_what_can_be_read_of_them(imports: Imports, store: Store, root: Actor) -> None:
    body = '<img src=x onerror="alert(1)"><script>steal()</script><a href="javascript:x">Look</a> <b>here</b>'
    article = {"sender": "Customer", "from": "carla@example.net", "content_type": "text/html", "body": body}
    raw = json.dumps(json.loads(TICKET) | {"articles": [article]}).encode()

    imports.apply(root, BytesIO(raw), "x.json", System.ZAMMAD)

    with store.read() as tx:
        (made,) = tx.tickets.stream()
    assert "Look here" in made.description
    assert "steal" not in made.description
    assert "javascript" not in made.description


@pytest.mark.parametrize(
    ("raw", "encoding", "delimiter"),
    [
        ("Betreff;Name;Created\nTür;Jörg;2030-01-01\n".encode("cp1252"), "cp1252", ";"),
        ("Betreff\tName\tCreated\nTür\tJörg\t2030-01-01\n".encode("utf-16"), "utf-16", "\t"),
        ("\ufeffBetreff|Name|Created\nTür|Jörg|2030-01-01\n".encode(), "utf-8", "|"),
    ],
)
def test_how_a_table_is_written_is_found_out(
    imports: Imports, root: Actor, raw: bytes, encoding: str, delimiter: str
) -> None:
    look = imports.look(root, BytesIO(raw))

    assert (look.mapping.encoding, look.mapping.delimiter) == (encoding, delimiter)
    assert look.columns == ("Betreff", "Name", "Created")
    assert look.mapping.columns == {Column.NAME: "Name", Column.OPENED: "Created"}


def test_a_file_that_is_too_large_is_refused_before_it_is_read(imports: Imports, root: Actor) -> None:
    class Huge(BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            super().seek(offset, whence)
            return IMPORT_LIMIT + 1 if whence else offset

        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError(size)

    with pytest.raises(ImportRefusedError, match="larger than 100 MB"):
        imports.plan(root, Huge(), System.CSV)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"{", "The mapping cannot be taken"),
        (b'{"column": {}}', "column: Extra inputs are not permitted"),
        (b'{"columns": {"subjekt": "Betreff"}}', "columns.subjekt"),
        (b'{"statuses": {"fertig": "finished"}}', "statuses.fertig"),
        (b'{"delimiter": "xx"}', "delimiter"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(raw: bytes, sentence: str) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        Mapping.read(raw)


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (Mapping(columns={Column.SUBJECT: "Betreff"}), "no column “Betreff”"),
        (Mapping(time_zone="Mars/Olympus"), "no time zone “Mars/Olympus”"),
        (Mapping(time_zone="../../etc/passwd"), "no time zone"),
        (Mapping(encoding="utf-16"), "not written in UTF-16"),
        (Mapping(dates="%d.%d.%Y"), "“%d.%d.%Y” is no format of times"),
        (Mapping(dates="%Q"), "“%Q” is no format of times"),
        (Mapping(dates="%"), "“%” is no format of times"),
        (Mapping(time_zone="\u200b"), "no time zone “\\?”"),
        (Mapping(time_zone="a\x00b"), "no time zone “a\\?b”"),
        (Mapping().model_copy(update={"time_zone": "x" * 1_000_000}), "no time zone “x{64}”"),
        (Mapping(dates="a\x00b"), "“a\\?b” is no format of times"),
    ],
)
def test_a_mapping_that_does_not_fit_the_file_is_refused(
    imports: Imports, root: Actor, mapping: Mapping, sentence: str
) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        imports.plan(root, BytesIO(HEADER), System.CSV, mapping)
