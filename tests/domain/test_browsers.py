"""Cookies' names, and by what one browser is told from another."""

import pytest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from ticketing.domain.browsers import browser_id, cookie_name, device_cookie_name, is_secure_origin, is_this_machine


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_several_names(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["", "localhost.example", "203.0.113.9", "10.0.0.1", "::ffff:10.0.0.1", "::"])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_this_machine(host)


def test_a_browser_stays_the_same_though_its_cookie_is_masked_anew_at_each_page() -> None:
    token = b"sixteen bytes ok"

    first, second = generate_xsrf_token_string(token), generate_xsrf_token_string(token)

    assert first != second
    assert browser_id(first) == browser_id(second) != ""


def test_two_browsers_differ() -> None:
    assert browser_id(generate_xsrf_token_string()) != browser_id(generate_xsrf_token_string())


def test_the_mark_of_a_browser_does_not_hold_its_token() -> None:
    token = bytes(range(16))

    assert token.hex() not in browser_id(generate_xsrf_token_string(token))


@pytest.mark.parametrize("cookie", [None, "", "2|", "1|aa|bb|1", "2|zz|aa|1", "2|aabb|aa|1", "2|aabbccdd||1", "abc"])
def test_a_cookie_that_cannot_be_read_marks_no_browser(cookie: str | None) -> None:
    assert browser_id(cookie) == ""


def test_cookies_are_bound_to_the_host_on_https() -> None:
    assert cookie_name("ticketing_session", secure=True) == "__Host-ticketing_session"
    assert device_cookie_name("ticketing_session", secure=True) == "__Host-ticketing_session_device"
    assert cookie_name("ticketing_session", secure=False) == "ticketing_session"


def test_a_name_that_a_proxy_lets_through_stays_as_it_is() -> None:
    assert cookie_name("_streamlit_user", secure=True) == "_streamlit_user"
    assert device_cookie_name("_streamlit_user", secure=True) == "_streamlit_user_device"


@pytest.mark.parametrize(
    ("origin", "secure"),
    [("https://desk.example", True), ("http://desk.example", False), ("null", False), (None, False)],
)
def test_the_origin_tells_whether_the_browser_speaks_tls(origin: str | None, *, secure: bool) -> None:
    assert is_secure_origin(origin) is secure
