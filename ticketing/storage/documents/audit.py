"""The audit log over documents: new records among them, older ones in a file where there is one."""

import logging
from collections.abc import Callable, Iterator
from itertools import chain

from pydantic_core import to_json

from ticketing.domain.audit import AuditEntry, AuditQuery, AuditRecord, Head, chained, read_record
from ticketing.domain.errors import StorageDamagedError
from ticketing.storage.audit_file import (
    MOST_UNSETTLED,
    AuditFile,
    Settled,
    WholeLog,
    read_settled,
)
from ticketing.storage.documents.collections import Pending
from ticketing.storage.documents.state import AUDIT, SETTLED

log = logging.getLogger(__name__)


class AuditLog:
    """The log as one transaction sees it; what that adds is written down at its end."""

    __slots__ = ("_acting", "_entries", "_file", "_pending", "only_looks")

    def __init__(self, pending: Pending, file: AuditFile | None) -> None:
        self._pending = pending
        self._file = file
        self._acting = ("", "")
        self.only_looks = False
        self._entries: list[AuditEntry] = []

    def acts(self, username: str, address: str, *, only_looks: bool = False) -> None:
        """Take note of who acts in this transaction, and from where."""
        self._acting = (username, address)
        self.only_looks = only_looks

    @property
    def acting(self) -> tuple[str, str]:
        """Who acts, and from where; "" as long as nobody does."""
        return self._acting

    def add(self, entry: AuditEntry) -> None:
        """Add to the log, if the transaction comes to its end."""
        self._entries.append(entry)

    def head(self) -> Head:
        """Return the number and the hash of the newest record."""
        settled, unsettled = self._settled(), self._unsettled()
        if not unsettled:
            return settled.head
        newest = unsettled.get(str(settled.number + len(unsettled))) or unsettled[max(unsettled, key=int)]
        return Head().after(read_record(newest))

    def search(self, query: AuditQuery) -> Iterator[AuditRecord]:
        """Yield what matches, the newest first; it may be gone through after the transaction."""
        settled, newest = self._settled(), [raw for _, raw in reversed(self._in_order())]
        older = self._file.newest_first(settled) if self._file else iter(())
        found = filter(_may_match(query), chain(newest, older))
        return filter(query.matches, map(read_record, found))

    def stream(self) -> Iterator[AuditRecord]:
        """Yield every record, the first one first."""
        unsettled = self._in_order()
        whole = WholeLog(self._file, self._settled(), unsettled) if self._file else unsettled
        return (read_record(raw) for _, raw in whole)

    def write_down(self) -> None:
        """Make records of what was added, as documents of the transaction that is to be committed now."""
        if not self._entries:
            return
        head = self.head()
        if self._file is not None and len(self._unsettled()) >= MOST_UNSETTLED:
            self._settle(self._file, head)
        for record in chained((self._placed(entry) for entry in self._entries), head):
            self._pending.put(AUDIT, record.id, record.model_dump_json(exclude_none=True).encode())

    def _placed(self, entry: AuditEntry) -> AuditEntry:
        return entry.from_where(*self._acting)

    def _settle(self, file: AuditFile, head: Head) -> None:
        """Move the new records into the file; what goes wrong there keeps nobody from their change."""
        unsettled = self._in_order()
        try:
            settled = file.append(self._settled(), [raw for _, raw in unsettled], head)
        except (OSError, StorageDamagedError) as error:
            log.warning("Records of the audit log stay in the journal for now: %s", error)
            return
        self._pending.put(SETTLED, settled.id, settled.model_dump_json().encode())
        for key, _ in unsettled:
            self._pending.put(AUDIT, key, None)

    def _unsettled(self) -> dict[str, bytes]:
        return self._pending.state.documents.get(AUDIT, {})

    def _in_order(self) -> list[tuple[str, bytes]]:
        return sorted(self._unsettled().items(), key=lambda document: int(document[0]))

    def _settled(self) -> Settled:
        return read_settled(self._pending.state.documents.get(SETTLED))


def _may_match(query: AuditQuery) -> Callable[[bytes], bool]:
    """Return what leaves out most lines that do not match, without reading them as records."""
    wanted = {"actor": query.actor, "action": query.action, "object": query.object}
    needles = [b'"%s":%s' % (name.encode(), to_json(value)) for name, value in wanted.items() if value]
    before = query.before
    return lambda line: (before is None or _number(line) < before) and all(needle in line for needle in needles)


def _number(line: bytes) -> int:
    """Return the number that a record begins with; 0 for what is none, which then is found to be damaged."""
    digits = line[7:].partition(b'"')[0]
    return int(digits) if digits.isdigit() else 0
