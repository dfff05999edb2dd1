"""
A disk that remembers what a power cut may leave of a folder, at every step of the work in it.

It promises what POSIX does and no more: what was flushed is there; of what was not, there may be all, nothing, the
beginning, or zeros where something should be. New, renamed and deleted names last only once their folder was flushed,
and until then each may have reached the disk without the others.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest

CUT_EVERY = 41
"""How many bytes lie between the places at which what was not flushed is cut; the ends of lines come on top."""
MOST_COMBINED = 4
"""Up to so many names that are not durable are combined in every way; of more, each may be alone or missing."""

Content = dict[str, bytes]


@dataclass(eq=False)
class File:
    """A file as programs see it, and as much of it as is on the disk for sure."""

    content: bytes = b""
    flushed: bytes = b""


@dataclass(frozen=True)
class Renaming:
    """A name that is gone, a name that is there, or both at once."""

    gone: str = ""
    new: str = ""
    file: File = field(default_factory=File)

    def carry_out(self, names: dict[str, File]) -> None:
        """Do it in a folder."""
        names.pop(self.gone, None)
        if self.new:
            names[self.new] = self.file


@dataclass(frozen=True)
class Moment:
    """The folder after one step: what lasts, what may, and how many changes were begun and acknowledged by then."""

    step: str
    names: dict[str, File]
    not_durable: tuple[Renaming, ...]
    files: dict[File, tuple[bytes, bytes]]
    begun: int
    acknowledged: int

    def leftovers(self) -> Iterator[Content]:
        """Yield what may be in the folder if the power fails now."""
        for renamings in _choices(self.not_durable):
            names = dict(self.names)
            for renaming in renamings:
                renaming.carry_out(names)
            yield from self._contents_of(names)

    def _contents_of(self, names: dict[str, File]) -> Iterator[Content]:
        """Let each file have reached the disk in part, while all others did or did not."""
        flushed = {name: self.files[file][0] for name, file in names.items()}
        written = {name: self.files[file][1] for name, file in names.items()}
        for others in (flushed, written):
            yield others
            for name in names:
                if flushed[name] != written[name]:
                    yield from ({**others, name: part} for part in _parts(flushed[name], written[name]))


def _choices(renamings: tuple[Renaming, ...]) -> Iterator[tuple[Renaming, ...]]:
    """Choose those that reached the disk."""
    many = len(renamings)
    if many <= MOST_COMBINED:
        yield from chain.from_iterable(combinations(renamings, count) for count in range(many + 1))
        return
    yield from (renamings[:count] for count in range(many + 1))
    yield from ((renaming,) for renaming in renamings)
    yield from (renamings[:left_out] + renamings[left_out + 1 :] for left_out in range(many))


def _parts(flushed: bytes, written: bytes) -> Iterator[bytes]:
    """Tell what may be on the disk of a file that was not flushed since it was written to."""
    yield flushed
    same = next(
        (place for place, (old, new) in enumerate(zip(flushed, written, strict=False)) if old != new), len(flushed)
    )
    kept, new = written[:same], written[same:]
    ends = [place for place in range(len(new)) if new[place - 1 : place] == b"\n"]
    for place in sorted({*range(0, len(new), CUT_EVERY), *ends, *(end - 1 for end in ends), len(new)}):
        zeros = bytes(len(new) - place)
        yield kept + new[:place]
        yield kept + new[:place] + zeros
        yield kept + bytes(place) + new[place:]


class Disk:
    """
    Watches what this process does in one folder.

    A flush of what *lies* names (a file, or "." for the folder) does nothing, though it seems to.
    """

    def __init__(self, folder: Path, lies: Callable[[str], bool] = lambda _: False) -> None:
        self.moments: list[Moment] = []
        self.begun = 0
        self.acknowledged = 0
        self.before_flush: Callable[[str], None] = lambda _: None
        self._folder = folder
        self._lies = lies
        self._names = {path.name: File(path.read_bytes(), path.read_bytes()) for path in folder.iterdir()}
        self._files = list(self._names.values())
        self._durable = dict(self._names)
        self._not_durable: list[Renaming] = []
        self._open: dict[int, File] = {}
        self._open_folders: set[int] = set()
        self._system: dict[str, Callable[..., Any]] = {}

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin to watch; flushing costs nothing meanwhile."""
        for name in ("open", "write", "ftruncate", "fsync", "replace", "unlink", "close"):
            self._system[name] = getattr(os, name)
            monkeypatch.setattr(os, name, getattr(self, name))

    @property
    def content(self) -> Content:
        """What is in the folder as long as the power is on."""
        return {name: file.content for name, file in self._names.items()}

    def acknowledge(self, number: int) -> None:
        """Note that somebody was told that this change is saved."""
        self.acknowledged = max(self.acknowledged, number)
        self._note(f"change {number} is acknowledged")

    # What the system is asked for

    def open(self, path: str | Path, flags: int, mode: int = 0o777) -> int:
        """Open a file, which may make it, or the folder."""
        descriptor: int = self._system["open"](path, flags, mode)
        place = Path(path)
        if place == self._folder:
            self._open_folders.add(descriptor)
        elif place.parent == self._folder:
            if place.name not in self._names:
                self._files.append(File())
                self._rename(Renaming(new=place.name, file=self._files[-1]))
            self._open[descriptor] = self._names[place.name]
            if flags & os.O_TRUNC:
                self._change(descriptor, b"")
        return descriptor

    def close(self, descriptor: int) -> None:
        """Let go of a file."""
        self._open.pop(descriptor, None)
        self._open_folders.discard(descriptor)
        self._system["close"](descriptor)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write at the end, where all is written here."""
        written: int = self._system["write"](descriptor, data)
        if file := self._open.get(descriptor):
            self._change(descriptor, file.content + bytes(data[:written]))
        return written

    def ftruncate(self, descriptor: int, length: int) -> None:
        """Cut a file."""
        self._system["ftruncate"](descriptor, length)
        if file := self._open.get(descriptor):
            self._change(descriptor, file.content[:length])

    def fsync(self, descriptor: int) -> None:
        """Make a file or the names in the folder last."""
        file = self._open.get(descriptor)
        name = self._name_of(file) if file else "."
        self.before_flush(name)
        if self._lies(name):
            return
        if file:
            file.flushed = file.content
        elif descriptor in self._open_folders:
            self._durable, self._not_durable = dict(self._names), []
        self._note(f"{name} is flushed")

    def replace(self, source: str | Path, target: str | Path) -> None:
        """Rename a file over another one."""
        self._system["replace"](source, target)
        gone, new = Path(source), Path(target)
        if new.parent == self._folder:
            self._rename(Renaming(gone.name, new.name, self._names[gone.name]))

    def unlink(self, path: str | Path) -> None:
        """Delete a name."""
        self._system["unlink"](path)
        if Path(path).parent == self._folder:
            self._rename(Renaming(gone=Path(path).name))

    def _name_of(self, file: File) -> str:
        return next((name for name, found in self._names.items() if found is file), "")

    def _change(self, descriptor: int, content: bytes) -> None:
        self._open[descriptor].content = content
        self._note(f"{self._name_of(self._open[descriptor])} has {len(content)} bytes")

    def _rename(self, renaming: Renaming) -> None:
        renaming.carry_out(self._names)
        self._not_durable.append(renaming)
        self._note(f"{renaming.gone or 'nothing'} has become {renaming.new or 'nothing'}")

    def _note(self, step: str) -> None:
        files = {file: (file.flushed, file.content) for file in self._files}
        self.moments.append(
            Moment(step, dict(self._durable), tuple(self._not_durable), files, self.begun, self.acknowledged)
        )
