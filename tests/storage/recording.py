"""A listener that keeps its own copy of everything it is told, and the documents the engine's tests use."""

import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.journal import Change


class Recorder:
    """Follows the engine as a store would; a session with `"expired":true` is no longer wanted."""

    expiring = frozenset({"sessions"})

    def __init__(self) -> None:
        self.state: dict[str, dict[str, bytes]] = {}
        self.loads = 0
        self.transactions: list[list[Change]] = []

    def load(self, documents: Mapping[str, Mapping[str, bytes]]) -> None:
        """Start over from a copy."""
        self.loads += 1
        self.state = {collection: dict(found) for collection, found in documents.items()}

    def prepare(self, changes: Sequence[Change]) -> Callable[[], None]:
        """Refuse nothing."""
        return partial(self.apply, changes)

    def apply(self, changes: Sequence[Change]) -> None:
        """Carry one transaction out on the copy."""
        self.transactions.append(list(changes))
        for collection, key, document in changes:
            if document is None:
                self.state.get(collection, {}).pop(key, None)
            else:
                self.state.setdefault(collection, {})[key] = document

    def keep(self, document: bytes) -> bool:
        """Keep what does not say that it is over."""
        return b'"expired":true' not in document


def document(key: str, **fields: Any) -> bytes:
    """Make a document as a store would write it."""
    return json.dumps({"id": key, **fields}, separators=(",", ":"), ensure_ascii=False).encode()


def put(key: str, collection: str = "tickets", **fields: Any) -> Change:
    """Make the change that saves a document."""
    return collection, key, document(key, **fields)


def save(engine: Engine, *changes: Change) -> None:
    """Commit one transaction."""
    with engine.writing() as writer:
        writer.commit(changes)


def stored(folder: Path) -> dict[str, dict[str, bytes]]:
    """Read what a newcomer finds in *folder*, without changing a byte there."""
    engine = Engine(folder, Recorder(), read_only=True)
    try:
        return {collection: dict(found) for collection, found in engine.documents.items() if found}
    finally:
        engine.close()


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files of *folder*, byte by byte."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fork() -> int:
    """Fork, also where the test runner has threads of its own: our children need none of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def in_a_child(work: Callable[[], object]) -> str:
    """Run *work* in a forked child and return what it said, or its error."""
    ours, theirs = os.pipe()
    child = fork()
    if child == 0:
        try:
            answer = str(work())
        except BaseException as error:  # noqa: BLE001 -- told to the parent
            answer = f"{type(error).__name__}: {error}"
        os.write(theirs, answer.encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(child, 0)
    return answer
