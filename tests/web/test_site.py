"""Under which names the desk answers, and which origins are its own."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.web.site import Site

PUBLIC = Site("https://desk.example.org")
UNSET = Site(None)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501", "192.168.1.5:8501", "[fe80::1]", "10.0.0.1"]
)
def test_without_an_address_set_every_ip_address_is_answered(host: str) -> None:
    assert UNSET.answers_to(host)


def test_without_an_address_set_the_machine_answers_to_its_own_name() -> None:
    assert UNSET.answers_to(f"{socket.gethostname()}:8501")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example:8501",
        "streamlit.app.evil.example",
        "",
        None,
        "desk.example.org, evil.example",
        "localhost:8501/evil",
        "user@localhost",
        "localhost:port",
        "loc alhost",
    ],
)
def test_a_name_that_an_attacker_can_choose_is_not_answered(host: str | None) -> None:
    assert not UNSET.answers_to(host)
    assert not PUBLIC.answers_to(host)


def test_with_an_address_set_only_that_name_and_the_machine_itself_are_answered() -> None:
    assert PUBLIC.answers_to("desk.example.org")
    assert PUBLIC.answers_to("DESK.example.org.")
    assert PUBLIC.answers_to("localhost:8501")
    assert not PUBLIC.answers_to("192.168.1.5")


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("http://localhost:8501", True),
        ("HTTP://LOCALHOST:8501", True),
        ("http://localhost:8502", False),
        ("http://localhost", False),
        ("https://localhost:8501", False),
        ("http://127.0.0.1:8501", False),
        ("http://evil.example", False),
        ("http://localhost:8501.evil.example", False),
        ("null", False),
        ("", False),
        (None, False),
        ("file://", False),
    ],
)
def test_only_the_page_under_the_very_same_address_is_of_the_same_origin(origin: str | None, *, own: bool) -> None:
    assert UNSET.is_own(origin, "http", "localhost:8501") is own


def test_behind_a_proxy_the_public_address_is_of_the_same_origin() -> None:
    assert PUBLIC.is_own("https://desk.example.org", "http", "127.0.0.1:8501")
    assert Site("https://desk.example.org/help").is_own("https://desk.example.org:443", "http", "127.0.0.1:8501")
    assert not PUBLIC.is_own("http://desk.example.org", "http", "127.0.0.1:8501")


@pytest.mark.parametrize("host", ["desk.example.org", "desk.example.org:80", "DESK.example.org."])
def test_what_is_reached_over_https_has_no_page_of_its_own_over_http(host: str) -> None:
    assert not PUBLIC.is_own(f"http://{host}", "http", host)
    assert not PUBLIC.is_own(f"http://{host}", "https", host)
    assert PUBLIC.is_own("https://desk.example.org", "http", host)
    assert PUBLIC.is_own("http://localhost:8501", "http", "localhost:8501"), "the machine itself looks in without TLS"
    assert Site("http://desk.example.org").is_own("http://desk.example.org", "http", "desk.example.org")


@given(st.text(max_size=60))
def test_no_header_can_make_the_check_fail_in_another_way_than_no(header: str) -> None:
    assert PUBLIC.answers_to(header) in {True, False}
    assert PUBLIC.is_own(header, "http", header) in {True, False}
