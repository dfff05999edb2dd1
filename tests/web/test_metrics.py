"""`/metrics`, and what the log tells of requests."""

import logging

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.web.conftest import PASSWORD, OpenSite
from ticketing.desk import shared_desk
from ticketing.domain.outbox import AccountMail
from ticketing.services.outbox import set_route, tell_of_account

TOKEN = "for the collector alone"
EVIL = {"origin": "http://evil.example.org"}
SHOWN = {"authorization": f"Bearer {TOKEN}"}


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, str]]:
    return [record.event for record in caplog.records if hasattr(record, "event")]


@pytest.fixture
def collector(site: OpenSite) -> TestClient:
    """Return something that collects the figures of a desk."""
    return site(metrics_token=TOKEN)


def test_who_has_the_token_reads_the_figures(collector: TestClient) -> None:
    answer = collector.get("/metrics", headers=SHOWN)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert 'ticketing_events_total{action="accounts.register",outcome="done"} 1\n' in answer.text
    assert answer.text.endswith("\n")


def test_the_figures_tell_how_many_mails_wait(collector: TestClient) -> None:
    assert "\nticketing_outbox_waiting 0\n" in collector.get("/metrics", headers=SHOWN).text
    set_route(shared_desk().store, is_open=True)
    with shared_desk().store.write() as tx:
        for kind in (AccountMail.PASSWORD_CHANGED, AccountMail.ROLE_CHANGED):
            tell_of_account(tx, "carla", kind, "carla", shared_desk().clock())

    assert "\nticketing_outbox_waiting 2\n" in collector.get("/metrics", headers=SHOWN).text


@pytest.mark.parametrize(
    "shown",
    [
        b"",
        TOKEN.encode(),
        b"Bearer",
        b"Bearer ",
        f"Basic {TOKEN}".encode(),
        f"Bearer {TOKEN}!".encode(),
        "Bearer für".encode(),
    ],
    ids=["none", "no scheme", "a scheme alone", "nothing", "another scheme", "another token", "no ASCII"],
)
def test_nobody_else_does(collector: TestClient, shown: bytes) -> None:
    refused = collector.get("/metrics", headers={b"authorization": shown} if shown else None)

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "ticketing_" not in refused.text


@pytest.mark.parametrize("settings", [{}, {"metrics_token": ""}], ids=["unset", "empty"])
def test_without_the_setting_the_address_is_as_unknown_as_any_other(site: OpenSite, settings: dict[str, str]) -> None:
    browser = site(**settings)

    for headers in ({}, SHOWN, {"authorization": "Bearer "}):
        assert browser.get("/metrics", headers=headers).text == "reached /metrics"


def test_a_request_that_may_change_something_is_told_with_the_reference_of_what_it_did(
    browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    browser.cookies.set("ticketing_session", shared_desk().accounts.sign_in("carla", PASSWORD))
    caplog.set_level(logging.INFO, "ticketing")
    caplog.clear()

    browser.request("DELETE", "/session", json={}, headers={"sec-fetch-site": "same-origin", "x-ticketing": "1"})

    service, request = told(caplog)
    assert (service["actor"], service["action"]) == ("carla", "sessions.sign_out")
    assert (request["action"], request["object"], request["outcome"]) == ("http.delete", "/session", "204")
    assert request["address"] == "testclient"
    assert service["reference"] == request["reference"]


def test_who_only_looks_at_an_address_is_not_told_of(collector: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ticketing")

    for address in ("/", "/healthz", "/readyz"):
        assert collector.get(address).status_code == 200
    collector.get("/metrics", headers=SHOWN)
    # The test's site has a page for every address but this one; Streamlit's looks for others in vain as well.
    assert collector.get("/components/ticket.js").status_code == 404

    assert told(caplog) == []


def test_a_refused_request_is_told_by_the_first_part_of_its_address(
    browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ticketing")

    browser.get("/_stcore/metrics/zqsecret?zqquery=1")
    browser.get("/", headers={"host": "evil.example.org"})
    browser.post("/session", headers={"sec-fetch-site": "cross-site"})
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/_stcore/stream", headers=EVIL):
        pass

    lines = told(caplog)
    assert [(line["action"], line["object"], line["outcome"]) for line in lines] == [
        ("http.get", "/_stcore", "404"),
        ("http.get", "/", "400"),
        ("http.post", "/session", "403"),
        ("http.websocket", "/_stcore", "403"),
    ]
    assert "zq" not in caplog.text
    assert len({line["reference"] for line in lines}) == 4


def test_a_failure_has_one_reference_for_the_person_and_for_the_log(
    browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ticketing")

    failed = browser.get("/?break=1")

    [line] = told(caplog)
    assert (failed.status_code, line["outcome"]) == (500, "500")
    assert f"Reference: {line['reference']}\n" in failed.text
    assert f"Request failed, reference {line['reference']}" in caplog.text
