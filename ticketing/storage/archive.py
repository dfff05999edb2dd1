"""
Backups: one zip file with a line of JSON for each document, and a manifest that says what belongs in it.

    manifest.json   {"format": 1, "created_at": "2026-01-31T09:30:00+00:00",
                     "files": {"tickets.jsonl": {"documents": 2, "bytes": 312, "sha256": "…"}, …}}
    tickets.jsonl  users.jsonl  …

What expires by itself (sessions, receipts, failed attempts) is left out. Nothing is ever unpacked to a file: an archive
is read as a stream, within limits, and believed only when all of it is as the manifest says.
"""

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from pydantic import BaseModel, Field, ValidationError

from ticketing.domain.errors import RefusedError, StorageDamagedError, StorageTooNewError
from ticketing.domain.people import User
from ticketing.domain.text import Stored
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.storage.documents.document_store import DocumentStore
from ticketing.storage.documents.searching import SEEN
from ticketing.storage.documents.state import EXPIRING, TICKETS, USERS, Documents
from ticketing.storage.journaled.disk import as_storage_error, rename_over, sync_folder
from ticketing.storage.journaled.journal import check_change
from ticketing.storage.journaled.snapshots import document_id

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_FILE_NAME: Final = re.compile(r"([a-z][a-z0-9_]*)\.jsonl")
_FOREIGN_ESCAPE: Final = re.compile(rb"\\[u/]")
_CHUNK: Final = 1 << 20
_LONGEST_MANIFEST: Final = 1 << 20
_LONGEST_LINE: Final = 64 << 20
_ALWAYS_FINE: Final = 64 << 20
_MOST_COMPRESSED: Final = 200
_COMPRESSION: Final = 3


class Seen(Stored):
    """How many messages of a ticket a person has seen."""

    id: str
    messages: int


MODELS: Final[Mapping[str, type[Stored]]] = {TICKETS: Ticket, USERS: User, SEEN: Seen}


class ArchivedFile(BaseModel):
    """What the manifest says about one file of the archive."""

    documents: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str


class Manifest(BaseModel):
    """What belongs in an archive, and since when."""

    format: int
    created_at: datetime
    files: dict[str, ArchivedFile]


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup that was read and is as it was written."""

    created_at: datetime
    documents: Documents

    @property
    def counts(self) -> dict[str, int]:
        """How many documents each collection holds."""
        return count(self.documents)


def count(documents: Documents) -> dict[str, int]:
    """Return how many documents each collection holds that does not expire by itself, by name."""
    return {name: len(found) for name, found in sorted(documents.items()) if name not in EXPIRING}


def back_up(store: DocumentStore, target: Path, now: datetime) -> dict[str, int]:
    """
    Write all of the store, as it is at this moment, to one file of mode 0600; an older file of this name is replaced.

    The file appears when it is whole and on disk. Others read and write the store meanwhile.
    """
    documents = {name: found for name, found in store.copy().items() if name not in EXPIRING}
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _write(file, documents, now)
                file.flush()
                os.fsync(file.fileno())
            rename_over(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(target.absolute().parent)
    except OSError as error:
        if error.filename is not None:
            raise
        raise as_storage_error(error) from error
    return count(documents)


def _write(file: IO[bytes], documents: Documents, now: datetime) -> None:
    files: dict[str, ArchivedFile] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive:
        for collection, found in sorted(documents.items()):
            name = f"{collection}.jsonl"
            with archive.open(name, "w", force_zip64=True) as member:
                files[name] = _write_lines(member, found)
        manifest = Manifest(format=FORMAT, created_at=now, files=files)
        archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))


def _write_lines(member: IO[bytes], documents: Mapping[str, bytes]) -> ArchivedFile:
    checksum, length = hashlib.sha256(), 0
    for block in _blocks(documents):
        checksum.update(block)
        length += len(block)
        member.write(block)
    return ArchivedFile(documents=len(documents), bytes=length, sha256=checksum.hexdigest())


def _blocks(documents: Mapping[str, bytes]) -> Iterator[bytes]:
    """Join lines, so that no step is taken for each alone."""
    lines: list[bytes] = []
    length = 0
    for document in documents.values():
        lines.append(document)
        length += len(document)
        if length >= _CHUNK:
            yield b"\n".join(lines) + b"\n"
            lines, length = [], 0
    if lines:
        yield b"\n".join(lines) + b"\n"


def read_archive(path: Path) -> Archive:
    """
    Read a backup and check all of it.

    Raises StorageDamagedError when a part is missing, added or changed, or a document is not valid; StorageTooNewError
    for one that a newer version wrote.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive)
            manifest = _manifest(path, archive, members)
            documents = {
                name.removesuffix(".jsonl"): _read_documents(path, archive, members[name], said)
                for name, said in manifest.files.items()
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _fault(path, "it is no zip file, or cut off, or changed") from error
    check(documents, path.name)
    for collection, found in documents.items():
        found.update({key: _as_we_write(collection, raw) for key, raw in found.items()})
    return Archive(manifest.created_at, documents)


def _as_we_write(collection: str, raw: bytes) -> bytes:
    """Do away with escapes that this desk does not write: behind them, the search would not find a word."""
    if collection not in MODELS or not _FOREIGN_ESCAPE.search(raw):
        return raw
    return MODELS[collection].model_validate_json(raw).model_dump_json(exclude_none=True).encode()


def restore(store: DocumentStore, archive: Archive, *, replace: bool = False) -> dict[str, int]:
    """
    Put a backup's documents into an empty store, or with *replace* in the place of all that it holds.

    One transaction: it happens as a whole or not at all. Everybody is signed out by it.
    """
    with store.write() as tx:
        present = store.copy()
        if not replace and not is_empty(present):
            held = ", ".join(f"{number:,} {name}" for name, number in count(present).items() if number)
            raise RefusedError(f"This desk holds {held}. Only with --replace a backup takes their place.")
        for collection, found in present.items():
            for key in found.keys() - archive.documents.get(collection, {}).keys():
                tx.pending.put(collection, key, None)
        for collection, found in archive.documents.items():
            for key, document in found.items():
                tx.pending.put(collection, key, document)
    return archive.counts


def is_empty(documents: Documents) -> bool:
    """Whether nothing is lost with these: there is nothing, or only the untouched account of the first launch."""
    users = [User.model_validate_json(raw) for raw in documents.get(USERS, {}).values()]
    return not documents.get(TICKETS) and all(user.has_known_password for user in users)


def check(documents: Documents, name: str) -> dict[str, int]:
    """Check that each document is what it should be, and return how many there are; raises StorageDamagedError."""
    for collection, found in documents.items():
        model = MODELS.get(collection)
        if model is None and collection not in EXPIRING:
            raise StorageDamagedError(f"{name} holds “{collection}”, which this version does not know.")
        for key, raw in found.items():
            if model is not None and (fault := _invalid(collection, key, raw, model)):
                raise StorageDamagedError(f"{name}: {collection} “{key[:80]}” is not valid: {fault}.")
    return count(documents)


def _invalid(collection: str, key: str, raw: bytes, model: type[Stored]) -> str | None:
    try:
        check_change((collection, key, raw))
        document = model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'document'}: {first['msg'].lower()}"
    except ValueError:
        return "it is not of the form in which documents are kept"
    if isinstance(document, Ticket):
        return _invalid_ticket(document)
    return None


def _invalid_ticket(ticket: Ticket) -> str | None:
    if not re.fullmatch(r"[1-9][0-9]{0,17}", ticket.id):
        return "its number is none"
    if not ticket.messages or ticket.messages[0].kind is not MessageKind.REPLY:
        return "it does not begin with a description"
    return None


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """List what is in the archive; refuses what could not be of ours, before any of it is unpacked."""
    members = {info.filename: info for info in archive.infolist()}
    if len(members) < len(archive.infolist()):
        raise _fault(path, "a file occurs twice in it")
    strange = next((name for name in members if name != MANIFEST and not _FILE_NAME.fullmatch(name)), None)
    if strange is not None:
        raise _fault(path, f"“{strange[:80]}” does not belong in it")
    if sum(info.file_size for info in members.values()) > max(_ALWAYS_FINE, _MOST_COMPRESSED * path.stat().st_size):
        raise _fault(path, "it would unpack to far more than a desk's data")
    return members


def _manifest(path: Path, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> Manifest:
    if MANIFEST not in members or members[MANIFEST].file_size > _LONGEST_MANIFEST:
        raise _fault(path, f"it has no {MANIFEST}")
    try:
        content: Any = json.loads(archive.read(MANIFEST))
        found = content.get("format")
        if isinstance(found, int) and found > FORMAT:
            raise StorageTooNewError(path.name, found, FORMAT)
        manifest = Manifest.model_validate(content)
    except (ValueError, AttributeError, RecursionError) as error:
        raise _fault(path, f"its {MANIFEST} cannot be read") from error
    if differing := sorted(manifest.files.keys() ^ (members.keys() - {MANIFEST})):
        raise _fault(path, f"{differing[0][:80]} is missing, or was added")
    return manifest


def _read_documents(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, said: ArchivedFile
) -> dict[str, bytes]:
    documents: dict[str, bytes] = {}
    checksum, length, lines = hashlib.sha256(), 0, 0
    with archive.open(info) as member:
        while line := member.readline(_LONGEST_LINE):
            checksum.update(line)
            length += len(line)
            lines += 1
            try:
                documents[document_id(line)] = line.removesuffix(b"\n")
            except ValueError as error:
                raise _fault(path, f"line {lines} of {info.filename} is no document") from error
    if (length, lines, checksum.hexdigest()) != (said.bytes, said.documents, said.sha256) or len(documents) != lines:
        raise _fault(path, f"the checksum of {info.filename} differs")
    return documents


def _fault(path: Path, fault: str) -> StorageDamagedError:
    return StorageDamagedError(f"{path.name} is no sound backup: {fault}. Nothing was changed.")
