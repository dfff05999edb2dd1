"""How calls are refused: in one form, whatever is wrong, and wherever below /api/v1."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from ticketing.desk import Desk
from ticketing.domain.errors import StorageBusyError
from ticketing.web.api import bounds, calling
from ticketing.web.api.app import make_api
from ticketing.web.api.mount import Calls
from ticketing.web.api.quota import Quota

JSON = {"content-type": "application/json"}
TICKET = {"title": "No dial tone", "description": "The line is dead."}


def problem(answer: Any) -> dict[str, str]:
    """Return what is told of an error, which has the form that every error has."""
    told = answer.json()
    assert set(told) == {"error"}
    assert {"code", "message", "reference"} <= set(told["error"]) <= {"code", "message", "field", "reference"}
    assert all(isinstance(part, str) and part for part in told["error"].values())
    assert answer.headers["cache-control"] == "no-store"
    assert "Traceback" not in answer.text
    error: dict[str, str] = told["error"]
    return error


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/tickets/", "/tickets/1/nothing", "/%00", "/%0Aw"])
def test_an_address_that_is_none_is_told_in_the_same_form(carla: TestClient, path: str) -> None:
    answer = carla.get(path)

    assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_address_of_all_calls_is_theirs_without_its_slash_as_well(carla: TestClient, method: str) -> None:
    bare, whole = (carla.request(method, f"http://localhost:8501/api/v1{slash}") for slash in ("", "/"))

    assert bare.status_code == whole.status_code == 404
    assert bare.headers["content-type"] == whole.headers["content-type"] == "application/json"
    if method != "HEAD":
        assert problem(bare)["message"] == problem(whole)["message"] == "There is nothing at this address."


def test_another_method_is_told_which_there_are(carla: TestClient) -> None:
    answer = carla.put("/tickets/1", json={})

    assert (answer.status_code, problem(answer)["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, PATCH"


def test_an_unknown_method_is_none_of_these(carla: TestClient) -> None:
    assert problem(carla.request("BREW", "/tickets"))["code"] == "method_not_allowed"


def test_nobody_is_told_how_to_say_who_they_are(stranger: TestClient) -> None:
    answer = stranger.get("/tickets")

    assert (answer.status_code, problem(answer)["code"]) == (401, "token_refused")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "shown", ["Bearer nonsense", "Basic Y2FybGE6eA==", "Bearer", "Bearer ü", "Bearer " + "x" * 9000]
)
def test_a_token_that_is_none_is_refused(stranger: TestClient, shown: str) -> None:
    answer = stranger.get("/tickets", headers={b"authorization": shown.encode()})

    assert (answer.status_code, problem(answer)["code"]) == (401, "token_refused")


def test_a_cookie_counts_for_nothing(desk: Desk, stranger: TestClient) -> None:
    stranger.cookies.set("ticketing_session", desk.accounts.sign_in("ada", "three wet umbrellas"))

    assert stranger.get("/tickets").status_code == 401


def test_a_browsers_session_is_no_token(desk: Desk, stranger: TestClient) -> None:
    session = desk.accounts.sign_in("ada", "three wet umbrellas")

    assert stranger.get("/tickets", headers={"authorization": f"Bearer {session}"}).status_code == 401


def test_a_page_of_another_site_is_not_let_read(carla: TestClient) -> None:
    answer = carla.get("/tickets", headers={"origin": "https://evil.example"})
    asked = carla.options("/tickets", headers={"origin": "https://evil.example"})

    assert not [name for name in (*answer.headers, *asked.headers) if name.startswith("access-control")]
    assert asked.status_code == 405


def test_a_foreign_host_is_refused_in_the_same_form(carla: TestClient) -> None:
    answer = carla.get("/tickets", headers={"host": "evil.example"})

    assert (answer.status_code, problem(answer)["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "not_json"),
        (b"", JSON, 422, "invalid_input"),
        (b"null", JSON, 422, "invalid_input"),
        (b"[]", JSON, 422, "invalid_input"),
        (b'"text"', JSON, 422, "invalid_input"),
        (b"\xff\xfe", JSON, 400, "not_json"),
        (b'{"title": NaN, "description": "x"}', JSON, 400, "not_json"),
        (b'{"title": Infinity}', JSON, 400, "not_json"),
        (b'{"title": 1e400}', JSON, 422, "invalid_input"),
        (b"9" * 5000, JSON, 400, "not_json"),
        (b"[" * 100_000, JSON, 400, "not_json"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, JSON, 400, "not_json"),
        (b'{"title": "\\ud800", "description": "x"}', JSON, 400, "not_json"),
        (b'{"title": "\\u0000", "description": "x"}', JSON, 422, "invalid_input"),
        (b'{"title": "a", "description": "b", "\\ud800": 1}', JSON, 400, "not_json"),
        (b'{"title": "a", "description": "b", "author": "ada"}', JSON, 422, "invalid_input"),
        (b'{"title": 5, "description": "b"}', JSON, 422, "invalid_input"),
        (json.dumps(TICKET).encode(), {"content-type": "text/plain"}, 415, "unsupported_media_type"),
        (json.dumps(TICKET).encode(), {}, 415, "unsupported_media_type"),
        (json.dumps(TICKET).encode(), {"content-type": "application/x-www-form-urlencoded"}, 415, None),
        (b" " * (bounds.BODY_LIMIT + 1), JSON, 413, "too_large"),
        (json.dumps(TICKET).encode(), JSON | {"x-large": "y" * 100_000}, 431, "headers_too_large"),
    ],
)
def test_a_body_that_is_wrong_in_any_way_is_refused_and_nothing_is_kept(
    desk: Desk, carla: TestClient, content: bytes, headers: dict[str, str], status: int, code: str | None
) -> None:
    answer = carla.post("/tickets", content=content, headers=headers)

    assert answer.status_code == status
    assert code in {None, problem(answer)["code"]}
    with desk.store.read() as tx:
        assert tx.tickets.find(1) is None


def test_a_body_that_does_not_tell_its_length_has_the_same_limit(carla: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    answer = carla.post("/tickets", content=pieces(), headers=JSON)

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")


@pytest.mark.parametrize("name", ["attachments", "imports", "plan"])
def test_what_is_called_as_files_come_in_has_the_same_limit(stranger: TestClient, name: str) -> None:
    answer = stranger.put(f"/webhooks/{name}", content=b" " * (bounds.BODY_LIMIT + 1), headers=JSON)

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")


def answered(*messages: Message) -> dict[str, Any]:
    """Return how the API answers a body that comes in these messages, and then no more."""
    sent: list[Message] = []
    coming = list(messages)

    async def receive() -> Message:
        if coming:
            return coming.pop(0)
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
    scope = {
        "type": "http", "method": "POST", "path": "/tickets", "raw_path": b"/tickets", "query_string": b"",
        "headers": headers, "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
        "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    with ThreadPoolExecutor(1) as elsewhere:  # in this thread the loop of a browser may run
        elsewhere.submit(anyio.run, make_api(), scope, receive, send).result()
    error: dict[str, Any] = json.loads(sent[1]["body"])["error"]
    return {"status": sent[0]["status"], "code": error["code"]}


@pytest.mark.usefixtures("desk")
def test_a_body_that_comes_too_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "PATIENCE", 0.05)

    late = answered({"type": "http.request", "body": b"{", "more_body": True})

    assert late == {"status": 408, "code": "too_slow"}


@pytest.mark.usefixtures("desk")
def test_a_body_that_is_cut_off_is_not_taken() -> None:
    cut = answered({"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"})

    assert cut == {"status": 400, "code": "bad_request"}


def test_a_store_that_cannot_is_told_as_such(desk: Desk, carla: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageBusyError

    monkeypatch.setattr(desk.tickets, "open", fail)

    answer = carla.post("/tickets", json=TICKET)

    assert (answer.status_code, problem(answer)["code"]) == (503, "storage_busy")


def test_what_nobody_has_foreseen_is_told_without_a_trace_and_logged_with_its_mark(
    desk: Desk, carla: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(desk.tickets, "conversation", fail)

    answer = carla.get("/tickets/1")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert problem(answer)["reference"] in caplog.text
    assert "a secret of ours" in caplog.text


def test_calls_are_counted_told_and_refused_beyond_the_limit(
    desk: Desk, carla: TestClient, oskar: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [60.0]
    monkeypatch.setattr(calling, "_quota", Quota(lambda: now[0]))
    desk.settings = desk.settings.model_copy(update={"api_requests_per_minute": 2})

    answers = [carla.get("/tickets") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"2"}
    assert problem(answers[-1])["code"] == "too_many_requests"
    assert answers[-1].headers["retry-after"] == answers[-1].headers["ratelimit-reset"] == "60"
    assert oskar.get("/tickets").status_code == 200
    now[0] = 120.0
    assert carla.get("/tickets").status_code == 200


def test_strangers_are_counted_by_their_address(
    desk: Desk, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "_quota", Quota(lambda: 60.0))
    desk.settings = desk.settings.model_copy(update={"api_requests_per_minute": 1})
    body = {"refresh_token": "nonsense"}

    assert [stranger.post("/token/revoke", json=body).status_code for _ in range(2)] == [204, 429]


def test_every_answer_is_harmless_in_a_browser(carla: TestClient) -> None:
    headers = carla.get("/tickets").headers

    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_a_long_answer_is_packed_for_whoever_unpacks_it_and_a_short_one_is_not(carla: TestClient) -> None:
    for number in range(5):
        carla.post("/tickets", json=TICKET | {"title": f"No dial tone in room {number}"})

    packed, plain = (carla.get("/tickets", headers={"accept-encoding": way}) for way in ("gzip", "identity"))

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert "content-encoding" not in carla.get("/inbox/unread", headers={"accept-encoding": "gzip"}).headers


def test_a_call_goes_by_all_that_pages_need(stranger: TestClient) -> None:
    reached = []

    async def pages(scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(scope["path"])

    browser = TestClient(Calls(pages), base_url="http://localhost:8501")
    called = browser.get("/api/v1/front")
    with pytest.raises(AssertionError):  # nobody answers
        browser.get("/api")

    assert called.json() == stranger.get("/front").json()
    assert reached == ["/api"]
