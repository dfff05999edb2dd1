"""What the guard lets through, what it refuses, and what it adds to each response."""

import time

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.web.conftest import HERE, PASSWORD, OpenSite
from ticketing.desk import Desk, shared_desk
from ticketing.settings import Settings
from ticketing.storage.memory import MemoryStore
from ticketing.web.guard import Guard, inline_script_hashes

UPLOAD = "/_stcore/upload_file/session/file"
SAME_SITE = {"sec-fetch-site": "same-origin"}


def connects(browser: TestClient, **headers: str) -> bool:
    address = str(browser.base_url).replace("http", "ws", 1)
    try:
        with browser.websocket_connect(f"{address}/_stcore/stream", headers=headers) as socket:
            return socket.receive_text() == "connected"
    except WebSocketDisconnect:
        return False


def test_a_page_is_served_under_the_desks_own_name(browser: TestClient) -> None:
    assert browser.get("/ticket").text == "reached /ticket"


def test_n2_a_foreign_host_is_refused_with_a_hint_and_at_once(browser: TestClient) -> None:
    browser.get("/")
    begun = time.perf_counter()

    refused = browser.get("/", headers={"host": "evil.example"})

    assert time.perf_counter() - begun < 0.05
    assert refused.status_code == 400
    assert "TICKETING_BASE_URL" in refused.text


def test_a_socket_opens_for_the_desks_own_page(browser: TestClient) -> None:
    assert connects(browser, origin=HERE)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://127.0.0.1:8501"},
        {"origin": "null"},
        {"origin": HERE, "host": "evil.example"},
        {"origin": "http://evil.example", "host": "evil.example"},
    ],
    ids=["no origin", "foreign site", "other port", "other name", "opaque", "foreign host", "rebound name"],
)
def test_n2_a_socket_stays_shut_for_anybody_else(browser: TestClient, headers: dict[str, str]) -> None:
    assert not connects(browser, **headers)


@pytest.mark.parametrize("headers", [SAME_SITE, {"origin": HERE}], ids=["by fetch metadata", "by origin"])
def test_s8_a_change_is_let_through_from_the_desks_own_page(browser: TestClient, headers: dict[str, str]) -> None:
    assert browser.put("/anything", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": HERE},
    ],
)
def test_s8_a_change_is_refused_from_anywhere_else(browser: TestClient, headers: dict[str, str]) -> None:
    assert browser.put("/anything", headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/run"])
def test_what_streamlit_tells_about_itself_is_closed(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 404
    assert browser.post(path, headers=SAME_SITE).status_code == 404


def test_u1_files_are_taken_from_people_who_are_signed_in(browser: TestClient) -> None:
    token = shared_desk().accounts.sign_in("carla", PASSWORD)

    refused = browser.put(UPLOAD, headers=SAME_SITE)
    browser.cookies.set("ticketing_session", token)
    taken = browser.put(UPLOAD, headers=SAME_SITE)
    shared_desk().sessions.sign_out(token)
    refused_again = browser.put(UPLOAD, headers=SAME_SITE)

    assert (refused.status_code, taken.status_code, refused_again.status_code) == (401, 200, 401)


@pytest.mark.parametrize("path", ["/", "/healthz", "/_stcore/metrics", "/session"])
def test_o4_every_response_carries_the_security_headers(browser: TestClient, path: str) -> None:
    headers = browser.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers


def test_o4_a_page_loads_from_the_desk_alone_and_talks_to_the_desk_alone(browser: TestClient) -> None:
    policy = dict(part.strip().split(" ", 1) for part in browser.get("/").headers["content-security-policy"].split(";"))

    assert policy == {
        "default-src": "'none'",
        "script-src": f"'self' blob: 'wasm-unsafe-eval' {inline_script_hashes()}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' ws://localhost:8501",
        "worker-src": "'self' blob:",
        "media-src": "'self' blob:",
        "frame-src": "'none'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }
    assert inline_script_hashes().startswith("'sha256-")


def test_o4_a_foreign_host_does_not_get_into_the_policy(browser: TestClient) -> None:
    refused = browser.get("/", headers={"host": "evil.example; script-src *"})

    assert "evil" not in refused.headers["content-security-policy"]


def test_l2_a_fault_answers_with_a_reference_and_no_more(browser: TestClient) -> None:
    failed = browser.get("/?break")

    assert failed.status_code == 500
    assert "secret" not in failed.text
    assert "Reference: " in failed.text
    assert failed.headers["x-content-type-options"] == "nosniff"


def test_h2_behind_tls_browsers_are_told_to_stay_there(site: OpenSite) -> None:
    browser = site("https://desk.example.org", address="http://desk.example.org")

    headers = browser.get("/").headers

    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert "wss://desk.example.org" in headers["content-security-policy"]
    assert headers["set-cookie"].endswith("; Secure")


def test_without_tls_cookies_are_left_as_they_are(browser: TestClient) -> None:
    assert "secure" not in browser.get("/").headers["set-cookie"].lower()


def test_a_desk_with_a_public_address_takes_sockets_from_there(site: OpenSite) -> None:
    browser = site("https://desk.example.org", address="http://desk.example.org")

    assert connects(browser, origin="https://desk.example.org")
    assert not connects(browser, origin="http://desk.example.org:81")
    assert not connects(browser, origin="http://desk.example.org", host="desk.example.org")


def test_a_host_sent_twice_is_refused(browser: TestClient) -> None:
    refused = browser.get("/", headers=[("host", "localhost:8501"), ("host", "evil.example")])

    assert refused.status_code == 400


def test_the_hosted_platform_may_show_the_desk_in_its_own_frame(site: OpenSite) -> None:
    hosted = site(address="https://desk.streamlit.app").get("/").headers

    assert hosted["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in hosted["content-security-policy"]


@pytest.mark.parametrize(
    ("client", "anywhere", "answer"),
    [
        ("127.0.0.1", "here", 200),
        ("192.0.2.7", "here", 403),
        ("192.0.2.7", "anywhere", 200),
        ("testclient", "here", 403),
    ],
)
def test_a_demo_stays_on_its_own_machine_unless_told_otherwise(client: str, anywhere: str, answer: int) -> None:
    settings = Settings(storage_url="memory:", demo=True, demo_anywhere=anywhere == "anywhere")
    desk = Desk(settings, MemoryStore())
    app = Guard(Starlette(routes=[Route("/", lambda _: PlainTextResponse("in"))]), desk=lambda: desk)

    reply = TestClient(app, base_url="http://localhost:8501", client=(client, 50000)).get("/")

    assert reply.status_code == answer
