"""
What can still be read of a data directory's files, and where each of them is not as it was written.

A single flipped bit is undone, in a snapshot as in a line of a journal: the checksum says which one it was. What else
is wrong costs a line: in a journal, of which each has a checksum of its own, and in a snapshot, which has one for all
of it. So if all of a snapshot can be read, and yet is not as it was written, any of its documents may be the one.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.storage.journaled.journal import (
    CRC_MARK,
    FORMAT,
    LINE,
    TAIL_LENGTH,
    Entry,
    decode,
    is_sealed,
    seal,
)
from ticketing.storage.journaled.mending import mended
from ticketing.storage.journaled.snapshots import CRC_MARK as SNAPSHOT_MARK
from ticketing.storage.journaled.snapshots import TAIL, document_id, read_header, read_snapshot_file

Invalid = Callable[[str, str, bytes], str | None]
"""Says what is wrong with a document of a collection; None if nothing is."""
Name = tuple[str, str]
"""A document by its collection and id."""

_UNDONE: Final = "a flipped bit was undone"
_ID: Final = re.compile(rb'\{"id":"([^"\\]+)"')
_NUMBER: Final = re.compile(rb'\{"seq":(\d+),')
_CHANGE: Final = re.compile(rb'"c":"([a-z0-9_]+)","(?:put|del)":"([^"\\]+)"')
_HEADER: Final = re.compile(rb'\{"format":(\d+),')
_WHERE_A_LINE_BEGINS: Final = re.compile(rb'(?=\{"seq":)')


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where a file is not as it was written; what it costs are the documents that are named, if any can be."""

    file: str
    line: int
    byte: int
    says: str
    named: tuple[Name, ...] = ()
    after: int = 0
    """In a journal, the last change before it at the least."""
    is_mended: bool = False

    def __str__(self) -> str:
        return f"{self.file}, line {self.line} (byte {self.byte}): {self.says}."


@dataclass(slots=True)
class SnapshotRemains:
    """
    What can be read of a snapshot; `sequence` is None if that cannot be told.

    It is `doubtful` if all of it can be read and it is not as it was written all the same.
    """

    sequence: int | None
    documents: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    doubtful: bool = False
    journal: int = 0


@dataclass(slots=True)
class JournalRemains:
    """What can be read of a journal; `edited` are changes in lines of the right form whose checksum is not theirs."""

    first_sequence: int | None = None
    collections: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    edited: list[tuple[Fault, Entry]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


# Snapshots


def remains_of_snapshot(path: Path, invalid: Invalid) -> SnapshotRemains:
    """Read what can be read; raises StorageTooNewError for a file that a newer version wrote."""
    data = path.read_bytes()
    try:
        return _whole(path, data)
    except (StorageDamagedError, StorageTooNewError):
        written = mended(data, SNAPSHOT_MARK)
    if written is not None:
        try:
            whole = _whole(path, written)
        except StorageDamagedError:
            pass
        else:
            whole.faults.append(_undone(path, data, written))
            return whole
    return _taken_apart(path, data, invalid)


def _whole(path: Path, data: bytes) -> SnapshotRemains:
    snapshot = read_snapshot_file(path, BytesIO(data), lambda _file, documents, _offset: documents)
    return SnapshotRemains(snapshot.sequence, snapshot.documents, journal=snapshot.journal)


def _undone(path: Path, data: bytes, written: bytes) -> Fault:
    byte = next(place for place, (one, other) in enumerate(zip(data, written, strict=True)) if one != other)
    return Fault(path.name, written.count(b"\n", 0, byte) + 1, byte, _UNDONE, is_mended=True)


def _taken_apart(path: Path, data: bytes, invalid: Invalid) -> SnapshotRemains:
    """Read a snapshot document by document."""
    remains = SnapshotRemains(None)
    lines = _numbered(data)
    try:
        header = read_header(path, next(lines, (1, 0, b""))[2])
        remains.sequence, remains.journal = header["seq"], header["journal"]
    except StorageDamagedError:
        remains.faults.append(Fault(path.name, 1, 0, "its first line cannot be read"))
    is_ended = False
    for number, byte, line in lines:
        if TAIL.fullmatch(b"\n" + line):
            is_ended = True
            break
        if raw := line.removesuffix(b"\n").removesuffix(b","):
            _take(remains, path, Fault(path.name, number, byte, ""), raw, invalid)
    if not is_ended:
        remains.faults.append(Fault(path.name, data.count(b"\n") + 1, len(data), "its end is missing"))
    if not remains.documents and (parsed := _as_json(data)):
        return _reformatted(path, remains, parsed, invalid)
    remains.doubtful = not remains.faults
    return remains


def _take(remains: SnapshotRemains, path: Path, place: Fault, raw: bytes, invalid: Invalid) -> None:
    try:
        key = document_id(raw)
        reason = "its id stands there twice" if key in remains.documents else invalid(path.stem, key, raw)
    except ValueError:
        reason = "it is no document"
    if reason is None:
        remains.documents[key] = raw
        return
    named = tuple((path.stem, found[1].decode(errors="replace")) for found in [_ID.match(raw)] if found)
    remains.faults.append(Fault(place.file, place.line, place.byte, reason, named))


def _as_json(data: bytes) -> dict[str, Any] | None:
    try:
        parsed = json.loads(data)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) and isinstance(parsed.get("docs"), list) else None


def _reformatted(path: Path, remains: SnapshotRemains, parsed: dict[str, Any], invalid: Invalid) -> SnapshotRemains:
    """Take documents out of a file that another program has written anew, in its own form."""
    found = SnapshotRemains(remains.sequence, doubtful=True, journal=remains.journal)
    for document in parsed["docs"]:
        raw = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        _take(found, path, Fault(path.name, 1, 0, ""), raw, invalid)
    return found


# Journals


def remains_of_journal(path: Path, invalid: Invalid) -> JournalRemains:
    """Read what can be read; raises StorageTooNewError for a file that a newer version wrote."""
    remains = JournalRemains()
    data, last = path.read_bytes(), 0
    for is_good, lines in groupby(_numbered(data), key=lambda found: is_sealed(found[2])):
        stretch = list(lines)
        if is_good:
            for _, _, line in stretch:
                last = _read(remains, path, line, last)
        else:
            last = _read_bad(remains, path, stretch, last, invalid)
    if not remains.entries and (header := _HEADER.match(data)):  # a newer version may have other checksums
        _refuse_newer(path, header)
    return remains


def _refuse_newer(path: Path, header: "re.Match[bytes]") -> None:
    if int(header[1]) > FORMAT:
        raise StorageTooNewError(f"The file {path.name}", int(header[1]), FORMAT)


def _read(remains: JournalRemains, path: Path, line: bytes, last: int) -> int:
    """Read a line that is as it was written, and return the newest change known until then."""
    if header := _HEADER.match(line):
        _refuse_newer(path, header)
        fields = json.loads(line)
        first: int = fields["seq"]
        remains.first_sequence, remains.collections = first, fields["collections"]
        return max(last, first)
    entry = decode(line)
    if entry is not None:
        remains.entries.append(entry)
        return max(last, entry.sequence)
    return last


def _read_bad(
    remains: JournalRemains, path: Path, stretch: list[tuple[int, int, bytes]], last: int, invalid: Invalid
) -> int:
    """
    Read what can be read of lines in a row of which none is as it was written.

    A flipped bit may have made two lines of one, or one of two.
    """
    number, byte, _ = stretch[0]
    all_of_it = b"".join(line for _, _, line in stretch)
    pieces = [all_of_it] if mended(all_of_it, CRC_MARK) else _WHERE_A_LINE_BEGINS.split(all_of_it)
    for piece in filter(None, pieces):
        written = piece if is_sealed(piece) else mended(piece, CRC_MARK)
        if written is None:
            fault = _lost(path.name, number, byte, piece, last)
            if entry := _edited(piece, invalid):
                remains.edited.append((fault, entry))
            remains.faults.append(fault)
        else:
            if written != piece:
                remains.faults.append(Fault(path.name, number, byte, _UNDONE, is_mended=True))
            last = _read(remains, path, written, last)
        number, byte = number + piece.count(b"\n"), byte + len(piece)
    return last


def _lost(file: str, number: int, byte: int, piece: bytes, last: int) -> Fault:
    names = tuple((found[1].decode(), found[2].decode(errors="replace")) for found in _CHANGE.finditer(piece))
    told = _NUMBER.match(piece)
    says = "it cannot be read" if piece.endswith(b"\n") else "it breaks off here, and so does what may have come after"
    return Fault(file, number, byte, says, names, after=int(told[1]) - 1 if told else last)


def _edited(piece: bytes, invalid: Invalid) -> Entry | None:
    """Return the change in a line that is of the right form and holds a valid document, whatever its checksum says."""
    closing = piece[-TAIL_LENGTH:]
    if not LINE.match(piece) or not re.fullmatch(rb',"crc":"[0-9a-f]{8}"\}\n', closing):
        return None
    entry = decode(seal(piece[:-TAIL_LENGTH]))
    if entry is None or entry.change is None:
        return None
    collection, key, document = entry.change
    return None if document is not None and invalid(collection, key, document) else entry


def _numbered(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield each line with its number and its first byte's place."""
    byte = 0
    for number, line in enumerate(data.split(b"\n"), start=1):
        whole = data[byte : byte + len(line) + 1]
        if whole:
            yield number, byte, whole
        byte += len(whole)
