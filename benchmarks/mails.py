"""
What mails cost.

How fast the outbox is emptied into a mail server of this machine, how much longer a change takes with its mail, and how
long it takes to take a mail in.

    python -m benchmarks.mails 10000 json:DIR
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from pydantic import SecretStr

from benchmarks.measuring import MILLISECONDS, Contestant, Figure, Report, take_turns
from ticketing.desk import Desk, open_desk
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.people import Actor, User
from ticketing.domain.received import Fate
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.statuses import GENERAL
from ticketing.domain.tickets import Ticket
from ticketing.services.outbox import queue
from ticketing.settings import Settings

MAILS, ROUNDS = 10_000, 200
TEXT = "Please plug it into the left socket, and tell us whether the line is alive then. " * 5
_MAILS_EACH = 20  # what a person gets within an hour


def figures(mails: int, place: str, rounds: int = ROUNDS) -> list[Figure]:
    """Fill an empty store, and measure in it."""
    with _mail_server() as port, closing(open_desk(_settings(place, port), password_rounds=4)) as desk:
        _fill(desk, mails)
        return [_drained(desk, mails), _queued(desk, rounds), _received(desk, rounds)]


def _settings(place: str, port: int) -> Settings:
    return Settings(
        storage_url=place,
        smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"),
        mail_from="desk@example.org",
        mail_unknown_senders="open",
    )


@contextmanager
def _mail_server() -> Iterator[int]:
    """Run a mail server that takes everything in a process of its own, and give its port."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_take_all, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def _take_all(pipe: Connection) -> None:
    controller = _AnyPort(Sink(), hostname="127.0.0.1", port=0)
    controller.start()
    pipe.send(controller.port)
    pipe.recv()
    controller.stop()


class _AnyPort(Controller):
    """A controller whose port the machine chooses."""

    def _trigger_server(self) -> None:
        """Take note of the port, by which all find it from then on."""
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # it is a server of asyncio's
        super()._trigger_server()  # type: ignore[no-untyped-call]  # as aiosmtpd has it


def _fill(desk: Desk, mails: int) -> None:
    """Let people wait for so many mails about tickets of their own, none of them for more than they may get."""
    now = desk.clock() - timedelta(minutes=1)
    for first in range(0, mails, _MAILS_EACH):
        name = f"user{first}"
        user = User(
            id=name,
            display_name=name,
            email=f"{name}@example.org",
            password="",
            created_at=now,
            password_changed_at=now,
        )
        with desk.store.write() as tx:
            tx.users.save(user)
            ticket = Ticket.open(tx.tickets.next_number(), name, "No dial tone", TEXT, GENERAL, now)
            tx.tickets.save(ticket)
            for place in range(first, min(first + _MAILS_EACH, mails)):
                queue(tx, [_notice(name, ticket.number, ticket.begins_with.mark, str(place), now)], now)


def _notice(name: str, number: int, mark: str, key: str, now: datetime) -> Notice:
    return Notice(
        id=fingerprint(key),
        username=name,
        kind=NoticeKind.REPLIED,
        ticket=number,
        mark=mark,
        by="ada",
        at=now - timedelta(minutes=1),
        expires_at=now + timedelta(days=30),
    )


def _drained(desk: Desk, mails: int) -> Figure:
    """Send all that waits."""
    dispatcher = desk.dispatcher()
    if dispatcher is None:
        raise LookupError("There is no mail server.")
    began = time.perf_counter()
    dispatcher.drain()
    seconds = time.perf_counter() - began
    with desk.store.read() as tx:
        if left := tx.outgoing.backlog().waiting:
            raise LookupError(f"{left} mails still wait.")
    return Figure("a mail, from the outbox to the mail server", seconds / mails * MILLISECONDS, "ms", limit=10)


def _queued(desk: Desk, rounds: int) -> Figure:
    """Change a ticket with and without a mail that tells of it, in turns."""
    number, keys = desk.tickets.open(Actor.console(), "Loud printer", "It rattles.").number, count()
    now = datetime.now(UTC)

    def change(*, queues: bool) -> None:
        with desk.store.write() as tx:
            ticket = tx.tickets.find(number)
            if ticket is not None:
                ticket.updated_at = datetime.now(UTC)
                tx.tickets.save(ticket)
            if queues:
                queue(tx, [_notice("user0", number, "", f"queued {next(keys)}", now)], now)

    turns = take_turns(
        {"without": Contestant(lambda: change(queues=False)), "with": Contestant(lambda: change(queues=True))}, rounds
    )
    longer = (turns["with"].median - turns["without"].median) * MILLISECONDS
    return Figure("a change waits longer for its mail", longer, "ms", limit=10)


def _received(desk: Desk, rounds: int) -> Figure:
    """Take mails in, each of which opens a ticket."""

    def mail(number: int) -> bytes:
        sender = f"nora{number // _MAILS_EACH}@example.net"
        return f"From: {sender}\nMessage-ID: <{number}@example.net>\nSubject: Help\n\n{TEXT}\n".encode()

    mails = list(map(mail, range(rounds)))
    desk.receiving.take(mail(rounds))  # which loads what reads mails
    began = time.perf_counter()
    fates = Counter(desk.receiving.take(raw).fate for raw in mails)
    seconds = time.perf_counter() - began
    if fates[Fate.TICKET] != rounds:
        raise LookupError(f"Of {rounds} mails {fates[Fate.TICKET]} have opened a ticket.")
    return Figure("a mail, from its bytes to its ticket", seconds / rounds * MILLISECONDS, "ms", limit=60)


def main() -> None:
    """Measure as many mails as are asked for, at the place that is asked for."""
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else MAILS
    with TemporaryDirectory() as folder:
        place = sys.argv[2] if len(sys.argv) > 2 else f"json:{Path(folder) / 'data'}"  # noqa: PLR2004 - two arguments
        Report("Mails").add(f"{mails:,} at {place.partition(':')[0]}", figures(mails, place))


if __name__ == "__main__":
    main()
