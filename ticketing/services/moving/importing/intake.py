"""Some tickets of another system in one transaction: those that are here already are left alone, the others made."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ticketing.domain.attachments import Attachment, clean_file_name
from ticketing.domain.categories import usual
from ticketing.domain.imports import (
    Brought,
    BroughtMessage,
    BroughtPerson,
    BroughtTicket,
    ImportCounts,
    ImportRun,
    Mapping,
    Problem,
    System,
    run_of,
)
from ticketing.domain.incoming import IncomingFile
from ticketing.domain.people import Actor
from ticketing.domain.received import fitting
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.store import Files, Transaction
from ticketing.services.attachments import Scan
from ticketing.services.categories import all_categories
from ticketing.services.cleaning import require_staying
from ticketing.services.mail_entry import keep_files
from ticketing.services.moving.importing.making import Maker
from ticketing.services.moving.importing.people import People, fit
from ticketing.services.moving.importing.words import Words

# Of one turn of the one writer, so that others wait for a moment only; and of their files, which are in memory.
BATCH: Final = 100
_BATCH_BYTES: Final = 16 << 20


class Ready(NamedTuple):
    """A ticket whose files are kept by now, those of each message apart; a line for each file that is not."""

    ticket: BroughtTicket
    files: tuple[tuple[Attachment, ...], ...]
    refused: tuple[str, ...]


class Taken(NamedTuple):
    """What came of some tickets: the numbers of those that were made, and the problems there were."""

    counts: ImportCounts
    numbers: list[int]
    problems: list[Problem]


class Sorter:
    """Tells what can be taken from what cannot, ticket by ticket, and puts these together for one transaction."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def batches(self, brought: Iterable[Brought]) -> Iterator[tuple[list[BroughtTicket], list[Problem]]]:
        """Yield some tickets at a time, and the problems of those that are left out."""
        tickets: list[BroughtTicket] = []
        problems: list[Problem] = []
        size = 0
        for one in brought:
            found = self._checked(one)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                tickets.append(found)
                size += _size(found)
            if len(tickets) == BATCH or len(problems) == BATCH or size > _BATCH_BYTES:
                yield tickets, problems
                tickets, problems, size = [], [], 0
        if tickets or problems:
            yield tickets, problems

    def _checked(self, found: Brought) -> Brought:
        if isinstance(found, Problem):
            return found
        if found.external_id in self._ids:
            return Problem(place=found.place, says="its number is there twice.")
        requester = fit(found.requester)
        if not requester.key:
            return Problem(place=found.place, says="it has no requester.")
        self._ids.add(found.external_id)
        messages = tuple(one.model_copy(update={"author": fit(one.author)}) for one in found.messages)
        return found.model_copy(update={"requester": requester, "messages": messages})


class Intake:
    """
    Takes tickets in, within one transaction; where *keeps* is false it only tells what would come of it.

    *known* are the usernames of those whom earlier transactions of the same import have come across.
    """

    def __init__(
        self,
        tx: Transaction,
        run: ImportRun,
        mapping: Mapping,
        known: dict[str, str],
        by: Actor,
        now: datetime,
        *,
        keeps: bool,
    ) -> None:
        self._tx = tx
        self._run = run
        self._keeps = keeps
        categories = all_categories(tx)
        timed = [rule.id for rule in tx.definitions(Rule).all() if rule.trigger is Trigger.TIME]
        self._people = People(tx, known, run.id, now, keeps=keeps)
        words = Words(mapping, categories)
        self._maker = Maker(words, self._people, usual(categories), timed, by, now)

    def take(self, found: Sequence[Ready], since: datetime) -> Taken:
        """Take in those that are not here yet; the first of their files was about to be kept at *since*."""
        here = [self._brought_by(one.ticket) for one in found]
        new = [one for one, run in zip(found, here, strict=True) if run is None]
        # What this import itself has brought before it was broken off is counted already.
        known = sum(run is not None and not (self._keeps and run == self._run.id) for run in here)
        self._people.look_up([person for one in new for person in _customers(one.ticket)])
        if self._keeps:
            require_staying(self._tx, (file.sha256 for one in new for files in one.files for file in files), since)
        numbers, messages, files = [], 0, 0
        problems: list[Problem] = []
        for ready in new:
            number = self._tx.tickets.next_number() if self._keeps else 1
            ticket = self._maker.ticket(number, ready.ticket, self._run.id, ready.files)
            if self._keeps:
                self._tx.tickets.save(ticket)
                self._tx.tickets.mark_seen(number, ticket.requester, len(ticket.public_messages()))
            numbers.append(number)
            messages += len(ticket.messages)
            files += sum(len(message.attachments) for message in ticket.messages)
            problems += [_refused(ready.ticket, line) for line in ready.refused]
        counts = ImportCounts(
            tickets=len(new),
            messages=messages,
            files=files,
            people=self._people.made,
            matched=self._people.matched,
            known=known,
        )
        return Taken(counts, numbers, problems + self._maker.notes)

    def _brought_by(self, found: BroughtTicket) -> str | None:
        """
        Return the import by which the ticket came before; None if it did not.

        Numbers of tables of any origin say little, so their titles count as well.
        """
        for number in self._tx.tickets.imported(found.external_id):
            ticket = self._tx.tickets.find(number)
            run = run_of(ticket) if ticket else None
            if ticket is None or run is None or not run.startswith(f"{self._run.system.value}-"):
                continue
            if run == self._run.id or self._run.system is not System.CSV or ticket.title == found.title:
                return run
        return None


def with_files(store: Files, found: Sequence[BroughtTicket], largest: int, now: datetime, scan: Scan) -> list[Ready]:
    """Keep the files of all messages, before a transaction names them."""
    return [_ready(store, one, largest, now, scan) if _size(one) else without_files(one, largest) for one in found]


def without_files(ticket: BroughtTicket, largest: int) -> Ready:
    """Return a ticket as it would be: which of its files can be attached is known without keeping one."""
    files, refused = [], []
    for message in ticket.messages:
        sizes = _sizes(message)
        fits = fitting(sizes, largest, 0, 0)
        refused += fits.refused
        files.append(tuple(_named(*sizes[place]) for place in fits.taken))
    return Ready(ticket, tuple(files), tuple(refused))


def _named(name: str, size: int) -> Attachment:
    """Return a file as it would be attached, without a content."""
    return Attachment(id="", name=name, size=size, sha256="", media_type="")


def _ready(store: Files, ticket: BroughtTicket, largest: int, now: datetime, scan: Scan) -> Ready:
    kept = [
        keep_files(store, [IncomingFile(name, content) for name, content in _files(one)], largest, now, scan)
        for one in ticket.messages
    ]
    refused = tuple(line for files in kept for line in files.refused)
    return Ready(ticket, tuple(files.kept for files in kept), refused)


def _files(message: BroughtMessage) -> list[tuple[str, bytes]]:
    return [(clean_file_name(one.name), one.content) for one in message.files if one.content is not None]


def _sizes(message: BroughtMessage) -> list[tuple[str, int]]:
    return [(name, len(content)) for name, content in _files(message)]


def _size(ticket: BroughtTicket) -> int:
    return sum(len(file.content or b"") for message in ticket.messages for file in message.files)


def _customers(ticket: BroughtTicket) -> list[BroughtPerson]:
    authors = (message.author for message in ticket.messages if not message.author.is_agent and message.author.key)
    return list(dict.fromkeys([ticket.requester, *authors]))


def _refused(ticket: BroughtTicket, line: str) -> Problem:
    return Problem(place=ticket.place, says=f"a file cannot be attached: {line}", is_left_out=False)
