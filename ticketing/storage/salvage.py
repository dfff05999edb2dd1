"""
Salvage: a whole new JSON store out of what can be read of a damaged one.

    .salvaging/                  what is in the making, and nothing yet: the next attempt begins anew
    .salvaged/                   the same once it is whole: from its renaming on, no store is opened here until all of
                                 it is in place, and the same command brings that to its end
    damaged-20260302T090000Z/    the files as they were, which stay

Documents are whole, so one is brought back as its newest change says that can be read. Changes of several documents
hold together: of one that cannot be read in full nothing is carried out, and later ones are. As after a restored
backup, everybody signs in again: what is about a moment, such as sessions, is left out.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from ticketing.domain.audit import AuditAction, AuditEntry, AuditRecord, Head
from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.domain.numbers import NO_NUMBERS, Numbers
from ticketing.storage.archive import MODELS, fault_of
from ticketing.storage.audit_file import NAME as AUDIT_FILE
from ticketing.storage.audit_file import Settled, read_settled
from ticketing.storage.documents.state import AUDIT, PASSING, SETTLED, TICKETS, Documents
from ticketing.storage.journaled.disk import sync_folder, told_as_ours, write_whole
from ticketing.storage.journaled.journal import Entry, check_change, journal_numbers, journal_path
from ticketing.storage.journaled.loading import load
from ticketing.storage.journaled.locating import located
from ticketing.storage.journaled.remains import (
    Fault,
    JournalRemains,
    Name,
    SnapshotRemains,
    remains_of_journal,
    remains_of_snapshot,
)
from ticketing.storage.journaled.snapshots import NAME, Snapshot, snapshot_files, snapshot_path, write_snapshot
from ticketing.storage.json_files import SALVAGED

_MAKING: Final = ".salvaging"
_LEFT_OUT: Final = PASSING - {SETTLED}
# What proves by itself whether it is as it was written: the log by its chain of hashes.
_PROVEN: Final = frozenset({AUDIT, SETTLED})


@dataclass(slots=True)
class Salvage:
    """
    What a salvage would bring back, and what it would not.

    `lost` documents are not among those that come back, `older` ones are, though not as they were last saved. What is
    `edited` may have been changed by a hand: documents that are taken only if that is accepted.
    """

    documents: Documents
    sequence: int = 0
    faults: list[Fault] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lost_changes: list[range] = field(default_factory=list)
    lost: list[Name] = field(default_factory=list)
    older: list[Name] = field(default_factory=list)
    edited: list[Name] = field(default_factory=list)
    doubtful_files: list[str] = field(default_factory=list)
    cut_records: Head | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many documents of each kind come back."""
        return {name: len(found) for name, found in sorted(self.documents.items()) if found and name != SETTLED}


def is_sound(folder: Path) -> bool:
    """Whether there is nothing to salvage; that a file is of a newer version may be a flipped bit, as `look` finds."""
    try:
        with located(folder):
            return True
    except (StorageDamagedError, StorageTooNewError):
        return False


def look(folder: Path, *, accept_edits: bool = False) -> Salvage:
    """
    Find out what can be brought back, and change nothing; the caller keeps others from writing.

    With *accept_edits*, lines of a journal of the right form are believed whatever their checksum says. Raises
    StorageTooNewError for files that a newer version wrote.
    """
    snapshots = {
        path.stem: remains_of_snapshot(path, _fault_of)
        for path in snapshot_files(folder)
        if _own_name(path) not in _LEFT_OUT
    }
    journals = {
        number: remains_of_journal(journal_path(folder, number), _fault_of) for number in journal_numbers(folder)
    }
    return _Puzzle(folder, snapshots, journals, accept_edits=accept_edits).solved()


def _own_name(path: Path) -> str:
    if not NAME.fullmatch(path.stem):
        raise StorageDamagedError(f"{path.name} is no file of the desk's. Move it away, and run this again.")
    return path.stem


def _fault_of(collection: str, key: str, raw: bytes) -> str | None:
    """Say what is wrong with a document; of a kind that this version does not know, no more than its form."""
    if collection in MODELS:
        return fault_of(collection, key, raw)
    try:
        check_change((collection, key, raw))
        json.loads(raw)
    except ValueError:
        return "it is not of the form in which documents are kept"
    return None


class _Puzzle:
    """Puts together what the files of a directory still say."""

    def __init__(
        self,
        folder: Path,
        snapshots: Mapping[str, SnapshotRemains],
        journals: Mapping[int, JournalRemains],
        *,
        accept_edits: bool,
    ) -> None:
        self._folder = folder
        self._snapshots = snapshots
        self._journals = journals
        self._accept_edits = accept_edits
        firsts = [journal.first_sequence for journal in journals.values() if journal.first_sequence is not None]
        self._oldest = min(firsts, default=0)
        # An altered number at the head of a snapshot is believed only if a journal says that it began there.
        self._bases = {
            name: remains.sequence
            if remains.sequence is not None and (_is_proven(remains) or remains.sequence in firsts)
            else self._oldest
            for name, remains in snapshots.items()
        }
        self._saved: dict[Name, int] = {}
        self.found = Salvage({name: dict(remains.documents) for name, remains in snapshots.items()})

    def solved(self) -> Salvage:
        """Put it together."""
        found = self.found
        for snapshot in self._snapshots.values():
            found.faults += snapshot.faults
        for journal in self._journals.values():
            found.faults += journal.faults
        whole, parts = _transactions(self._entries())
        self._carry_out(whole)
        self._number(whole)
        self._missing_files()
        self._name_what_is_lost(parts)
        self._name_what_is_doubtful()
        self._begin_the_log_anew_where_it_breaks_off()
        self._keep_numbers_of_lost_tickets()
        return found

    def _entries(self) -> list[Entry]:
        entries: dict[int, Entry] = {}
        for journal in self._journals.values():
            edited = journal.edited if self._accept_edits else []
            for fault, entry in edited:
                self.found.faults.remove(fault)
                if entry.change:
                    self.found.edited.append(entry.change[:2])
            for entry in (*journal.entries, *(entry for _, entry in edited)):
                if entry.change:
                    entries.setdefault(entry.sequence, entry)
        return [entry for _, entry in sorted(entries.items())]

    def _carry_out(self, whole: Iterable[Entry]) -> None:
        documents = self.found.documents
        for entry in whole:
            if entry.change is None:
                continue
            collection, key, document = entry.change
            if collection in _LEFT_OUT or entry.sequence <= self._bases.get(collection, 0):
                continue
            self._saved[collection, key] = entry.sequence
            if document is None:
                documents.get(collection, {}).pop(key, None)
            else:
                documents.setdefault(collection, {})[key] = document

    def _number(self, whole: Iterable[Entry]) -> None:
        """Find the number of the newest change that is known of, and which ones before it are lost."""
        known = [*self._bases.values(), self._oldest]
        for journal in self._journals.values():
            known += [max(entry.sequence, entry.known_good) for entry in journal.entries]
        self.found.sequence = max(known)
        there = {entry.sequence for entry in whole}
        for number in range(min(self._bases.values(), default=self._oldest) + 1, self.found.sequence + 1):
            if number not in there:
                self._lose_change(number)

    def _lose_change(self, number: int) -> None:
        lost = self.found.lost_changes
        if lost and lost[-1].stop == number:
            lost[-1] = range(lost[-1].start, number + 1)
        else:
            lost.append(range(number, number + 1))

    def _missing_files(self) -> None:
        """Name files that others speak of."""
        named = {name for journal in self._journals.values() for name in journal.collections}
        paths = [snapshot_path(self._folder, name) for name in sorted(named - self._snapshots.keys() - _LEFT_OUT)]
        numbers = {remains.journal for remains in self._snapshots.values() if _is_proven(remains)} - {0}
        paths += [journal_path(self._folder, number) for number in sorted(numbers - self._journals.keys())]
        self.found.missing = [path.name for path in paths]

    def _name_what_is_lost(self, parts: Iterable[Entry]) -> None:
        """Name each document of which a change is lost that no later one makes up for."""
        changed = {(entry.change[:2], entry.sequence) for entry in parts if entry.change}
        for journal in self._journals.values():
            changed |= {(name, fault.after + 1) for fault in journal.faults for name in fault.named}
            if self._accept_edits:
                changed -= {(name, fault.after + 1) for fault, _ in journal.edited for name in fault.named}
        lost = {
            name
            for name, sequence in changed
            if sequence > max(self._saved.get(name, 0), self._bases.get(name[0], 0)) and name[0] not in _LEFT_OUT
        }
        lost |= {
            name
            for remains in self._snapshots.values()
            for fault in remains.faults
            for name in fault.named
            if name not in self._saved and name[1] not in self.found.documents[name[0]]
        }
        for name in sorted(lost - {(AUDIT, key) for _, key in lost}):
            comes_back = name[1] in self.found.documents.get(name[0], {})
            (self.found.older if comes_back else self.found.lost).append(name)

    def _name_what_is_doubtful(self) -> None:
        for name, remains in self._snapshots.items():
            if remains.doubtful and name not in _PROVEN:
                unproven = [(name, key) for key in remains.documents if (name, key) not in self._saved]
                if unproven:
                    self.found.doubtful_files.append(snapshot_path(self._folder, name).name)
                    self.found.edited += unproven

    def _begin_the_log_anew_where_it_breaks_off(self) -> None:
        """Take out of the audit log what stands after a record that is lost: its chain of hashes would not hold."""
        documents = self.found.documents
        if SETTLED in self._snapshots and not _is_proven(self._snapshots[SETTLED]):
            documents[SETTLED] = self._settled_again()
        head, newest = read_settled(documents.get(SETTLED)).head, None
        for key, raw in sorted(documents.get(AUDIT, {}).items(), key=lambda found: _number_of(found[0])):
            record = _record(raw)
            if newest is None and record is not None and head.fault(record) is None:
                head = head.after(record)
            else:
                newest = Head().after(record) if record else Head(_number_of(key))
                del documents[AUDIT][key]
        self.found.cut_records = newest

    def _settled_again(self) -> dict[str, bytes]:
        """Find out how far the file of older records goes, if what was noted of it is lost."""
        if (SETTLED, "file") in self._saved:
            return self.found.documents[SETTLED]
        path = self._folder / AUDIT_FILE
        until = min(map(_number_of, self.found.documents.get(AUDIT, {})), default=0)
        size, head = 0, Head()
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
            record = _record(line)
            if record is None or head.fault(record) or record.number == until:
                break
            size, head = size + len(line), head.after(record)
        settled = Settled(bytes=size, number=head.number, hash=head.hash)
        return {settled.id: settled.model_dump_json().encode()} if size else {}

    def _keep_numbers_of_lost_tickets(self) -> None:
        """See to it that no new ticket gets the number of one that is lost: people know it, and mails name it."""
        newest = max((_number_of(key) for name, key in self.found.lost if name == TICKETS), default=0)
        kept = self.found.documents.setdefault(Numbers.kind, {})
        numbers = Numbers.model_validate_json(kept[NO_NUMBERS.id]) if NO_NUMBERS.id in kept else NO_NUMBERS
        if newest > numbers.last:
            kept[NO_NUMBERS.id] = (
                numbers.model_copy(update={"last": newest}).model_dump_json(exclude_none=True).encode()
            )


def _is_proven(remains: SnapshotRemains) -> bool:
    return not remains.doubtful and all(fault.is_mended for fault in remains.faults)


def _transactions(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Tell the changes of which all parts are there from the others."""
    groups: defaultdict[tuple[int, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.sequence - entry.part, entry.parts].append(entry)
    whole: list[Entry] = []
    parts: list[Entry] = []
    for (_, number), group in groups.items():
        (whole if len(group) == number else parts).extend(group)
    return whole, parts


def _number_of(key: str) -> int:
    return int(key) if key.isdecimal() else 0


def _record(raw: bytes) -> AuditRecord | None:
    with suppress(ValueError):
        return AuditRecord.model_validate_json(raw)
    return None


# Writing it


def carry_out(folder: Path, found: Salvage, now: datetime) -> str:
    """
    Put what was found in the place of what is there, all of it or nothing; the caller keeps others from writing.

    Returns where the files are kept as they were.
    """
    kept = _unused(folder, f"damaged-{now:%Y%m%dT%H%M%SZ}")
    making = folder / _MAKING
    with told_as_ours():
        shutil.rmtree(making, ignore_errors=True)
        try:
            _write(folder, making, kept, found, now)
            making.rename(folder / SALVAGED)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        sync_folder(folder)
    finish(folder)
    return kept


def _unused(folder: Path, name: str) -> str:
    names = (name, *(f"{name}-{number}" for number in range(2, 100)))
    return next(each for each in names if not (folder / each).exists())


def _write(folder: Path, making: Path, kept: str, found: Salvage, now: datetime) -> None:
    """Copy what is there, and write what is to take its place; a copy, since a desk that runs has the files open."""
    for path in (making, making / kept):
        path.mkdir(mode=0o700)
    for path in _files(folder):
        write_whole(making / kept / path.name, [path.read_bytes()])
    documents = {path.stem: found.documents.get(path.stem, {}) for path in snapshot_files(folder)}
    documents |= {name: held for name, held in found.documents.items() if held}
    documents[AUDIT] = documents.get(AUDIT, {}) | _told(found, kept, now)
    for name, held in documents.items():
        write_snapshot(making, Snapshot(name, 0, found.sequence, held))
    if load(making, read_only=True).documents != documents:
        raise StorageDamagedError("What was written is not what is read back, so it was not kept. Check the disk.")
    sync_folder(making)


def _files(folder: Path) -> list[Path]:
    return [*snapshot_files(folder), *(journal_path(folder, number) for number in journal_numbers(folder))]


def _told(found: Salvage, kept: str, now: datetime) -> dict[str, bytes]:
    """Return the record that tells of it, which goes on where the audit log breaks off."""
    head = read_settled(found.documents.get(SETTLED)).head
    for _, raw in sorted(found.documents.get(AUDIT, {}).items(), key=lambda each: _number_of(each[0])):
        head = head.after(AuditRecord.model_validate_json(raw))
    cut = found.cut_records
    facts = {"replaced": f"record {cut.number}, {cut.hash}"} if cut else {}
    record = head.next(AuditEntry("console", AuditAction.RESTORED, now, "salvage", kept, facts))
    return {record.id: record.model_dump_json(exclude_none=True).encode()}


def finish(folder: Path) -> None:
    """
    Put in place what was made; the caller keeps others from writing.

    However often it is cut off, it can be run again: each file has a name until it has its new one. The newest journal
    goes first: from then on a desk that runs here writes no more.
    """
    made = folder / SALVAGED
    with told_as_ours():
        for kept in made.glob("damaged-*"):
            kept.rename(folder / kept.name)
        sync_folder(folder)
        for number in reversed(journal_numbers(folder)):
            journal_path(folder, number).unlink()
        for path in snapshot_files(made):
            path.replace(folder / path.name)
        sync_folder(folder)
        made.rmdir()
        sync_folder(folder)
