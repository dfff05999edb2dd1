"""
Snapshots: one file for each collection, a JSON object with one document a line.

    {"format":1,"collection":"tickets","journal":12,"seq":812,"docs":[
    {"id":"abc123","title":"No dial tone"},
    {"id":"def456","title":"Printer on fire"}
    ],"count":2,"crc32":"95d8d9c9"}

Any JSON reader can read them, and so can `grep` and `diff`. The checksum covers every byte before it. `seq` is the last
change that is contained, `journal` the one in which later changes are; 0 marks a file that stands for itself, such as
an export. A document begins with its id, so that loading needs no JSON parser.
"""

import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Generic, TypedDict, TypeVar

from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.storage.journaled.disk import BINARY, read_range, sync_folder, write_all, write_whole

FORMAT = 1
BATCH = 500
CHUNK = 1 << 17
NAME = re.compile(r"[a-z][a-z0-9_]*")
ID_START = b'{"id":"'
TAIL = re.compile(rb'\n\],"count":(\d+),"crc32":"([0-9a-f]{8})"\}\n')
CRC_MARK = b',"crc32":"'
CRC_TAIL_LENGTH = len(b',"crc32":"01234567"}\n')
BETWEEN = b",\n"
"""A document is one line, so these two bytes stand between documents only."""

Kept = TypeVar("Kept")
"""What is kept of a document: itself, or where it lies."""
Keep = Callable[[IO[bytes], Sequence[bytes], int], Iterable[Kept]]
"""Returns what is to be kept of documents that follow each other in a file, from the given byte on."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[Kept]):
    """A collection as it was after change number `sequence`."""

    collection: str
    journal: int
    sequence: int
    documents: dict[str, Kept]


def snapshot_path(folder: Path, collection: str) -> Path:
    """Where the snapshot of a collection is kept."""
    return folder / f"{collection}.json"


def snapshot_files(folder: Path) -> list[Path]:
    """List the snapshots in *folder*; every JSON file there is taken for one."""
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def write_snapshot(folder: Path, snapshot: Snapshot[bytes]) -> None:
    """Put the file of a collection in place, whole and durable."""
    write_documents(
        folder, snapshot.collection, snapshot.documents.values(), journal=snapshot.journal, sequence=snapshot.sequence
    )


def write_documents(
    folder: Path, collection: str, documents: Iterable[bytes], *, journal: int = 0, sequence: int = 0
) -> None:
    """Do the same with documents as they come; by default they stand for themselves."""
    start = _start(collection, journal=journal, sequence=sequence)
    write_whole(snapshot_path(folder, collection), _chunks(start, documents))


def go_on_writing_documents(folder: Path, collection: str, documents: Iterable[bytes]) -> None:
    """
    Write such a file in its very place; what of it an earlier call wrote that was cut off is compared, and stays.

    Nobody may take it for a snapshot before this has returned: then it is whole and durable.
    """
    descriptor = os.open(snapshot_path(folder, collection), os.O_RDWR | os.O_CREAT | BINARY, 0o600)
    try:
        end = 0
        for chunk in _chunks(_start(collection), documents):
            if read_range(descriptor, end, end + len(chunk)) != chunk:
                os.ftruncate(descriptor, end)
                os.lseek(descriptor, end, os.SEEK_SET)
                write_all(descriptor, chunk)
            end += len(chunk)
        os.ftruncate(descriptor, end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(folder)


def _start(collection: str, *, journal: int = 0, sequence: int = 0) -> bytes:
    return b'{"format":%d,"collection":"%s","journal":%d,"seq":%d,"docs":[\n' % (
        FORMAT,
        collection.encode(),
        journal,
        sequence,
    )


def _chunks(start: bytes, documents: Iterable[bytes]) -> Iterator[bytes]:
    crc = 0
    for chunk in _checked_chunks(start, documents):
        crc = zlib.crc32(chunk, crc)
        yield chunk
    yield b'%s%08x"}\n' % (CRC_MARK, crc)


def _checked_chunks(start: bytes, documents: Iterable[bytes]) -> Iterator[bytes]:
    yield start
    count, rest = 0, iter(documents)
    while batch := list(islice(rest, BATCH)):
        yield (BETWEEN if count else b"") + BETWEEN.join(batch)
        count += len(batch)
    yield b'\n],"count":%d' % count


def document_id(document: bytes) -> str:
    """Read the id that a document begins with; ValueError if it begins otherwise."""
    if not document.startswith(ID_START):
        raise ValueError('A document must begin with {"id":"…".')
    return document[7 : document.index(b'"', 7)].decode()


def read_snapshot(path: Path) -> Snapshot[bytes]:
    """Load a collection; refuses a file in which a single bit is not as it was written."""
    with path.open("rb") as file:
        return read_snapshot_file(path, file, lambda _file, documents, _offset: documents)


def read_snapshot_file(path: Path, file: IO[bytes], keep: Keep[Kept]) -> Snapshot[Kept]:
    """Read all of an open file in the same way, and hold of its documents what is to be kept."""
    header = file.readline()
    fields = read_header(path, header)
    try:
        documents, tail, crc = _read_documents(file, header, keep)
    except ValueError as error:
        raise _damaged(path) from error
    match = TAIL.fullmatch(tail)
    if match is None or int(match[2], 16) != crc or int(match[1]) != len(documents):
        raise _damaged(path)
    return Snapshot(fields["collection"], fields["journal"], fields["seq"], documents)


class _Header(TypedDict):
    collection: str
    journal: int
    seq: int


def read_header(path: Path, line: bytes) -> _Header:
    """Read the first line of a snapshot, which by itself is no proof of anything."""
    if not line.startswith(b'{"format":'):
        raise StorageDamagedError(
            f"{path.name} was not written by this store, or its first line is damaged. "
            "Move it away, restore it from a backup, or import it if another app wrote it."
        )
    try:
        fields = json.loads(line + b"]}")
    except ValueError as error:
        raise _damaged(path) from error
    if isinstance(fields["format"], int) and fields["format"] > FORMAT:
        raise StorageTooNewError(f"The file {path.name}", fields["format"], FORMAT)
    if [type(fields.get(name)) for name in ("collection", "journal", "seq")] != [str, int, int]:
        raise _damaged(path)
    if fields["collection"] != path.stem:
        raise StorageDamagedError(f"{path.name} holds the collection “{fields['collection']}”: was it renamed?")
    return _Header(collection=fields["collection"], journal=fields["journal"], seq=fields["seq"])


def _read_documents(file: IO[bytes], header: bytes, keep: Keep[Kept]) -> tuple[dict[str, Kept], bytes, int]:
    """Read all documents; also returns how the file ends, and the checksum of what comes before its own."""
    documents: dict[str, Kept] = {}
    crc, offset = zlib.crc32(header), len(header)
    rest = b""
    while chunk := file.read(CHUNK):
        block = rest + chunk
        parts = block.split(BETWEEN)
        rest = parts.pop()
        crc = zlib.crc32(memoryview(block)[: len(block) - len(rest)], crc)
        documents.update(zip(map(document_id, parts), keep(file, parts, offset), strict=True))
        offset += len(block) - len(rest)
    crc = zlib.crc32(rest[:-CRC_TAIL_LENGTH], crc)
    last, mark, tail = rest.rpartition(b"\n]")
    if last:
        documents[document_id(last)], *_ = keep(file, [last], offset)
    return documents, mark + tail, crc


def _damaged(path: Path) -> StorageDamagedError:
    """Look closely at a file that is known to be wrong, and tell where."""
    offset = 0
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not _could_be_right(number, line):
            return StorageDamagedError(
                f"{path.name}, line {number} (byte {offset}) is damaged: it is not JSON. "
                "All lines before it can be read."
            )
        offset += len(line) + 1
    return StorageDamagedError(
        f"{path.name} is not as it was written: its checksum differs, though all its lines are JSON. "
        "Was it edited by hand?"
    )


def _could_be_right(number: int, line: bytes) -> bool:
    if number == 1:
        line += b"]}"
    elif line.startswith(b"],"):
        line = b"{" + line[2:]
    elif not line:
        return True
    try:
        json.loads(line.removesuffix(b","))
    except ValueError:
        return False
    return True
