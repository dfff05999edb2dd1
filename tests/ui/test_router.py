"""Who gets which page, and where everybody else ends."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import PropertyMock

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.runtime.state.session_state_proxy import SessionStateProxy
from streamlit.util import calc_hash
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from tests.app_test import AppTest
from tests.ui.conftest import PASSWORD, ROUTER, Visit, words
from ticketing.desk import Desk
from ticketing.domain.browsers import XSRF_COOKIE
from ticketing.domain.store import Store, Transaction
from ticketing.ui.memory import MEMORY
from ticketing.ui.pages import PAGES, Audience, safe_target
from ticketing.ui.session import Host
from ticketing.ui.wording import t

ROOT = Path(__file__).resolve().parents[2]
PROTECTED = [page.name for page in PAGES if page.audience is not Audience.STRANGERS]
CLOSED_TO = {Audience.AGENTS: ["carla"], Audience.ADMINS: ["carla", "ada"]}
OPEN_TO = {Audience.AGENTS: ["ada", "root"], Audience.ADMINS: ["root"]}


def pages_for(people: dict[Audience, list[str]]) -> list[tuple[str, str]]:
    """Return each page for agents or admins with each of these people."""
    return [(page.name, person) for page in PAGES for person in people.get(page.audience, [])]


def title(app: AppTest) -> str:
    """Return the heading of a page; a list of tickets draws its own."""
    if app.title:
        return app.title[0].value
    listed = next(each for each in app.get("bidi_component") if each.proto.component_name == "ticketing_list_table")
    drawn: str = json.loads(listed.proto.bytes)["head"]["title"]
    return drawn


def who_is_here(app: AppTest) -> str:
    """Return what the sidebar says of who is signed in."""
    drawn = json.loads(next(iter(app.sidebar.get("bidi_component"))).proto.bytes)
    said: str = drawn["words"]["person"]
    return said.replace("{name}", drawn["person"])


@pytest.mark.parametrize("page", ["", *PROTECTED, "no_such_page"])
def test_a_stranger_is_asked_to_sign_in_wherever_they_go(visit: Visit, page: str) -> None:
    app = visit(page)

    assert title(app) == t("page.login")
    assert not app.sidebar.button
    assert not app.exception


def test_the_page_first_asked_for_is_kept_for_after_the_sign_in(visit: Visit) -> None:
    app = visit("ticket", id="12")

    assert app.query_params["next"] == "ticket?id=12"


def test_a_page_that_does_not_exist_is_not_kept(visit: Visit) -> None:
    assert "next" not in visit("no_such_page").query_params


@pytest.mark.parametrize(
    ("person", "page"), [("carla", "page.my_tickets"), ("ada", "page.all_tickets"), ("root", "page.all_tickets")]
)
def test_everybody_begins_at_their_own_list(visit: Visit, person: str, page: str) -> None:
    assert title(visit("", as_=person)) == t(page)


@pytest.mark.parametrize(("page", "person"), pages_for(CLOSED_TO))
def test_z3_a_page_for_others_reads_like_one_that_does_not_exist(visit: Visit, page: str, person: str) -> None:
    forbidden, unknown = visit(page, as_=person), visit("no_such_page", as_=person)

    assert words(forbidden) == words(unknown)
    assert t("not_found.text") in words(forbidden)


@pytest.mark.parametrize(("page", "person"), pages_for(OPEN_TO))
def test_a_page_opens_for_those_it_is_for(visit: Visit, page: str, person: str) -> None:
    app = visit(page, as_=person)

    assert t("not_found.text") not in words(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("guard", "person", "is_in"),
    [
        ("require_agent", "carla", False),
        ("require_agent", "ada", True),
        ("require_admin", "ada", False),
        ("require_admin", "root", True),
    ],
)
def test_a_page_refuses_whom_it_is_not_for_even_if_the_router_let_them_in(
    visit: Visit, desk: Desk, cookies: dict[str, str], guard: str, person: str, *, is_in: bool
) -> None:
    def page(guard: str) -> None:
        import streamlit as st  # noqa: PLC0415 - the function is run as a script of its own

        from ticketing import ui  # noqa: PLC0415 - as above

        getattr(ui, guard)()
        st.title("For some")

    visit("")
    cookies["ticketing_session"] = desk.accounts.sign_in(person, PASSWORD)

    assert title(AppTest.from_function(page, args=(guard,)).run()) == ("For some" if is_in else t("not_found.title"))


def test_the_sidebar_says_who_is_here_and_lets_them_leave(visit: Visit, desk: Desk) -> None:
    app = visit("", as_="ada")

    assert who_is_here(app) == "Signed in as ada · agent"
    assert [button.label for button in app.sidebar.button] == [t("sidebar.sign_out")]
    assert not desk.settings.demo


def test_a_display_name_cannot_draw(visit: Visit, desk: Desk) -> None:
    desk.accounts.register("mallory", "![x](http://evil.example/x.png)", PASSWORD, PASSWORD)

    app = visit("", as_="mallory")

    assert who_is_here(app) == "Signed in as ![x](http://evil.example/x.png) · requester"
    assert not app.sidebar.markdown


def test_signing_out_ends_the_session_at_once(visit: Visit, cookies: dict[str, str]) -> None:
    app = visit("", as_="carla")

    app.sidebar.button(key="sign_out").click().run()

    assert cookies["ticketing_session"]
    assert title(app.run()) == t("page.login")


def test_a_session_that_ended_elsewhere_shows_nothing_any_more(
    visit: Visit, desk: Desk, cookies: dict[str, str]
) -> None:
    app = visit("new_ticket", as_="carla")
    assert title(app) == t("page.new_ticket")

    desk.sessions.sign_out(cookies["ticketing_session"])
    app.run()

    assert title(app) == t("page.login")
    assert not app.sidebar.button


def test_whoever_has_a_one_time_password_sees_the_account_page_only(visit: Visit, desk: Desk) -> None:
    cookie = desk.accounts.sign_in("support_agent", "supportpass")
    app = visit("all_tickets")

    assert title(app) == t("page.login")
    assert desk.sessions.actor(cookie).must_change_password


@pytest.mark.parametrize("page", ["", "all_tickets", "ticket", "no_such_page"])
def test_a_one_time_password_leads_to_the_account_page(
    visit: Visit, desk: Desk, cookies: dict[str, str], page: str
) -> None:
    app = visit(page)
    cookies["ticketing_session"] = desk.accounts.sign_in("support_agent", "supportpass")

    app.run()

    assert title(app) == t("page.account")


@pytest.mark.parametrize("page", ["login", "register", "reset_password"])
def test_pages_for_strangers_are_closed_to_those_who_are_in(visit: Visit, page: str) -> None:
    app = visit(page, as_="carla")

    assert title(app) not in {t("page.login"), t("page.register"), t("page.reset_password")}


def test_a_cookie_that_is_not_ours_signs_nobody_in(visit: Visit, cookies: dict[str, str]) -> None:
    app = visit("")
    cookies["ticketing_session"] = "made up"

    assert title(app.run()) == t("page.login")


def test_s1_on_https_only_the_cookie_that_is_bound_to_the_host_counts(
    visit: Visit, desk: Desk, cookies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("")
    token = desk.accounts.sign_in("carla", PASSWORD)
    monkeypatch.setattr(type(st.context), "headers", {"Origin": "https://desk.example.org"})

    cookies["ticketing_session"] = token
    planted = title(app.run())
    cookies["__Host-ticketing_session"] = token
    own = title(app.run())

    assert (planted, own) == (t("page.login"), t("page.my_tickets"))


def click_at_every_write(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Have a click arrive whenever the store has saved something for a run; return whether each was taken."""
    write, clicks = store.write, []

    @contextmanager
    def write_while_somebody_clicks(patience: float | None = None) -> Iterator[Transaction]:
        with write(patience) as tx:
            yield tx
        run = get_script_run_ctx()
        if run and run.script_requests:
            clicks.append(run.script_requests.request_rerun(RerunData(page_script_hash=run.page_script_hash)))

    monkeypatch.setattr(store, "write", write_while_somebody_clicks)
    return clicks


@pytest.fixture
def open_tab(visit: Visit, cookies: dict[str, str]) -> Callable[[], AppTest]:
    """Return a way to open a tab, at the sign-in, on a host that serves the pages only."""
    visit("")
    cookies[XSRF_COOKIE] = generate_xsrf_token_string()

    def open_one() -> AppTest:
        app = AppTest.from_file(str(ROUTER), default_timeout=20)
        app.session_state[MEMORY] = {Host: Host(is_without_routes=True)}
        return app.run()

    return open_one


def sign_in(app: AppTest) -> None:
    app.text_input(key="username").input("carla")
    app.text_input(key="password").input(PASSWORD)
    app.button(key="submit").click().run()


def change_password(app: AppTest) -> None:
    for key, typed in (("current", PASSWORD), ("new", "four dry raincoats"), ("confirmation", "four dry raincoats")):
        app.text_input(key=key).input(typed)
    app.button(key="save_password").click().run()


def test_where_no_cookie_can_be_set_a_sign_in_lasts_as_long_as_its_tab(open_tab: Callable[[], AppTest]) -> None:
    app, second_tab = open_tab(), open_tab()
    assert t("login.without_routes") in words(app)

    sign_in(app)

    assert title(app) == t("page.my_tickets")
    assert title(second_tab.run()) == t("page.login")
    app.sidebar.button(key="sign_out").click().run()
    assert title(app) == t("page.login")


def test_where_no_cookie_can_be_set_clicks_that_come_in_the_middle_of_a_sign_in_do_not_end_it(
    open_tab: Callable[[], AppTest], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_tab()
    clicks = click_at_every_write(desk.store, monkeypatch)
    sign_in(app)

    assert clicks
    assert all(clicks)
    assert not app.error
    assert title(app) == t("page.my_tickets")


@pytest.mark.parametrize("clicking", [False, True], ids=["undisturbed", "with clicks in the middle of it"])
def test_where_no_cookie_can_be_set_a_changed_password_keeps_the_tab_signed_in(
    open_tab: Callable[[], AppTest], desk: Desk, monkeypatch: pytest.MonkeyPatch, *, clicking: bool
) -> None:
    app = open_tab()
    sign_in(app)
    app.switch_page(str(ROOT / "pages" / "account.py")).run()

    clicks = click_at_every_write(desk.store, monkeypatch) if clicking else []
    change_password(app)

    assert bool(clicks) is clicking
    assert not app.error
    assert who_is_here(app) == "Signed in as Carla · requester"


def test_nor_is_it_left_to_another_one_by_a_click_that_comes_while_it_is_forgotten(
    visit: Visit, desk: Desk, cookies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("new_ticket", as_="carla")
    app.text_input(key="title").input("My secret")
    app.button(key="submit").click().run()
    clicks: list[bool] = []
    keys = SessionStateProxy.keys

    def look_while_somebody_clicks(state: SessionStateProxy) -> object:
        run = get_script_run_ctx()
        if run and run.script_requests and not clicks:
            clicks.append(run.script_requests.request_rerun(RerunData(page_script_hash=run.page_script_hash)))
        return keys(state)

    monkeypatch.setattr(SessionStateProxy, "keys", look_while_somebody_clicks)
    cookies["ticketing_session"] = desk.accounts.sign_in("oskar", PASSWORD)
    app.run()

    assert clicks == [True]
    assert "My secret" not in str(app.session_state)


def test_a_sign_in_that_ends_takes_along_what_was_typed(visit: Visit, desk: Desk, cookies: dict[str, str]) -> None:
    app = visit("new_ticket", as_="carla")
    app.text_input(key="title").input("My secret")
    app.button(key="submit").click().run()
    assert app.session_state["title"] == "My secret"

    desk.sessions.sign_out(cookies["ticketing_session"])
    app.run()

    assert title(app) == t("page.login")
    assert "title" not in app.session_state
    assert "My secret" not in str(app.session_state)


@pytest.fixture
def signing_in(visit: Visit, cookies: dict[str, str]) -> AppTest:
    """Return Carla's page while a new session is on its way to her: a changed password has ended the one before."""
    app = visit("account", as_="carla")
    cookies[XSRF_COOKIE] = generate_xsrf_token_string()
    change_password(app)
    assert is_on_the_way(app)
    return app


def is_on_the_way(app: AppTest) -> bool:
    """Tell whether the page hands the browser what it gets a session for."""
    return any("hand_off" in str(component.proto) for component in app.get("bidi_component"))


def test_a_sign_in_that_is_on_its_way_outlives_the_session_that_it_ended(signing_in: AppTest) -> None:
    signing_in.run()

    assert is_on_the_way(signing_in)


def test_a_sign_in_that_is_on_its_way_is_not_left_to_another_one(
    signing_in: AppTest, desk: Desk, cookies: dict[str, str]
) -> None:
    cookies["ticketing_session"] = desk.accounts.sign_in("oskar", PASSWORD)
    signing_in.run()
    desk.sessions.sign_out(cookies["ticketing_session"])
    signing_in.run()

    assert title(signing_in) == t("page.login")
    assert not is_on_the_way(signing_in)


@pytest.mark.parametrize("page", PROTECTED)
def test_a_plain_host_that_runs_a_page_by_itself_is_led_to_the_login(visit: Visit, page: str) -> None:
    visit("")
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20)
    app._page_hash = calc_hash(page)  # noqa: SLF001 - by which such a host finds the file

    app.run()

    assert title(app) == t("page.login")
    assert not app.exception


def test_l2_a_fault_shows_a_reference_that_the_log_explains(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def fault() -> None:
        from ticketing.ui.feedback import show_failure  # noqa: PLC0415 - the function is run as a script of its own

        show_failure(RuntimeError("/srv/secret/path"))

    with caplog.at_level(logging.ERROR, logger="ticketing.ui.feedback"):
        shown = AppTest.from_function(fault).run().error[0].value

    reference = caplog.records[-1].getMessage().rpartition(" ")[2]
    assert reference in shown
    assert "secret" not in shown
    assert "/srv/secret/path" in caplog.text
    assert desk


def test_a_plain_host_shows_the_reference_as_well(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    visit("")
    monkeypatch.setattr(type(st.context), "url", PropertyMock(side_effect=RuntimeError("/srv/secret/path")))

    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20).run()

    reference = caplog.records[-1].getMessage().rpartition(" ")[2]
    assert [error.value for error in app.error] == [t("failure.text", reference=reference)]
    assert not app.exception
    assert "/srv/secret/path" in caplog.text


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "ticket/../../evil",
        "ticket#x",
        "login?next=login",
        "no_such_page",
        "ticket\n//evil.example",
        "",
        None,
    ],
)
def test_nothing_but_a_page_of_ours_is_a_place_to_go_after_the_sign_in(foreign: str | None) -> None:
    assert safe_target(foreign) == ""


def test_a_page_of_ours_is_kept_with_its_query() -> None:
    assert safe_target("ticket?id=12") == "ticket?id=12"
    assert safe_target("/all_tickets?q=a b&x=//evil") == "all_tickets?q=a+b&x=%2F%2Fevil"
