"""The audit log in every kind of store: kept with its change, in one chain, and telling when it was meddled with."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from tests.postgres import databases
from tests.storage.conftest import LASTING, POSTGRES, emptied
from ticketing.domain.audit import NO_HASH, AuditAction, AuditEntry, AuditQuery, AuditRecord, Head, chained
from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.progress import silent
from ticketing.domain.store import Store
from ticketing.storage import archive
from ticketing.storage.audit_file import NAME
from ticketing.storage.documents import audit as document_log
from ticketing.storage.json_store import JsonStore
from ticketing.storage.moving import move
from ticketing.storage.opening import check_database, open_source, open_store, open_target
from ticketing.storage.whole import Source, WholeStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# How many records stay in the journal in these tests.
FEW = 10


@pytest.fixture(autouse=True)
def settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let records move into the file beside the journal as soon as there are ten."""
    monkeypatch.setattr(document_log, "MOST_UNSETTLED", FEW)


def entry(number: int = 1, actor: str = "ada", **fields: Any) -> AuditEntry:
    return AuditEntry(actor, fields.pop("action", AuditAction.EXPORTED), NOW + number * MINUTE, **fields)


def write(store: Store, *entries: AuditEntry) -> None:
    with store.write() as tx:
        for each in entries:
            tx.audit.add(each)


def fill(store: Store, records: int) -> None:
    """Write records, one in each change."""
    for number in range(1, records + 1):
        write(store, entry(number, kind="list", object=f"list {number}"))


def records(store: Store) -> list[AuditRecord]:
    with store.read() as tx:
        return list(tx.audit.stream())


def found(store: Store, **query: Any) -> list[int]:
    asked = AuditQuery(**query)
    with store.read() as tx:
        hits = tx.audit.search(asked)
    return [record.number for record, _ in zip(hits, range(asked.size), strict=False)]


def require_chain(store: WholeStore) -> Head:
    with store.documents() as documents:
        head = archive.check_audit(documents, "The store")
        archive.check(documents, "The store")
        return head


def test_l1_records_form_one_chain_from_the_first_one_on(store: WholeStore) -> None:
    write(store, entry(1), entry(2, "carla"))
    write(store, entry(3))

    first, second, third = records(store)

    assert [record.number for record in (first, second, third)] == [1, 2, 3]
    assert [record.previous for record in (first, second, third)] == [NO_HASH, first.hash, second.hash]
    assert [record.hash for record in (first, second, third)] == [
        record.computed_hash() for record in (first, second, third)
    ]
    assert require_chain(store) == Head(3, third.hash)
    with store.read() as tx:
        assert tx.audit.head() == Head(3, third.hash)


def test_a_change_that_is_not_made_leaves_no_record(store: WholeStore) -> None:
    write(store, entry(1))

    def change_that_fails() -> None:
        with store.write() as tx:
            tx.audit.add(entry(2))
            raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        change_that_fails()
    write(store, entry(3))

    assert [record.at for record in records(store)] == [NOW + MINUTE, NOW + 3 * MINUTE]
    assert require_chain(store).number == 2


def test_a_record_tells_from_where_its_actor_came_and_of_nobody_else(store: Store) -> None:
    with store.write() as tx:
        tx.audit.acts("ada", "192.0.2.7")
        assert tx.audit.acting == ("ada", "192.0.2.7")
        for each in (entry(1), entry(2, "system"), entry(3, address="198.51.100.1")):
            tx.audit.add(each)

    assert [record.address for record in records(store)] == ["192.0.2.7", "", "198.51.100.1"]


@pytest.mark.parametrize("total", [5, FEW + 1, 35], ids=["new ones", "some settled", "most settled"])
def test_records_are_found_by_what_they_tell_the_newest_first(store: Store, total: int) -> None:
    refused = {"action": AuditAction.REFUSED, "kind": "ticket", "object": "T-1"}
    for number in range(1, total + 1):
        write(store, entry(number, "carla", **refused) if number % 3 == 0 else entry(number))
    carlas = [number for number in range(total, 0, -1) if number % 3 == 0]

    assert found(store) == list(range(total, 0, -1))
    assert (
        found(store, actor="carla") == found(store, action=AuditAction.REFUSED) == found(store, object="T-1") == carlas
    )
    assert found(store, actor="car") == found(store, object="T-12") == found(store, actor="\0") == []
    assert found(store, since=NOW + 4 * MINUTE, until=NOW + 6 * MINUTE) == [
        number for number in (5, 4) if number <= total
    ]
    assert found(store, before=4, size=2) == [3, 2]


@pytest.mark.parametrize("kind", LASTING)
def test_records_outlive_the_process_and_the_chain_goes_on(reopened: Callable[[str], WholeStore], kind: str) -> None:
    fill(reopened(kind), 25)

    again = reopened(kind)
    fill(again, 5)

    assert [record.number for record in records(again)] == list(range(1, 31))
    assert require_chain(again).number == 30


@pytest.fixture
def reopened(tmp_path: Path) -> Iterator[Callable[[str], WholeStore]]:
    """Return a way to open the store of a kind again and again."""
    opened: list[WholeStore] = []

    def reopen(kind: str) -> WholeStore:
        if kind == "postgres" and not opened:
            emptied()
        for before in opened[-1:]:
            before.close()
        opened.append(LASTING[kind](tmp_path))  # type: ignore[arg-type]
        return opened[-1]

    yield reopen
    opened[-1].close()


def test_two_processes_that_take_turns_write_one_chain(tmp_path: Path) -> None:
    with closing(JsonStore(tmp_path)) as one, closing(JsonStore(tmp_path)) as another:
        for _ in range(2 * FEW):
            write(one, entry(1))
            write(another, entry(2))
        assert [record.number for record in records(one)] == list(range(1, 4 * FEW + 1))
        assert require_chain(another) == require_chain(one)


def test_of_files_only_the_newest_records_are_in_memory_and_in_the_journal(tmp_path: Path) -> None:
    with closing(JsonStore(tmp_path)) as store:
        fill(store, 95)
        assert len(store.copy()["audit"]) <= FEW
        assert len((tmp_path / NAME).read_bytes().splitlines()) >= 95 - FEW


def test_what_a_killed_writer_left_in_the_file_does_not_count(tmp_path: Path) -> None:
    with closing(JsonStore(tmp_path)) as store:
        fill(store, 15)
        with (tmp_path / NAME).open("ab") as file:
            file.write(b'{"id":"12","at":"half a rec')
        assert [record.number for record in records(store)] == list(range(1, 16))
        assert require_chain(store).number == 15

        fill(store, 20)

        assert require_chain(store).number == 35


def test_a_file_that_cannot_be_appended_to_keeps_nobody_from_their_change(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(JsonStore(tmp_path)) as store:
        fill(store, 15)
        (tmp_path / NAME).rename(tmp_path / "away")
        fill(store, 15)
        assert "stay in the journal" in caplog.text

        (tmp_path / "away").rename(tmp_path / NAME)

        fill(store, 1)
        assert len(store.copy()["audit"]) == 1
        assert require_chain(store).number == 31


@pytest.mark.parametrize(("source", "target"), list(permutations(LASTING, 2)))
def test_the_log_moves_whole_from_one_store_into_another(tmp_path: Path, source: str, target: str) -> None:
    emptied()
    places = addresses(tmp_path)
    with closing(open_store(places[source])) as store:
        fill(store, 25)
        written = records(store)

    with closing(open_source(places[source])) as full, closing(open_target(places[target])) as empty:
        assert move(full, empty, silent)["audit"] == 25

    with closing(open_store(places[target])) as store:
        assert records(store) == written
        fill(store, 1)
        assert require_chain(store).number == 26


def test_a_backup_holds_the_log_and_brings_it_back(store: WholeStore, tmp_path: Path) -> None:
    fill(store, 25)
    written = records(store)

    assert archive.back_up(store, tmp_path / "desk.zip", NOW)["audit"] == 25
    assert archive.rehearse(tmp_path / "desk.zip")["audit"] == 25
    fill(store, 5)
    archive.restore(store, archive.read_archive(tmp_path / "desk.zip"), replace=True)

    assert records(store) == written
    fill(store, FEW + 5)
    assert require_chain(store).number == 40


def test_bringing_a_backup_back_is_on_record_together_with_what_it_replaced(store: WholeStore, tmp_path: Path) -> None:
    fill(store, 3)
    archive.back_up(store, tmp_path / "desk.zip", NOW)
    fill(store, 5)
    with store.read() as tx:
        replaced = tx.audit.head()

    told = entry(9, "console", action=AuditAction.RESTORED)
    archive.restore(store, archive.read_archive(tmp_path / "desk.zip"), replace=True, told=told)

    *_, last = records(store)
    assert (last.number, last.action) == (4, AuditAction.RESTORED)
    assert last.facts == {"replaced": f"record 8, {replaced.hash}"[:80]}
    assert require_chain(store).number == 4


def addresses(folder: Path) -> dict[str, str]:
    return {
        "json": f"json:{folder / 'data'}",
        "sqlite": f"sqlite:///{folder / 'desk.sqlite'}",
        "postgres": databases().address(POSTGRES),
    }


def altered(line: str) -> str:
    """Return a record of which somebody says that it was done by another person."""
    return line.replace('"actor":"ada"', '"actor":"eve"')


def forged(line: str) -> str:
    """Return such a record, with a hash that is right."""
    record = AuditRecord.model_validate_json(altered(line))
    record.hash = record.computed_hash()
    return record.model_dump_json(exclude_none=True)


# What somebody does to the lines of a file, or the rows of a table, of 25 records; and what is said of it.
Lines = list[str]
TAMPERING: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "altered": (lambda lines: [*lines[:11], altered(lines[11]), *lines[12:]], "record 12 was altered"),
    "altered with its hash": (
        lambda lines: [*lines[:11], forged(lines[11]), *lines[12:]],
        "record 13 does not follow record 12",
    ),
    "removed": (lambda lines: lines[:11] + lines[12:], "record 12 is missing"),
    "the first removed": (lambda lines: lines[1:], "record 1 is missing"),
    "exchanged": (
        lambda lines: [*lines[:11], lines[12], lines[11], *lines[13:]],
        "record 12 is missing",
    ),
    "doubled": (lambda lines: [*lines[:11], lines[10], *lines[12:]], "record 11 does not stand in its place"),
}


@pytest.mark.parametrize("tamper", TAMPERING)
def test_l1_verify_names_the_first_record_in_the_file_that_is_not_as_it_was(tmp_path: Path, tamper: str) -> None:
    change, message = TAMPERING[tamper]
    place = addresses(tmp_path)["json"]
    with closing(open_store(place)) as store:
        fill(store, 25)
    path = tmp_path / "data" / NAME
    before = path.read_text(encoding="utf-8")
    lines = change(before.splitlines())
    # A file that became shorter would be noticed by its length alone.
    path.write_text("\n".join(lines).ljust(len(before) - 1) + "\n", encoding="utf-8")

    with pytest.raises(StorageDamagedError, match=message), closing(open_source(place)) as store:
        require_chain_of(store)


def test_whoever_comes_upon_an_altered_record_is_told_so(tmp_path: Path) -> None:
    with closing(JsonStore(tmp_path)) as store:
        fill(store, 25)
        path = tmp_path / NAME
        path.write_bytes(path.read_bytes().replace(b'"previous"', b'"previews"', 1))

        with pytest.raises(StorageDamagedError, match="was altered"):
            found(store)
        assert found(store, before=26, size=2) == [25, 24]


@pytest.mark.parametrize(("cut", "message"), [(0, "missing"), (100, "was cut to 100 bytes")])
def test_verify_says_when_the_file_was_cut_off_or_removed(tmp_path: Path, cut: int, message: str) -> None:
    place = addresses(tmp_path)["json"]
    with closing(open_store(place)) as store:
        fill(store, 25)
    path = tmp_path / "data" / NAME
    if cut:
        path.write_bytes(path.read_bytes()[:cut])
    else:
        path.unlink()

    with pytest.raises(StorageDamagedError, match=message), closing(open_source(place)) as store:
        require_chain_of(store)


def require_chain_of(store: Source) -> None:
    with store.documents() as documents:
        archive.check_audit(documents, "The store")


@pytest.mark.parametrize("tamper", TAMPERING)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_l1_verify_names_the_first_row_that_is_not_as_it_was(tmp_path: Path, kind: str, tamper: str) -> None:
    change, message = TAMPERING[tamper]
    place = _filled(tmp_path, kind)
    with _rows(place) as rows:
        found: dict[int, str] = dict(
            rows.execute(text("SELECT number, CAST(document AS TEXT) FROM audit ORDER BY number")).all()
        )
        places = list(found)
        if "removed" in tamper:
            rows.execute(text("DELETE FROM audit WHERE number = :n"), {"n": 1 if "first" in tamper else 12})
        else:
            for number, document in zip(places, change(list(found.values())), strict=True):
                rows.execute(text("UPDATE audit SET document = :d WHERE number = :n"), {"d": document, "n": number})

    with pytest.raises(StorageDamagedError, match=message), closing(open_source(place)) as store:
        require_chain_of(store)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("DELETE FROM audit WHERE number > 20", "ends with record 20, but record 25 was the newest"),
        ("UPDATE audit SET actor = 'eve' WHERE number = 12", "Record 12 of the audit log"),
    ],
    ids=["cut off", "a column altered"],
)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_verify_says_when_the_table_was_cut_off_or_is_not_what_its_documents_say(
    tmp_path: Path, kind: str, change: str, message: str
) -> None:
    place = _filled(tmp_path, kind)
    check_database(place)
    with _rows(place) as rows:
        rows.execute(text(change))

    with pytest.raises(StorageDamagedError, match=message):
        check_database(place)


def _filled(folder: Path, kind: str) -> str:
    emptied()
    place = addresses(folder)[kind]
    with closing(open_store(place)) as store:
        fill(store, 25)
    return place


@contextmanager
def _rows(place: str) -> Iterator[Connection]:
    engine = create_engine(place)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_whoever_reads_an_export_can_check_it_with_what_the_manual_says() -> None:
    record = next(chained([entry(facts={"status": "open → closed"})], Head()))
    line = json.loads(record.model_dump_json(exclude_none=True))

    claimed = line.pop("hash")
    content = json.dumps(line, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(content.encode()).hexdigest() == claimed
