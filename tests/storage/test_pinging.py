"""Whether the store is well: asked of a real directory whose files or whose disk fail."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import ticketing.desk
from tests.storage.conftest import make_ticket
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import StorageDamagedError, StorageError, StorageFailedError
from ticketing.settings import Settings
from ticketing.storage.json_store import JsonStore
from ticketing.web.routes import ROUTES

Harm = Callable[[JsonStore, Path, pytest.MonkeyPatch], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    opened = open_desk(Settings(data_dir=folder), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", opened)
    yield opened
    opened.close()


@pytest.fixture
def store(desk: Desk) -> JsonStore:
    assert isinstance(desk.store, JsonStore)
    return desk.store


def save_a_ticket(store: JsonStore) -> None:
    with store.write() as tx:
        tx.tickets.save(make_ticket(tx.tickets.next_number()))


def remove_the_journal(_store: JsonStore, folder: Path, _monkeypatch: pytest.MonkeyPatch) -> None:
    max(folder.glob("journal-*")).unlink()


def scribble_into_the_journal(_store: JsonStore, folder: Path, _monkeypatch: pytest.MonkeyPatch) -> None:
    with max(folder.glob("journal-*")).open("ab") as journal:
        journal.write(b'{"seq":1}\n')


def fail_a_flush(store: JsonStore, _folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StorageFailedError):
            save_a_ticket(store)


HARMS: dict[str, tuple[Harm, type[StorageError], str]] = {
    "its journal is removed": (remove_the_journal, StorageDamagedError, r"journal-\d+.jsonl is missing"),
    "its journal is damaged": (
        scribble_into_the_journal,
        StorageDamagedError,
        r"journal-\d+.jsonl, line \d+ .*damaged",
    ),
    "a flush failed": (fail_a_flush, StorageFailedError, "restart the desk"),
}
harmed = pytest.mark.parametrize(("harm", "error", "sentence"), HARMS.values(), ids=HARMS)


@harmed
def test_a_store_is_not_well_when(
    store: JsonStore,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    harm: Harm,
    error: type[StorageError],
    sentence: str,
) -> None:
    save_a_ticket(store)
    store.ping()

    harm(store, folder, monkeypatch)

    for _ in range(2):
        with pytest.raises(error, match=sentence):
            store.ping()
    with store.read() as tx:
        assert tx.tickets.find(1) is not None


@harmed
def test_the_desk_is_alive_and_not_ready_when(
    store: JsonStore, folder: Path, monkeypatch: pytest.MonkeyPatch, *, harm: Harm, error: object, sentence: str
) -> None:
    probe = TestClient(Starlette(routes=ROUTES))
    assert probe.get("/readyz").status_code == 200

    harm(store, folder, monkeypatch)

    answer = probe.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
    assert probe.get("/healthz").status_code == 200
    assert error
    assert sentence
