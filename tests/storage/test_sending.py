"""How often a desk waits for PostgreSQL, which may be at the other end of a network, and what becomes of refusals."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import IntegrityError

from tests.lines import Line, hang_up
from tests.postgres import SERVER_USER, Cluster, cluster
from tests.storage.conftest import NOW, make_ticket, make_user
from ticketing.domain.errors import StorageUnreachableError
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import Audience
from ticketing.domain.store import Transaction
from ticketing.storage.sql.sql_store import SqlStore

DATABASE = "sending"
ADA = Actor("ada", "Ada", Role.AGENT)
MAIL = Outgoing(
    id="o1",
    username="carla",
    kind="replied",
    ticket=1,
    at=NOW,
    due_at=NOW,
    held=True,
    expires_at=NOW + timedelta(days=1),
)
AGENT = Audience(username="ada", sees_all=True)


class CountingLine(Line):
    """Passes everything on, and counts how often something was asked after an answer had come: each is a wait."""

    def __init__(self, server: Cluster) -> None:
        super().__init__()
        self._socket = str(server.folder / ".s.PGSQL.5432")
        self._is_answered = True
        self.waits = 0
        self.asked = b""

    def address(self, database: str) -> str:
        """Return the address of a database at this end of the line."""
        return f"postgresql+psycopg://{SERVER_USER}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def forget(self) -> None:
        """Count anew."""
        self.waits, self.asked = 0, b""

    def _connect(self, near: socket.socket) -> None:
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._socket)
        threading.Thread(target=self._pass_questions, args=(near, far), daemon=True).start()
        threading.Thread(target=self._pass_answers, args=(far, near), daemon=True).start()

    def _pass_questions(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                self.waits += self._is_answered
                self._is_answered = False
                self.asked += data
                far.sendall(data)
        hang_up(far)

    def _pass_answers(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                self._is_answered = True
                near.sendall(data)
        hang_up(near)


@pytest.fixture
def line() -> Iterator[CountingLine]:
    with CountingLine(cluster()) as opened:
        yield opened


@pytest.fixture
def store(line: CountingLine) -> Iterator[SqlStore]:
    """Return a store with a ticket at the other end of the line, of which all has been asked a few times."""
    cluster().create(DATABASE)
    with closing(SqlStore(line.address(DATABASE))) as opened:
        with opened.write() as tx:
            for name in ("ada", "carla", "oskar"):
                tx.users.save(make_user(name))
            tx.tickets.save(make_ticket(1))
        for _ in range(6):
            look(opened)
            reply(opened)
        line.forget()
        yield opened


def look(store: SqlStore) -> None:
    with store.read() as tx:
        assert tx.tickets.find(1, AGENT) is not None
        tx.tickets.seen(1, "ada")


def reply(store: SqlStore) -> None:
    with store.write() as tx:
        ticket = tx.tickets.find(1)
        assert ticket is not None
        ticket.reply(ADA, "We are on it.", NOW + timedelta(hours=1))
        tx.tickets.save(ticket)
        tx.notices.add([notice(who) for who in ("carla", "oskar")])
        tx.outgoing.add([MAIL])
        tx.tickets.mark_seen(1, "ada", len(ticket.messages))


def notice(username: str) -> Notice:
    return Notice(
        id=f"n-{username}",
        username=username,
        kind=NoticeKind.REPLIED,
        ticket=1,
        by="ada",
        at=NOW,
        expires_at=NOW + timedelta(days=1),
    )


def test_a_reply_waits_for_its_turn_for_the_ticket_and_for_its_end(store: SqlStore, line: CountingLine) -> None:
    reply(store)

    assert line.waits == 3, line.asked


def test_a_view_of_a_ticket_waits_for_its_beginning_the_ticket_and_its_end(store: SqlStore, line: CountingLine) -> None:
    look(store)

    assert line.waits == 3, line.asked


def end_all_connections() -> None:
    """
    Have the server end the desk's connections, as when it is restarted, and wait until it has.

    Servers that other tests share are left alone: they would be back before all of them had gone.
    """
    theirs = f"FROM pg_stat_activity WHERE application_name = 'ticketing' AND datname = '{DATABASE}'"
    cluster().run_sql(
        f"SELECT pg_terminate_backend(pid) {theirs}",
        f"DO $$ BEGIN WHILE EXISTS (SELECT {theirs}) LOOP "
        "PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$",
    )


@pytest.mark.usefixtures("store")
def test_connections_that_have_gone_while_nobody_used_them_are_replaced() -> None:
    with closing(SqlStore(cluster().address(DATABASE))) as near:
        for use in (look, reply, look):
            use(near)
            end_all_connections()

        look(near)
        reply(near)


@pytest.mark.usefixtures("store")
def test_a_view_that_loses_its_connection_says_so_and_the_next_one_has_another() -> None:
    with closing(SqlStore(cluster().address(DATABASE))) as near:
        with pytest.raises(StorageUnreachableError), near.read() as tx:
            ask_after_the_end(tx)

        look(near)


def ask_after_the_end(tx: Transaction) -> None:
    tx.users.any()
    end_all_connections()
    tx.users.any()


def test_what_views_ask_again_and_again_is_prepared_once(store: SqlStore, line: CountingLine) -> None:
    look(store)

    assert b"SELECT" not in line.asked


def remove_a_person(tx: Transaction) -> None:
    tx.users.remove("ada")


def ask_after_removing(tx: Transaction) -> None:
    tx.users.remove("ada")
    assert tx.users.names({"ada"}) == {}


@pytest.mark.parametrize("change", [remove_a_person, ask_after_removing])
def test_what_a_view_has_changed_is_gone_and_the_next_one_looks_as_ever(
    store: SqlStore, change: Callable[[Transaction], None]
) -> None:
    with store.read() as tx:
        change(tx)

    with store.read() as tx:
        assert tx.users.find("ada") is not None


def save_another(tx: Transaction) -> None:
    tx.tickets.save(make_ticket(2))


def save_another_and_ask(tx: Transaction) -> None:
    tx.tickets.save(make_ticket(2))
    tx.users.any()


@pytest.mark.parametrize("change", [save_another, save_another_and_ask], ids=["at the end", "at a question"])
def test_what_the_database_refuses_is_heard_of_and_nothing_of_it_is_kept(
    store: SqlStore, change: Callable[[Transaction], None]
) -> None:
    engine = create_engine(cluster().address(DATABASE), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE facts ADD CONSTRAINT only_one CHECK (number < 2)"))

    with pytest.raises(IntegrityError, match="only_one"), store.write() as tx:
        change(tx)

    reply(store)
    with store.read() as tx:
        assert tx.tickets.find(2) is None
        assert tx.tickets.last_number() == 1


def fail_half_way(tx: Transaction) -> None:
    save_another(tx)
    raise RuntimeError("half way")


def test_a_change_that_fails_after_much_was_sent_leaves_nothing_behind(store: SqlStore) -> None:
    with pytest.raises(RuntimeError, match="half way"), store.write() as tx:
        fail_half_way(tx)

    reply(store)
    with store.read() as tx:
        assert tx.tickets.last_number() == 1
