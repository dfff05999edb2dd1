"""What the address of a store looks like, where it is given, and what it says of its place."""

from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from ticketing.domain.errors import StorageUnsupportedError

SETTING: Final = "TICKETING_STORAGE_URL"
KNOWN: Final = "json:DIRECTORY, sqlite:///FILE, postgresql+psycopg://USER:PASSWORD@HOST/DATABASE and memory:"
_BEGINNINGS: Final = {
    "json:": "json",
    "sqlite://": "sqlite",
    "postgresql://": "postgresql",
    "postgresql+psycopg://": "postgresql",
}
_SQLITE: Final = "sqlite:///"


def kind(url: str) -> str:
    """Return of which kind a store is: json, sqlite, postgresql or memory; "" if the address is of none."""
    if url == "memory:":
        return "memory"
    return next((kind for begins, kind in _BEGINNINGS.items() if url.startswith(begins) and url != begins), "")


def is_sql(url: str) -> bool:
    """Whether an address is one of a database."""
    return kind(url) in {"sqlite", "postgresql"}


def path(url: str) -> Path | None:
    """Return the directory of a JSON store or the file of a SQLite one; None if the address names none."""
    if kind(url) == "json":
        return Path(url.removeprefix("json:"))
    file = url.removeprefix(_SQLITE) if url.startswith(_SQLITE) else ""
    return Path(unquote(file)) if file and file != ":memory:" and "?" not in file else None


def absolute(url: str) -> str:
    """Return an address that means the same place in whichever directory the process works."""
    found = path(url)
    if found is None:
        return url
    there = str(found.absolute())
    return f"{_SQLITE}{quote(there)}" if kind(url) == "sqlite" else f"json:{there}"


def no_address() -> StorageUnsupportedError:
    """Return the refusal of what is no address; it is told without it, since it may hold a password anywhere."""
    return StorageUnsupportedError(f"{SETTING} is no storage address. Known are {KNOWN}.")
