"""`/session`, `/components`, `/healthz` and `/readyz`."""

import json
from http.cookies import Morsel, SimpleCookie

import pyotp
import pytest
from starlette.testclient import TestClient
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from tests.web.conftest import PASSWORD, OpenSite
from ticketing.components import code, version
from ticketing.desk import shared_desk
from ticketing.domain.browsers import XSRF_COOKIE, browser_id
from ticketing.domain.errors import CodeWantedError, SignedOutError, StorageFullError

OURS = {"sec-fetch-site": "same-origin", "x-ticketing": "1"}


def begin(browser: TestClient) -> str:
    """Type Carla's password in this browser, as the login page does, and return the hand-off."""
    mark = browser_id(browser.cookies.get(XSRF_COOKIE))
    return shared_desk().accounts.sign_in_browser("carla", PASSWORD, browser=mark)


def set_cookies(headers: list[str]) -> dict[str, Morsel[str]]:
    return {name: morsel for header in headers for name, morsel in SimpleCookie(header).items()}


def tokens(browser: TestClient) -> list[str]:
    """Return the secrets of sessions that this browser has."""
    return [cookie.value or "" for cookie in browser.cookies.jar if cookie.name == "ticketing_session"]


def own_sessions(given: list[str]) -> int:
    """Return how many sessions Carla has, as seen from each of hers; each of them works."""
    [count] = {len(shared_desk().sessions.own(shared_desk().sessions.actor(token))) for token in given}
    return count


def test_s1_a_hand_off_becomes_a_cookie_that_scripts_cannot_read(browser: TestClient) -> None:
    answer = browser.post("/session", json={"hand_off": begin(browser)}, headers=OURS)

    cookie = set_cookies(answer.headers.get_list("set-cookie"))["ticketing_session"]
    assert answer.status_code == 204
    assert shared_desk().sessions.actor(cookie.value).username == "carla"
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("lax", "/", "")
    assert int(cookie["max-age"]) == 14 * 24 * 3600


def test_the_device_is_remembered_for_a_year(browser: TestClient) -> None:
    answer = browser.post("/session", json={"hand_off": begin(browser)}, headers=OURS)

    device = set_cookies(answer.headers.get_list("set-cookie"))["ticketing_session_device"]
    assert device["httponly"]
    assert int(device["max-age"]) == 365 * 24 * 3600


def test_a_hand_off_works_once(browser: TestClient) -> None:
    hand_off = begin(browser)
    browser.post("/session", json={"hand_off": hand_off}, headers=OURS)

    again = browser.post("/session", json={"hand_off": hand_off}, headers=OURS)

    assert again.status_code == 401
    assert "Please sign in again" in again.json()["error"]
    assert "set-cookie" not in again.headers
    assert [shared_desk().sessions.actor(token).username for token in tokens(browser)] == ["carla"]


def test_half_a_sign_in_is_no_session_and_a_trusted_browser_keeps_a_secret_for_itself(browser: TestClient) -> None:
    accounts, mark = shared_desk().accounts, browser_id(browser.cookies.get(XSRF_COOKIE))
    carla = shared_desk().sessions.actor(accounts.sign_in("carla", PASSWORD))
    app = pyotp.TOTP(shared_desk().second_factors.propose(carla).secret)
    paper = shared_desk().second_factors.turn_on(carla, PASSWORD, app.at(shared_desk().clock()))
    with pytest.raises(CodeWantedError) as wanted:
        begin(browser)

    half = browser.post("/session", json={"hand_off": wanted.value.ticket}, headers=OURS)
    assert (half.status_code, tokens(browser)) == (401, [])
    for cookie in (f"ticketing_session={wanted.value.ticket}", f"ticketing_session_device={wanted.value.ticket}"):
        assert browser.get("/export", headers={"cookie": cookie}).status_code == 401
        assert browser.get("/personal_data", headers={"cookie": cookie}).status_code == 401

    hand_off = accounts.finish_sign_in_browser(wanted.value.ticket, paper[0], browser=mark, trust=True)
    answer = browser.post("/session", json={"hand_off": hand_off}, headers=OURS)

    device = set_cookies(answer.headers.get_list("set-cookie"))["ticketing_session_device"]
    assert (device["httponly"], device["samesite"], device["domain"]) == (True, "lax", "")
    assert accounts.sign_in_browser("carla", PASSWORD, browser=mark, device=device.value)
    with pytest.raises(CodeWantedError):
        accounts.sign_in_browser("carla", PASSWORD, browser=mark)


def test_two_clicks_of_which_each_brings_a_hand_off_leave_one_session(browser: TestClient) -> None:
    first, second = begin(browser), begin(browser)

    answers = [browser.post("/session", json={"hand_off": hand_off}, headers=OURS) for hand_off in (first, second)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert own_sessions(tokens(browser)) == 1


def test_two_clicks_whose_hand_offs_are_on_their_way_at_the_same_time_leave_two_sessions_that_work(
    browser: TestClient,
) -> None:
    bare, given = dict(browser.cookies), []
    for hand_off in (begin(browser), begin(browser)):
        browser.cookies.clear()
        browser.cookies.update(bare)  # neither has heard the answer to the other
        browser.post("/session", json={"hand_off": hand_off}, headers=OURS)
        given += tokens(browser)

    assert own_sessions(given) == len(set(given)) == 2


def test_a_hand_off_is_worth_nothing_in_another_browser(browser: TestClient) -> None:
    hand_off = begin(browser)
    browser.cookies.delete(XSRF_COOKIE)
    browser.cookies.set(XSRF_COOKIE, generate_xsrf_token_string(b"oskar's browser!"))

    stolen = browser.post("/session", json={"hand_off": hand_off}, headers=OURS)

    assert stolen.status_code == 401
    assert "set-cookie" not in stolen.headers


def test_s2_a_session_id_that_an_attacker_planted_is_ended_not_adopted(browser: TestClient) -> None:
    planted = shared_desk().accounts.sign_in("carla", PASSWORD)
    browser.cookies.set("ticketing_session", planted)

    answer = browser.post("/session", json={"hand_off": begin(browser)}, headers=OURS)

    cookie = set_cookies(answer.headers.get_list("set-cookie"))["ticketing_session"]
    assert cookie.value != planted
    with pytest.raises(SignedOutError):
        shared_desk().sessions.actor(planted)


@pytest.mark.parametrize(
    ("missing", "status"),
    [({"x-ticketing": ""}, 403), ({"sec-fetch-site": "cross-site"}, 403), ({"content-type": "text/plain"}, 403)],
    ids=["our header", "our origin", "JSON"],
)
def test_s8_a_foreign_page_can_neither_sign_in_nor_sign_out(
    browser: TestClient, missing: dict[str, str], status: int
) -> None:
    body = json.dumps({"hand_off": begin(browser)})
    headers = OURS | {"content-type": "application/json"} | missing
    token = shared_desk().accounts.sign_in("carla", PASSWORD)
    browser.cookies.set("ticketing_session", token)

    signed_in = browser.post("/session", content=body, headers=headers)
    signed_out = browser.request("DELETE", "/session", content="{}", headers=headers)

    assert (signed_in.status_code, signed_out.status_code) == (status, status)
    assert "set-cookie" not in signed_in.headers
    assert shared_desk().sessions.actor(token).username == "carla"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"hand_off": 5}', "{" * 5000, '{"hand_off": "' + "x" * 5000 + '"}'])
def test_z9_a_body_that_holds_no_hand_off_is_refused(browser: TestClient, body: str) -> None:
    refused = browser.post("/session", content=body, headers=OURS | {"content-type": "application/json"})

    assert refused.status_code == 400


def test_signing_out_ends_the_session_and_takes_the_cookie_away(browser: TestClient) -> None:
    token = shared_desk().accounts.sign_in("carla", PASSWORD)
    browser.cookies.set("ticketing_session", token)

    answer = browser.request("DELETE", "/session", json={}, headers=OURS)

    cookie = set_cookies(answer.headers.get_list("set-cookie"))["ticketing_session"]
    assert answer.status_code == 204
    assert (cookie.value, cookie["max-age"]) == ("", "0")
    with pytest.raises(SignedOutError):
        shared_desk().sessions.actor(token)


def test_signing_out_twice_is_no_error(browser: TestClient) -> None:
    browser.cookies.set("ticketing_session", "long gone")

    assert browser.request("DELETE", "/session", json={}, headers=OURS).status_code == 204


def test_on_a_full_disk_nobody_is_signed_in_or_out_and_both_are_told_why(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, hand_off = shared_desk().accounts.sign_in("carla", PASSWORD), begin(browser)
    browser.cookies.set("ticketing_session", token)

    def fail(_patience: float | None = None) -> None:
        raise StorageFullError

    with monkeypatch.context() as full_disk:
        full_disk.setattr(shared_desk().store, "write", fail)
        signed_in = browser.post("/session", json={"hand_off": hand_off}, headers=OURS)
        signed_out = browser.request("DELETE", "/session", json={}, headers=OURS)

    assert (signed_in.status_code, signed_out.status_code) == (503, 503)
    assert signed_in.json() == signed_out.json() == {"error": str(StorageFullError())}
    assert "set-cookie" not in {*signed_in.headers, *signed_out.headers}
    assert shared_desk().sessions.actor(token).username == "carla"


def test_s8_no_page_answers_a_plain_look_at_the_session_address(browser: TestClient) -> None:
    assert browser.get("/session").status_code == 405


def test_s1_on_https_the_cookie_is_bound_to_host_and_tls(site: OpenSite) -> None:
    browser = site("https://desk.example.org", address="http://desk.example.org")
    browser.cookies.set(XSRF_COOKIE, generate_xsrf_token_string(b"carla's browser!"))

    answer = browser.post("/session", json={"hand_off": begin(browser)}, headers=OURS)

    cookies = set_cookies(answer.headers.get_list("set-cookie"))
    assert set(cookies) == {"__Host-ticketing_session", "__Host-ticketing_session_device"}
    assert all(cookie["secure"] and cookie["path"] == "/" for cookie in cookies.values())


def test_the_process_says_that_it_is_alive_and_ready(browser: TestClient) -> None:
    assert browser.get("/healthz").json() == {"status": "ok"}
    assert browser.get("/readyz").json() == {"status": "ok"}


def test_a_store_that_does_not_answer_is_alive_but_not_ready(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise StorageFullError

    monkeypatch.setattr(shared_desk().store, "ping", fail)

    assert browser.get("/healthz").status_code == 200
    assert browser.get("/readyz").status_code == 503


@pytest.mark.parametrize("name", ["bridge", "draft", "list_table", "ticket_composer", "ticket_head", "ticket_panel"])
def test_a_components_code_is_there_for_everybody_and_may_be_kept_under_its_mark(
    browser: TestClient, name: str
) -> None:
    answer = browser.get(f"/components/{name}.js", params={"v": version(name)})

    assert (answer.status_code, answer.text) == (200, code(name))
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_page_of_another_version_gets_the_present_code_and_keeps_nothing(browser: TestClient) -> None:
    answer = browser.get("/components/bridge.js", params={"v": "0123456789abcdef"})

    assert (answer.status_code, answer.text) == (200, code("bridge"))
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["nothing", "ticket_outbox", "bridge.js", "BRIDGE"])
def test_what_is_no_component_has_no_code(browser: TestClient, name: str) -> None:
    assert browser.get(f"/components/{name}.js").status_code == 404
