"""How much a page asks of a database: each question costs more there than all of a page's own work on it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from starlette.websockets import WebSocket

from tests.pages.conftest import PASSWORD
from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.web.live import Hub, Watcher


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """Return the address of a database."""
    return f"sqlite:///{tmp_path / 'desk.sqlite'}"


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """Note all that SQLite is told, the beginning of a transaction among it."""
    noted: list[str] = []

    def put(_connection: object, _cursor: object, statement: str, *_given: object) -> None:
        noted.append(statement)

    event.listen(Engine, "before_cursor_execute", put)
    yield noted
    event.remove(Engine, "before_cursor_execute", put)


@pytest.mark.parametrize(
    ("person", "page", "most"),
    [
        ("ada", "all_tickets", 6),
        ("ada", "ticket", 6),
        ("carla", "ticket", 4),
        ("carla", "my_tickets", 5),
        ("ada", "agent_admin", 4),
        ("carla", "account", 6),
        ("carla", "new_ticket", 4),
    ],
)
def test_a_run_of_a_page_puts_few_questions_in_one_transaction(
    desk: Desk, asked: list[str], person: str, page: str, most: int
) -> None:
    desk.tickets.open(Actor.console(), "The door is locked", "Please come.")
    carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
    number = desk.tickets.open(carla, "No dial tone", "Since noon.").number
    visit = Visit(desk, desk.accounts.sign_in(person, PASSWORD)).open(
        page, **({"id": str(number)} if page == "ticket" else {})
    )
    asked.clear()

    visit.rerun()

    assert asked.count("BEGIN") == 1, asked
    assert len(asked) - 1 <= most, asked


def test_where_somebody_is_signed_in_is_asked_for_when_it_is_to_be_seen(desk: Desk, asked: list[str]) -> None:
    desk.accounts.sign_in("carla", PASSWORD)
    root = Visit(desk, desk.accounts.sign_in("root", PASSWORD)).open("agent_admin", person="carla")
    asked.clear()
    root.rerun()
    folded = list(asked)
    root.at.session_state["sessions_carla"] = True
    asked.clear()

    root.rerun()

    assert asked.count("BEGIN") == 1, asked
    assert len(asked) == len(folded) + 1, asked


@pytest.mark.parametrize("several", [1, 20])
def test_of_idle_pages_no_more_is_asked_the_more_there_are(desk: Desk, asked: list[str], several: int) -> None:
    people = [desk.sessions.actor(desk.accounts.sign_in(name, PASSWORD)) for name in ("carla", "ada")]
    numbers = [desk.tickets.open(people[0], "No dial tone", "Since noon.").number for _ in range(several)]
    look_again = idle(desk, people, numbers)
    asked.clear()

    look_again()

    assert asked[0] == "BEGIN"
    # Who else is there; the last change of all, the changes of tickets, how much is unread; who is signed in still.
    assert len(asked) == 6, asked


def idle(desk: Desk, people: list[Actor], numbers: list[int]) -> Callable[[], object]:
    """Return what looks anew at tickets that all of these people have open, and at whom of them is signed in still."""

    async def silence(*_said: object) -> Any:
        raise AssertionError

    page, hub = WebSocket({"type": "websocket"}, silence, silence), Hub()
    watchers = [Watcher(page, actor, number, desk.live.stamp(actor, number)) for number in numbers for actor in people]
    for watcher, found in hub.look(watchers).items():
        watcher.take(found)
    hub.look(watchers)  # by which the other processes are told who is there
    hub.ask_again_at = 0.0
    return partial(hub.look, watchers)
