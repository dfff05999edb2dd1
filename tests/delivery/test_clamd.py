"""Files are looked through by a real ClamAV; what one does that fails in the middle is played by sockets."""

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.clamd import EICAR, LARGEST, VIRUS, Clamd
from tests.lines import Line, hang_up
from ticketing.delivery.clamd import ClamdAddress, Scanner
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import FileUncheckedError, InfectedFileError, ScannerUnreachableError, TicketingError
from ticketing.domain.findings import Finding, Level
from ticketing.domain.people import Actor
from ticketing.domain.received import Fate
from ticketing.settings import Settings

pytestmark = [pytest.mark.xdist_group("clamd"), pytest.mark.processes]

PASSWORD = "three wet umbrellas"
CONSOLE = Actor.console()
PIECES = [b"a" * 100_000] * 4


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    with closing(Clamd()) as server:
        yield server


def scanner(url: str, *, required: bool = True) -> Scanner:
    return Scanner(ClamdAddress.read(url), required=required, answer_timeout=0.5)


Addressed = Callable[[Clamd], str]
BOTH_WAYS = pytest.mark.parametrize(
    "address", [lambda clamd: clamd.url, lambda clamd: clamd.local_url], ids=["over TCP", "on this machine"]
)


@BOTH_WAYS
def test_what_is_clean_passes_as_it_is(clamd: Clamd, address: Addressed) -> None:
    for content in (PIECES, [b""], [], [b"a" * 400_000]):
        assert list(scanner(address(clamd)).over("notes.txt", content)) == content


@BOTH_WAYS
@pytest.mark.parametrize("content", [[EICAR], [EICAR[:7], EICAR[7:]]], ids=["in one piece", "in two"])
def test_a_virus_is_found_and_the_sentence_names_the_file(
    clamd: Clamd, address: Addressed, content: list[bytes]
) -> None:
    with pytest.raises(InfectedFileError, match=rf"“invoice\.pdf” was not taken: a virus was found in it \({VIRUS}"):
        list(scanner(address(clamd)).over("invoice.pdf", content))


def test_what_is_larger_than_the_scanner_takes_is_refused_only_where_each_must_be_checked(clamd: Clamd) -> None:
    large = [b"a" * 100_000] * (LARGEST // 100_000 + 10)

    with pytest.raises(FileUncheckedError, match=r"“disk\.iso” was not taken: it cannot be checked"):
        list(scanner(clamd.url).over("disk.iso", large))
    assert list(scanner(clamd.url, required=False).over("disk.iso", large)) == large


class Played(Line):
    """A scanner that takes each connection and does one thing with it."""

    def __init__(self, deed: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self._deed = deed
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Its address as the setting has it."""
        return f"tcp://127.0.0.1:{self.port}"

    def __exit__(self, *raised: object) -> None:
        super().__exit__(None, None, None)
        for thread in self._threads:
            thread.join(10)

    def _connect(self, near: socket.socket) -> None:
        self._threads.append(threading.Thread(target=self._play, args=(near,), daemon=True))
        self._threads[-1].start()

    def _play(self, near: socket.socket) -> None:
        near.settimeout(5)
        with suppress(OSError):
            self._deed(near)
        hang_up(near)


def read_to_the_end(near: socket.socket) -> None:
    """Read one question as clamd does."""
    stream = near.makefile("rb")
    command = b"".join(iter(lambda: stream.read(1), b"\0"))
    if command != b"zINSTREAM":
        return
    while length := struct.unpack("!L", stream.read(4))[0]:
        stream.read(length)


def is_silent(near: socket.socket) -> None:
    read_to_the_end(near)
    time.sleep(1)


def hangs_up_at_once(_near: socket.socket) -> None:
    return


def hangs_up_in_the_middle(near: socket.socket) -> None:
    near.recv(1000)


def answers_garbage(near: socket.socket) -> None:
    read_to_the_end(near)
    near.sendall(b"\xff\xfe<html>stream: OK\0")


def answers_without_end(near: socket.socket) -> None:
    read_to_the_end(near)
    near.sendall(b"a" * 100_000)


def drips(near: socket.socket) -> None:
    read_to_the_end(near)
    for letter in b"stream: OK":
        near.sendall(bytes([letter]))
        time.sleep(0.2)


def answers_half(near: socket.socket) -> None:
    read_to_the_end(near)
    near.sendall(b"stream: OK")


FAILING = [
    is_silent,
    hangs_up_at_once,
    hangs_up_in_the_middle,
    answers_garbage,
    answers_without_end,
    drips,
    answers_half,
]
Deed = Callable[[socket.socket], None]


@pytest.mark.parametrize("deed", FAILING, ids=lambda deed: deed.__name__)
def test_a_scanner_that_fails_lets_nothing_pass_unless_it_may(deed: Deed, caplog: pytest.LogCaptureFixture) -> None:
    with Played(deed) as played:
        began = time.monotonic()
        with pytest.raises(ScannerUnreachableError):
            list(scanner(played.url).over("notes.txt", PIECES))
        assert time.monotonic() - began < 5

        with caplog.at_level(logging.WARNING):
            assert list(scanner(played.url, required=False).over("notes.txt", PIECES)) == PIECES
        assert "could not be checked for viruses" in caplog.text
        assert scanner(played.url).look().level is Level.PROBLEM


def test_nobody_who_listens_is_the_same(tmp_path: Path) -> None:
    for url in (f"unix://{tmp_path}/socket", "tcp://127.0.0.1:1"):
        with pytest.raises(ScannerUnreachableError, match="Files cannot be checked for viruses now"):
            list(scanner(url).over("notes.txt", PIECES))


def test_what_breaks_off_on_its_way_in_is_told_as_what_it_is(clamd: Clamd) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise EOFError

    with pytest.raises(EOFError):
        list(scanner(clamd.url).over("notes.txt", breaking()))


def test_the_doctor_asks_it(clamd: Clamd) -> None:
    assert scanner(clamd.url).look().level is Level.OK
    assert "ClamAV 1" in scanner(clamd.url).look().says
    assert scanner("tcp://127.0.0.1:1").look().level is Level.PROBLEM
    assert scanner("tcp://127.0.0.1:1", required=False).look().level is Level.WARNING


@pytest.fixture
def desk_with(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Return a way to open a desk over the one data directory."""
    opened: list[Desk] = []

    def opening(url: str, *, required: bool = True) -> Desk:
        settings = Settings(
            data_dir=tmp_path / "data", clamd_url=url, clamd_required=required, mail_unknown_senders="open"
        )
        opened.append(open_desk(settings, password_rounds=4))
        return opened[-1]

    yield opening
    for desk in opened:
        desk.close()


def carla_at(desk: Desk) -> Actor:
    with suppress(TicketingError):
        desk.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
    return desk.sessions.actor(desk.accounts.sign_in("carla", PASSWORD))


def kept(folder: Path) -> list[Path]:
    return [path for path in (folder / "data" / "attachments").rglob("*") if path.is_file()]


def test_u6_of_an_infected_file_nothing_is_kept(clamd: Clamd, desk_with: Callable[..., Desk], tmp_path: Path) -> None:
    desk = desk_with(clamd.url)
    carla = carla_at(desk)

    with pytest.raises(InfectedFileError):
        desk.attachments.put(carla, "invoice.pdf", [EICAR])
    assert kept(tmp_path) == []

    clean = desk.attachments.put(carla, "screen.png", [b"picture"])
    assert len(kept(tmp_path)) == 1
    assert clean.size == len(b"picture")


def test_u6_while_the_scanner_is_away_no_file_is_taken_unless_it_may_be(
    clamd: Clamd, desk_with: Callable[..., Desk], tmp_path: Path
) -> None:
    closed, lenient = desk_with(clamd.url), desk_with(clamd.url, required=False)
    carla = carla_at(closed)
    clamd.stop()
    try:
        with pytest.raises(ScannerUnreachableError):
            closed.attachments.put(carla, "screen.png", [b"picture"])
        assert kept(tmp_path) == []
        assert finding(closed).level is Level.PROBLEM
        assert finding(lenient).level is Level.WARNING

        lenient.attachments.put(carla, "screen.png", [b"picture"])
        assert len(kept(tmp_path)) == 1
    finally:
        clamd.start()
    assert finding(closed).level is Level.OK


def finding(desk: Desk) -> Finding:
    return next(one for one in desk.health.findings(CONSOLE) if one.subject == "viruses")


def letter() -> bytes:
    message = EmailMessage()
    message["From"] = "Oskar <oskar@example.org>"
    message["Subject"] = "Your invoice"
    message["Message-ID"] = "<one@example.org>"
    message.set_content("See here.")
    for name, content in (("invoice.exe", EICAR), ("screen.png", b"picture")):
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_an_infected_file_of_a_mail_is_left_out_and_the_ticket_says_so(
    clamd: Clamd, desk_with: Callable[..., Desk]
) -> None:
    desk = desk_with(clamd.url)

    taken = desk.receiving.take(letter())

    [message] = desk.tickets.get(CONSOLE, taken.ticket).messages
    assert taken.fate is Fate.TICKET
    assert [file.name for file in message.attachments] == ["screen.png"]
    assert f"The file “invoice.exe” was not taken: a virus was found in it ({VIRUS}" in message.text
    assert message.text.startswith("See here.")


def test_mail_with_files_waits_until_the_scanner_answers(clamd: Clamd, desk_with: Callable[..., Desk]) -> None:
    desk = desk_with(clamd.url)
    clamd.stop()
    try:
        with pytest.raises(ScannerUnreachableError):
            desk.receiving.take(letter())
    finally:
        clamd.start()

    taken = desk.receiving.take(letter())

    assert taken.fate is Fate.TICKET
    assert len(desk.tickets.get(CONSOLE, taken.ticket).messages[0].attachments) == 1
