"""From the outbox of a desk to a real mail server: each mail once, none lost, nobody waits."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

import ticketing.desk
from tests.mail_server import MailServer, SilentServer
from tests.postgres import databases
from tests.services.conftest import PASSWORD, Clock
from ticketing.delivery.dispatcher import Dispatcher
from ticketing.desk import Desk, close_shared_desk, open_desk, shared_desk
from ticketing.domain.branding import Branding
from ticketing.domain.mail_texts import MailText
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.outbox import MailState, Outgoing, OutgoingQuery
from ticketing.domain.people import Actor
from ticketing.domain.sign_in import fingerprint
from ticketing.services.outbox import queue
from ticketing.settings import Settings

CONSOLE = Actor.console()
SENDER = "Help desk <desk@example.org>"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MARKER = "zebra-marker"


def settings(server: MailServer | SilentServer, place: str = "memory:") -> Settings:
    """Return how a desk is set up whose mails go to this server."""
    url = f"smtp://127.0.0.1:{server.server.port}"
    return Settings(storage_url=place, smtp_url=SecretStr(url), mail_from=SENDER)


@contextmanager
def opened(server: MailServer | SilentServer, clock: Clock, place: str = "memory:") -> Iterator[Desk]:
    """Open a desk where Carla, who has an address, has asked something and Ada is an agent."""
    with closing(open_desk(settings(server, place), clock=clock, password_rounds=4)) as desk:
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD, "carla@example.org")
        desk.accounts.register("oskar", "Oskar", PASSWORD, PASSWORD, "oskar@example.org")
        desk.agents.create_agent(CONSOLE, "ada", PASSWORD)
        dispatcher(desk).drain()
        with desk.store.write() as tx:
            tx.outgoing.remove(ledger(desk)[0].id)  # that Ada has an account, of which she is told nowhere
        carla = desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))
        desk.tickets.open(carla, "No dial tone", "The line is dead.")
        yield desk


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture(params=["memory", "json", "postgres"])
def desk(request: pytest.FixtureRequest, server: MailServer, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """Return a desk over each kind of store."""
    places = {"memory": "memory:", "json": f"json:{tmp_path / 'data'}"}
    place = databases().create("dispatching") if request.param == "postgres" else places[request.param]
    with opened(server, clock, place) as made:
        yield made


def tell(desk: Desk, number: int = 1, *, username: str = "carla", kind: NoticeKind = NoticeKind.MERGED) -> None:
    """Queue so many mails."""
    now = desk.clock()
    with desk.store.write() as tx:
        for place in range(number):
            key = fingerprint(str(place), username, kind, now.isoformat())
            notice = Notice(id=key, username=username, kind=kind, ticket=1, by="ada", at=now, expires_at=now + HOUR)
            queue(tx, [notice], now)


def dispatcher(desk: Desk) -> Dispatcher:
    made = desk.dispatcher()
    assert made is not None
    return made


def ledger(desk: Desk) -> list[Outgoing]:
    return list(desk.outbox.ledger(CONSOLE, OutgoingQuery(size=200)).items)


def states(desk: Desk) -> list[MailState]:
    return [mail.state for mail in ledger(desk)]


def test_what_is_queued_arrives_and_is_noted(desk: Desk, server: MailServer) -> None:
    tell(desk)

    dispatcher(desk).drain()

    [taken], [mail] = server.taken, ledger(desk)
    assert taken.recipients == ["carla@example.org"]
    assert "No dial tone" in taken.text
    assert (mail.state, mail.sent_at, mail.error) == (MailState.SENT, desk.clock(), "")
    assert mail.message_id == taken.mail["Message-ID"]


def test_several_go_over_one_connection(desk: Desk, server: MailServer) -> None:
    tell(desk, 5)

    dispatcher(desk).drain()

    assert (len(server.taken), server.connections) == (5, 1)


def test_without_a_mail_server_nothing_is_queued_and_nothing_breaks(clock: Clock) -> None:
    with closing(open_desk(Settings(storage_url="memory:"), clock=clock, password_rounds=4)) as desk:
        tell(desk)

        assert desk.dispatcher() is None
        assert ledger(desk) == []


def test_a_demo_sends_no_mail(server: MailServer, tmp_path: Path, clock: Clock) -> None:
    demo = settings(server).model_copy(update={"demo": True, "data_dir": tmp_path})
    with closing(Desk(demo, open_desk(Settings(storage_url="memory:")).store, clock)) as desk:
        assert desk.dispatcher() is None


def test_a_process_without_the_settings_queues_for_one_that_has_them(server: MailServer, tmp_path: Path) -> None:
    place = f"json:{tmp_path / 'data'}"
    with opened(server, Clock(), place):
        pass

    with closing(open_desk(Settings(storage_url=place), clock=Clock(), password_rounds=4)) as desk:
        tell(desk)
        assert states(desk) == [MailState.WAITING]


def test_a_served_desk_sends_by_itself_and_one_that_is_served_without_mail_queues_none(
    server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETING_STORAGE_URL", f"json:{tmp_path / 'data'}")
    monkeypatch.setenv("TICKETING_SMTP_URL", f"smtp://127.0.0.1:{server.server.port}")
    monkeypatch.setenv("TICKETING_MAIL_FROM", SENDER)
    monkeypatch.setattr(ticketing.desk, "_shared", None)
    try:
        desk = shared_desk()
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD, "carla@example.org")
        desk.agents.set_password(CONSOLE, "carla", "four dry umbrellas")
        until(lambda: len(server.taken) == 1)
    finally:
        close_shared_desk()
    monkeypatch.delenv("TICKETING_SMTP_URL")
    try:
        shared_desk().agents.set_password(CONSOLE, "carla", PASSWORD)
        assert states(shared_desk()) == [MailState.SENT]
    finally:
        close_shared_desk()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for it, ten seconds at most."""
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_mails_say_is_the_admins_text_where_they_have_written_one(desk: Desk, server: MailServer) -> None:
    own = desk.definitions.save(CONSOLE, MailText(name="Merge", mail="merged", text="{{ label }} ging auf."))
    tell(desk)
    dispatcher(desk).drain()
    desk.definitions.remove(CONSOLE, MailText, own.id, own.version)
    tell(desk, username="carla", kind=NoticeKind.ASSIGNED)
    dispatcher(desk).drain()

    assert server.taken[0].text == "T-1 ging auf.\n"
    assert "has assigned ticket" in server.taken[1].text


@pytest.mark.parametrize(
    ("sender", "shown"), [("desk@example.org", "Acme support"), ("Front desk <desk@example.org>", "Front desk")]
)
def test_mails_come_from_the_desk_by_the_name_that_it_has(
    server: MailServer, clock: Clock, sender: str, shown: str
) -> None:
    wanted = settings(server).model_copy(update={"mail_from": sender})
    with closing(open_desk(wanted, clock=clock, password_rounds=4)) as desk:
        present = desk.definitions.get(CONSOLE, Branding, Branding.kind)
        desk.definitions.save(CONSOLE, present.model_copy(update={"name": "Acme support"}))
        desk.agents.create_agent(CONSOLE, "ada", PASSWORD, email="ada@example.org")
        dispatcher(desk).drain()

    assert server.taken[0].mail["From"] == f"{shown} <desk@example.org>"


def test_a_start_loads_nothing_of_what_only_mails_need() -> None:
    slow = {"smtplib", "jinja2", "ticketing.delivery.mails"}
    command = (
        f"import sys, ticketing.desk; sys.exit(str({slow!r} & set(sys.modules)) if {slow!r} & set(sys.modules) else 0)"
    )

    subprocess.run([sys.executable, "-c", command], check=True)


def test_e3_a_mail_that_is_refused_for_now_is_tried_again_by_the_schedule(
    desk: Desk, server: MailServer, clock: Clock
) -> None:
    server.behaviour.recipients["carla@example.org"] = "451 Come back later"
    tell(desk)

    for minutes in (1, 5, 15, 60, 60):
        dispatcher(desk).drain()
        [mail] = ledger(desk)
        assert (mail.state, mail.error) == (MailState.WAITING, "451 Come back later")
        assert mail.due_at == clock.now + minutes * MINUTE
        clock.now = mail.due_at

    server.behaviour.recipients.clear()
    dispatcher(desk).drain()
    assert states(desk) == [MailState.SENT]


def test_e3_a_mail_that_nobody_takes_for_a_day_has_failed_and_the_ledger_says_why(
    desk: Desk, server: MailServer, clock: Clock
) -> None:
    server.behaviour.data = "452 Disk full"
    tell(desk)
    began = clock.now

    while states(desk) == [MailState.WAITING]:
        dispatcher(desk).drain()
        clock.now = max(clock.now, ledger(desk)[0].due_at)

    assert (ledger(desk)[0].state, ledger(desk)[0].error) == (MailState.FAILED, "452 Disk full")
    assert DAY - HOUR < clock.now - began <= DAY + HOUR


def test_e3_a_mail_that_is_refused_for_good_fails_at_once_and_keeps_no_other_from_its_own(
    desk: Desk, server: MailServer
) -> None:
    server.behaviour.recipients["carla@example.org"] = "550 No such mailbox"
    tell(desk)
    oskar = desk.sessions.actor(desk.accounts.sign_in("oskar", PASSWORD))
    desk.accounts.change_password(oskar, PASSWORD, "four dry umbrellas", "four dry umbrellas", browser="b")

    dispatcher(desk).drain()

    assert {mail.username: mail.state for mail in ledger(desk)} == {
        "carla": MailState.FAILED,
        "oskar": MailState.SENT,
    }


def test_what_failed_is_sent_again_when_an_admin_says_so(desk: Desk, server: MailServer) -> None:
    server.behaviour.recipients["carla@example.org"] = "550 No such mailbox"
    tell(desk)
    dispatcher(desk).drain()
    server.behaviour.recipients.clear()

    desk.outbox.send_again(CONSOLE, ledger(desk)[0].id)
    dispatcher(desk).drain()

    assert (states(desk), len(server.taken)) == ([MailState.SENT], 1)


def test_a_line_that_drops_after_the_mail_was_taken_repeats_it_with_the_same_message_id(
    desk: Desk, server: MailServer, clock: Clock
) -> None:
    server.behaviour.drops_after = 1
    tell(desk)

    dispatcher(desk).drain()
    clock.advance(MINUTE)
    dispatcher(desk).drain()

    assert states(desk) == [MailState.SENT]
    assert len({taken.mail["Message-ID"] for taken in server.taken}) == 1 < len(server.taken)


def test_a_line_that_drops_before_loses_and_repeats_nothing(desk: Desk, server: MailServer, clock: Clock) -> None:
    server.behaviour.drops_before = 2
    tell(desk, 4)

    dispatcher(desk).drain()
    clock.advance(MINUTE)
    dispatcher(desk).drain()

    assert (states(desk), len(server.taken)) == ([MailState.SENT] * 4, 4)


def test_where_nothing_listens_all_of_it_waits_and_the_dispatcher_gives_up_soon(clock: Clock) -> None:
    with MailServer() as gone, opened(gone, clock) as desk:
        tell(desk, 20)
        gone.stop()

        assert not dispatcher(desk).send_some()

        assert states(desk) == [MailState.WAITING] * 20
        assert "cannot be reached" in ledger(desk)[0].error


def test_a_wrong_password_loses_nothing(clock: Clock) -> None:
    with MailServer(password="umbrella") as server, opened(server, clock) as desk:
        url = f"smtp://desk:{MARKER}@127.0.0.1:{server.server.port}?starttls=0"
        desk.settings = Settings(storage_url="memory:", smtp_url=SecretStr(url), mail_from=SENDER)
        tell(desk)

        dispatcher(desk).drain()

        [mail] = ledger(desk)
        assert mail.state is MailState.WAITING
        assert mail.error.startswith("The mail server does not take the user name and password")
        assert MARKER not in mail.error


def test_a_mail_that_cannot_be_made_waits_and_keeps_no_other_from_going(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    tell(desk)
    with desk.store.write() as tx:
        odd = ledger(desk)[0].model_copy(update={"id": "odd", "kind": "of a newer version"})
        tx.outgoing.save(odd)

    dispatcher(desk).drain()

    assert {mail.id == "odd": mail.state for mail in ledger(desk)} == {True: MailState.WAITING, False: MailState.SENT}
    assert "could not be put together" in caplog.text


def test_when_it_is_told_to_stop_it_gives_back_what_it_has_not_tried(desk: Desk, server: MailServer) -> None:
    tell(desk, 5)
    stopped = dispatcher(desk)
    stopped.stop()

    stopped.send_some()

    assert server.taken == []
    assert [(mail.state, mail.attempts, mail.due_at) for mail in ledger(desk)] == [
        (MailState.WAITING, 0, desk.clock())
    ] * 5


def test_z5_nothing_of_a_note_reaches_a_requester_by_any_mail(desk: Desk, server: MailServer, clock: Clock) -> None:
    ada = desk.sessions.actor(desk.accounts.sign_in("ada", PASSWORD))
    mark = desk.tickets.note(ada, 1, MARKER).messages[-1].mark
    with desk.store.write() as tx:
        for kind in NoticeKind:
            notice = Notice(
                id=fingerprint(kind),
                username="carla",
                kind=kind,
                ticket=1,
                mark=mark,
                by="ada",
                at=clock(),
                expires_at=clock() + HOUR,
            )
            queue(tx, [notice], clock())
            without = notice.model_copy(update={"id": fingerprint(kind, "without"), "mark": ""})
            queue(tx, [without], clock())

    clock.advance(MINUTE)
    dispatcher(desk).drain()

    assert len(server.taken) == len(NoticeKind) - 1  # all that name no message, but for the one of a note
    for taken in server.taken:
        assert MARKER.encode() not in taken.content
        assert MARKER not in taken.text


def test_e2_a_silent_server_holds_up_nobody_who_asks_something_of_the_desk(clock: Clock) -> None:
    with SilentServer() as silent, opened(silent, clock) as desk:
        tell(desk)
        under_way = dispatcher(desk)
        under_way.start()
        try:
            until(lambda: ledger(desk)[0].attempts == 1)
            began = time.perf_counter()
            tell(desk, username="oskar")
            assert time.perf_counter() - began < 1
        finally:
            under_way._stopping.set()  # noqa: SLF001 - not to wait for what hangs
