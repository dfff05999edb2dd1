"""Databases of former versions come up to date with all that is in them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Table, delete, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from tests.postgres import databases
from tests.storage.conftest import NOW, TABLES_OF_ACCOUNTS, make_ticket, make_user
from ticketing.domain.outbox import Outgoing
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket
from ticketing.storage.opening import check_database
from ticketing.storage.sql import schema, tables
from ticketing.storage.sql.connecting import connect
from ticketing.storage.sql.people import user_columns
from ticketing.storage.sql.reading import BATCH
from ticketing.storage.sql.sql_store import SqlStore
from ticketing.storage.sql.tickets import searchable, ticket_columns
from ticketing.storage.sql.writing import put_texts

AGENT = Audience(username="ada", sees_all=True)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database in which nothing is."""
    return f"sqlite:///{tmp_path / 'desk.sqlite'}" if request.param == "sqlite" else databases().create("migrated")


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    """Return connections to it."""
    connections = connect(address)
    yield connections
    connections.dispose()


def migrate(connection: Connection, revision: str) -> None:
    """Bring the tables to what they were in a former version."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def keep(connection: Connection, *tickets: Ticket) -> None:
    """Put tickets into the tables as a former version did, in the columns that it had."""
    known = {column["name"] for column in inspect(connection).get_columns("tickets")}
    for ticket in tickets:
        row = {name: value for name, value in ticket_columns(ticket).items() if name in known}
        connection.execute(insert(tables.tickets), row)
        connection.execute(
            insert(tables.tallies), {"assignee": ticket.assignee, "status": ticket.status.value, "tickets": 1}
        )
    put_texts(connection, [(ticket.number, *searchable(ticket)) for ticket in tickets])


def test_d5_tickets_of_the_first_version_are_found_by_their_tags(address: str, engine: Engine) -> None:
    last = 1_203  # more than two batches
    tagged = {2: ["VPN", "vpn", "Straße"], 501: ["home office"], last: ["vpn"]}
    with engine.begin() as connection:
        migrate(connection, "0001")
        keep(
            connection,
            *(make_ticket(number, tags=tagged.get(number, []), assignee=f"a{number}") for number in range(1, last + 1)),
        )

    with closing(SqlStore(address)) as store, store.read() as tx:
        found = {
            asked: sorted(tx.tickets.numbers(AGENT, read_query(asked, Asker("ada", NOW))))
            for asked in ("tag:vpn", "tag:strasse", 'tag:"home office"', "has:tag")
        }

    assert found == {
        "tag:vpn": [2, last],
        "tag:strasse": [2],
        'tag:"home office"': [501],
        "has:tag": [2, 501, last],
    }
    check_database(address)


def test_tickets_of_a_version_without_reports_are_counted_from_the_first_start(address: str, engine: Engine) -> None:
    last = 2 * BATCH + 1
    with engine.begin() as connection:
        migrate(connection, "0003")
        keep(connection, *(make_ticket(number, assignee=f"a{number}") for number in range(1, last + 1)))

    with closing(SqlStore(address)) as store, store.read() as tx:
        found = [facts.assignee for batch in tx.tickets.facts(AGENT, TicketQuery()) for facts in batch]

    assert sorted(found, key=str) == sorted((f"a{number}" for number in range(1, last + 1)), key=str)
    check_database(address)


def test_tickets_of_a_version_with_seven_categories_can_come_into_any(address: str, engine: Engine) -> None:
    before, after = make_ticket(1, assignee="ada"), make_ticket(2)
    before.category, after.category = TicketCategory.BILLING, "office-plants"
    with engine.begin() as connection:
        migrate(connection, "0005")
        keep(connection, before)
    with engine.connect() as looking:  # has read the tables before they change, as another process may have
        looking.execute(text("SELECT category FROM tickets"))
        looking.rollback()

        with closing(SqlStore(address)) as store, store.write() as tx:
            tx.tickets.save(after)
        with looking.begin():
            looking.execute(text("UPDATE tickets SET category = 'office-plants' WHERE number = 1"))
            looking.execute(text("UPDATE tickets SET category = 'billing' WHERE number = 1"))

    with closing(SqlStore(address)) as store, store.read() as tx:
        found = [line.category for line in tx.tickets.search(AGENT, TicketQuery()).items]
        those = tx.tickets.numbers(AGENT, TicketQuery(categories=frozenset({"office-plants"})))
        assert (found, list(those)) == (["office-plants", "billing"], [2])
    check_database(address)


def test_mails_that_went_out_before_are_found_by_their_message_ids(address: str, engine: Engine) -> None:
    at = {"at": NOW, "due_at": NOW, "sent_at": NOW, "expires_at": NOW}
    mail = Outgoing(id="o1", username="carla", kind="replied", **at)
    mail.message_id = "<t1.abc@example.org>"
    row = {"id": "o1", "username": "carla", "address": "", "state": "sent", "document": mail.model_dump_json(), **at}
    with engine.begin() as connection:
        migrate(connection, "0013")
        connection.execute(insert(tables.outgoing), row)

    with closing(SqlStore(address)) as store, store.read() as tx:
        assert tx.outgoing.having_message_id("<t1.abc@example.org>") == mail


@pytest.mark.parametrize("table", TABLES_OF_ACCOUNTS, ids=str)
def test_what_belongs_to_somebody_stays_and_what_belongs_to_nobody_goes(
    address: str, engine: Engine, table: Table
) -> None:
    names = [column.name for column in table.columns]
    rest = {"read": False, "created_at": NOW, "expires_at": NOW, "document": "{}"}
    rows = [{"id": f"of {name}", "username": name} | rest for name in ("carla", "oskar", "nobody")]
    with engine.begin() as connection:
        migrate(connection, "0020")
        indexes = index_words(connection)
        connection.execute(insert(tables.users), [user_columns(make_user(name)) for name in ("carla", "oskar")])
        connection.execute(insert(table), [{name: row[name] for name in names} for row in rows])
        keep(connection, make_ticket(1, requester="nobody", assignee="nobody"))

    SqlStore(address).close()

    with engine.begin() as connection:
        assert set(connection.scalars(select(table.c.id))) == {"of carla", "of oskar"}
        assert connection.scalars(select(tables.tickets.c.requester)).all() == ["nobody"]
        assert index_words(connection) == indexes
        connection.execute(delete(table).where(table.c.username == "oskar"))
        connection.execute(delete(tables.users).where(tables.users.c.username == "oskar"))
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), engine.begin() as connection:
        connection.execute(delete(tables.users))
    check_database(address)


def index_words(connection: Connection) -> set[str]:
    """Return the words by which the database makes its indexes."""
    question = {
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql > ''",
    }
    return set(connection.scalars(text(question[connection.dialect.name])))


def test_a_migration_leaves_the_other_constraints_as_they_were(address: str, engine: Engine) -> None:
    with closing(SqlStore(address)):
        found = {str(one["name"]) for one in inspect(engine).get_check_constraints("tickets")}

    assert found == {"tickets_status_is_known", "tickets_priority_is_known"}
