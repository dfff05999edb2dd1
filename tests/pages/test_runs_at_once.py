"""Two runs of one visitor at once, as Streamlit has them when one clicks again: what the one did, the other shows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl

import pytest
import streamlit as st
from sqlalchemy import Engine, event
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.util import calc_hash

from tests.pages.conftest import PASSWORD, SignIn
from tests.visiting import PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import TicketEdit
from ticketing.storage.sql.sql_store import SqlStore
from ticketing.ui.deeds import Deeds
from ticketing.ui.feedback import Flash
from ticketing.ui.memory import MEMORY
from ticketing.ui.wording import t


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """Return the address of a database, where all that a run reads is of one moment."""
    return f"sqlite:///{tmp_path / 'desk.sqlite'}"


@contextmanager
def before_the_ticket_is_read(do: Callable[[], object]) -> Iterator[None]:
    """Have another thread do something, once, when a run has begun to read and comes to the ticket."""
    begun: list[threading.Thread] = []

    def put(_connection: object, _cursor: object, statement: str, *_given: object) -> None:
        if "tickets.document" in statement and not begun:
            begun.append(threading.Thread(target=do))
            begun[0].start()
            begun[0].join()

    event.listen(Engine, "before_cursor_execute", put)
    yield
    event.remove(Engine, "before_cursor_execute", put)
    assert begun


@pytest.fixture
def meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a way to have something happen, once, before a run begins with its page, or after it has drawn all."""

    def arrange(*, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None) -> None:
        one_view, first, last = desk.one_view, [before], [after]

        @contextmanager
        def view() -> Iterator[None]:
            if first and (do := first.pop()):
                do()
            with one_view():
                yield
            if last and (do := last.pop()):
                do()

        monkeypatch.setattr(desk, "one_view", view)

    return arrange


def click(page: str = "") -> None:
    """Ask for another run, as a click does while this one is under way: of its own page, or of another one."""
    run = get_script_run_ctx()
    assert run
    assert run.script_requests
    query, shown = ("", calc_hash(page)) if page else (run.query_string, run.page_script_hash)
    run.script_requests.request_rerun(RerunData(query_string=query, page_script_hash=shown))


def category(visit: Visit) -> str:
    [shown] = [str(shown) for name, _label, shown, _options in visit.sent(PANEL)["fields"] if name == "category"]
    return shown


def test_what_another_run_did_while_a_page_was_read_is_on_it(
    desk: Desk, sign_in: SignIn, actor: Callable[[Visit], Actor]
) -> None:
    number = desk.tickets.open(Actor.console(), "No dial tone", "Since noon.").number
    ada = sign_in("ada").open("ticket", id=str(number))
    deeds: Deeds = ada.at.session_state[MEMORY][Deeds]

    def choose() -> None:
        with deeds.turn():
            desk.tickets.edit(actor(ada), number, TicketEdit(category=TicketCategory.NETWORK))

    with before_the_ticket_is_read(choose):
        ada.rerun()

    assert category(ada) == "network"


def test_what_was_done_is_told_also_if_a_click_on_something_else_cuts_the_run_short_at_its_end(
    desk: Desk, sign_in: SignIn, meanwhile: Callable[..., None], pass_seconds: Callable[[float], None]
) -> None:
    number = desk.tickets.open(Actor.console(), "No dial tone", "Since noon.").number
    ada = sign_in("ada").open("ticket", id=str(number))

    meanwhile(after=click)
    ada.act("assign_to_me")

    assert ada.said == ["The ticket is yours now."]
    pass_seconds(6)
    assert ada.rerun().said == []


def test_what_a_second_click_asks_to_be_told_is_not_forgotten_by_the_run_of_the_first(
    desk: Desk, sign_in: SignIn, meanwhile: Callable[..., None], pass_seconds: Callable[[float], None]
) -> None:
    number = desk.tickets.open(Actor.console(), "No dial tone", "Since noon.").number
    ada = sign_in("ada").open("ticket", id=str(number))
    ada.rerun()
    flash: Flash = ada.at.session_state[MEMORY][Flash]

    meanwhile(after=flash.say_again)  # as the second click's run does it, which begins when this one has drawn
    ada.act("assign_to_me")

    pass_seconds(6)
    assert ada.rerun().said == ["The ticket is yours now."]
    pass_seconds(6)
    assert ada.rerun().said == []


def test_a_one_time_password_outlives_a_click_that_cuts_the_run_short_which_shows_it(
    sign_in: SignIn, meanwhile: Callable[..., None]
) -> None:
    ada = sign_in("ada").open("agent_admin", person="carla")

    meanwhile(after=lambda: click("all_tickets"))
    ada.press("reset_password")
    assert ada.titles == ["All tickets"]

    assert ada.open("agent_admin", person="carla").at.code.len == 1


def end_another_run() -> None:
    """Do to the session's state what a run does that comes to its end just now."""
    run = get_script_run_ctx()
    assert run
    run.session_state.on_script_finished(frozenset(), remove_stale_widgets=False)


NEW_PASSWORD = {"current": PASSWORD, "new": "four dry raincoats", "confirmation": "four dry raincoats"}
ERIN = {"username": "erin", "display_name": "Erin", "password": PASSWORD, "confirmation": PASSWORD}
NEW_AGENT = {"new_username": "erin", "new_display_name": "Erin"}


@pytest.mark.parametrize(
    ("person", "address", "fields", "button", "outcome"),
    [
        (None, "login", {"username": "carla", "password": PASSWORD}, "submit", "bridge"),
        (None, "register", ERIN, "submit", "bridge"),
        ("carla", "new_ticket", {"title": "No dial tone", "description": "Since noon."}, "submit", "T-1 is open"),
        ("carla", "account", {"display_name": "Carla R."}, "save_profile", t("account.profile_saved")),
        ("carla", "account", NEW_PASSWORD, "save_password", "bridge"),
        ("ada", "agent_admin?new=agent", NEW_AGENT, "submit_new_agent", "one-time password to erin"),
        ("root", "desk_setup?kind=teams&id=new", {"team_name": "First line"}, "save", "First line” is saved"),
    ],
    ids=["login", "register", "new ticket", "profile", "password", "new agent", "team"],
)
def test_a_form_is_sent_although_the_run_before_ends_just_then_and_puts_its_button_back(
    desk: Desk,
    sign_in: SignIn,
    meanwhile: Callable[..., None],
    person: str | None,
    address: str,
    fields: dict[str, str],
    button: str,
    outcome: str,
) -> None:
    page, _, query = address.partition("?")
    tab = (sign_in(person) if person else Visit(desk)).open(page, **dict(parse_qsl(query)))

    meanwhile(before=end_another_run)
    tab.fill(**fields).press(button)

    assert outcome in str([*tab.said, *tab.at.get("bidi_component")])


@pytest.mark.parametrize("what", [end_another_run, click], ids=["the run before ends", "the page is drawn anew"])
def test_a_button_does_what_it_says_although_something_else_happens_just_then(
    desk: Desk,
    sign_in: SignIn,
    actor: Callable[[Visit], Actor],
    meanwhile: Callable[..., None],
    pass_seconds: Callable[[float], None],
    what: Callable[[], None],
) -> None:
    carla = sign_in("carla").open("my_tickets")
    number = desk.tickets.open(actor(carla), "No dial tone", "Since noon.").number
    desk.tickets.close(Actor.console(), number)
    carla.open("ticket", id=str(number))

    meanwhile(before=what)
    carla.press("rate_not_solved")

    assert carla.said == [t("rating.noted")]
    pass_seconds(6)
    assert carla.rerun().said == []
    assert [rating.solved for rating in desk.tickets.get(Actor.console(), number).ratings] == [False]


def test_a_form_whose_run_is_cut_short_before_it_is_drawn_is_not_sent_by_a_later_run(
    desk: Desk, sign_in: SignIn, actor: Callable[[Visit], Actor], meanwhile: Callable[..., None]
) -> None:
    carla = sign_in("carla").open("new_ticket")

    meanwhile(before=st.stop)
    carla.fill(title="No dial tone", description="Since noon.").press("submit")
    carla.rerun()

    assert carla.titles == ["New ticket"]
    assert desk.tickets.search(actor(carla), TicketQuery()).total == 0


def test_a_press_on_one_page_is_none_on_the_page_to_which_it_leads(
    desk: Desk, sign_in: SignIn, actor: Callable[[Visit], Actor]
) -> None:
    carla = sign_in("carla").open("new_ticket")
    desk.sessions.end(actor(carla), actor(carla).session or "")

    carla.fill(title="No dial tone", description="Since noon.").press("submit")

    assert carla.titles == [t("page.login")]
    assert carla.refused == []


@pytest.mark.usefixtures("desk")
def test_a_deed_that_is_under_way_is_waited_for_and_ones_own_are_not_counted() -> None:
    deeds = Deeds()
    begun, may_end = threading.Event(), threading.Event()

    def deed() -> None:
        with deeds.turn():
            begun.set()
            may_end.wait(5)

    with deeds.turn():
        pass
    assert deeds.of_other_runs() == 0

    other = threading.Thread(target=deed)
    other.start()
    begun.wait(5)
    threading.Timer(0.1, may_end.set).start()
    assert deeds.of_other_runs() == 1
    assert may_end.is_set()
    other.join()


def test_a_deed_which_may_take_its_time_keeps_no_connection_from_others(desk: Desk, sign_in: SignIn) -> None:
    connections = cast("SqlStore", desk.store)._engine.pool  # noqa: SLF001 - nothing else tells
    with desk.one_view():
        desk.sessions.actor(sign_in("ada").token or "")
        assert connections.checkedout() == 1  # type: ignore[attr-defined]
        with Deeds().turn():
            assert connections.checkedout() == 0  # type: ignore[attr-defined]
