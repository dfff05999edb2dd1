"""Who is there is told alike by every kind of store: to others, for a while, and beside all that is kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ticketing.domain.live import Presence, Present
from ticketing.domain.store import Store
from ticketing.storage.json_store import JsonStore
from ticketing.storage.presences import FolderPresences
from ticketing.storage.whole import WholeStore

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ADA = Present(7, "ada", "Ada", is_replying=True)
BERT = Present(7, "bert", "Bert", is_replying=False)


def told(process: str, *there: Present, seconds: int = 30) -> Presence:
    return Presence(id=process, expires_at=NOW + seconds * SECOND, there=list(there))


def heard(store: Store, process: str, now: datetime = NOW) -> dict[str, list[Present]]:
    return {presence.id: presence.there for presence in store.presences.of_others(process, now)}


def test_a_process_hears_of_all_others_what_they_told_last(store: Store) -> None:
    for presence in (told("one", ADA), told("two", BERT), told("one", ADA, BERT)):
        store.presences.tell(presence, NOW)

    assert heard(store, "one") == {"two": [BERT]}
    assert heard(store, "three") == {"one": [ADA, BERT], "two": [BERT]}


def test_by_whom_nobody_is_there_any_more_is_heard_of_no_more(store: Store) -> None:
    store.presences.tell(told("one", ADA), NOW)
    assert heard(store, "two") == {"one": [ADA]}

    store.presences.tell(told("one"), NOW)

    assert heard(store, "two") == {}
    store.presences.tell(told("one"), NOW)


def test_what_a_process_that_died_has_told_expires(store: Store) -> None:
    store.presences.tell(told("one", ADA), NOW)

    assert heard(store, "two", NOW + 29 * SECOND) == {"one": [ADA]}
    assert heard(store, "two", NOW + 30 * SECOND) == {}


def test_what_is_told_is_part_of_no_view_and_of_no_backup(store: WholeStore) -> None:
    with store.documents() as before:
        names = set(before)
    store.presences.tell(told("one", ADA), NOW)

    with store.one_view():
        assert heard(store, "two") == {"one": [ADA]}
    with store.documents() as after:
        assert set(after) == names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "presence"


def test_files_of_processes_that_died_go_with_the_next_one_that_tells(folder: Path) -> None:
    presences = FolderPresences(folder)
    presences.tell(told("one", ADA), NOW)
    (folder / "three.tmp").write_bytes(b"{")
    (folder / "four.json").write_bytes(b"{")
    (folder / "notes.txt").write_bytes(b"mine")
    assert presences.of_others("two", NOW) == [told("one", ADA)]

    presences.tell(told("two", BERT, seconds=90), NOW + 30 * SECOND)

    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt", "two.json"]


def test_the_journal_does_not_grow_by_it(tmp_path: Path) -> None:
    store = JsonStore(tmp_path / "data")
    before = {path: path.stat().st_size for path in (tmp_path / "data").iterdir()}

    store.presences.tell(told("one", ADA), NOW)

    assert {path: path.stat().st_size for path in before} == before
    store.close()
