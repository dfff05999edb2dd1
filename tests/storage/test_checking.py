"""A database is checked as a whole: what is kept beside the documents is what these say, or a sentence tells of it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.postgres import databases
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.people import Actor, User
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket
from ticketing.storage.opening import check_database
from ticketing.storage.sql import checking
from ticketing.storage.sql.sql_store import SqlStore

NOW = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
CONSOLE = Actor.console()
BATCH = 4
LAST = 2 * BATCH + BATCH // 2

Spoil = Callable[[str], None]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "BATCH", BATCH)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database with two batches of tickets and a half."""
    empty = f"sqlite:///{tmp_path / 'desk.sqlite'}" if request.param == "sqlite" else databases().create("checked")
    return filled(empty, LAST)


def filled(address: str, last: int) -> str:
    """Put into an empty database two people, and tickets that differ in what is kept of them."""
    with closing(SqlStore(address)) as store, store.write() as tx:
        for name in ("ada", "carla"):
            tx.users.save(
                User(id=name, display_name=name.title(), password="!", created_at=NOW, password_changed_at=NOW)
            )
        for number in range(1, last + 1):
            ticket = Ticket.open(number, "carla", f"Tür {number}", "Help!", TicketCategory.GENERAL, NOW)
            if number % 3:
                ticket.reply(CONSOLE, "Coming.", NOW + timedelta(minutes=number))
                ticket.note(CONSOLE, "A WORD among us", NOW + timedelta(hours=number))
            if number % 5 == 0:
                ticket.watchers.append("ada")
            if number % 4 == 0:
                ticket.tags.append("VPN")
                ticket.fields["field.system"] = "Linux"
            tx.tickets.save(ticket)
    return address


@pytest.fixture
def spoil(address: str) -> Iterator[Spoil]:
    """Change the tables past the store."""
    connections = create_engine(address, poolclass=NullPool)

    def change(statement: str) -> None:
        with connections.begin() as connection:
            assert connection.execute(text(statement)).rowcount

    yield change
    connections.dispose()


def test_a_database_that_a_desk_has_written_is_well(address: str) -> None:
    check_database(address)


@pytest.mark.parametrize(
    "change",
    [
        "title = 'Door'",
        "requester = 'ada'",
        "assignee = 'ada'",
        "status = 'closed'",
        "priority = 'low'",
        "urgency = 9",
        "category = 'billing'",
        "external_id = 'x'",
        "is_new = NOT is_new",
        "opened_at = updated_at",
        "updated_at = opened_at",
        "public_updated_at = opened_at",
        "resolved_at = opened_at",
        "messages = messages + 1",
        "last_author = 'ada'",
        "public_messages = 0",
        "last_public_author = 'ada'",
    ],
)
def test_a_column_that_is_not_what_the_ticket_says_is_told(address: str, spoil: Spoil, change: str) -> None:
    spoil(f"UPDATE tickets SET {change} WHERE number = 7")  # noqa: S608 - our own words

    with pytest.raises(StorageDamagedError, match="The row of ticket T-7 is not what the documents say"):
        check_database(address)


@pytest.mark.parametrize("number", [1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1, LAST])
def test_no_ticket_is_left_out_between_two_batches(address: str, spoil: Spoil, number: int) -> None:
    spoil(f"UPDATE tickets SET urgency = 9 WHERE number = {number}")  # noqa: S608 - our own words

    with pytest.raises(StorageDamagedError, match=f"The row of ticket T-{number} is not what the documents say"):
        check_database(address)


@pytest.mark.parametrize(
    "change",
    ["role = 'agent'", "active = NOT active", "display_name = 'X'", "folded_name = 'x'", "folded = 'x'"],
)
def test_a_column_that_is_not_what_the_account_says_is_told(address: str, spoil: Spoil, change: str) -> None:
    spoil(f"UPDATE users SET {change} WHERE username = 'carla'")  # noqa: S608 - our own words

    with pytest.raises(StorageDamagedError, match="The row of account “carla” is not what the documents say"):
        check_database(address)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("searched text of ticket T-2", "UPDATE texts SET public = 'else' WHERE {key} = 2"),
        ("searched text of ticket T-2", "UPDATE texts SET internal = 'else' WHERE {key} = 2"),
        ("searched text of ticket T-2", "DELETE FROM texts WHERE {key} = 2"),
        ("facts of ticket T-2", "UPDATE facts SET facts = '[]' WHERE number = 2"),
        ("facts of ticket T-6", "DELETE FROM facts WHERE number = 6"),
        ("list of watchers of ticket T-5", "DELETE FROM watchers WHERE number = 5"),
        ("list of watchers of ticket T-6", "INSERT INTO watchers (number, username) VALUES (6, 'ada')"),
        ("list of watchers of ticket T-9", "INSERT INTO watchers (number, username) VALUES (9, 'ada')"),
        ("list of terms of ticket T-4", "DELETE FROM terms WHERE number = 4"),
        ("list of terms of ticket T-4", "UPDATE terms SET value = 'wlan' WHERE number = 4"),
        ("list of terms of ticket T-6", "INSERT INTO terms VALUES (6, 'tag', 'vpn')"),
        ("number of tickets by assignee and status", "UPDATE tallies SET tickets = tickets + 1"),
        ("number of tickets by assignee and status", "DELETE FROM tallies"),
        ("number of tickets by assignee and status", "INSERT INTO tallies VALUES ('ada', 'closed', 2)"),
    ],
)
def test_what_is_kept_beside_the_tickets_and_is_not_what_they_say_is_told(
    address: str, spoil: Spoil, what: str, change: str
) -> None:
    spoil(change.format(key="rowid" if address.startswith("sqlite") else "number"))

    with pytest.raises(StorageDamagedError, match=f"The {what} is not what the documents say.*restore FILE --replace"):
        check_database(address)


def test_a_tally_of_nothing_says_the_same_as_none(address: str, spoil: Spoil) -> None:
    spoil("INSERT INTO tallies VALUES ('ada', 'closed', 0)")

    check_database(address)


def test_a_row_with_no_moment_where_one_belongs_is_told(tmp_path: Path) -> None:
    address = filled(f"sqlite:///{tmp_path / 'desk.sqlite'}", 3)
    with closing(sqlite3.connect(tmp_path / "desk.sqlite")) as file, file:
        file.execute("UPDATE tickets SET updated_at = 'yesterday' WHERE number = 2")

    with pytest.raises(StorageDamagedError, match="A row of tickets cannot be read"):
        check_database(address)


def test_a_sqlite_file_whose_structure_is_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    address = filled(f"sqlite:///{path}", 3)
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tickets_by_update'").fetchone()
        (size,) = file.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as bytes_of:
        bytes_of.seek((root - 1) * size + 8)
        bytes_of.write(b"\xff" * 8)

    with pytest.raises(StorageDamagedError, match=r"The database file is damaged \(.*restore a backup"):
        check_database(address)
