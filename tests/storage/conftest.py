"""Every kind of store under one name: what the contract says holds for all of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import NullPool, create_engine, delete

from tests.postgres import databases
from ticketing.domain.people import Role, User
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.store import Store
from ticketing.domain.tickets import Ticket
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.sql.sql_store import SqlStore
from ticketing.storage.sql.tables import metadata

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Opener = Callable[[Path], Store]

POSTGRES = "contract"

# Of the databases, those of which each row belongs to an account.
TABLES_OF_ACCOUNTS = [metadata.tables[name] for name in ("api_keys", "devices", "identities", "notices", "sessions")]


def emptied() -> str:
    """Return the address of a database that holds nothing; its tables may be there from the test before."""
    address = databases().address(POSTGRES)
    if not _made:
        _made.append(databases().create(POSTGRES))
        SqlStore(address).close()
    connections = create_engine(address, poolclass=NullPool)
    with connections.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
    return address


def address_of(store: str, folder: Path) -> str:
    """Return where a store of this kind is, which lasts and is empty."""
    addresses = {"json": f"json:{folder / 'data'}", "sqlite": f"sqlite:///{folder / 'desk.sqlite'}"}
    return emptied() if store == "postgres" else addresses[store]


_made: list[str] = []

LASTING: dict[str, Opener] = {
    "json": lambda folder: JsonStore(folder / "data"),
    "sqlite": lambda folder: SqlStore(f"sqlite:///{folder / 'desk.sqlite'}"),
    "postgres": lambda _: SqlStore(databases().address(POSTGRES)),
}
OPENERS: dict[str, Opener] = {
    "memory": lambda _: MemoryStore(),
    **LASTING,
}


class FileTicket(Protocol):
    """Puts a ticket into the store and returns its number."""

    def __call__(self, title: str = ..., requester: str = ..., **fields: object) -> int:
        """Open the ticket and set the fields as they are given; `age` is its age in hours."""


class Register(Protocol):
    """Puts an account into the store."""

    def __call__(self, name: str, display_name: str = ..., **fields: object) -> User:
        """Save the account with these fields."""


@pytest.fixture(params=OPENERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return an empty store of each kind."""
    if request.param == "postgres":
        emptied()
    opened = OPENERS[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture(params=LASTING)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Return a way to open one and the same place again and again, for each kind that outlives its process."""
    opened: list[Store] = []
    if request.param == "postgres":
        emptied()

    def opening() -> Store:
        opened.append(LASTING[request.param](tmp_path))
        return opened[-1]

    yield opening
    for each in opened:
        each.close()


@pytest.fixture
def file_ticket(store: Store) -> FileTicket:
    """Return a way to put tickets into the store."""

    def file(title: str = "No dial tone", requester: str = "carla", **fields: object) -> int:
        with store.write() as tx:
            ticket = make_ticket(tx.tickets.next_number(), title, requester, **fields)
            tx.tickets.save(ticket)
        return ticket.number

    return file


@pytest.fixture
def register(store: Store) -> Register:
    """Return a way to put accounts into the store."""

    def save(name: str, display_name: str = "", **fields: object) -> User:
        user = make_user(name, display_name, **fields)
        with store.write() as tx:
            tx.users.save(user)
        return user

    return save


@pytest.fixture
def make_ticket_of() -> Callable[..., Ticket]:
    """Return the function that makes a ticket without a store."""
    return make_ticket


@pytest.fixture
def make_user_of() -> Callable[..., User]:
    """Return the function that makes an account without a store."""
    return make_user


def make_ticket(number: int, title: str = "No dial tone", requester: str = "carla", **fields: object) -> Ticket:
    """Return a ticket; `age` is in hours, `description` its first message, everything else a field of it."""
    age = fields.pop("age", 0)
    description = fields.pop("description", "The line is dead.")
    assert isinstance(age, (int, float))
    ticket = Ticket.open(number, requester, title, str(description), TicketCategory.GENERAL, NOW - timedelta(hours=age))
    return ticket.model_copy(update=fields)


def make_user(name: str, display_name: str = "", **fields: object) -> User:
    """Return an account."""
    values = {
        "id": name,
        "display_name": display_name or name.capitalize(),
        "role": Role.USER,
        "password": "none",
        "created_at": NOW,
        "password_changed_at": NOW,
    }
    return User.model_validate(values | fields)
