"""Two runs of one visitor at once, as Streamlit has them when one clicks again: what the one did, the other shows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine, event
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.util import calc_hash

from tests.pages.conftest import SignIn
from tests.visiting import PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import TicketEdit
from ticketing.storage.sql.sql_store import SqlStore
from ticketing.ui.deeds import Deeds
from ticketing.ui.feedback import Flash
from ticketing.ui.memory import MEMORY


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
def at_the_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a way to have something happen, once, when a run has drawn all of its page and is about to end."""

    def arrange(do: Callable[[], object]) -> None:
        one_view, to_do = desk.one_view, [do]

        @contextmanager
        def view() -> Iterator[None]:
            with one_view():
                yield
            if to_do:
                to_do.pop()()

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
    desk: Desk, sign_in: SignIn, at_the_end: Callable[[Callable[[], object]], None]
) -> None:
    number = desk.tickets.open(Actor.console(), "No dial tone", "Since noon.").number
    ada = sign_in("ada").open("ticket", id=str(number))

    at_the_end(click)
    ada.act("assign_to_me")

    assert ada.said == ["The ticket is yours now."]
    assert ada.rerun().said == []


def test_what_a_second_click_asks_to_be_told_is_not_forgotten_by_the_run_of_the_first(
    desk: Desk, sign_in: SignIn, at_the_end: Callable[[Callable[[], object]], None]
) -> None:
    number = desk.tickets.open(Actor.console(), "No dial tone", "Since noon.").number
    ada = sign_in("ada").open("ticket", id=str(number))
    ada.rerun()
    flash: Flash = ada.at.session_state[MEMORY][Flash]

    at_the_end(flash.say_again)  # as the second click's run does it, which begins when this one has drawn
    ada.act("assign_to_me")

    assert ada.rerun().said == ["The ticket is yours now."]
    assert ada.rerun().said == []


def test_a_one_time_password_outlives_a_click_that_cuts_the_run_short_which_shows_it(
    sign_in: SignIn, at_the_end: Callable[[Callable[[], object]], None]
) -> None:
    ada = sign_in("ada").open("agent_admin", person="carla")

    at_the_end(lambda: click("all_tickets"))
    ada.press("reset_password")
    assert ada.titles == ["All tickets"]

    assert ada.open("agent_admin", person="carla").at.code.len == 1


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
