"""
Who is there, as processes tell each other: in a folder beside the documents, or in memory, where there is one process.

    presence/0f3a….json     what the process with this id has told last

A file tells nothing by the time it has expired, and is gone with the next one that is put here after that. None of them
is ever flushed to the disk: after a power cut nobody is there.
"""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from ticketing.domain.live import Presence
from ticketing.storage.journaled.disk import rename_over, told_as_ours

FOLDER: Final = "presence"
_ENDING: Final = ".json"
# What is being put in place by now has been left by a process that was killed in the middle of it.
_UNFINISHED: Final = ".tmp"


class FolderPresences:
    """What processes of one machine tell, each in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, Presence]] = {}

    def tell(self, presence: Presence, now: datetime) -> None:
        """Put this in the place of what the process has told before."""
        path = self._folder / f"{presence.id}{_ENDING}"
        with told_as_ours():
            if not presence.there:
                path.unlink(missing_ok=True)
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._remove_expired(now)
            arriving = path.with_suffix(_UNFINISHED)
            arriving.write_bytes(presence.model_dump_json().encode())
            rename_over(arriving, path)

    def of_others(self, process: str, now: datetime) -> list[Presence]:
        """Return what all other processes have told that has not expired; a file is read once for each change."""
        self._known = {name: told for name, told in self._look() if name != process}
        return [presence for _, presence in self._known.values() if presence.expires_at > now]

    def _look(self) -> list[tuple[str, tuple[int, Presence]]]:
        with told_as_ours():
            try:
                files = [entry for entry in os.scandir(self._folder) if entry.name.endswith(_ENDING)]
            except FileNotFoundError:
                return []
            return [(entry.name.removesuffix(_ENDING), told) for entry in files if (told := self._told(entry))]

    def _told(self, entry: os.DirEntry[str]) -> tuple[int, Presence] | None:
        """Return when a file was put here and what it tells; None for one that is gone by now, or none of ours."""
        with suppress(FileNotFoundError, ValueError):
            put_at = entry.stat().st_mtime_ns
            known = self._known.get(entry.name.removesuffix(_ENDING))
            if known and known[0] == put_at:
                return known
            return put_at, Presence.model_validate_json(Path(entry.path).read_bytes())
        return None

    def _remove_expired(self, now: datetime) -> None:
        """Remove what processes that ended all at once have left."""
        for entry in os.scandir(self._folder):
            told = self._told(entry)
            is_over = told is None or told[1].expires_at <= now
            if is_over and entry.name.endswith((_ENDING, _UNFINISHED)):
                Path(entry.path).unlink(missing_ok=True)


class MemoryPresences:
    """What is told in memory, to whoever shares it."""

    def __init__(self) -> None:
        self._told: dict[str, Presence] = {}

    def tell(self, presence: Presence, now: datetime) -> None:
        """Put this in the place of what the process has told before."""
        told = [*self._told.values(), presence]
        self._told = {one.id: one for one in told if one.expires_at > now}
        if not presence.there:
            del self._told[presence.id]

    def of_others(self, process: str, now: datetime) -> list[Presence]:
        """Return what all others have told that has not expired."""
        return [one for one in self._told.values() if one.id != process and one.expires_at > now]
