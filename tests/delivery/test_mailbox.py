"""Mail is fetched from a real mailbox, each message once, and nothing is taken away there before the desk has it."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.dovecot import PASSWORD, Dovecot
from tests.postgres import databases
from tests.serving import Server
from ticketing.delivery.mailbox import Fetcher, MailboxAddress
from ticketing.desk import Desk, open_desk
from ticketing.domain.attachments import MEGABYTE
from ticketing.domain.errors import SettingsError, StorageBusyError
from ticketing.domain.incoming import MAIL_LIMIT
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery
from ticketing.domain.received import Fate, ReceivedQuery
from ticketing.settings import Settings

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = Actor.console()
RECORD = ReceivedQuery(size=200)

Taken = list[bytes]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """Return a server that is there for all tests of this module."""
    started = Dovecot()
    yield started
    started.remove()


@pytest.fixture
def dovecot(server: Dovecot) -> Dovecot:
    """Return the server with an empty mailbox."""
    server.empty()
    return server


def message(number: int, text: str = "Please help.") -> bytes:
    return (
        f"From: Nora <nora{number % 60}@example.net>\nTo: help@desk.example.org\nSubject: Mail {number}\n"
        f"Message-ID: <{number}@example.net>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    ).encode()


def fetcher(url: str, take: Callable[[bytes], object], told: list[str], **options: float) -> Fetcher:
    return Fetcher(MailboxAddress.read(url), take, told.append, **options)


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.02)


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot) -> Iterator[Desk]:
    """Return a desk that takes mail of everybody out of the mailbox."""
    with closing(open_desk(settings(tmp_path, dovecot.address), password_rounds=4)) as opened:
        yield opened


def settings(folder: Path, url: str) -> Settings:
    return Settings.model_validate({"data_dir": folder / "data", "imap_url": url, "mail_unknown_senders": "open"})


def subjects(desk: Desk) -> list[str]:
    return sorted(ticket.title for ticket in desk.tickets.search(CONSOLE, TicketQuery(size=200)).items)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("imaps://a%40b:p%2Fw@mail.example.org", ("mail.example.org", 993, "a@b", "p/w", "INBOX", True, False, "")),
        (
            "imap://a:p@mail.example.org:1143/Help%20desk?starttls=1&move_to=Done",
            ("mail.example.org", 1143, "a", "p", "Help desk", False, True, "Done"),
        ),
    ],
)
def test_an_address_says_all_that_is_needed(url: str, read: tuple[object, ...]) -> None:
    found = MailboxAddress.read(url)

    words = ("host", "port", "user", "password", "folder", "is_tls", "starts_tls", "moves_to")
    assert tuple(getattr(found, word) for word in words) == read
    assert "password" not in repr(found)


@pytest.mark.parametrize("query", ["starttls=yes", "delete=1"])
def test_an_address_that_asks_for_anything_else_is_refused_without_a_quote(query: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        MailboxAddress.read(f"imap://a:{PASSWORD}@mail.example.org/INBOX?{query}")

    assert "starttls=1 and move_to=FOLDER" in str(refusal.value)
    assert PASSWORD not in str(refusal.value)


def test_what_is_new_becomes_tickets_and_is_seen_from_then_on(desk: Desk, dovecot: Dovecot) -> None:
    dovecot.deliver(message(1), message(2))
    found = desk.fetcher()
    assert found is not None

    assert [found.fetch(), found.fetch()] == ["", ""]

    assert subjects(desk) == ["Mail 1", "Mail 2"]
    assert (dovecot.count(), dovecot.count("UNSEEN")) == (2, 0)


def test_bytes_arrive_as_they_were_sent(dovecot: Dovecot) -> None:
    raw = message(1, "Größe").replace(b"Gr", b"Gr\xff\x80").replace(b"\n", b"\r\n")
    dovecot.deliver(raw)
    taken: Taken = []

    fetcher(dovecot.address, taken.append, []).fetch()

    assert taken == [raw]


def test_of_a_message_that_is_too_large_the_beginning_is_kept_and_the_rest_stays_where_it_is(
    desk: Desk, dovecot: Dovecot
) -> None:
    dovecot.deliver(message(1, "0123456789abcde\n" * (27 * MEGABYTE // 17)))
    found = desk.fetcher()
    assert found is not None

    assert found.fetch() == ""

    [received] = desk.receiving.search(CONSOLE, RECORD).items
    assert (received.fate, received.why, received.size) == (Fate.FAILED, "It is larger than 25 MB.", MAIL_LIMIT + 1)
    assert (received.sender, dovecot.count(), dovecot.count("UNSEEN")) == ("nora1@example.net", 1, 0)


@pytest.mark.parametrize("moves", [True, False], ids=["MOVE", "COPY"])
def test_what_the_desk_has_is_moved_where_the_address_says_so_and_never_deleted(moves: bool) -> None:  # noqa: FBT001
    dovecot = Dovecot(moves=moves)
    try:
        dovecot.make_folder("Done")
        dovecot.deliver(message(1))
        taken: Taken = []
        url = dovecot.address_of(PASSWORD, "?move_to=Done")

        assert [fetcher(url, taken.append, []).fetch() for _ in range(2)] == ["", ""]

        assert len(taken) == 1
        assert (dovecot.count(folder="Done"), dovecot.count("UNSEEN")) == (1, 0)
        assert dovecot.count() == (0 if moves else 1)
    finally:
        dovecot.remove()


def test_a_folder_that_is_not_there_is_told_and_nothing_is_lost(dovecot: Dovecot) -> None:
    dovecot.deliver(message(1))
    told: list[str] = []

    failure = fetcher(dovecot.address_of(PASSWORD, "?move_to=Nowhere"), lambda _: None, told).fetch()

    assert failure == "A message could not be moved to the folder “Nowhere”. Is it there?"
    assert told == [failure]
    assert dovecot.count("UNSEEN") == 1


def test_what_the_store_cannot_take_now_stays_unseen(dovecot: Dovecot) -> None:
    def busy(_: bytes) -> None:
        raise StorageBusyError

    dovecot.deliver(message(1))

    assert fetcher(dovecot.address, busy, []).fetch() == str(StorageBusyError())
    assert dovecot.count("UNSEEN") == 1


@pytest.mark.parametrize("idles", [True, False], ids=["IDLE", "poll"])
def test_a_thread_takes_what_comes_in_meanwhile_also_after_the_server_was_away(idles: bool) -> None:  # noqa: FBT001
    dovecot = Dovecot(idles=idles)
    taken: Taken = []
    told: list[str] = []
    worker = fetcher(dovecot.address, taken.append, told, poll_every=0.2, timeout=5)
    try:
        worker.start()
        until(lambda: "" in told)
        dovecot.deliver(message(1))
        until(lambda: len(taken) == 1)

        dovecot.stop()
        until(lambda: told[-1] != "")
        dovecot.start()
        dovecot.deliver(message(2))
        until(lambda: len(taken) == 2, 40)
        assert all(PASSWORD not in each for each in told)
    finally:
        worker.stop()
        dovecot.remove()


def test_a_wrong_password_is_told_without_it(dovecot: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        failure = fetcher(dovecot.address_of("wrong-secret"), lambda _: None, told).fetch()

    assert failure == "The mail server 127.0.0.1 refuses the user or the password."
    assert told == [failure]
    assert failure in caplog.text
    assert "wrong-secret" not in caplog.text


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"imap://a:b@127.0.0.1:{nobody.getsockname()[1]}/INBOX"

        failure = fetcher(url, lambda _: None, []).fetch()

    assert failure == "The mail server 127.0.0.1 cannot be reached: connection refused."


def test_a_server_that_says_nothing_keeps_nobody_waiting_for_long() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"imap://a:b@127.0.0.1:{silent.getsockname()[1]}/INBOX"
        began = time.monotonic()

        failure = fetcher(url, lambda _: None, [], timeout=0.5).fetch()

    assert failure == "The mail server 127.0.0.1 does not answer."
    assert time.monotonic() - began < 5


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    found = folder / "cert.pem", folder / "key.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name]
    subprocess.run([*made, "-out", found[0], "-keyout", found[1]], check=True, capture_output=True)
    return found


@pytest.mark.parametrize("way", ["imaps", "starttls"])
def test_a_certificate_counts_only_if_somebody_vouches_for_it(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    dovecot = Dovecot(certificate=certificate)
    try:
        dovecot.deliver(message(1))
        user = dovecot.address.partition("://")[2].partition("@127")[0]
        port = dovecot.tls_port if way == "imaps" else dovecot.port
        url = f"{'imaps' if way == 'imaps' else 'imap'}://{user}@localhost:{port}/INBOX"
        url += "?starttls=1" if way == "starttls" else ""
        taken: Taken = []

        refused = fetcher(url, taken.append, []).fetch()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        accepted = fetcher(url, taken.append, []).fetch()

        assert refused == "There is no safe connection to the mail server localhost: self-signed certificate."
        assert (accepted, len(taken)) == ("", 1)
    finally:
        dovecot.remove()


def test_a_server_that_speaks_no_tls_is_told(dovecot: Dovecot) -> None:
    failure = fetcher(f"imaps://a:b@127.0.0.1:{dovecot.port}", lambda _: None, []).fetch()

    assert failure.startswith("There is no safe connection to the mail server 127.0.0.1: ")


def test_a_desk_that_is_served_fetches_mail_by_itself_and_says_when(tmp_path: Path, dovecot: Dovecot) -> None:
    with Server(tmp_path, TICKETING_IMAP_URL=dovecot.address, TICKETING_MAIL_UNKNOWN_SENDERS="open") as server:
        dovecot.deliver(message(1))

        until(lambda: subjects(server.desk) == ["Mail 1"], 60)

        until(lambda: server.desk.receiving.last_fetch(CONSOLE).fetched_at is not None)
        assert all(secret not in server.log for secret in (PASSWORD, dovecot.address))


# Several processes, and sudden ends

_FETCHING = """
import sys
from contextlib import closing
from pathlib import Path
from ticketing.delivery.mailbox import Mailbox
from ticketing.desk import open_desk
from ticketing.settings import read_settings

if "killed" in sys.argv:
    import os, signal
    Mailbox.done = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with closing(open_desk(read_settings(), password_rounds=4)) as desk:
    print("ready", flush=True)
    sys.stdin.readline()
    sys.exit(desk.fetcher().fetch() or 0)
"""


def fetching(storage_url: str, dovecot: Dovecot, *arguments: str) -> subprocess.Popen[str]:
    """Start another process that will fetch once."""
    environment = {
        **os.environ,
        "TICKETING_STORAGE_URL": storage_url,
        "TICKETING_IMAP_URL": dovecot.address,
        "TICKETING_MAIL_UNKNOWN_SENDERS": "open",
    }
    return subprocess.Popen(
        [sys.executable, "-c", _FETCHING, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_at_once(processes: list[subprocess.Popen[str]]) -> list[int]:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    return [process.returncode for process in processes]


@pytest.fixture(params=["json", "postgres"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"json:{tmp_path / 'data'}" if request.param == "json" else databases().create("mail_in")


def open_at(url: str) -> Desk:
    return open_desk(Settings(storage_url=url), password_rounds=4)


def test_two_processes_that_fetch_one_mailbox_take_each_message_once(storage_url: str, dovecot: Dovecot) -> None:
    dovecot.deliver(*map(message, range(20)))
    open_at(storage_url).close()

    assert run_at_once([fetching(storage_url, dovecot) for _ in range(2)]) == [0, 0]

    with closing(open_at(storage_url)) as desk:
        assert subjects(desk) == sorted(f"Mail {number}" for number in range(20))
        record = desk.receiving.search(CONSOLE, RECORD)
        assert [each.fate for each in record.items] == [Fate.TICKET] * 20
    assert dovecot.count("UNSEEN") == 0


@pytest.mark.faults
def test_a_process_killed_between_store_and_mark_has_lost_and_repeated_nothing(
    storage_url: str, dovecot: Dovecot
) -> None:
    dovecot.deliver(message(1), message(2))

    assert run_at_once([fetching(storage_url, dovecot, "killed")]) == [-signal.SIGKILL]
    assert dovecot.count("UNSEEN") == 2
    with closing(open_at(storage_url)) as desk:
        assert subjects(desk) == ["Mail 1"]

    assert run_at_once([fetching(storage_url, dovecot)]) == [0]
    with closing(open_at(storage_url)) as desk:
        assert subjects(desk) == ["Mail 1", "Mail 2"]
    assert dovecot.count("UNSEEN") == 0
