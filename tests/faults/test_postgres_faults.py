"""PostgreSQL goes away and comes back while people work: nothing acknowledged is lost, and nobody has to restart."""

import os
import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count, cycle
from pathlib import Path
from urllib.error import HTTPError

import pytest
from sqlalchemy import func, select, text
from websockets.exceptions import WebSocketException

from tests.faults.database_line import Break, DatabaseLine
from tests.postgres import Cluster
from tests.serving import COOKIE, Server
from tests.web import test_live as live
from tests.wire import Wire
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import StorageBusyError, StorageConflictError, StorageError, StorageUnreachableError
from ticketing.domain.people import Actor
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.services import retrying
from ticketing.settings import Settings
from ticketing.storage.sql.connecting import connect
from ticketing.storage.sql.sql_store import WRITING
from ticketing.ui.wording import t

pytestmark = pytest.mark.faults

CONSOLE = Actor.console()
EVERYBODY = Audience(username="console", sees_all=True)
UNREACHABLE = str(StorageUnreachableError())
AWAY = "The database does not answer"
RECOVERY = 5.0
End = Callable[[Cluster], None]
ends = pytest.mark.parametrize(
    "end", [lambda server: server.stop("immediate"), Cluster.kill], ids=["stopped in the midst", "killed"]
)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Return a server of these tests' own, since they stop it."""
    own = Cluster()
    yield own
    own.remove()


@pytest.fixture
def desk(server: Cluster) -> Iterator[Desk]:
    """Return a desk on that server."""
    opened = open_desk(Settings(storage_url=server.create("faults")), password_rounds=4)
    yield opened
    opened.close()


def titles(desk: Desk) -> list[str]:
    """Return what was saved, with the lock of those who write: one who was cut off may still be committing."""
    with desk.store.write() as tx:
        return [ticket.title for ticket in tx.tickets.stream()]


@contextmanager
def people_at_work(work: Callable[[int], None], people: int = 4) -> Iterator[None]:
    """Let some people do one thing after the other until the block ends."""
    done = threading.Event()

    def keep_working(person: int) -> None:
        while not done.is_set():
            work(person)

    with ThreadPoolExecutor(people) as pool:
        at_work = [pool.submit(keep_working, person) for person in range(people)]
        try:
            yield
        finally:
            done.set()
        for one in at_work:
            one.result()


def end_and_restart(server: Cluster, end: End, acknowledged: Sized) -> None:
    """End the server and bring it back, and see that work goes on soon after."""
    time.sleep(0.4)
    end(server)
    time.sleep(0.3)
    server.start()
    back, before = time.monotonic(), len(acknowledged)
    while len(acknowledged) == before and time.monotonic() - back < 2 * RECOVERY:
        time.sleep(0.01)
    assert time.monotonic() - back < RECOVERY


@ends
def test_d1_a_server_that_dies_loses_nothing_acknowledged_and_is_found_again(
    desk: Desk, server: Cluster, end: End
) -> None:
    acknowledged: list[int] = []
    refused: list[str] = []

    def work(person: int) -> None:
        try:
            acknowledged.append(desk.tickets.open(CONSOLE, f"From {person}", "Hello").number)
        except StorageError as error:
            refused.append(str(error))
            time.sleep(0.02)

    with people_at_work(work):
        for _ in range(3):
            end_and_restart(server, end, acknowledged)

    with desk.store.read() as tx:
        numbers = {ticket.number for ticket in tx.tickets.stream()}
        assert tx.tickets.counts(EVERYBODY, [TicketQuery()]) == [len(numbers)]
    assert set(acknowledged) <= numbers
    assert len(acknowledged) == len(set(acknowledged))
    assert len(numbers) - len(acknowledged) <= len(refused)
    assert set(refused) == {UNREACHABLE}


def test_d2_while_the_server_is_away_the_desk_says_so_soon(desk: Desk, server: Cluster) -> None:
    desk.tickets.open(CONSOLE, "Before", "Hello")
    server.stop("fast")
    began = time.monotonic()

    with pytest.raises(StorageUnreachableError, match="database does not answer"):
        desk.store.ping()
    with pytest.raises(StorageUnreachableError):
        desk.tickets.search(CONSOLE, TicketQuery())
    with pytest.raises(StorageUnreachableError):
        desk.tickets.open(CONSOLE, "Meanwhile", "Hello")

    assert time.monotonic() - began < 4
    server.start()
    desk.store.ping()
    assert [line.title for line in desk.tickets.search(CONSOLE, TicketQuery()).items] == ["Before"]


@ends
def test_restarts_in_the_middle_of_writes_with_a_key_are_noticed_by_nobody(
    desk: Desk, server: Cluster, end: End
) -> None:
    acknowledged: list[str] = []
    steps = count()

    def work(person: int) -> None:
        title = f"{person}.{next(steps)}"
        assert desk.tickets.open(CONSOLE, title, "Hello", key=title).title == title
        acknowledged.append(title)

    with people_at_work(work):
        for _ in range(3):
            end_and_restart(server, end, acknowledged)

    assert len(acknowledged) > 20
    assert Counter(titles(desk)) == Counter(acknowledged)


@pytest.fixture
def line(server: Cluster) -> Iterator[DatabaseLine]:
    with DatabaseLine(server) as opened:
        yield opened


@pytest.fixture
def far_desk(server: Cluster, line: DatabaseLine) -> Iterator[Desk]:
    """Return a desk that reaches its database over a line."""
    server.create("faults")
    opened = open_desk(Settings(storage_url=line.address("faults")), password_rounds=4)
    yield opened
    opened.close()


@pytest.mark.parametrize("where", Break)
def test_a_write_with_a_key_that_loses_its_line_is_done_once(far_desk: Desk, line: DatabaseLine, where: Break) -> None:
    line.break_once(where)

    ticket = far_desk.tickets.open(CONSOLE, "No dial tone", "Dead.", key="once")
    reply = far_desk.tickets.reply(CONSOLE, ticket.number, "Hello", key="twice")

    assert line.breaks == 1
    assert titles(far_desk) == [ticket.title] == ["No dial tone"]
    assert [message.text for message in reply.messages] == ["Dead.", "Hello"]


@pytest.mark.parametrize(("where", "saved"), [(Break.BEFORE_THE_COMMIT, []), (Break.AFTER_THE_COMMIT, ["Once"])])
def test_a_write_without_a_key_is_never_repeated_and_told_as_uncertain(
    far_desk: Desk, line: DatabaseLine, where: Break, saved: list[str]
) -> None:
    line.break_once(where)

    with pytest.raises(StorageUnreachableError, match="may not be saved"):
        far_desk.tickets.open(CONSOLE, "Once", "Dead.")

    assert line.breaks == 1
    assert titles(far_desk) == saved


def test_a_write_with_a_key_is_given_up_when_a_person_would(
    desk: Desk, server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "PATIENCE", 1.0)
    server.stop("immediate")
    began = time.monotonic()
    try:
        with pytest.raises(StorageUnreachableError, match="may not be saved"):
            desk.tickets.open(CONSOLE, "Too late", "Dead.", key="once")
        waited = time.monotonic() - began
    finally:
        server.start()

    assert 0.5 < waited < 4


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
            code: int = answer.status
    except HTTPError as error:
        code = error.code
    return code


@ends
def test_a_served_desk_says_that_its_database_is_away_and_goes_on_when_it_is_back(
    server: Cluster, tmp_path: Path, end: End
) -> None:
    with (
        Server(tmp_path, storage=server.create("served")) as served,
        Wire.connect(served.base, page="my_tickets", cookies={COOKIE: served.sign_in("carla")}) as carla,
    ):
        ready, alive = f"{served.base}/readyz", f"{served.base}/healthz"
        assert status(ready) == 200

        end(server)
        away = carla.run().text
        assert (status(ready), status(alive)) == (503, 200)
        server.start()
        back = time.monotonic()
        while status(ready) != 200 or AWAY in carla.run().text:
            assert time.monotonic() - back < RECOVERY
            time.sleep(0.05)

        assert AWAY in away
        assert (carla.exceptions, carla.menu[0]) == ([], "my_tickets")


@ends
def test_an_open_page_hears_of_changes_and_of_others_again_when_the_database_is_back(
    server: Cluster, tmp_path: Path, end: End
) -> None:
    with Server(tmp_path, storage=server.create("live")) as served, live.line(served, "ada") as ada:
        number = served.desk.tickets.open(served.actor("carla"), "No dial tone", "Dead.").number
        live.watch(served, ada, "ada", number)
        end(server)
        time.sleep(2)
        server.start()

        wait_for(lambda: status(f"{served.base}/readyz") == 200)
        live.reply(served, served.actor("bert"), number)

        assert live.hears(ada, RECOVERY) == {"changed": served.desk.live.stamp(served.actor("ada"), number)}
        with live.line(served, "bert") as bert:
            live.watch(served, bert, "bert", number)
            assert live.present(ada) == [["bert", False]]


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait for something that holds before long."""
    until = time.monotonic() + RECOVERY
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def opened_through(server: Server, token: str, title: str) -> bool:
    """Open a ticket as somebody in a browser does, and tell whether they saw that it is open."""
    with (
        suppress(OSError, WebSocketException),
        Wire.connect(server.base, page="new_ticket", cookies={COOKIE: token}) as wire,
    ):
        wire.run()
        wire.set("title", title)
        wire.set("description", "Hello")
        wire.click("submit")
        return title in wire.text and t("page.new_ticket") not in wire.text
    return False


def test_either_process_may_be_killed_at_work_and_people_who_send_it_again_through_the_other_lose_nothing(
    server: Cluster, tmp_path: Path
) -> None:
    storage, acknowledged, steps = server.create("two"), [], count()
    with ExitStack() as stack:
        both = [stack.enter_context(Server(tmp_path, storage=storage, with_people=first)) for first in (True, False)]
        tokens = [both[0].sign_in(name) for name in ("carla", "oskar", "ada", "bert")]

        def work(person: int) -> None:
            title = f"Ticket {person}.{next(steps)}"
            tries = cycle(both if person % 2 else both[::-1])
            while not opened_through(next(tries), tokens[person], title):
                pass
            acknowledged.append(title)

        with people_at_work(work):
            for dying in both:
                time.sleep(1)
                before = len(acknowledged)
                dying.kill()
                wait_for(lambda seen=before: len(acknowledged) > seen)  # type: ignore[misc]
                dying.start()

        assert len(acknowledged) > 10
        assert Counter(titles(both[0].desk)) == Counter(acknowledged)


def test_of_two_that_wait_for_each_other_the_one_who_gives_way_is_told_at_once_that_nothing_was_saved(
    desk: Desk, server: Cluster
) -> None:
    desk.tickets.open(CONSOLE, "Smoke", "Help!")
    stranger = connect(server.address("faults"))

    with ThreadPoolExecutor(1) as pool, stranger.connect() as connection:
        connection.execute(text("SET deadlock_timeout = '1h'"))  # so that it is the desk that gives way
        connection.execute(text("UPDATE tickets SET number = number"))
        began = time.monotonic()
        reply = pool.submit(desk.tickets.reply, CONSOLE, 1, "It is out.", key="one click")
        while not connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert time.monotonic() - began < RECOVERY
        connection.execute(select(func.pg_advisory_xact_lock(WRITING)))

        with pytest.raises(StorageBusyError, match="Nothing was saved"):
            reply.result()
        assert time.monotonic() - began < RECOVERY

    stranger.dispose()
    assert len(desk.tickets.get(CONSOLE, 1).messages) == 1
    assert len(desk.tickets.reply(CONSOLE, 1, "It is out.", key="one click").messages) == 2


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_whatever_isolation_a_database_prescribes_two_who_write_at_once_both_do(
    server: Cluster, isolation: str
) -> None:
    settings = Settings(storage_url=server.create("strict"))
    server.run_sql(f"ALTER DATABASE strict SET default_transaction_isolation = '{isolation}'")

    def open_many(desk: Desk) -> list[int]:
        return [desk.tickets.open(CONSOLE, "Smoke", "Help!").number for _ in range(20)]

    with (
        closing(open_desk(settings, password_rounds=4)) as one,
        closing(open_desk(settings, password_rounds=4)) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        numbers = [number for opened in pool.map(open_many, (one, other)) for number in opened]

    assert sorted(numbers) == list(range(1, 41))


def fail_once(server: Cluster) -> None:
    """Have the database end the next change of a ticket, as it ends one of two that cannot both be made."""
    server.run_sql(
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('tries') = 1 THEN RAISE serialization_failure; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION fail_once()",
        database="faults",
    )


def test_a_serialisation_failure_is_tried_again_where_that_has_one_effect(desk: Desk, server: Cluster) -> None:
    desk.tickets.open(CONSOLE, "Smoke", "Help!")
    fail_once(server)

    assert len(desk.tickets.reply(CONSOLE, 1, "It is out.", key="one click").messages) == 2


def test_a_serialisation_failure_is_told_where_it_might_have_two_effects(desk: Desk, server: Cluster) -> None:
    desk.tickets.open(CONSOLE, "Smoke", "Help!")
    fail_once(server)

    with pytest.raises(StorageConflictError, match="Nothing was saved"):
        desk.tickets.reply(CONSOLE, 1, "It is out.")
    assert len(desk.tickets.get(CONSOLE, 1).messages) == 1


def test_a_line_that_falls_silent_is_given_up_long_before_the_system_would(server: Cluster, line: DatabaseLine) -> None:
    server.create("faults")
    engine = connect(line.address("faults"))

    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as ours:
            kept_alive = ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            seconds = [
                ours.getsockopt(socket.IPPROTO_TCP, option) for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)
            ]
            silence = ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    engine.dispose()
    assert (kept_alive, seconds, silence) == (1, [2, 1], 4000)
