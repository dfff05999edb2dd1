"""A ZIP archive that is written while it is sent, so that no more of it is in memory than a piece."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Entry = tuple[str, Iterable[bytes]]

_CHUNK: Final = 1 << 16


class _Outlet(io.RawIOBase):
    """What an archive is written into, to be taken out again at once."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces = bytearray()

    def writable(self) -> bool:
        """Whether it can be written into; it cannot be gone back in."""
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        """Take a piece in."""
        self._pieces += piece
        return len(piece)

    def held(self) -> int:
        """Return how many bytes wait."""
        return len(self._pieces)

    def taken(self) -> bytes:
        """Return what has come in since the last time."""
        taken = bytes(self._pieces)
        self._pieces.clear()
        return taken


def zipped(entries: Iterable[Entry], now: datetime) -> Iterator[bytes]:
    """Yield an archive of these entries, by name and content, each asked for when its turn comes."""
    outlet = _Outlet()
    with ZipFile(outlet, "w") as archive:
        for name, content in entries:
            info = ZipInfo(name, now.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as entry:
                for piece in content:
                    entry.write(piece)
                    if outlet.held() >= _CHUNK:
                        yield outlet.taken()
    yield outlet.taken()
