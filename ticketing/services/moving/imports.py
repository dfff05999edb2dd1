"""
Imports from other help desks: looked at first, then taken in some tickets at a time, and undone as a whole.

Nobody is told of anything an import does, and no rule is followed. One that breaks off goes on with the same file.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from io import SEEK_END
from typing import BinaryIO, Final

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import DefinitionNotFoundError, ImportRefusedError
from ticketing.domain.imports import (
    IMPORT_LIMIT,
    PROBLEMS_TOLD,
    Brought,
    Column,
    ImportCounts,
    ImportReport,
    ImportRun,
    ImportState,
    Mapping,
    System,
    word_key,
)
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.progress import Progress, silent
from ticketing.domain.store import Store, Transaction
from ticketing.domain.text import NAME_LIMIT, printable
from ticketing.services.access import Clock, Gate
from ticketing.services.attachments import LARGEST, Scan, unscanned
from ticketing.services.categories import all_categories
from ticketing.services.moving.importing.freescout import read_freescout
from ticketing.services.moving.importing.intake import Intake, Ready, Sorter, with_files, without_files
from ticketing.services.moving.importing.moments import Moments
from ticketing.services.moving.importing.tables import Look, look_at, read_table
from ticketing.services.moving.importing.undoing import Undoing, Undone
from ticketing.services.moving.importing.words import Words
from ticketing.services.moving.importing.zammad import read_zammad

AsText = Callable[[str], str]

USUAL: Final = Mapping()
_PIECE: Final = 1 << 20
_READERS: Final = {System.ZAMMAD: read_zammad, System.FREESCOUT: read_freescout}


class Imports:
    """
    What comes in from other help desks; for admins.

    `as_text` is what can be read of a page of HTML, `largest` how many bytes an attached file may have, `scan` looks
    for viruses in it. Files are read from their beginning, however often.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        as_text: AsText,
        *,
        largest: int = LARGEST,
        scan: Scan = unscanned,
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._as_text = as_text
        self._largest = largest
        self._scan = scan

    def require(self, actor: Actor) -> Actor:
        """Return the actor as they are now, who may bring tickets in; so a file that is refused need not be sent."""
        with self._store.read() as tx:
            return self._admit(tx, actor)

    def look(self, actor: Actor, file: BinaryIO, mapping: Mapping = USUAL) -> Look:
        """Return what a table looks like, and what stands in its columns; raises ImportRefusedError."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            words = Words(mapping, all_categories(tx))
        _require_size(file)
        look = look_at(file, mapping)
        understood = {
            "statuses": _understood(look.values[Column.STATUS], words.status),
            "priorities": _understood(look.values[Column.PRIORITY], words.priority),
            "categories": _understood(look.values[Column.CATEGORY], words.category),
        }
        return replace(look, mapping=look.mapping.model_copy(update=understood))

    def first(self, actor: Actor, file: BinaryIO, system: System, mapping: Mapping = USUAL) -> list[Brought]:
        """Return the first few tickets that the file brings, as they are read; raises ImportRefusedError."""
        self.require(actor)
        return [one for one, _ in zip(self._read(file, system, mapping), range(5), strict=False)]

    def plan(self, actor: Actor, file: BinaryIO, system: System, mapping: Mapping = USUAL) -> ImportReport:
        """Return what an import of the file would come to; raises ImportRefusedError."""
        run, report = self._begun(actor, file, "", system), ImportReport(counts=ImportCounts())
        known: dict[str, str] = {}
        for tickets, problems in Sorter().batches(self._read(file, system, mapping)):
            ready = [without_files(ticket, self._largest) for ticket in tickets]
            now = self._clock()
            with self._store.read() as tx:
                by = self._admit(tx, actor)
                taken = Intake(tx, run, mapping, known, by, now, keeps=False).take(ready, now)
            counts = taken.counts + ImportCounts(left_out=len(problems))
            found = (*report.problems, *problems, *taken.problems)[:PROBLEMS_TOLD]
            report = ImportReport(counts=report.counts + counts, problems=found)
        return report

    def apply(
        self,
        actor: Actor,
        file: BinaryIO,
        name: str,
        system: System,
        mapping: Mapping = USUAL,
        progress: Progress = silent,
    ) -> ImportRun:
        """
        Take the file of this name in, and return what is on record of that.

        What is in an earlier part of the file is kept when something later in it is refused, or when this breaks off:
        the same file again goes on from there. Raises ImportRefusedError. `progress` is told of bytes.
        """
        run, size = self._begun(actor, file, name, system), _require_size(file)
        known: dict[str, str] = {}
        for tickets, problems in Sorter().batches(self._read(file, system, mapping)):
            since = self._clock()
            ready = with_files(self._store.files, tickets, self._largest, since, self._scan)
            run = self._take(actor, run, mapping, known, ready, len(problems), since)
            progress(file.tell(), size)
        return self._end(actor, run)

    def all(self, actor: Actor) -> list[ImportRun]:
        """Return what is on record of all imports, the newest first."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            return sorted(tx.definitions(ImportRun).all(), key=lambda run: run.at, reverse=True)

    def look_at_undoing(self, actor: Actor, key: str) -> Undone:
        """Return what it would come to if the import with this id were undone; raises DefinitionNotFoundError."""
        run = self._found(actor, key)
        return Undoing(self._store, run).look()

    def undo(self, actor: Actor, key: str, *, touched_too: bool = False, progress: Progress = silent) -> ImportRun:
        """
        Take away what an import has made, and return what is on record of it then.

        Tickets in which somebody has done something since stay unless *touched_too*, those that others name in any
        case; people stay who did anything since, or who stand in a ticket that stays. Raises DefinitionNotFoundError.
        """
        run = self._found(actor, key)
        undoing = Undoing(self._store, run)
        undone = undoing.take_away(lambda tx: self._admit(tx, actor), touched_too=touched_too, progress=progress)
        with self._store.write() as tx:
            by = self._admit(tx, actor)
            kept = tuple(sorted({*undone.touched, *undone.joined}))
            run = run.model_copy(update={"state": ImportState.UNDONE, "kept": kept})
            tx.definitions(ImportRun).save(run)
            facts = {"tickets": str(undone.tickets), "people": str(undone.people), "kept": str(len(kept))}
            tx.audit.add(AuditEntry(by.username, AuditAction.IMPORT_UNDONE, self._clock(), "import", run.id, facts))
        return run

    def _read(self, file: BinaryIO, system: System, mapping: Mapping) -> Iterator[Brought]:
        now = self._clock()
        if system.is_table:
            return read_table(file, mapping, now)
        file.seek(0)
        return _READERS[system](file, Moments(now), self._as_text)

    def _begun(self, actor: Actor, file: BinaryIO, name: str, system: System) -> ImportRun:
        """Return the import of this file as it is on record, or as it begins."""
        by = self.require(actor)
        _require_size(file)
        key = f"{system.value}-{_digest(file)[:16]}"
        with self._store.read() as tx:
            found = tx.definitions(ImportRun).find(key)
        if found is not None and found.state is ImportState.DONE:
            return found
        if found is not None and found.state is ImportState.UNFINISHED:
            # All of the file is gone through again, and what was left out is counted anew.
            counts = found.counts.model_copy(update={"known": 0, "left_out": 0})
            return found.model_copy(update={"counts": counts})
        shown = " ".join(printable(name).split())[:NAME_LIMIT] or system.label
        numbers = found.numbers if found else ()
        return ImportRun(id=key, name=shown, system=system, by=by.username, at=self._clock(), numbers=numbers)

    def _take(
        self,
        actor: Actor,
        run: ImportRun,
        mapping: Mapping,
        known: dict[str, str],
        ready: list[Ready],
        left_out: int,
        since: datetime,
    ) -> ImportRun:
        with self._store.write() as tx:
            by = self._admit(tx, actor)
            run = _with_what_came_beside(tx, run)
            taken = Intake(tx, run, mapping, known, by, self._clock(), keeps=True).take(ready, since)
            counts = run.counts + taken.counts + ImportCounts(left_out=left_out)
            if not taken.numbers:
                return run.model_copy(update={"counts": counts})
            if not run.counts.tickets:
                self._log(tx, by, run, "begun")
            unfinished = {"counts": counts, "state": ImportState.UNFINISHED}
            run = run.with_numbers(taken.numbers).model_copy(update=unfinished)
            tx.definitions(ImportRun).save(run)
        return run

    def _end(self, actor: Actor, run: ImportRun) -> ImportRun:
        if not run.counts.tickets:
            return run.model_copy(update={"state": ImportState.DONE})
        with self._store.write() as tx:
            by = self._admit(tx, actor)
            before = tx.definitions(ImportRun).find(run.id)
            if before is not None and before.state is ImportState.DONE:
                return before
            run = _with_what_came_beside(tx, run).model_copy(update={"state": ImportState.DONE})
            tx.definitions(ImportRun).save(run)
            self._log(tx, by, run, "done")
        return run

    def _log(self, tx: Transaction, by: Actor, run: ImportRun, state: str) -> None:
        counts = {name: str(count) for name, count in run.counts.model_dump().items() if count}
        facts = {"state": state, "system": run.system.value, **counts}
        tx.audit.add(AuditEntry(by.username, AuditAction.IMPORTED, self._clock(), "import", run.id, facts))

    def _found(self, actor: Actor, key: str) -> ImportRun:
        with self._store.read() as tx:
            self._admit(tx, actor)
            found = tx.definitions(ImportRun).find(key)
        if found is None:
            raise DefinitionNotFoundError
        return found

    def _admit(self, tx: Transaction, actor: Actor) -> Actor:
        actor = self._gate.admit(tx, actor)
        policy.require(actor, Action.MOVE_DATA)
        return actor


def _with_what_came_beside(tx: Transaction, run: ImportRun) -> ImportRun:
    """Return an import with what the same file has brought meanwhile, if it comes in twice at the same time."""
    kept = tx.definitions(ImportRun).find(run.id)
    if kept is None or kept.state is not ImportState.UNFINISHED:
        return run.model_copy(update={"numbers": kept.numbers}) if kept else run
    gone_through = {"known": run.counts.known, "left_out": run.counts.left_out}
    return kept.model_copy(update={"counts": kept.counts.model_copy(update=gone_through)})


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _understood(values: Iterable[str], meaning: Callable[[str], object]) -> dict[str, object]:
    return {word_key(value): found for value in values if (found := meaning(value))}


def _require_size(file: BinaryIO) -> int:
    size = file.seek(0, SEEK_END)
    if size > IMPORT_LIMIT:
        raise ImportRefusedError(f"The file is larger than {IMPORT_LIMIT >> 20} MB. Please export it in several parts.")
    return size
