"""`/export`: what one may see, as a file, and nothing to anybody else."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from struct import unpack_from
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import PASSWORD
from ticketing.desk import shared_desk
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.people import Actor
from ticketing.domain.queries import MOST_HITS
from ticketing.domain.tickets import TicketEdit

CONSOLE = Actor.console()
ON_BOTH_STORES = pytest.mark.parametrize("storage", ["json", "postgres"], indirect=True)


@pytest.fixture
def carla(browser: TestClient) -> TestClient:
    """Return the browser with Carla's session."""
    browser.cookies.set("ticketing_session", shared_desk().accounts.sign_in("carla", PASSWORD))
    return browser


@pytest.fixture
def bert(browser: TestClient) -> TestClient:
    """Return the browser with the session of an agent."""
    desk = shared_desk()
    desk.agents.create_agent(CONSOLE, "bert", PASSWORD)
    browser.cookies.set("ticketing_session", desk.accounts.sign_in("bert", PASSWORD))
    return browser


@pytest.fixture(autouse=True)
def tickets(browser: TestClient) -> None:
    """Open a ticket of Carla's with a note in it, and one of somebody else's."""
    del browser  # whose desk it is
    desk = shared_desk()
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    number = desk.tickets.open(carla, '=HYPERLINK("http://evil.example")', "Müller says hello.").number
    desk.tickets.note(CONSOLE, number, "She always does.")
    desk.tickets.open(CONSOLE, "Somebody else's", "Nothing of Carla's.")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_list_comes_as_a_table_with_a_name_and_in_the_order_asked_for(bert: TestClient) -> None:
    answer = bert.get("/export", params={"format": "csv", "q": "sort:created"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="tickets-{datetime.now(UTC).date()}.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert [(row["ticket"], row["requester"], row["messages"]) for row in rows(answer.text)] == [
        ("T-1", "carla", "2"),
        ("T-2", "console", "1"),
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_a_list_comes_whole_however_many_tickets_hold_its_words(bert: TestClient, form: str) -> None:
    desk = shared_desk()
    numbers = {desk.tickets.open(CONSOLE, "Paper jam", "The printer is stuck.").number for _ in range(MOST_HITS + 20)}

    answer = bert.get("/export", params={"format": form, "q": '"paper jam"'})

    if form == "json":
        found = [ticket["id"] for ticket in answer.json()]
    else:
        found = re.findall("T-([0-9]+)", unpacked(answer.content).decode() if form == "xlsx" else answer.text)
    assert sorted(map(int, found)) == sorted(numbers)


@ON_BOTH_STORES
def test_x1_what_a_spreadsheet_would_take_for_a_formula_is_none(bert: TestClient) -> None:
    answer = bert.get("/export", params={"format": "csv", "q": "requester:carla"})

    assert [row["title"] for row in rows(answer.text)] == ['\'=HYPERLINK("http://evil.example")']


@ON_BOTH_STORES
def test_x1_a_workbook_holds_texts_as_texts(bert: TestClient) -> None:
    answer = bert.get("/export", params={"format": "xlsx", "q": "sort:created"})

    with ZipFile(io.BytesIO(answer.content)) as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
        names = workbook.namelist()
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert "=HYPERLINK(&quot;http://evil.example&quot;)" in sheet or '=HYPERLINK("http://evil.example")' in sheet
    assert "<f>" not in sheet
    assert "Somebody else" in sheet
    assert not any("externalLink" in name for name in names)


@pytest.mark.parametrize(("q", "titles"), [("", 1), ("hello", 1), ("else", 0), ("always", 0)])
def test_z4_a_requester_takes_along_what_they_may_see_and_nothing_else(carla: TestClient, q: str, titles: int) -> None:
    answer = carla.get("/export", params={"format": "json", "q": q})

    found = json.loads(answer.text)
    assert len(found) == titles
    for ticket in found:
        assert [message["text"] for message in ticket["messages"]] == ["Müller says hello."]
        assert "version" not in ticket
    assert "always" not in answer.text


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_custom_fields_are_the_last_columns_and_those_of_agents_are_for_agents(bert: TestClient, form: str) -> None:
    desk = shared_desk()
    for field in (CustomField(name="Cost", agents_only=True), CustomField(name="Serial", position=1)):
        desk.definitions.save(CONSOLE, field)
    gone = desk.definitions.save(CONSOLE, CustomField(name="Gone"))
    desk.tickets.edit(CONSOLE, 1, TicketEdit(fields={"serial": "=A1", "cost": "zq7", "gone": "zqgone"}))
    desk.definitions.remove(CONSOLE, CustomField, gone.id, gone.version)
    asked = {"format": form, "q": "requester:carla"}

    of_agents = bert.get("/export", params=asked)
    bert.cookies.set("ticketing_session", desk.accounts.sign_in("carla", PASSWORD))
    of_carla = bert.get("/export", params=asked)

    if form == "csv":
        assert list(rows(of_agents.text)[0].items())[-2:] == [("field.cost", "zq7"), ("field.serial", "'=A1")]
        assert list(rows(of_carla.text)[0].items())[-2:] == [
            ("description", "Müller says hello."),
            ("field.serial", "'=A1"),
        ]
    told = unpacked(of_carla.content) if form == "xlsx" else of_carla.content
    assert b"A1" in told
    assert not [secret for secret in (b"zq", b"cost", b"gone") if secret in told]
    assert b"zq7" in (unpacked(of_agents.content) if form == "xlsx" else of_agents.content)


def unpacked(workbook: bytes) -> bytes:
    """Return all that is in a workbook."""
    with ZipFile(io.BytesIO(workbook)) as parts:
        return b"".join(map(parts.read, parts.namelist()))


def test_without_a_session_there_is_nothing(browser: TestClient) -> None:
    assert browser.get("/export", params={"format": "csv"}).status_code == 401


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"format": "pdf"}, "Format cannot be “pdf”"),
        ({}, "Format cannot be “”"),
        ({"format": "csv", "q": "stauts:open"}, "Did you mean “status”?"),
        ({"format": "csv", "zone": "Europe/Atlantis"}, "Time zone cannot be “Europe/Atlantis”"),
        ({"format": "csv", "zone": "../etc"}, "Time zone cannot be"),
        ({"format": "csv", "zone": ""}, "Time zone cannot be"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(
    bert: TestClient, asked: dict[str, str], sentence: str
) -> None:
    answer = bert.get("/export", params=asked)

    assert answer.status_code == 422
    assert sentence in answer.json()["error"]


def frames(content: bytes) -> list[tuple[int, int, bytes]]:
    """Return how many tickets were done, of how many, and the bytes of each frame."""
    found = []
    while content:
        done, whole, size = unpack_from("!III", content)
        assert len(content) >= 12 + size
        found.append((done, whole, content[12 : 12 + size]))
        content = content[12 + size :]
    return found


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_a_file_in_frames_is_the_same_and_tells_how_far_it_is(bert: TestClient, form: str) -> None:
    desk = shared_desk()
    ticket = desk.tickets.get(CONSOLE, 1)
    with desk.store.write() as tx:
        for number in range(3, 1_203):
            tx.tickets.save(ticket.model_copy(update={"id": str(number), "version": 0}))
    asked = {"format": form, "q": "sort:created"}

    plain, answer = bert.get("/export", params=asked), bert.get("/export", params=asked | {"frames": "1"})

    told = frames(answer.content)
    assert answer.headers["content-type"] == "application/octet-stream"
    for header in ("content-disposition", "cache-control"):
        assert answer.headers[header] == plain.headers[header]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert list(dict.fromkeys((done, whole) for done, whole, _ in told)) == [
        (0, 1_202), (500, 1_202), (1_000, 1_202), (1_202, 1_202),
    ]  # fmt: skip
    whole = b"".join(part for _, _, part in told)
    assert (unpacked(whole) if form == "xlsx" else whole) == (
        unpacked(plain.content) if form == "xlsx" else plain.content
    )
    if form == "xlsx":  # of which no byte is known before the end
        assert [bool(part) for _, _, part in told[:3]] == [False, False, False]


def test_a_list_without_a_ticket_in_frames_is_whole_at_once(bert: TestClient) -> None:
    answer = bert.get("/export", params={"format": "json", "q": "tag:nothing", "frames": "1"})

    assert frames(answer.content) == [(0, 0, b"[]\n")]


@pytest.mark.parametrize("frames", ["", "0", "2", "true"])
def test_who_does_not_ask_for_frames_gets_none(bert: TestClient, frames: str) -> None:
    answer = bert.get("/export", params={"format": "csv", "frames": frames})

    assert answer.headers["content-type"].startswith("text/csv")


def test_what_is_refused_is_refused_in_frames_as_well(browser: TestClient, bert: TestClient) -> None:
    assert bert.get("/export", params={"format": "exe", "frames": "1"}).status_code == 422
    browser.cookies.clear()
    assert browser.get("/export", params={"format": "csv", "frames": "1"}).status_code == 401
