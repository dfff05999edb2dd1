"""Documents by id, with the changes of a transaction that is not committed yet laid over the state."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Generic, TypeVar

from pydantic_core import ValidationError, to_json

from ticketing.domain.errors import StorageUnreadableError
from ticketing.domain.text import Stored
from ticketing.storage.documents.state import Change, State

Document = TypeVar("Document", bound=Stored)


class Pending:
    """The state, and over it the changes of a transaction that is not committed yet."""

    __slots__ = ("_changes", "last_number", "lock", "state")

    def __init__(self, state: State, lock: AbstractContextManager[object]) -> None:
        self.state = state
        self.last_number = 0
        self.lock = lock
        self._changes: dict[tuple[str, str], bytes | None] = {}

    def changes(self) -> list[Change]:
        """Return what is to be committed, in the order of first touch."""
        return [(collection, key, raw) for (collection, key), raw in self._changes.items()]

    def put(self, collection: str, key: str, raw: bytes | None) -> None:
        """Change one document, or remove it with None."""
        self._changes[collection, key] = raw

    def get(self, collection: str, key: str) -> bytes | None:
        """Return the document as the transaction sees it."""
        if self._changes and (collection, key) in self._changes:
            return self._changes[collection, key]
        return self.state.documents.get(collection, {}).get(key)

    def keys(self, collection: str) -> set[str]:
        """Return the ids of all documents of a collection as the transaction sees them."""
        with self.applied(collection) as state:
            return set(state.documents.get(collection, {}))

    def applied(self, *collections: str) -> AbstractContextManager[State]:
        """Give the state as if the changes to these collections were committed; nobody else sees it like that."""
        changes = [change for change in self.changes() if change[0] in collections] if self._changes else []
        return Applied(self.state, changes, self.lock)


class Applied:
    """
    Changes that hold while the block lasts, with the state locked.

    A class and no generator, since every count of every list goes through it.
    """

    __slots__ = ("_changes", "_last_number", "_lock", "_state", "_undo")

    def __init__(self, state: State, changes: Sequence[Change], lock: AbstractContextManager[object]) -> None:
        self._state = state
        self._changes = changes
        self._lock = lock
        self._undo: Sequence[Change] = ()
        self._last_number = 0

    def __enter__(self) -> State:
        self._lock.__enter__()
        try:
            if self._changes:
                self._last_number = self._state.last_number
                self._undo = self._state.replace(self._changes)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self._state

    def __exit__(self, *raised: object) -> None:
        if self._undo:
            self._state.replace(self._undo)
            self._state.last_number = self._last_number
        self._lock.__exit__(None, None, None)


class DocumentCollection(Generic[Document]):
    """Documents of one kind by id."""

    def __init__(self, pending: Pending, name: str, model: type[Document]) -> None:
        self._pending = pending
        self._name = name
        self._model = model

    def find(self, key: str) -> Document | None:
        """Return a copy of the document, or None."""
        raw = self._pending.get(self._name, key)
        try:
            return None if raw is None else self._read(raw)
        except ValidationError as error:
            raise StorageUnreadableError(self._name, key) from error

    def _read(self, raw: bytes) -> Document:
        return self._model.model_validate_json(raw)

    def save(self, document: Document) -> None:
        """Add it, or put it in the place of the one with the same id."""
        key: str = document.id  # type: ignore[attr-defined]  # each stored collection's model begins with an id
        self._pending.put(self._name, key, document.model_dump_json(exclude_none=True).encode())

    def naming(self, value: str, limit: int) -> list[Document]:
        """Return copies of those in which a text is all of a field, at most `limit`."""
        named = to_json(value)
        with self._pending.applied(self._name) as state:
            having = (key for key, raw in state.documents.get(self._name, {}).items() if named in raw)
            keys = list(islice(having, limit))
        return [document for key in keys if (document := self.find(key)) is not None]

    def remove(self, key: str) -> None:
        """Take it away; that it is not there is no error."""
        if self._pending.get(self._name, key) is not None:
            self._pending.put(self._name, key, None)


class OwnedDocuments(DocumentCollection[Document]):
    """Documents of which each belongs to a person."""

    def of_user(self, username: str) -> list[Document]:
        """Return the person's, in no order; some may have expired."""
        with self._pending.applied(self._name) as state:
            keys = state.owned(self._name, username)
        return [document for key in keys if (document := self.find(key)) is not None]
