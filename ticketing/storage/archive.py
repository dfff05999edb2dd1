"""
Backups: one zip file with a line of JSON for each document, and a manifest that says what belongs in it.

    manifest.json   {"format": 1, "created_at": "2026-01-31T09:30:00+00:00",
                     "files": {"tickets.jsonl": {"documents": 2, "bytes": 312, "sha256": "…"}, …}}
    tickets.jsonl  users.jsonl  …
    attachments/<sha256>    what is in each file of a ticket, and each mail on record; "documents" is 0 for it

What expires by itself (sessions, receipts, failed attempts) is left out. Nothing is ever unpacked to a file: an archive
is read as a stream, within limits, and believed only when all of it is as the manifest says.
"""

import hashlib
import json
import logging
import os
import re
import zipfile
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace as revised
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from pydantic import BaseModel, Field, ValidationError

from ticketing.domain.api_keys import ApiKey
from ticketing.domain.attachments import Content
from ticketing.domain.audit import AuditEntry, AuditRecord, Head
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.errors import RefusedError, StorageDamagedError
from ticketing.domain.kinds import KINDS
from ticketing.domain.notifications import Notice
from ticketing.domain.openid import Identity
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import User
from ticketing.domain.progress import Progress, Steps, silent
from ticketing.domain.received import Received
from ticketing.domain.store import Files
from ticketing.domain.text import Stored
from ticketing.domain.tickets import MessageKind, Ticket
from ticketing.storage.documents.searching import SEEN
from ticketing.storage.documents.state import (
    API_KEYS,
    AUDIT,
    DELIVERIES,
    DRAFTS,
    IDENTITIES,
    KEPT_FOR_LONG,
    NOTICES,
    OUTGOING,
    OWNED,
    RECEIVED,
    TICKETS,
    USERS,
    Documents,
)
from ticketing.storage.files import missing, require_same
from ticketing.storage.journaled.disk import as_storage_error, whole_file
from ticketing.storage.journaled.journal import check_change
from ticketing.storage.journaled.snapshots import document_id
from ticketing.storage.json_store import JsonStore
from ticketing.storage.whole import Everything, NamedContents, Source, WholeStore, content_of

FORMAT: Final = 2
_WITHOUT_ATTACHMENTS: Final = 1  # which older versions read, too
MANIFEST: Final = "manifest.json"
_FILE_NAME: Final = re.compile(r"([a-z][a-z0-9_]*)\.jsonl")
_CONTENTS: Final = "attachments/"
_CONTENT_NAME: Final = re.compile(rf"{_CONTENTS}[0-9a-f]{{64}}")
_NO_ZIP: Final = "it is no zip file, or cut off, or changed"
_FOREIGN_ESCAPE: Final = re.compile(rb"\\[u/]")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_CHUNK: Final = 1 << 20
_LONGEST_MANIFEST: Final = 1 << 20
_LONGEST_LINE: Final = 64 << 20
_ALWAYS_FINE: Final = 64 << 20
_MOST_COMPRESSED: Final = 200
_COMPRESSION: Final = 3
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# Encrypted, a patch to another file, strongly encrypted (bits 0, 5 and 6 of a member's flags in PKWARE's APPNOTE).
_NOT_OURS: Final = 0x61


log = logging.getLogger(__name__)


class Seen(Stored):
    """How many messages of a ticket a person has seen."""

    id: str
    messages: int


MODELS: Final[Mapping[str, type[Stored]]] = {
    TICKETS: Ticket,
    USERS: User,
    SEEN: Seen,
    DRAFTS: Draft,
    API_KEYS: ApiKey,
    IDENTITIES: Identity,
    NOTICES: Notice,
    OUTGOING: Outgoing,
    RECEIVED: Received,
    DELIVERIES: Delivery,
    AUDIT: AuditRecord,
    **KINDS,
}


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
    path: Path
    contents: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many documents each collection holds, and how many files are attached."""
        documents = {name: len(found) for name, found in sorted(self.documents.items())}
        return _counted(documents, len(self.contents))


def back_up(store: Source, target: Path, now: datetime, progress: Progress = silent) -> dict[str, int]:
    """
    Write all of the store, as it is at this moment, to one file of mode 0600; an older file of this name is replaced.

    The file appears when it is whole and on disk. Others read and write the store meanwhile. *progress* is told how
    many documents are written.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with (
            whole_file(target, temporary) as descriptor,
            os.fdopen(descriptor, "wb", closefd=False) as file,
            store.documents() as documents,
        ):
            manifest = _write(file, documents, store.files, now, progress)
    except OSError as error:
        if error.filename is not None:
            raise
        raise as_storage_error(error) from error
    written = {name: said.documents for name, said in manifest.files.items() if _FILE_NAME.fullmatch(name)}
    documents_written = {name.removesuffix(".jsonl"): number for name, number in written.items()}
    return _counted(documents_written, len(manifest.files) - len(written))


def _counted(documents: dict[str, int], contents: int) -> dict[str, int]:
    return documents | {"attachments": contents} if contents else documents


def _write(file: IO[bytes], documents: Everything, contents: Files, now: datetime, progress: Progress) -> Manifest:
    files: dict[str, ArchivedFile] = {}
    attached = NamedContents()
    steps = Steps(sum(map(len, documents.values())), progress)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive:
        for collection, found in sorted(documents.items()):
            name = f"{collection}.jsonl"
            with archive.open(name, "w", force_zip64=True) as member:
                files[name] = _write_lines(member, (document for _, document in attached.over(steps.over(found))))
        files |= {f"{_CONTENTS}{sha256}": said for sha256, said in _write_contents(archive, attached.named, contents)}
        kept_in = FORMAT if attached.named else _WITHOUT_ATTACHMENTS
        manifest = Manifest(format=kept_in, created_at=now, files=files)
        archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def _write_lines(member: IO[bytes], documents: Iterator[bytes]) -> ArchivedFile:
    checksum, length, written = hashlib.sha256(), 0, 0
    for lines in _pieces(documents):
        block = b"\n".join(lines) + b"\n"
        checksum.update(block)
        length += len(block)
        written += len(lines)
        member.write(block)
    return ArchivedFile(documents=written, bytes=length, sha256=checksum.hexdigest())


def _write_contents(
    archive: zipfile.ZipFile, named: Iterable[str], contents: Files
) -> Iterator[tuple[str, ArchivedFile]]:
    """Write what is in files as it is, which mostly is packed already; one that is missing keeps nothing else out."""
    for sha256 in named:
        if not contents.holds(sha256):
            log.error("%s It is left out of the backup.", missing(sha256))
            continue
        info = zipfile.ZipInfo(f"{_CONTENTS}{sha256}")
        with archive.open(info, "w", force_zip64=True) as member:
            yield sha256, _write_content(member, contents.read(sha256))


def _write_content(member: IO[bytes], content: Iterable[bytes]) -> ArchivedFile:
    checksum, length = hashlib.sha256(), 0
    for piece in content:
        checksum.update(piece)
        length += len(piece)
        member.write(piece)
    return ArchivedFile(documents=0, bytes=length, sha256=checksum.hexdigest())


def _pieces(documents: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Take many lines at a time, so that no step is taken for each alone."""
    lines: list[bytes] = []
    length = 0
    for document in documents:
        lines.append(document)
        length += len(document)
        if length >= _CHUNK:
            yield lines
            lines, length = [], 0
    if lines:
        yield lines


def read_archive(path: Path, progress: Progress = silent) -> Archive:
    """
    Read a backup and check all of it; *progress* is told how many documents are read.

    Raises StorageDamagedError when a part is missing, added or changed, or a document is not valid; RefusedError for
    one that a newer version wrote.
    """
    try:
        with _opened(path) as archive:
            members = _members(path, archive)
            manifest = _manifest(path, archive, members)
            steps = Steps(sum(said.documents for said in manifest.files.values()), progress)
            documents = {
                name.removesuffix(".jsonl"): _read_documents(path, archive, members[name], said, steps)
                for name, said in manifest.files.items()
                if _FILE_NAME.fullmatch(name)
            }
            contents = [name for name in manifest.files if _CONTENT_NAME.fullmatch(name)]
            for name in contents:
                _check_sum(path, archive, members[name], name.removeprefix(_CONTENTS))
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise _fault(path, _NO_ZIP) from error
    check(_listed(documents), path.name)
    for collection, found in documents.items():
        found.update({key: _as_we_write(collection, raw) for key, raw in found.items()})
    _drop_expired(documents)
    _drop_what_is_nobodys(documents)
    return Archive(manifest.created_at, documents, path, [name.removeprefix(_CONTENTS) for name in contents])


def check_sums(path: Path) -> None:
    """Read a backup's files once more and compare them with its manifest; raises StorageDamagedError."""
    try:
        with _opened(path) as archive:
            members = _members(path, archive)
            for name, said in _manifest(path, archive, members).files.items():
                _check_sum(path, archive, members[name], said.sha256)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _fault(path, _NO_ZIP) from error


def _check_sum(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, said: str) -> None:
    checksum = hashlib.sha256()
    for chunk in _chunks(archive, info):
        checksum.update(chunk)
    if checksum.hexdigest() != said:
        raise _fault(path, f"the checksum of {info.filename} differs")


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as member:
        while chunk := member.read(_CHUNK):
            yield chunk


def _drop_expired(documents: Documents) -> None:
    """Leave behind whose time is over: a store would let it go as soon as it has taken it in."""
    now = datetime.now(UTC)
    for name in KEPT_FOR_LONG:
        if found := documents.get(name):
            kept = {key: raw for key, raw in found.items() if _expires_at(raw) > now}
            documents[name] = kept


def _drop_what_is_nobodys(documents: Documents) -> None:
    for name in OWNED & documents.keys():
        documents[name] = dict(of_somebody(name, documents[name].items(), documents.get(USERS, {})))


def of_somebody(
    collection: str, found: Iterable[tuple[str, bytes]], accounts: Container[str]
) -> Iterator[tuple[str, bytes]]:
    """
    Leave behind what belonged to an account that is not there, such as one that was lost.

    Nobody could get at it, nor is it for whoever takes that name next; and databases refuse most of it.
    """
    if collection not in OWNED:
        return iter(found)
    return ((key, raw) for key, raw in found if json.loads(raw)["username"] in accounts)


def _expires_at(raw: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(raw)["expires_at"])


def _as_we_write(collection: str, raw: bytes) -> bytes:
    """Do away with escapes that this desk does not write: behind them, the search would not find a word."""
    return raw if collection not in MODELS or not _FOREIGN_ESCAPE.search(raw) else canonical(collection, raw)


def canonical(collection: str, raw: bytes) -> bytes:
    """Return a document as this version writes it; raises StorageDamagedError for one that is not valid."""
    model = _model(collection, "The store")
    try:
        return model.model_validate_json(raw).model_dump_json(exclude_none=True).encode()
    except ValidationError as error:
        raise StorageDamagedError(f"A document of {collection} is not valid: {_explained(error)}.") from error


def restore(
    store: WholeStore,
    archive: Archive,
    *,
    replace: bool = False,
    progress: Progress = silent,
    told: AuditEntry | None = None,
) -> dict[str, int]:
    """
    Put a backup's documents into an empty store, or with *replace* in the place of all that it holds.

    One transaction: it happens as a whole or not at all. Everybody is signed out by it. What is *told* of it becomes
    the newest record of the audit log that came back, with the newest one of the log that was replaced.
    """
    steps = Steps(sum(archive.counts.values()), progress)
    with store.read() as tx:
        replaced = tx.audit.head()
    with store.taking_in() as intake:
        if not replace and (held := intake.holdings()):
            raise RefusedError(f"This desk holds {held}. Only with --replace a backup takes their place.")
        intake.clear()
        for sha256, content in _contents(archive):
            intake.take_content(sha256, content)
        for collection, found in archive.documents.items():
            intake.take(collection, steps.over(found.items()))
        if told is not None:
            intake.take(AUDIT, [_record_of_restoring(archive, told, replaced)])
    return archive.counts


def _record_of_restoring(archive: Archive, told: AuditEntry, replaced: Head) -> tuple[str, bytes]:
    newest = next(reversed(archive.documents.get(AUDIT, {}).values()), None)
    head = Head().after(AuditRecord.model_validate_json(newest)) if newest else Head()
    facts = {"replaced": f"record {replaced.number}, {replaced.hash}"} if replaced.number else {}
    record = head.next(revised(told, facts=told.facts | facts))
    return record.id, record.model_dump_json(exclude_none=True).encode()


def _contents(archive: Archive) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield what is in the files of an archive, piece by piece."""
    with _opened(archive.path) as opened:
        members = _members(archive.path, opened)
        for sha256 in archive.contents:
            yield sha256, _chunks(opened, members[f"{_CONTENTS}{sha256}"])


def rehearse(path: Path, progress: Progress = silent) -> dict[str, int]:
    """
    Bring a backup back into a store that is thrown away again, and return how many documents of each kind arrived.

    Raises StorageDamagedError when they are not what is in the backup.
    """
    archive = read_archive(path, progress)
    with TemporaryDirectory(prefix="ticketing-rehearsal-") as folder, closing(JsonStore(Path(folder))) as store:
        restore(store, archive, progress=progress)
        with store.documents() as arrived:
            if content_of(arrived) != content_of(_listed(archive.documents)):
                raise StorageDamagedError(f"{path.name} does not come back as it is. Make another backup.")
    return archive.counts


def _listed(documents: Documents) -> Everything:
    return {name: list(found.items()) for name, found in documents.items()}


def check(documents: Everything, name: str) -> dict[str, int]:
    """Check that each document is what it should be, and return how many there are; raises StorageDamagedError."""
    counts = {}
    for collection, found in sorted(documents.items()):
        model = _model(collection, name)
        counts[collection] = 0
        for key, raw in found:
            counts[collection] += 1
            if fault := _invalid(collection, key, raw, model):
                raise StorageDamagedError(f"{name}: {collection} “{key[:80]}” is not valid: {fault}.")
    return counts


def check_audit(documents: Everything, name: str) -> Head:
    """
    Check that the audit log is as it was written, and return its newest record.

    Raises StorageDamagedError, which names the first record that was altered, is missing or stands in another place.
    """
    head = Head()
    for _, raw in documents.get(AUDIT, ()):
        try:
            record = AuditRecord.model_validate_json(raw)
            fault = head.fault(record)
        except ValueError:
            fault = f"record {head.number + 1} was altered"
        if fault:
            raise StorageDamagedError(f"{name}: the audit log is not as it was written: {fault}.")
        head = head.after(record)
    return head


def check_contents(documents: Everything, contents: Files) -> int:
    """Check that what is in each file that something names is as it was, and return how many there are."""
    attached = NamedContents()
    for collection in (TICKETS, RECEIVED):
        for _ in attached.over(documents.get(collection, ())):
            pass
    for sha256 in attached.named:
        checksum = hashlib.sha256()
        for piece in contents.read(sha256):
            checksum.update(piece)
        require_same(sha256, Content(checksum.hexdigest(), 0))
    return len(attached.named)


def _model(collection: str, holder: str) -> type[Stored]:
    if collection not in MODELS:
        raise StorageDamagedError(f"{holder} holds “{collection}”, which this version does not know.")
    return MODELS[collection]


def _explained(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'document'}: {first['msg'].lower()}"


def fault_of(collection: str, key: str, raw: bytes) -> str | None:
    """Say what is wrong with a document of a kind that is known; None if nothing is."""
    return _invalid(collection, key, raw, MODELS[collection])


def _invalid(collection: str, key: str, raw: bytes, model: type[Stored]) -> str | None:
    try:
        check_change((collection, key, raw))
        document = model.model_validate_json(raw)
    except ValidationError as error:
        return _explained(error)
    except ValueError:
        return "it is not of the form in which documents are kept"
    if isinstance(document, Ticket):
        return _invalid_ticket(document)
    if isinstance(document, AuditRecord) and not _NUMBER.fullmatch(document.id):
        return "its number is none"
    return None


def _invalid_ticket(ticket: Ticket) -> str | None:
    if not _NUMBER.fullmatch(ticket.id):
        return "its number is none"
    if not ticket.messages or ticket.messages[0].kind is not MessageKind.REPLY:
        return "it does not begin with a description"
    return None


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except NotImplementedError as error:  # what zip files of later versions of that format raise
        raise _fault(path, _NO_ZIP) from error


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """List what is in the archive; refuses what could not be of ours, before any of it is unpacked."""
    members = {info.filename: info for info in archive.infolist()}
    if len(members) < len(archive.infolist()):
        raise _fault(path, "a file occurs twice in it")
    strange = next((name for name in members if not _is_ours(name)), None)
    if strange is not None:
        raise _fault(path, f"“{strange[:80]}” does not belong in it")
    if any(info.flag_bits & _NOT_OURS or info.compress_type not in _METHODS for info in members.values()):
        raise _fault(path, "a file in it is packed in a way of its own")
    if sum(info.file_size for info in members.values()) > max(_ALWAYS_FINE, _MOST_COMPRESSED * path.stat().st_size):
        raise _fault(path, "it would unpack to far more than a desk's data")
    return members


def _is_ours(name: str) -> bool:
    return name == MANIFEST or bool(_FILE_NAME.fullmatch(name) or _CONTENT_NAME.fullmatch(name))


def _manifest(path: Path, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> Manifest:
    if MANIFEST not in members or members[MANIFEST].file_size > _LONGEST_MANIFEST:
        raise _fault(path, f"it has no {MANIFEST}")
    try:
        content: Any = json.loads(archive.read(MANIFEST))
        found = content.get("format")
        if isinstance(found, int) and found > FORMAT:
            raise RefusedError(
                f"{path.name} has format {found} of a newer version; this one reads up to {FORMAT}. Update the desk."
            )
        manifest = Manifest.model_validate(content)
    except (ValueError, AttributeError, RecursionError) as error:
        raise _fault(path, f"its {MANIFEST} cannot be read") from error
    if differing := sorted(manifest.files.keys() ^ (members.keys() - {MANIFEST})):
        raise _fault(path, f"{differing[0][:80]} is missing, or was added")
    return manifest


def _read_documents(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, said: ArchivedFile, steps: Steps
) -> dict[str, bytes]:
    documents: dict[str, bytes] = {}
    checksum, length, lines = hashlib.sha256(), 0, 0
    with archive.open(info) as member:
        while line := member.readline(_LONGEST_LINE):
            checksum.update(line)
            length += len(line)
            lines += 1
            steps.take()
            try:
                documents[document_id(line)] = line.removesuffix(b"\n")
            except ValueError as error:
                raise _fault(path, f"line {lines} of {info.filename} is no document") from error
    if (length, lines, checksum.hexdigest()) != (said.bytes, said.documents, said.sha256) or len(documents) != lines:
        raise _fault(path, f"the checksum of {info.filename} differs")
    return documents


def _fault(path: Path, fault: str) -> StorageDamagedError:
    return StorageDamagedError(f"{path.name} is no sound backup: {fault}. Nothing was changed.")
