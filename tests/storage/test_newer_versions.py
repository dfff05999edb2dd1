"""What a newer version wrote and this one doesn't know: told in a sentence, never guessed, never overwritten."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.storage.conftest import OPENERS, FileTicket, Register, make_ticket, make_user
from tests.storage.recording import Recorder, contents, save
from ticketing.domain.errors import StorageError, StorageUnreadableError
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.store import Store
from ticketing.storage.documents.document_store import DocumentStore
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.journal import Change
from ticketing.storage.json_store import JsonStore

EVERYTHING = Audience(username="ada", sees_all=True)


def newer_ticket(number: int, **fields: Any) -> Change:
    """Make a ticket as a version that knows more would write it."""
    written = json.loads(make_ticket(number).model_dump_json(exclude_none=True)) | fields
    return "tickets", str(number), json.dumps(written, separators=(",", ":")).encode()


def newer_user(name: str, **fields: Any) -> Change:
    """Make an account as a version that knows more would write it."""
    written = json.loads(make_user(name).model_dump_json(exclude_none=True)) | fields
    return "users", name, json.dumps(written, separators=(",", ":")).encode()


UNREADABLE = {
    "a status": newer_ticket(2, status="waiting_for_vendor"),
    "a priority": newer_ticket(2, priority="critical"),
    "a category": newer_ticket(2, category=7),
    "a missing field": newer_ticket(2, updated_at=None),
    "a role": newer_user("vera", role="auditor"),
    "a session of another kind": ("sessions", "s-1", b'{"id":"s-1","user":"vera"}'),
}
unreadable = pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)


@pytest.fixture(params=["memory", "json"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a store of documents; tables take nothing else than what this version knows."""
    opened = OPENERS[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def running(folder: Path) -> Iterator[JsonStore]:
    """Return a desk of this version, with one ticket."""
    store = JsonStore(folder)
    with store.write() as tx:
        tx.tickets.save(make_ticket(tx.tickets.next_number()))
    yield store
    store.close()


@pytest.fixture
def newer(running: JsonStore, folder: Path) -> Iterator[Engine]:
    """Return a desk of a newer version, at work on the same files."""
    running.ping()
    engine = Engine(folder, Recorder())
    yield engine
    engine.close()


def numbers(store: Store) -> list[int]:
    with store.read() as tx:
        return [ticket.number for ticket in tx.tickets.search(EVERYTHING, TicketQuery()).items]


@unreadable
def test_a_running_desk_reads_on_with_what_it_knows_and_refuses_to_write(
    running: JsonStore, newer: Engine, folder: Path, change: Change
) -> None:
    save(newer, change)
    before = contents(folder)

    assert numbers(running) == [1]
    with pytest.raises(StorageUnreadableError, match=r"please update the desk"), running.write():
        pytest.fail("nobody decides on what is known in part")
    with pytest.raises(StorageError, match=r"please update the desk"):
        running.ping()

    assert contents(folder) == before


@unreadable
def test_d3_a_desk_does_not_start_on_what_it_cannot_read(newer: Engine, folder: Path, change: Change) -> None:
    save(newer, change)
    before = contents(folder)

    with pytest.raises(StorageUnreadableError, match=r"cannot read “\S+” of \w+: a newer one has probably written it"):
        JsonStore(folder)

    assert contents(folder) == before


@unreadable
def test_what_cannot_be_read_is_not_taken_from_a_backup_either(
    store: DocumentStore, file_ticket: FileTicket, register: Register, change: Change
) -> None:
    number = file_ticket()
    register("carla")
    collection, key, document = change
    assert document is not None

    with pytest.raises(StorageUnreadableError):
        store.put({"users": {}, collection: {key: document}})

    assert numbers(store) == [number]
    assert file_ticket() == number + 1


def test_pending_changes_that_cannot_be_read_leave_no_trace(store: DocumentStore, file_ticket: FileTicket) -> None:
    number = file_ticket()
    collection, key, document = newer_ticket(number, status="waiting_for_vendor")

    with store.write() as tx:
        tx.pending.put(collection, key, document)
        with pytest.raises(StorageUnreadableError):
            tx.tickets.search(EVERYTHING, TicketQuery())
        tx.pending.put(collection, key, store.copy()[collection][key])

    assert numbers(store) == [number]
    with store.read() as tx:
        assert tx.tickets.find(number) is not None


@pytest.mark.parametrize("field", ["kind", "source"])
def test_a_conversation_of_a_newer_kind_is_listed_and_neither_opened_nor_changed(
    running: JsonStore, newer: Engine, folder: Path, field: str
) -> None:
    (message,) = json.loads(make_ticket(2).model_dump_json())["messages"]
    save(newer, newer_ticket(2, messages=[message, message | {field: "telepathy"}]))
    before = contents(folder)

    assert numbers(running) == [2, 1]
    with pytest.raises(StorageUnreadableError, match=r"cannot read “2” of tickets"), running.read() as tx:
        tx.tickets.find(2)
    with pytest.raises(StorageUnreadableError), running.write() as tx:
        tx.tickets.find(2)

    assert contents(folder) == before
