"""
Scheduled backups: made in the background by a process that serves, into a folder of their own.

    backups/ticketing-20260302T090000Z.zip     one for each time that one was due; the time is in UTC
    backups/.unfinished/                       the one in the making

A receipt in the store says that the present one is made or in the making. So of all processes that share a store one
makes it, wherever they run; it is caught up at the next start; and when it failed, it is tried again later.
"""

import logging
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import StorageError, StorageUnsupportedError
from ticketing.domain.receipts import BACKUP_RECEIPT, Receipt
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import SYSTEM
from ticketing.storage.journaled.disk import put_in_place
from ticketing.storage.whole import WholeStore

# How long a backup in the making keeps others from beginning one, and how long after a failure the next try is due.
RETRY: Final = timedelta(hours=1)
_NAME: Final = re.compile(r"ticketing-(\d{8}T\d{6}Z)\.zip")
_TIME: Final = "%Y%m%dT%H%M%SZ"
_UNFINISHED: Final = ".unfinished"

log = logging.getLogger(__name__)


class BackupFolder:
    """Where scheduled backups are kept: the newest *keep* of them. Files of other names are never touched."""

    def __init__(self, path: Path, keep: int) -> None:
        self._path = path
        self._keep = keep

    @property
    def newest(self) -> datetime | None:
        """When the newest backup was made; None if there is none."""
        names = self._names()
        return _made_at(names[-1]) if names else None

    def add(self, store: WholeStore, now: datetime) -> Path:
        """Make a backup, check it, put it in place as a whole, and only then remove the oldest ones."""
        from ticketing.storage import archive  # noqa: PLC0415 - slow to import, and a start is to be quick

        making = self._path / _UNFINISHED
        made = self._path / f"ticketing-{now.astimezone(UTC):{_TIME}}.zip"
        try:
            shutil.rmtree(making, ignore_errors=True)
            for folder in (self._path, making):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            archive.back_up(store, making / made.name, now)
            archive.check_sums(making / made.name)
            put_in_place(making / made.name, made)
            self._remove_oldest(made.name)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StorageUnsupportedError(f"The folder of backups cannot be used: {reason}.") from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return made

    def _remove_oldest(self, made: str) -> None:
        for name in self._names()[: -self._keep]:
            if name != made:  # it is not the last one if a clock was wrong once
                (self._path / name).unlink(missing_ok=True)

    def _names(self) -> list[str]:
        """Return the names of all backups, the oldest first; none as long as the folder cannot be read."""
        with suppress(OSError):
            return sorted(path.name for path in self._path.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
        return []


def _made_at(name: str) -> datetime | None:
    found = _NAME.fullmatch(name)
    with suppress(ValueError):
        return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC) if found else None
    return None


class ScheduledBackups:
    """Makes a backup whenever one is due and it is asked to look."""

    def __init__(
        self, store: WholeStore, folder: BackupFolder, every: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._folder = folder
        self._every = every
        self._clock = clock

    def make_if_due(self) -> Path | None:
        """Make a backup if one is due and nobody else makes it; what goes wrong is logged and kept as a receipt."""
        now = self._clock()
        try:
            if not self._take_turn(now):
                return None
            try:
                made = self._folder.add(self._store, now)
            except Exception as error:  # noqa: BLE001 - logged; whatever it is, another try is due
                self._note(now + RETRY, failure=_logged(error))
                return None
            self._note(now + self._every, entry=_entry(made, now))
        except StorageError as error:
            _logged(error)
            return None
        log.info("The scheduled backup is written: %s", made.name)
        return made

    def look(self) -> bool:
        """Make a backup if one is due; there is never a second one at once."""
        self.make_if_due()
        return False

    def _take_turn(self, now: datetime) -> bool:
        """Note that one is in the making, unless it is made or somebody else makes it."""
        with self._store.read() as tx:
            if not self._is_due(tx, now):
                return False
        with self._store.write() as tx:
            if not self._is_due(tx, now):
                return False
            tx.receipts.save(Receipt(id=BACKUP_RECEIPT, expires_at=now + RETRY))
        return True

    def _note(self, expires_at: datetime, failure: str | None = None, entry: AuditEntry | None = None) -> None:
        with self._store.write() as tx:
            if entry is not None:
                tx.audit.add(entry)
            tx.receipts.save(Receipt(id=BACKUP_RECEIPT, expires_at=expires_at, failure=failure))

    def _is_due(self, tx: Transaction, now: datetime) -> bool:
        """Whether no receipt holds; one for longer than the present time between two is from before a change of it."""
        receipt = tx.receipts.find(BACKUP_RECEIPT)
        return receipt is None or not now < receipt.expires_at <= now + max(self._every, RETRY)


def _entry(made: Path, now: datetime) -> AuditEntry:
    return AuditEntry(SYSTEM, AuditAction.BACKED_UP, now, "backup", made.name)


def _logged(error: Exception) -> str:
    """Log why a backup failed, with its traceback if that is a bug, and return what others may know of it."""
    if isinstance(error, StorageError):
        log.error("The scheduled backup failed and will be tried again: %s", error)
        return str(error)
    log.error("The scheduled backup failed and will be tried again", exc_info=error)
    return "The log says more."
