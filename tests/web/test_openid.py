"""`/oidc/…`: the way to the provider and back, with the cookies of this browser alone and to no other site."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pyotp
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from tests.openid_provider import CLIENT, SECRET, Provider, visit
from tests.web.conftest import HERE, PASSWORD, OpenSite
from ticketing.desk import shared_desk
from ticketing.domain.errors import SignedOutError
from ticketing.domain.people import Standing

OURS = {"sec-fetch-site": "same-origin"}
CALLBACK = f"{HERE}/oidc/callback"
Open = Callable[..., TestClient]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
def open_browser(site: OpenSite, provider: Provider) -> Open:
    """Return a way to open a desk with a provider, and a browser of Carla's that looks at it."""

    def open_one(base_url: str = HERE, **settings: object) -> TestClient:
        secret = SecretStr(SECRET)
        known = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": secret}
        client = site(base_url, base_url, **(known | settings))
        client.follow_redirects = False
        return marked(client, b"carla's browser!")

    return open_one


@pytest.fixture
def browser(open_browser: Open) -> TestClient:
    return open_browser()


def marked(client: TestClient, mark: bytes) -> TestClient:
    """Give a browser the cookie that each has after its first look at a page."""
    client.cookies.set("_streamlit_xsrf", generate_xsrf_token_string(mark))
    return client


def sent(browser: TestClient, target: str = "") -> str:
    """Let a browser set out, and return where it goes."""
    return browser.get("/oidc/start", params={"next": target}).headers["location"]


def back(browser: TestClient, target: str = "") -> httpx2.Response:
    """Let a browser go to the provider and come back."""
    return browser.get(visit(sent(browser, target)))


def signed_in(browser: TestClient) -> str:
    token = browser.cookies.get("ticketing_session")
    return shared_desk().sessions.actor(token or "").username


def confirm_address() -> None:
    """Give Carla, who has registered, the address that the provider vouches for."""
    desk = shared_desk()
    with desk.store.write() as tx:
        carla = tx.users.find("carla")
        assert carla is not None
        carla.put_address("carla@example.org", Standing.CONFIRMED)
        tx.users.save(carla)


def test_whoever_comes_back_gets_the_cookies_and_goes_on(browser: TestClient) -> None:
    confirm_address()

    answer = back(browser, "ticket?id=12")

    assert (answer.status_code, answer.headers["location"]) == (303, "../login?next=ticket%3Fid%3D12")
    assert signed_in(browser) == "carla"
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_over_https_the_cookies_are_for_this_host_and_tls_alone(open_browser: Open) -> None:
    browser = open_browser("https://desk.example.org")

    cookies = back(browser).headers.get_list("set-cookie")

    assert sorted(cookie.partition("=")[0] for cookie in cookies) == [
        "__Host-ticketing_session",
        "__Host-ticketing_session_device",
    ]
    assert all("; Secure" in cookie for cookie in cookies)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-forwarded-host": "evil.example"}, {"forwarded": "host=evil.example"}, {"host": "localhost"}],
    ids=str,
)
def test_a13_people_come_back_to_the_public_address_whatever_a_request_says(
    browser: TestClient, headers: dict[str, str]
) -> None:
    where = browser.get("/oidc/start", headers=headers).headers["location"]

    assert parse_qs(urlsplit(where).query)["redirect_uri"] == [CALLBACK]


def test_a_host_that_is_not_ours_is_not_answered(browser: TestClient) -> None:
    for path in ("/oidc/start", "/oidc/callback"):
        assert browser.get(path, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "a\r\nset-cookie: x=y",
        "\ud800",
    ],
)
def test_the_way_leads_to_the_sign_in_page_which_knows_where_one_may_go(browser: TestClient, target: str) -> None:
    answer = back(browser, target.encode("utf-8", "replace").decode())

    parts = urlsplit(answer.headers["location"])
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", "../login")
    assert "x=y" not in str(answer.headers.get_list("set-cookie"))


def test_s8_an_answer_that_another_browser_was_sent_for_signs_nobody_in(browser: TestClient) -> None:
    mallorys = visit(sent(browser))
    browser.cookies.clear()

    for mark in (b"", b"carlas' browser!"):
        if mark:
            marked(browser, mark)
        answer = browser.get(mallorys)
        assert answer.status_code == 401
        assert "Please sign in again." in answer.text
        assert "set-cookie" not in answer.headers
        with pytest.raises(SignedOutError):
            signed_in(browser)


def test_an_answer_signs_in_once(browser: TestClient) -> None:
    where = visit(sent(browser))
    assert browser.get(where).status_code == 303

    again = browser.get(where)

    assert (again.status_code, "set-cookie" in again.headers) == (401, False)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=x",
        "code=x",
        "state=x&code=x",
        "state=x&error=server_error",
        "state=" + "x" * 5000,
        "state=%00&code=%ff",
    ],
    ids=lambda query: query[:40],
)
def test_what_nobody_was_sent_for_is_refused_with_a_sentence(browser: TestClient, query: str) -> None:
    answer = browser.get(f"/oidc/callback?{query}")

    assert answer.status_code == 401
    assert "Please sign in again." in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_who_declines_is_told_so_on_the_sign_in_page(browser: TestClient, provider: Provider) -> None:
    provider.behaviour.error = "access_denied"

    answer = back(browser)

    assert (answer.status_code, answer.headers["location"]) == (303, "../login?declined=1")


def test_a_browser_without_a_mark_gets_one_on_the_sign_in_page_first(browser: TestClient, provider: Provider) -> None:
    browser.cookies.clear()

    assert sent(browser, "ticket?id=12") == "../login?next=ticket%3Fid%3D12"
    assert provider.asked == []


def test_s2_the_session_that_the_browser_had_ends(browser: TestClient) -> None:
    back(browser)
    former = browser.cookies["ticketing_session"]

    back(browser)

    assert browser.cookies["ticketing_session"] != former
    with pytest.raises(SignedOutError):
        shared_desk().sessions.actor(former)


def code_page(browser: TestClient) -> dict[str, str]:
    """Come back as Carla, who has a second factor, and return the fields of the page that asks for a code."""
    answer = back(browser, "ticket?id=12")
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    return dict(re.findall(r'name="(ticket|next)" value="([^"]*)"', answer.text))


def set_up_phone() -> pyotp.TOTP:
    """Turn on Carla's second factor, with a code of a minute ago, so that the next is good."""
    confirm_address()
    desk = shared_desk()
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    phone = pyotp.TOTP(desk.second_factors.propose(carla).secret)
    desk.second_factors.turn_on(carla, PASSWORD, phone.at(desk.clock() - timedelta(seconds=30)))
    return phone


def test_a16_the_code_is_asked_for_after_the_provider(browser: TestClient) -> None:
    phone = set_up_phone()
    fields = code_page(browser)

    wrong = browser.post("/oidc/code", data=fields | {"code": "000 000"}, headers=OURS)
    right = browser.post("/oidc/code", data=fields | {"code": phone.now()}, headers=OURS)

    assert (wrong.status_code, "This code is wrong" in wrong.text) == (401, True)
    assert (right.status_code, right.headers["location"]) == (303, "../login?next=ticket%3Fid%3D12")
    assert signed_in(browser) == "carla"


def test_a_trusted_browser_is_asked_for_no_code(browser: TestClient) -> None:
    phone = set_up_phone()
    fields = code_page(browser) | {"code": phone.now(), "trust": "1"}
    browser.post("/oidc/code", data=fields, headers=OURS)

    assert back(browser).status_code == 303


def test_a_ticket_is_worth_nothing_elsewhere_nor_from_another_site(browser: TestClient) -> None:
    phone = set_up_phone()
    fields = code_page(browser) | {"code": phone.now()}

    assert browser.post("/oidc/code", data=fields, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert browser.post("/oidc/code", data=fields, headers={"origin": "http://evil.example"}).status_code == 403
    marked(browser, b"mallory's browser")
    assert browser.post("/oidc/code", data=fields, headers=OURS).status_code == 401
    browser.cookies.clear()
    assert browser.post("/oidc/code", data=fields, headers=OURS).status_code == 401


@pytest.mark.parametrize(
    "data", [{}, {"ticket": "x"}, {"ticket": "x" * 20_000, "code": "1"}], ids=["none", "odd", "long"]
)
def test_a_form_that_was_made_up_is_refused_with_a_sentence(browser: TestClient, data: dict[str, str]) -> None:
    answer = browser.post("/oidc/code", data=data, headers=OURS)

    assert (answer.status_code, "Please sign in again." in answer.text) == (401, True)


def test_what_the_provider_says_reaches_no_page_as_html(browser: TestClient, provider: Provider) -> None:
    set_up_phone()
    provider.person["name"] = "<script>alert(1)</script>"

    assert "<script>alert" not in back(browser, '"><script>alert(1)</script>').text


def test_a_provider_that_is_down_is_told_with_a_sentence(browser: TestClient, provider: Provider) -> None:
    provider.behaviour.answers["/.well-known/openid-configuration"] = (500, {}, b"")

    answer = browser.get("/oidc/start")

    assert answer.status_code == 503
    assert "Signing in by single sign-on does not work now." in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_do_nothing(browser: TestClient, provider: Provider, method: str) -> None:
    for path in ("/oidc/start", "/oidc/callback"):
        browser.request(method, path, headers=OURS)

    assert provider.asked == []


def test_a_desk_without_a_provider_knows_no_such_way(site: OpenSite) -> None:
    browser = site()
    marked(browser, b"carla's browser!")

    for path in ("/oidc/start", "/oidc/callback?state=x&code=x"):
        answer = browser.get(path)
        assert (answer.status_code, "one signs in with a password" in answer.text) == (404, True)
