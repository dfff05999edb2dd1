"""
The journal: an append-only file of changes, one document a line, with a checksum at the end of each.

    {"format":1,"journal":12,"seq":812,"collections":["tickets","users"],"crc":"5d41402a"}
    {"seq":813,"ok":812,"c":"tickets","put":"abc123","doc":{"id":"abc123"},"crc":"1a2b3c4d"}
    {"seq":814,"ok":813,"tx":"1/2","c":"tickets","put":"def456","doc":{"id":"def456"},"crc":"7b8c9d0e"}
    {"seq":815,"ok":813,"tx":"2/2","c":"outbox","del":"m-7","crc":"2f3a4b5c"}
    {"seq":815,"next":13,"crc":"6d7e8f90"}

`seq` counts the changes without gaps. `ok` is the newest change that the writer knew to be on disk: a bad line is a
torn write if nothing after it says that it was saved, and damage if something does. `tx` numbers the lines of a
transaction, which counts only as a whole. `next` ends the file. The header names the collections of which a snapshot
exists once older journals are gone.
"""

import errno
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic

from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.storage.journaled.disk import BINARY, read_range, write_whole
from ticketing.storage.journaled.snapshots import NAME as COLLECTION_NAME
from ticketing.storage.journaled.snapshots import Kept

FORMAT = 1
FILE_NAME = re.compile(r"journal-(\d{6,})\.jsonl")
CRC_MARK = b',"crc":"'
TAIL_LENGTH = len(b',"crc":"01234567"}\n')
LONGEST_HEADER = 1 << 16
LINE = re.compile(
    rb'\{"seq":(?P<seq>\d+),'
    rb'(?:"next":(?P<next>\d+)|"ok":(?P<ok>\d+)(?:,"tx":"(?P<part>\d+)/(?P<parts>\d+)")?,"c":"(?P<collection>[a-z0-9_]+)",'
    rb'(?:"put":"(?P<put>[^"\\]*)","doc":|"del":"(?P<del>[^"\\]*)"))'
)
FORBIDDEN_IN_ID = re.compile(r'["\\\x00-\x1f\x7f\ud800-\udfff]')

Change = tuple[str, str, bytes | None]
"""Collection, id, and the document as one line of compact JSON in UTF-8, or None if it is removed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal that is as it was written; the last one of a journal is flushed before it is ended."""

    sequence: int
    known_good: int = 0
    part: int = 1
    parts: int = 1
    change: Change | None = None
    next_journal: int | None = None


Line = tuple[Entry, Kept | None, int]
"""A line with what is kept of the document in it, if there is one, and where the line ends."""


@dataclass(frozen=True, slots=True)
class Tail(Generic[Kept]):
    """
    What a stretch of journal holds: whole transactions, where each ends, and perhaps a rest that is not (yet) one.

    A line that names the next journal does not count into the length: until that one could be opened, it stays due.
    """

    transactions: list[list[tuple[str, str, Kept | None]]]
    ends: list[int]
    lines: int
    sequence: int
    known_good: int
    next_journal: int | None
    rest: bytes

    @property
    def length(self) -> int:
        """How many bytes the whole transactions take."""
        return self.ends[-1] if self.ends else 0


@dataclass(slots=True)
class Journal:
    """An open journal, and how far it has been read."""

    path: Path
    number: int
    first_sequence: int
    collections: list[str]
    descriptor: int
    offset: int
    header_length: int
    lines: int = field(default=1)

    @property
    def is_empty(self) -> bool:
        """Whether no change has been read from it yet."""
        return self.offset == self.header_length


def journal_path(folder: Path, number: int) -> Path:
    """Where journal *number* is kept."""
    return folder / f"journal-{number:06d}.jsonl"


def journal_numbers(folder: Path) -> list[int]:
    """List the journals in *folder*, oldest first."""
    return sorted(int(match[1]) for path in folder.iterdir() if (match := FILE_NAME.fullmatch(path.name)))


def check_change(change: Change) -> None:
    """Refuse, with ValueError, what could not be read back: the engine relies on the form of names and documents."""
    collection, key, document = change
    if not COLLECTION_NAME.fullmatch(collection):
        raise ValueError(f"A collection cannot be called {collection!r}.")
    if not key or FORBIDDEN_IN_ID.search(key):
        raise ValueError(f"A document's id cannot be {key!r}.")
    if document is None:
        return
    if not document.startswith((b'{"id":"%s",' % key.encode(), b'{"id":"%s"}' % key.encode())):
        raise ValueError(f'The document {key!r} must begin with {{"id":"{key}"')
    document.decode()
    if not document.endswith(b"}") or b"\n" in document or b"\0" in document:
        raise ValueError(f"The document {key!r} must be a JSON object on one line.")


def encode_transaction(changes: Sequence[Change], sequence: int, known_good: int) -> bytes:
    """Make the lines of one transaction, of which the first change gets the number after *sequence*."""
    parts = len(changes)
    lines = []
    for part, (collection, key, document) in enumerate(changes, start=1):
        group = b',"tx":"%d/%d"' % (part, parts) if parts > 1 else b""
        start = b'{"seq":%d,"ok":%d%s,"c":"%s",' % (sequence + part, known_good, group, collection.encode())
        if document is None:
            lines.append(seal(b'%s"del":"%s"' % (start, key.encode())))
        else:
            lines.append(seal(b'%s"put":"%s","doc":%s' % (start, key.encode(), document)))
    return b"".join(lines)


def encode_next(sequence: int, number: int) -> bytes:
    """Make the line that ends a journal and names the one in which the changes go on."""
    return seal(b'{"seq":%d,"next":%d' % (sequence, number))


def seal(body: bytes) -> bytes:
    """Finish a line with the checksum of everything before it."""
    return b'%s%s%08x"}\n' % (body, CRC_MARK, zlib.crc32(body))


def is_sealed(line: bytes) -> bool:
    """Whether every bit of a line, its end included, is as it was written."""
    body = line[:-TAIL_LENGTH]
    return line[-TAIL_LENGTH:] == b'%s%08x"}\n' % (CRC_MARK, zlib.crc32(body))


def decode(line: bytes) -> Entry | None:
    """Read a line; None if it is not as it was written."""
    match = LINE.match(line) if is_sealed(line) else None
    if match is None:
        return None
    sequence = int(match["seq"])
    if match["next"] is not None:
        return Entry(sequence, known_good=sequence, next_journal=int(match["next"]))
    if match["del"] is not None:
        key, document = match["del"], None
    else:
        key, document = match["put"], line[match.end() : -TAIL_LENGTH]
    change = (match["collection"].decode(), key.decode(), document)
    return Entry(sequence, int(match["ok"]), int(match["part"] or 1), int(match["parts"] or 1), change)


def read_tail(data: bytes, sequence: int) -> Tail[bytes]:
    """Take the whole transactions that follow change number *sequence* from *data*; the rest is for `judge`."""
    return tail_of(_lines(data), sequence, lambda start: data[start:])


def _lines(data: bytes) -> Iterator[Line[bytes]]:
    start = 0
    while (newline := data.find(b"\n", start)) >= 0 and (entry := decode(data[start : newline + 1])) is not None:
        start = newline + 1
        yield entry, entry.change and entry.change[2], start


def tail_of(lines: Iterable[Line[Kept]], sequence: int, rest_from: Callable[[int], bytes]) -> Tail[Kept]:
    """Do the same with lines that are as they were written; *rest_from* reads what follows the given byte."""
    transactions: list[list[tuple[str, str, Kept | None]]] = []
    pending: list[tuple[str, str, Kept | None]] = []
    ends: list[int] = []
    count = known_good = parts = whole = 0
    next_journal = None
    for entry, kept, end in lines:
        if not is_due(entry, sequence, len(pending), parts):
            break
        known_good, parts = max(known_good, entry.known_good), entry.parts
        if entry.change is None:
            next_journal, whole = entry.next_journal, end
            break
        pending.append((*entry.change[:2], kept))
        if entry.part == parts:
            transactions.append(pending)
            ends.append(end)
            sequence, count, whole, pending = entry.sequence, count + len(pending), end, []
    return Tail(transactions, ends, count, sequence, known_good, next_journal, rest_from(whole))


def is_due(entry: Entry, sequence: int, pending: int, parts: int) -> bool:
    """Whether a line is the one that is due after change *sequence* and *pending* of *parts* lines of a transaction."""
    if entry.change is None:
        return not pending and entry.sequence == sequence
    due = (sequence + pending + 1, pending + 1, parts if pending else entry.parts)
    return (entry.sequence, entry.part, entry.parts) == due


def judge(rest: bytes, sequence: int) -> str | None:
    """
    Tell a torn write, which may be cut, from damage: None, or what is wrong with the first bad line.

    *rest* follows the last whole transaction, which ended with change number *sequence*. The writers are at rest. A
    torn write ends without a newline or with zeros where the disk never got the data. A single zero byte inside is no
    torn write but a flipped bit.
    """
    lines = rest.split(b"\n")
    entries = [decode(line.lstrip(b"\0") + b"\n") for line in lines[:-1]]
    if any(entry and entry.known_good > sequence for entry in entries):
        return "changes after it say that it was saved"
    if not rest.endswith(b"\n") or b"\0\0" in rest or rest[:1] == b"\0":
        return None
    if _is_unfinished(entries, sequence):
        return None
    return "its checksum differs" if None in entries else "its number is not the one that is due"


def _is_unfinished(entries: Sequence[Entry | None], sequence: int) -> bool:
    parts = entries[0].parts if entries and entries[0] else 0
    return all(
        entry is not None and entry.change is not None and is_due(entry, sequence, pending, parts)
        for pending, entry in enumerate(entries)
    )


def first_bad_line(rest: bytes) -> tuple[int, int]:
    """Count the lines and bytes of *rest* that come before its first line that is not as it was written."""
    offset = 0
    for count, line in enumerate(rest.splitlines(keepends=True)):
        if not is_sealed(line):
            return count, offset
        offset += len(line)
    return 0, 0


def damaged_journal(journal: Journal, sequence: int, rest: bytes, reason: str) -> StorageDamagedError:
    """Say where a journal is not as it was written, and up to which change it is."""
    lines, offset = first_bad_line(rest)
    return StorageDamagedError(
        f"{journal.path.name}, line {journal.lines + lines + 1} (byte {journal.offset + offset}) is damaged: {reason}. "
        f"Changes up to number {sequence} are good."
    )


def create_journal(folder: Path, number: int, sequence: int, collections: Iterable[str]) -> None:
    """Put an empty journal in place, whole and durable; replaces one that never came into use."""
    names = json.dumps(sorted(collections), separators=(",", ":")).encode()
    header = b'{"format":%d,"journal":%d,"seq":%d,"collections":%s' % (FORMAT, number, sequence, names)
    write_whole(journal_path(folder, number), [seal(header)])


def open_journal(folder: Path, number: int, *, read_only: bool) -> Journal:
    """Open a journal behind its header; FileNotFoundError if there is none."""
    path = journal_path(folder, number)
    descriptor = os.open(path, BINARY | (os.O_RDONLY if read_only else os.O_RDWR | os.O_APPEND))
    try:
        header = read_range(descriptor, 0, LONGEST_HEADER)
        header = header[: header.find(b"\n") + 1]
        first_sequence, collections = _read_header(path, number, header)
    except BaseException:
        os.close(descriptor)
        raise
    return Journal(path, number, first_sequence, collections, descriptor, len(header), len(header))


def _read_header(path: Path, number: int, line: bytes) -> tuple[int, list[str]]:
    match = re.match(rb'\{"format":(\d+),', line)
    if match and int(match[1]) > FORMAT:
        raise StorageTooNewError(f"The file {path.name}", int(match[1]), FORMAT)
    if match is None or not is_sealed(line):
        raise StorageDamagedError(f"{path.name}, line 1 (byte 0) is damaged: its checksum differs.")
    fields = json.loads(line)
    if fields["journal"] != number:
        raise StorageDamagedError(f"{path.name} calls itself journal {fields['journal']}: was it renamed?")
    return fields["seq"], fields["collections"]


def append(journal: Journal, lines: bytes) -> None:
    """
    Add whole lines behind everything that was read, in one write; what the system took only in part is taken back.

    The caller holds the lock and has read the journal to its end. OSError says that nothing was added.
    """
    try:
        written = os.write(journal.descriptor, lines)
    except OSError:
        os.ftruncate(journal.descriptor, journal.offset)
        raise
    if written < len(lines):
        os.ftruncate(journal.descriptor, journal.offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def set_aside(journal: Journal, rest: bytes) -> Path:
    """Cut a torn write off the journal, after keeping its bytes in a file of their own."""
    path = journal.path.with_name(f"{journal.path.stem}.torn-{journal.offset}")
    counter = 1
    while path.exists():
        counter += 1
        path = path.with_name(f"{journal.path.stem}.torn-{journal.offset}-{counter}")
    write_whole(path, [rest])
    os.ftruncate(journal.descriptor, journal.offset)
    return path


def read_new(journal: Journal, end: int) -> bytes:
    """Read what was added behind the part that is known."""
    chunks: list[bytes] = []
    position = journal.offset
    while position < end and (chunk := read_range(journal.descriptor, position, end)):
        chunks.append(chunk)
        position += len(chunk)
    return b"".join(chunks)
