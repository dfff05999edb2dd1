"""A host whose proxy forwards only the cookies that it knows: the operator gives ours their names."""

from http.cookies import SimpleCookie

import pytest
from starlette.testclient import TestClient
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from tests.visiting import Visit
from tests.web.conftest import PASSWORD, OpenSite
from ticketing.desk import shared_desk
from ticketing.domain.browsers import XSRF_COOKIE, browser_id
from ticketing.domain.errors import SignedOutError, WrongCredentialsError

OURS = {"sec-fetch-site": "same-origin", "x-ticketing": "1"}
UPLOAD = "/_stcore/upload_file/session/file"


@pytest.fixture(params=[None, "https://desk.example.org"], ids=["http", "https"])
def browser(site: OpenSite, request: pytest.FixtureRequest) -> TestClient:
    """Return a browser at a desk whose cookies are called what the host's proxy lets through."""
    public: dict[str, str] = {"base_url": request.param, "address": request.param} if request.param else {}
    client = site(**public, cookie_name="host_session")
    client.cookies.set(XSRF_COOKIE, generate_xsrf_token_string())
    return client


@pytest.fixture
def signed_in(browser: TestClient) -> dict[str, str]:
    """Sign Carla in, and return the cookies that her browser was given."""
    mark = browser_id(browser.cookies.get(XSRF_COOKIE))
    hand_off = shared_desk().accounts.sign_in_browser("carla", PASSWORD, browser=mark)
    answer = browser.post("/session", json={"hand_off": hand_off}, headers=OURS)
    given = SimpleCookie("; ".join(value.partition(";")[0] for value in answer.headers.get_list("set-cookie")))
    return {name: morsel.value for name, morsel in given.items()}


def test_the_routes_set_and_end_the_session_under_that_name(browser: TestClient, signed_in: dict[str, str]) -> None:
    assert set(signed_in) == {"host_session", "host_session_device"}

    browser.request("DELETE", "/session", json={}, headers=OURS)

    with pytest.raises(SignedOutError):
        shared_desk().sessions.actor(signed_in["host_session"])


@pytest.mark.parametrize(("name", "status"), [("host_session", 200), ("ticketing_session", 401)])
def test_the_guard_looks_for_it_there(browser: TestClient, signed_in: dict[str, str], name: str, status: int) -> None:
    browser.cookies.clear()
    browser.cookies.set(name, signed_in["host_session"])

    assert browser.put(UPLOAD, headers=OURS).status_code == status


@pytest.mark.parametrize(("name", "title"), [("host_session", "My tickets"), ("ticketing_session", "Sign in")])
def test_the_pages_look_for_it_there(signed_in: dict[str, str], name: str, title: str) -> None:
    visit = Visit(shared_desk(), cookies={name: signed_in["host_session"]})

    assert visit.rerun().titles == [title]


def test_the_device_is_known_by_it(signed_in: dict[str, str]) -> None:
    desk = shared_desk()
    for number in range(5):
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in("carla", "a wrong umbrella", f"203.0.113.{number}")

    visit = Visit(desk, cookies={"host_session_device": signed_in["host_session_device"]}).open("login")

    assert visit.fill(username="carla", password=PASSWORD).press("submit").refused == []
