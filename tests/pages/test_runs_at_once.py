"""Two runs of one visitor at once, as Streamlit has them when one clicks again: what the one did, the other shows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine, event

from tests.pages.conftest import SignIn
from tests.visiting import PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import TicketEdit
from ticketing.storage.sql.sql_store import SqlStore
from ticketing.ui.deeds import Deeds
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
