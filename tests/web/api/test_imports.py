"""Moving in by a program: a file is looked at, tried, brought in and taken away again, by admins alone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.storage.conftest import address_of
from tests.web.api.conftest import STORES_THAT_LAST, called
from tests.web.api.test_bounds import problem
from tests.web.api.test_inputs import kept
from ticketing.desk import Desk

ZAMMAD = {"system": "zammad"}
TABLE = """Nr;Betreff;Kunde;Stand;Angelegt
1;Kein Freizeichen;Carla Reyes;in Arbeit;15.01.2024 15:04
2;Tür klemmt;Jörg Groß;fertig;16.01.2024 08:30
3;Ohne Wen;;fertig;16.01.2024 08:30
""".encode()
COLUMNS = {"number": "Nr", "subject": "Betreff", "name": "Kunde", "status": "Stand", "opened": "Angelegt"}
MAPPING = {"columns": COLUMNS, "statuses": {"in Arbeit": "pending", "fertig": "resolved"}, "time_zone": "Europe/Berlin"}
CSV = {"system": "csv", "mapping": json.dumps(MAPPING)}
TICKET = {"number": "1", "title": "Help", "customer": "carla@example.net", "created_at": "2024-01-01T00:00:00Z"}
GUESSED = b"Subject,Status,Created,From Email\nNo dial tone,solved,2024-01-01 09:00,carla@example.net\n"
SENT_TO = ["/imports", "/imports/plan", "/imports/look"]


@pytest.fixture(params=STORES_THAT_LAST)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a desk on each store that lasts, which takes files of one megabyte."""
    yield from called(monkeypatch, address_of(request.param, tmp_path), max_upload_mb=1)


@pytest.fixture
def with_key(root: TestClient, stranger: TestClient) -> Callable[..., TestClient]:
    """Return a way to call with a key of root's that has some scopes."""

    def call_with(*scopes: str) -> TestClient:
        key = root.post("/keys", json={"name": str(scopes), "scopes": scopes, "days": 1}).json()["key"]
        headers = {"authorization": f"Bearer {key}"}
        return TestClient(stranger.app, base_url=str(stranger.base_url), headers=headers)

    return call_with


def file(content: bytes, name: str = "tickets") -> dict[str, Any]:
    return {"file": (name, content)}


def zammad(*numbers: int) -> dict[str, Any]:
    return file(json.dumps([TICKET | {"number": str(number)} for number in numbers]).encode(), "tickets.json")


def titles(caller: TestClient) -> list[str]:
    return [line["title"] for line in caller.get("/tickets").json()["items"]]


def test_a_dry_run_tells_what_would_come_and_keeps_nothing(desk: Desk, root: TestClient) -> None:
    before = kept(desk)

    planned = root.post("/imports/plan", files=file(TABLE), data=CSV)

    assert planned.status_code == 200
    assert kept(desk) == before
    told = planned.json()
    assert (told["counts"]["tickets"], told["counts"]["people"], told["counts"]["left_out"]) == (2, 2, 1)
    assert told["problems"] == [{"place": "Line 4", "says": "it has no requester.", "is_left_out": True}]
    assert [(one["title"], one["requester"], one["status"]) for one in told["first"]][:2] == [
        ("Kein Freizeichen", "Carla Reyes", "in Arbeit"),
        ("Tür klemmt", "Jörg Groß", "fertig"),
    ]
    assert root.post("/imports", files=file(TABLE), data=CSV).json()["counts"] == told["counts"]


def test_a_file_is_brought_in_once_and_stands_in_the_list(root: TestClient) -> None:
    done = root.post("/imports", files=zammad(1, 2), data=ZAMMAD)
    again = root.post("/imports", files=zammad(1, 2), data=ZAMMAD)

    assert (done.status_code, again.status_code) == (200, 200)
    assert done.json() == again.json() == root.get("/imports").json()[0]
    assert (done.json()["state"], done.json()["by"], done.json()["name"]) == ("done", "root", "tickets.json")
    assert titles(root) == ["Help", "Help"]


def test_a_table_is_looked_at_and_its_mapping_is_sent_back_changed(root: TestClient) -> None:
    looked = root.post("/imports/look", files=file(GUESSED, "tickets.csv"))
    assert looked.status_code == 200
    found = looked.json()
    assert found["columns"] == ["Subject", "Status", "Created", "From Email"]
    assert found["values"]["status"] == ["solved"]
    assert found["mapping"]["statuses"] == {"solved": "resolved"}

    changed = found["mapping"] | {"statuses": {"solved": "on_hold"}}
    fields = {"system": "csv", "mapping": json.dumps(changed)}
    root.post("/imports", files=file(GUESSED, "tickets.csv"), data=fields)

    (ticket,) = root.get("/tickets").json()["items"]
    assert (ticket["title"], ticket["status"]) == ("No dial tone", "on_hold")


def test_an_import_is_undone_but_for_what_was_touched_unless_that_is_asked_for(root: TestClient) -> None:
    made = root.post("/imports", files=zammad(1, 2), data=ZAMMAD).json()
    first, last = made["numbers"][0]
    root.post(f"/tickets/{first}/replies", json={"text": "Is it still so?"})
    address = f"/imports/{made['id']}/undo"

    assert root.get(address).json() == {"tickets": 1, "touched": [first], "joined": []}
    undone = root.post(address, json={})
    assert (undone.status_code, undone.json()["state"], undone.json()["kept"]) == (200, "undone", [first])
    assert root.get(f"/tickets/{last}").status_code == 404
    assert root.get(f"/tickets/{first}").status_code == 200

    assert root.post(address, json={"touched_too": True}).json()["kept"] == []
    assert titles(root) == []


def test_an_import_that_is_none_is_not_found(root: TestClient) -> None:
    for answer in (root.get("/imports/csv-0/undo"), root.post("/imports/csv-0/undo", json={})):
        assert (answer.status_code, problem(answer)["code"]) == (404, "definition_not_found")


@pytest.mark.parametrize("username", ["carla", "ada"])
def test_only_admins_move_in(desk: Desk, caller: Callable[[str], TestClient], root: TestClient, username: str) -> None:
    made = root.post("/imports", files=zammad(1), data=ZAMMAD).json()
    somebody, before = caller(username), kept(desk)[:3]

    answers = [
        *(somebody.post(path, files=zammad(2), data=ZAMMAD) for path in SENT_TO),
        somebody.get("/imports"),
        somebody.get(f"/imports/{made['id']}/undo"),
        somebody.post(f"/imports/{made['id']}/undo", json={}),
    ]

    assert [(answer.status_code, problem(answer)["code"]) for answer in answers] == [(403, "permission_denied")] * 6
    assert kept(desk)[:3] == before


def test_a_stranger_is_asked_who_they_are(stranger: TestClient) -> None:
    answers = [*(stranger.post(path, files=zammad(1), data=ZAMMAD) for path in SENT_TO), stranger.get("/imports")]

    assert [(answer.status_code, problem(answer)["code"]) for answer in answers] == [(401, "token_refused")] * 4


def test_a_key_moves_in_if_it_has_the_scope_of_admins(with_key: Callable[..., TestClient]) -> None:
    refused = with_key("read", "write", "notes").post("/imports", files=zammad(1), data=ZAMMAD)
    done = with_key("admin").post("/imports", files=zammad(1), data=ZAMMAD)

    assert (refused.status_code, problem(refused)["code"]) == (403, "permission_denied")
    assert (done.status_code, done.json()["counts"]["tickets"]) == (200, 1)


@pytest.mark.parametrize("path", SENT_TO[:2])
@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"files": file(b"[1, 2]"), "data": ZAMMAD}, 422, "import_refused"),
        ({"files": file(b"PK\x03\x04" + bytes(30)), "data": {"system": "osticket"}}, 422, "import_refused"),
        ({"files": file(b"Number,Title\n1,Help\n"), "data": {"system": "csv"}}, 422, "import_refused"),
        (
            {"files": file(GUESSED), "data": {"system": "csv", "mapping": '{"columns": {"subject": "Betreff"}}'}},
            422,
            "import_refused",
        ),
        ({"files": zammad(1), "data": {"system": "jira"}}, 422, "invalid_input"),
        ({"files": zammad(1)}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"more": "1"}}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"mapping": "{"}}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"mapping": "null"}}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"mapping": "[" * 100_000}}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"mapping": '{"statuses": {"a": "\\ud800"}}'}}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"mapping": '{"not_known": 1}'}}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"mapping": '{"time_zone": 5}'}}, 422, "invalid_input"),
        ({"files": zammad(1), "data": ZAMMAD | {"mapping": " " * ((1 << 20) + 1)}}, 400, "bad_request"),
        ({"files": zammad(1), "data": {"system": ["zammad", "csv"]}}, 422, "invalid_input"),
        ({"files": file(b""), "data": ZAMMAD}, 422, "empty_file"),
        ({"files": file(b"x" * ((1 << 20) + 1)), "data": ZAMMAD}, 422, "file_too_large"),
        ({"files": file(b"x" * (4 << 20)), "data": ZAMMAD}, 422, "file_too_large"),
        ({"files": {"other": ("a.json", b"[]")}, "data": ZAMMAD}, 422, "invalid_input"),
        ({"data": ZAMMAD}, 415, "unsupported_media_type"),
        ({"json": ZAMMAD}, 415, "unsupported_media_type"),
        ({"content": b"[]"}, 415, "unsupported_media_type"),
        ({"content": b"", "headers": {"content-type": "multipart/form-data"}}, 400, "bad_request"),
    ],
    ids=[
        "no objects",
        "an archive",
        "no requester",
        "a missing column",
        "an unknown system",
        "no system",
        "a field more",
        "a mapping cut off",
        "no mapping",
        "a deep mapping",
        "half a letter",
        "something else in a mapping",
        "another type in a mapping",
        "a huge mapping",
        "two systems",
        "empty",
        "a little too large",
        "far too large",
        "no file",
        "a plain form",
        "JSON",
        "no form",
        "without a boundary",
    ],
)
def test_what_cannot_be_brought_in_is_refused_in_the_one_form_and_nothing_is_kept(
    desk: Desk, root: TestClient, path: str, form: dict[str, Any], status: int, code: str
) -> None:
    before = kept(desk)

    refused = root.post(path, **form)

    assert (refused.status_code, problem(refused)["code"]) == (status, code)
    assert kept(desk) == before


def test_a_file_that_does_not_tell_its_length_has_the_same_limit(root: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield b" " * 100_000

    refused = root.post("/imports", content=pieces(), headers={"content-type": "multipart/form-data; boundary=x"})

    assert (refused.status_code, problem(refused)["code"]) == (422, "file_too_large")
