"""How much a page asks of a database: each question costs more there than all of a page's own work on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.pages.conftest import PASSWORD
from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor


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
        ("ada", "ticket", 8),
        ("carla", "ticket", 4),
        ("carla", "my_tickets", 4),
        ("ada", "agent_admin", 5),
        ("carla", "account", 3),
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
