"""
How the databases go about answering, on a hundred thousand tickets: what is asked by pages reads no more than it shows.

The plans are those of the very statements that the store sends, taken down as they are sent, by each database itself.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text

from tests.postgres import cluster
from tests.storage.conftest import make_user
from tests.storage.test_deliveries import delivery
from tests.storage.test_leafing import received
from tests.storage.test_outgoing import mail
from ticketing.domain.deliveries import DeliveryQuery
from ticketing.domain.outbox import MailState, OutgoingQuery
from ticketing.domain.people import Named, PeopleQuery, Role
from ticketing.domain.queries import UNASSIGNED, Audience, Recorded, Sort, TicketQuery, View
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.received import ReceivedQuery
from ticketing.domain.sign_in import Device, Session
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.storage.sql.connecting import connect
from ticketing.storage.sql.searching import NEARBY
from ticketing.storage.sql.sql_store import SqlStore

pytestmark = [pytest.mark.large, pytest.mark.xdist_group("large")]

TICKETS, PEOPLE, AGENTS, MAILS = 100_000, 5_000, 6, 20_000
UNFINISHED_FROM = 92_000
SIZE = 50
OLD = 4_711
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ADA = Audience(username="agent1", sees_all=True)
CARLA = Audience(username="user7", sees_all=False)
NOW = START + timedelta(minutes=TICKETS + 1_000)  # all is overdue that is due, and some thousands were closed lately
THEIRS = TICKETS // PEOPLE  # so many has each requester, and watches as many

# Both databases understand these. What is not finished is all of late, as on a real desk.
FILL = [
    """
    INSERT INTO users (username, role, active, display_name, folded_name, folded, document)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :people - 1)
    SELECT 'user' || i, 'user', :yes, 'Person ' || i, 'person ' || i, 'user' || i, :person FROM n
    """,
    """
    INSERT INTO tickets (number, title, requester, assignee, status, priority, urgency, category, external_id, is_new,
                         opened_at, updated_at, public_updated_at, resolved_at, messages, last_author, public_messages,
                         last_public_author, document, due_at, wakes_at, warn_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :tickets)
    SELECT i, 'Ticket', 'user' || (i % :people),
           CASE WHEN i % 33 > 0 THEN 'agent' || (i % :agents) END,
           CASE WHEN i < :unfinished_from THEN 'closed' WHEN i % 8 = 0 THEN 'pending' WHEN i % 8 = 1 THEN 'on_hold'
                WHEN i % 8 = 2 THEN 'resolved' ELSE 'open' END,
           CASE WHEN i % 50 = 0 THEN 'urgent' WHEN i % 7 = 0 THEN 'high' ELSE 'normal' END,
           CASE WHEN i % 50 = 0 THEN 3 WHEN i % 7 = 0 THEN 2 ELSE 1 END,
           CASE WHEN i % 9 = 0 THEN 'network' WHEN i % 100 = 1 THEN 'billing' ELSE 'general' END,
           CASE WHEN i < 100 THEN 'x' || i END,
           CASE WHEN i >= :unfinished_from AND i % 8 > 2 AND i % 5 = 0 THEN :yes ELSE :no END,
           {moment}, {moment}, {moment}, CASE WHEN i < :unfinished_from OR i % 8 = 2 THEN {moment} END,
           2, 'agent1', 2, 'agent1', :document, CASE WHEN i >= :unfinished_from AND i % 37 = 0 THEN {moment} END,
           CASE WHEN i % 1000 = 1 THEN {moment} END,
           CASE WHEN i >= :unfinished_from AND i % 37 = 0 THEN {moment} END
    FROM n
    """,
    """
    INSERT INTO texts ({key}, public, internal)
    SELECT number, 'ticket ' || number || ' of ' || requester || ' on the ' || category || ' in room ' || (number % 977)
           || CASE WHEN number % 5 < 2 THEN ', please' ELSE '' END
           || CASE WHEN number % 48 = 0 THEN ', the printer jams' WHEN number % 16 = 0 THEN ', a printer' ELSE '' END
           || CASE WHEN number = :old THEN ', zeugmatic' ELSE '' END,
           CASE WHEN number % 3 = 0 THEN 'a note on room ' || (number % 977) ELSE '' END
    FROM tickets
    """,
    "INSERT INTO watchers (number, username) SELECT number, 'user' || ((number + 1) % :people) FROM tickets",
    """
    INSERT INTO terms (number, field, value)
    SELECT number, 'tag', CASE WHEN number = :old THEN 'fax' ELSE 'vpn' END FROM tickets
    WHERE number % 30 = 0 OR number = :old
    """,
    "INSERT INTO seen (number, username, messages) SELECT number, requester, 2 FROM tickets",
    """
    INSERT INTO sessions (id, username, created_at, expires_at, document)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2 * :people - 1)
    SELECT 'id' || i, 'user' || (i % :people), {moment}, {moment}, :session FROM n
    """,
    """
    INSERT INTO devices (id, username, expires_at, document)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2 * :people - 1)
    SELECT 'id' || i, 'user' || (i % :people), {moment}, :device FROM n
    """,
    """
    INSERT INTO outgoing (id, username, expires_at, address, state, at, due_at, document)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :mails - 1)
    SELECT 'id' || i, 'user7', {moment}, 'x', CASE WHEN i % 100 = 0 THEN 'failed' ELSE 'sent' END, {moment}, {moment},
           :mail FROM n
    """,
    """
    INSERT INTO received (id, at, fate, raw_sha256, expires_at, document)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :mails - 1)
    SELECT 'id' || i, {moment}, 'ticket', 'x', {moment}, :received FROM n
    """,
    """
    INSERT INTO deliveries (id, webhook, state, at, due_at, expires_at, document)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :mails - 1)
    SELECT 'id' || i, CASE WHEN i % 2 = 0 THEN 'crm' ELSE 'chat' END, 'delivered', {moment}, {moment}, {moment},
           :delivery FROM n
    """,
    """
    INSERT INTO tallies (assignee, status, tickets)
    SELECT coalesce(assignee, '-'), status, count(*) FROM tickets GROUP BY 1, 2
    """,
]
MOMENT = {
    "postgresql": "CAST(:start AS timestamptz) + (i + i * 37 % 1000) * interval '1 minute'",
    "sqlite": "CAST(strftime('%s', :start) AS integer) * 1000000 + (i + i * 37 % 1000) * 60000000",
}
KEY = {"postgresql": "number", "sqlite": "rowid"}
NOT_TIDY = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relallvisible < relpages
"""
FULL_TEXT = "the index of the full-text extension"


def fill(connection: Connection) -> None:
    """Put the tickets into the tables within the databases themselves, which takes seconds."""
    dialect = connection.dialect.name
    values = {
        "tickets": TICKETS, "people": PEOPLE, "agents": AGENTS, "unfinished_from": UNFINISHED_FROM, "old": OLD,
        "yes": True, "no": False, "start": START.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        "document": Ticket.open(OLD, "user7", "Ticket", "It hums.", TicketCategory.GENERAL, START).model_dump_json(),
        "person": make_user("user7").model_dump_json(),
        "session": Session(
            id="id", username="user7", created_at=START, last_seen_at=START, expires_at=START
        ).model_dump_json(),
        "mails": MAILS,
        "mail": mail("id").model_dump_json(),
        "received": received("id").model_dump_json(),
        "delivery": delivery("id").model_dump_json(),
        "device": Device(id="id", username="user7", expires_at=START).model_dump_json(),
    }  # fmt: skip
    for statement in FILL:
        spelled = statement.format(moment=MOMENT[dialect], key=KEY[dialect])
        wanted = {name: value for name, value in values.items() if f":{name}" in spelled}
        connection.execute(text(spelled), wanted)


class Plans:
    """What a database did for what it was asked meanwhile: statements, table scans, indexes, and rows read by table."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.scans: set[str] = set()
        self.indexes: set[str] = set()
        self.read: Counter[str] = Counter()

    def take_down(self, connection: Connection, statement: str, parameters: Any) -> None:
        """Have the database explain, within the same transaction, what it is about to do."""
        if not statement.startswith(("SELECT", "WITH")):
            return
        self.statements.append(statement)
        cursor = connection.connection.cursor()
        if connection.dialect.name == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            ((plan,),) = cursor.fetchall()
            self._take_down_postgres(plan[0]["Plan"])
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            self._take_down_sqlite("\n".join(detail for *_, detail in cursor.fetchall()))
        cursor.close()

    def _take_down_sqlite(self, plan: str) -> None:
        """
        Note tables that are read from one end to the other, unless what is in an index is enough.

        Of the full-text extension SQLite says after "INDEX" what is asked of it: rows by number ("0:="), what its own
        index has for a MATCH ("0:M" and a column), or else all rows.
        """
        self.scans |= set(re.findall(r"^SCAN (\w+)(?: USING INDEX \w+)?$", plan, re.MULTILINE))
        self.indexes |= set(re.findall(r" INDEX ([a-z]\w*)", plan))
        for table, asked_for in re.findall(r"^ *SCAN (\w+) VIRTUAL TABLE INDEX \d+:(.*)$", plan, re.MULTILINE):
            if asked_for.startswith("M"):
                self.indexes.add(FULL_TEXT)
            elif asked_for != "=":
                self.scans.add(table)

    def _take_down_postgres(self, node: dict[str, Any]) -> None:
        """Note table scans, and what was read of tables; what stands in an index alone is not read of its table."""
        table, rows = node.get("Relation Name", ""), node["Actual Rows"]
        self.indexes.add(node.get("Index Name", ""))
        if node["Node Type"] == "Seq Scan":
            self.scans.add(table)
        if node["Node Type"] == "Index Only Scan":
            self.read[table] += node["Heap Fetches"]
        elif table:
            removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            self.read[table] += (rows + removed) * node["Actual Loops"]
        for part in node.get("Plans", []):
            self._take_down_postgres(part)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return where so many tickets are."""
    is_postgres = request.param == "postgres"
    place = tmp_path_factory.mktemp("large")
    address = cluster().create("plans") if is_postgres else f"sqlite:///{place / 'desk.sqlite'}"
    SqlStore(address).close()
    connections = connect(address)
    with connections.begin() as connection:
        fill(connection)
    connections.dispose()
    if is_postgres:
        tidy_up(address)
    return address


def tidy_up(address: str) -> None:
    """
    Do what PostgreSQL does by itself before long, until each index alone tells which rows there are.

    One vacuum is not always enough: as long as a statement goes on that began before the rows were there, one of
    PostgreSQL's own autovacuum included, it has to leave them as they are.
    """
    until = time.monotonic() + 120
    engine = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        while True:
            connection.execute(text("VACUUM ANALYZE"))
            if not (left := list(connection.scalars(text(NOT_TIDY)))):
                return
            assert time.monotonic() < until, f"these are not tidied up: {left}"
            time.sleep(0.5)


@pytest.fixture(scope="module")
def large(address: str) -> Iterator[SqlStore]:
    """Return the store with so many tickets."""
    store = SqlStore(address)
    yield store
    store.close()


@contextmanager
def explained() -> Iterator[Plans]:
    """Give what databases have to say on the statements that are sent to them meanwhile."""
    plans = Plans()

    def listen(connection: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        plans.take_down(connection, statement, parameters)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def asked(store: SqlStore, question: Callable[[Transaction], object]) -> Plans:
    """Put a question to the store and return how it went about it."""
    with store.read() as tx, explained() as plans:
        question(tx)
    assert plans.statements
    return plans


@pytest.mark.parametrize(
    ("text", "index", "read"),
    [
        ("tag:fax", "terms_by_value", 1),
        (f"number:{OLD}", "", 1),
        ("watcher:user7", "watchers_by_username", THEIRS),
        ("external:x5", "tickets_by_external_id", 1),
        ("created:2026-01-06", "tickets_by_opening", 1_500),
        ("resolved:<2026-01-06 has:reply", "tickets_by_end", 1_500),
        ("title:zeugmatic", "", 1),
        ("zeugmatic -tag:fax room", "", 1),
        ('requester:"person 4711"', "tickets_by_requester", THEIRS),
    ],
)
def test_what_few_tickets_meet_is_found_by_an_index(large: SqlStore, text: str, index: str, read: int) -> None:
    query = read_query(text, Asker("agent1", START)).model_copy(update={"size": SIZE})

    plans = asked(large, lambda tx: tx.tickets.search(ADA, query))

    assert plans.scans & {"tickets", "terms", "texts", "watchers", "seen"} == set()
    assert not index or index in plans.indexes
    assert plans.read["tickets"] <= SIZE + read


def test_what_many_tickets_have_is_met_in_the_list_and_not_looked_for_in_all_of_them(large: SqlStore) -> None:
    query = read_query("tag:vpn", Asker("agent1", START)).model_copy(update={"size": SIZE})

    plans = asked(large, lambda tx: tx.tickets.search(ADA, query))

    assert plans.scans & {"tickets"} == set()
    assert "tickets_by_update" in plans.indexes
    assert "tickets_by_number" not in plans.indexes
    assert plans.read["tickets"] <= SIZE


def test_who_is_meant_by_a_word_is_found_by_an_index_over_parts_of_names(large: SqlStore, address: str) -> None:
    plans = asked(large, lambda tx: tx.tickets.search(ADA, TicketQuery(needles=("person 4711",))))

    assert ("users_by_part_of_name" in plans.indexes) is address.startswith("postgresql")


LISTS = {
    **{str(view): view.query("agent1", NOW) for view in View},
    "one status": TicketQuery(statuses=frozenset({Status.PENDING})),
    "one priority": TicketQuery(priorities=frozenset({Priority.URGENT})),
    "two priorities": TicketQuery(priorities=frozenset({Priority.LOW, Priority.NORMAL})),
    "a rare category": TicketQuery(categories=frozenset({TicketCategory.BILLING})),
    "two categories": TicketQuery(categories=frozenset({TicketCategory.BILLING, TicketCategory.NETWORK})),
    "an agent's": TicketQuery(assignee="agent2"),
    "an agent's closed": TicketQuery(assignee="agent2", statuses=frozenset({Status.CLOSED})),
    "nobody's": TicketQuery(assignee=UNASSIGNED),
    "a requester's": TicketQuery(requester="user7"),
    "all filters": TicketQuery(
        requester="user7",
        assignee="agent2",
        statuses=frozenset({Status.CLOSED}),
        priorities=frozenset({Priority.NORMAL}),
        categories=frozenset({TicketCategory.GENERAL}),
    ),
    "all filters but people": TicketQuery(
        statuses=frozenset({Status.OPEN, Status.PENDING}),
        priorities=frozenset({Priority.URGENT}),
        categories=frozenset({TicketCategory.GENERAL, TicketCategory.NETWORK}),
    ),
    "the last page": TicketQuery(page=TICKETS // SIZE),
}


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("query", LISTS.values(), ids=LISTS)
def test_a_list_reads_the_tickets_that_it_shows(large: SqlStore, query: TicketQuery, sort: Sort) -> None:
    plans = asked(large, lambda tx: tx.tickets.search(ADA, query.model_copy(update={"sort": sort, "size": SIZE})))

    assert plans.scans & {"tickets", "texts", "watchers", "seen"} == set()
    # Where few match, PostgreSQL rather puts these in order than to go through all tickets by when they are due.
    assert plans.read["tickets"] <= (500 if sort is Sort.DUE else SIZE)
    assert plans.read["seen"] <= SIZE


def test_custom_fields_of_a_list_are_one_question_more_about_the_tickets_that_it_shows(large: SqlStore) -> None:
    plans = asked(large, lambda tx: tx.tickets.field_values(ADA, range(OLD, OLD + SIZE)))

    assert len(plans.statements) == 1
    assert plans.scans == set()
    assert plans.read["tickets"] <= SIZE


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(
    "query", [TicketQuery(), TicketQuery(statuses=frozenset({Status.CLOSED})), TicketQuery(needles=("please",))]
)
def test_my_tickets_reads_no_tickets_but_mine(large: SqlStore, query: TicketQuery, sort: Sort) -> None:
    plans = asked(large, lambda tx: tx.tickets.search(CARLA, query.model_copy(update={"sort": sort})))

    assert plans.scans & {"tickets", "texts", "watchers", "seen"} == set()
    assert plans.read["tickets"] <= 3 * 2 * THEIRS  # to count them, to put them in order, and to show them
    assert plans.read["texts"] <= 2 * THEIRS


@pytest.mark.parametrize(
    ("audience", "query", "indexes"),
    [
        (ADA, View.MINE.query("agent1", NOW), {"tickets_by_assignee"}),
        (ADA, TicketQuery(requester="user7"), {"tickets_by_requester"}),
        (CARLA, TicketQuery(), {"tickets_by_requester", "watchers_by_username"}),
    ],
    ids=["an agent's view", "a requester's, by an agent", "a requester's, by themselves"],
)
def test_what_is_somebodys_is_found_without_going_through_all(
    large: SqlStore, audience: Audience, query: TicketQuery, indexes: set[str]
) -> None:
    plans = asked(large, lambda tx: tx.tickets.search(audience, query))

    assert plans.indexes >= indexes
    assert plans.indexes & {"tickets_by_update", "tickets_by_urgency", "tickets_by_number"} == set()


@pytest.mark.parametrize("audience", [None, ADA, CARLA], ids=["nobody asks", "agent", "requester"])
def test_getting_a_ticket_reads_that_ticket(large: SqlStore, audience: Audience | None) -> None:
    plans = asked(large, lambda tx: tx.tickets.find(OLD, audience))

    assert plans.scans == set()
    assert plans.read["tickets"] <= 1


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(
    ("words", "found", "read"),
    [
        ("zeugmatic", 1, 1),
        ("printer jams", 500, 4_500),  # which PostgreSQL looks up by three letters each, then looks at again
        ("printer", 500, 10_000),
        ("please", 500, 1_500),
        ("e", 500, 500),
        ("t-4711", 1, 50),
        ("person 77", 220, 300),
    ],
    ids=["a rare word", "two words", "a word now and then", "a common word", "one letter", "a number", "a name"],
)
def test_a_search_reads_a_fraction_of_all_tickets(
    large: SqlStore, words: str, found: int, read: int, sort: Sort
) -> None:
    plans = asked(large, lambda tx: tx.tickets.search(ADA, TicketQuery(needles=(words,), sort=sort, size=SIZE)))

    with large.read() as tx:
        assert tx.tickets.counts(ADA, [TicketQuery(needles=(words,))]) == [found]
    assert plans.scans & {"tickets", "texts", "watchers", "seen"} == set()
    assert plans.read["texts"] <= NEARBY + read
    assert plans.read["tickets"] <= SIZE + read


@pytest.mark.parametrize("words", ["zeugmatic", "printer jams"])
def test_words_that_few_tickets_hold_are_asked_of_the_index_over_all_texts(large: SqlStore, words: str) -> None:
    plans = asked(large, lambda tx: tx.tickets.search(ADA, TicketQuery(needles=(words,), size=SIZE)))

    assert plans.indexes & {FULL_TEXT, "texts_by_public"} != set()


@pytest.mark.parametrize("query", LISTS.values(), ids=LISTS)
def test_counting_reads_no_ticket_but_a_requesters(large: SqlStore, query: TicketQuery) -> None:
    plans = asked(large, lambda tx: tx.tickets.counts(ADA, [query]))

    assert plans.scans <= {"tallies"}
    assert plans.read["tickets"] <= (THEIRS if query.requester else 0)


def test_all_views_are_counted_by_the_tallies_and_by_the_indexes_over_what_is_kept_apart(large: SqlStore) -> None:
    plans = asked(large, lambda tx: tx.tickets.counts(ADA, [view.query("agent1", NOW) for view in View]))

    assert len(plans.statements) == 2
    assert plans.indexes >= {"tickets_by_newness", "tickets_by_due", "tickets_by_end"}
    assert plans.read["tickets"] == 0
    assert plans.read["tallies"] < 100


@pytest.mark.parametrize(
    "question",
    [
        lambda tx: tx.tickets.next_number(),
        lambda tx: tx.tickets.imported("x42"),
        lambda tx: tx.tickets.lapsed(START + timedelta(days=1), 500),
        lambda tx: tx.tickets.seen(OLD, "user7"),
    ],
    ids=["the next number", "an old id", "what to close", "what was seen"],
)
def test_what_else_pages_ask_reads_no_more_than_it_answers(
    large: SqlStore, question: Callable[[Transaction], object]
) -> None:
    plans = asked(large, question)

    assert plans.scans <= {"definitions"}  # which fit into a page, where an index is no help
    assert plans.read["tickets"] <= 1


def test_what_is_to_wake_and_what_sleeps_are_found_by_an_index_over_nothing_else(large: SqlStore) -> None:
    at_first = START + timedelta(minutes=100)  # by then but one was to wake
    plans = asked(large, lambda tx: tx.tickets.to_wake(at_first, 50))
    asleep = asked(large, lambda tx: list(tx.tickets.numbers(ADA, read_query("is:asleep", Asker("agent1", START)))))

    assert "tickets_by_waking" in plans.indexes
    assert plans.read["tickets"] <= 1
    assert "tickets_by_waking" in asleep.indexes
    assert asleep.read["tickets"] <= 2 * TICKETS // 1000
    assert plans.scans == asleep.scans == set()


def test_what_became_urgent_is_found_by_an_index_over_nothing_else(large: SqlStore) -> None:
    plans = asked(large, lambda tx: tx.tickets.to_warn(NOW, 25))

    assert "tickets_by_urgent" in plans.indexes
    assert plans.scans == set()
    assert plans.read["tickets"] <= 25


@pytest.mark.parametrize(
    ("query", "index", "read"),
    [
        (PeopleQuery(size=SIZE), "users_by_name", SIZE),
        (PeopleQuery(size=SIZE, active=True), "users_by_name", SIZE + PEOPLE),  # these to count them
        (PeopleQuery(size=SIZE, roles=frozenset({Role.AGENT, Role.ADMIN})), "users_by_role", SIZE),
    ],
    ids=["all", "active", "staff"],
)
def test_a_list_of_people_reads_its_page_by_an_index(
    large: SqlStore, query: PeopleQuery, index: str, read: int
) -> None:
    plans = asked(large, lambda tx: tx.users.search(query))

    assert index in plans.indexes
    assert plans.read["users"] <= read


BEHIND = Recorded(START + timedelta(minutes=MAILS // 2), "id")


@pytest.mark.parametrize(
    ("question", "table", "index"),
    [
        (
            lambda tx: tx.users.search(PeopleQuery(after=Named("person 2500", "user2500"), size=SIZE)),
            "users",
            "users_by_name",
        ),
        (lambda tx: tx.outgoing.search(OutgoingQuery(after=BEHIND, size=SIZE)), "outgoing", "outgoing_by_at"),
        (
            lambda tx: tx.outgoing.search(OutgoingQuery(state=MailState.FAILED, after=BEHIND, size=SIZE)),
            "outgoing",
            "outgoing_by_state",
        ),
        (lambda tx: tx.received.search(ReceivedQuery(after=BEHIND, size=SIZE)), "received", "received_by_at"),
        (
            lambda tx: tx.deliveries.search(DeliveryQuery(webhook="crm", after=BEHIND, size=SIZE)),
            "deliveries",
            "deliveries_by_at",
        ),
    ],
    ids=["people", "mails out", "mails that failed", "mails in", "deliveries"],
)
def test_a_part_in_the_middle_of_a_list_reads_what_it_shows(
    large: SqlStore, question: Callable[[Transaction], object], table: str, index: str
) -> None:
    plans = asked(large, question)

    assert index in plans.indexes
    assert plans.scans == set()
    # Beside these, those of the place's own moment, and of the next one where they have yet to be put in order.
    assert plans.read[table] <= SIZE + 3


def test_a_search_among_people_looks_at_each_of_them_and_at_nothing_else(large: SqlStore) -> None:
    plans = asked(large, lambda tx: tx.users.search(PeopleQuery(text="person 77", size=SIZE)))

    assert plans.scans == {"users"}
    assert set(plans.read) <= {"users"}


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (lambda tx: tx.sessions.of_user("user7"), "sessions_by_username"),
        (lambda tx: tx.devices.of_user("user7"), "devices_by_username"),
        (lambda tx: tx.users.agent_names(), "users_by_role"),
        (lambda tx: tx.users.active_admins(), "users_by_role"),
    ],
    ids=["sessions", "known browsers", "agents", "admins"],
)
def test_what_belongs_to_few_is_found_by_an_index(
    large: SqlStore, question: Callable[[Transaction], object], index: str
) -> None:
    plans = asked(large, question)

    assert plans.scans == set()
    assert index in plans.indexes
    assert sum(plans.read.values()) <= 2
