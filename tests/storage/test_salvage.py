"""Out of damaged files comes a new store with all that can be read; what cannot be is named, and no more changes."""

import random
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.storage.conftest import make_ticket, make_user
from tests.storage.recording import contents
from ticketing.domain.audit import AuditAction, AuditEntry, AuditQuery
from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.storage import archive, salvage
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.journal import TAIL_LENGTH, decode, seal
from ticketing.storage.journaled.mending import LONGEST, mended
from ticketing.storage.journaled.snapshots import read_snapshot, snapshot_files
from ticketing.storage.json_store import JsonStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MARK = b',"crc":"'
JOURNAL = "journal-000002.jsonl"

OF_LOST_TICKETS = ("numbers", "tickets")

Documents = dict[str, dict[str, bytes]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_store_with_a_journal(tmp_path)


def a_store_with_a_journal(tmp_path: Path) -> Path:
    """
    Return a directory with three tickets and two people in snapshots, and in a journal what came after.

    T-1 was changed, T-4 opened together with a change of Oskar, T-2 changed, T-4 changed, T-3 taken away.
    """
    place = tmp_path / "data"
    store = JsonStore(place)
    with store.write() as tx:
        for number, title in enumerate(("No dial tone", "Printer on fire", "Smoke"), 1):
            tx.tickets.save(make_ticket(number, title))
        tx.users.save(make_user("carla"))
        tx.users.save(make_user("oskar"))
    assert isinstance(store.engine, Engine)
    store.engine.compact()
    with store.write() as tx:
        tx.tickets.save(make_ticket(1, "No dial tone at all"))
    with store.write() as tx:
        tx.tickets.save(make_ticket(4, "Coffee"))
        tx.users.save(make_user("oskar", "Oskar the Great"))
    with store.write() as tx:
        tx.tickets.save(make_ticket(2, "Printer is out"))
    with store.write() as tx:
        tx.tickets.save(make_ticket(4, "Coffee, please"))
    with store.write() as tx:
        tx.tickets.remove(3)
    shutil.copytree(place, tmp_path / "as it was")
    store.close()
    shutil.rmtree(place)
    (tmp_path / "as it was").rename(place)
    return place


def saved(folder: Path) -> Documents:
    """Return what a store holds but for the audit log, which tells of a salvage."""
    with closing(JsonStore(folder, read_only=True)) as store:
        return {name: found for name, found in store.copy().items() if name != "audit"}


def salvaged(folder: Path, *, accept_edits: bool = False) -> salvage.Salvage:
    found = salvage.look(folder, accept_edits=accept_edits)
    salvage.carry_out(folder, found, NOW)
    return found


def is_content(folder: Path) -> None:
    """Let the store be checked as `verify` does, and be written to."""
    with closing(JsonStore(folder)) as store:
        with store.write() as tx:
            tx.tickets.save(make_ticket(9, "Afterwards"))
        with store.documents() as documents:
            archive.check(documents, "The store")
            archive.check_audit(documents, "The store")


def replace_in(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.faults
@pytest.mark.usefixtures("quick_flush")
def test_d3_whichever_bit_is_flipped_nothing_is_lost_and_the_files_are_kept(folder: Path, tmp_path: Path) -> None:
    expected = saved(folder)

    for path in sorted(folder.glob("*.json*")):
        good = path.read_bytes()
        for position in range(0, len(good), 7 if path.name != JOURNAL else 5):
            flipped = bytearray(good)
            flipped[position] ^= 1 << random.Random(position).randrange(8)  # noqa: S311 -- not for security
            place = tmp_path / "flipped"
            shutil.copytree(folder, place)
            (place / path.name).write_bytes(flipped)
            before = contents_of_files(place)
            if salvage.is_sound(place):
                assert (path.name, position) == (JOURNAL, len(good) - 1), (
                    "only the last newline's looks like a torn write"
                )
                shutil.rmtree(place)
                continue

            found = salvaged(place)

            assert (found.lost, found.older, found.lost_changes) == ([], [], [])
            assert [fault.says for fault in found.faults if fault.is_mended]
            assert saved(place) == expected
            assert contents(place / "damaged-20260302T090000Z") == before
            shutil.rmtree(place)


def contents_of_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.json*")}


@pytest.fixture
def quick_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_line_of_a_snapshot_that_cannot_be_read_costs_nothing_if_the_journal_holds_a_newer_one(
    folder: Path, number: int
) -> None:
    expected = saved(folder)
    good = lines(folder / "tickets.json")
    spoilt = good[number][:40] + bytes(4) + good[number][44:]
    (folder / "tickets.json").write_bytes(b"".join([*good[:number], spoilt, *good[number + 1 :]]))

    found = salvaged(folder)

    assert (found.lost, found.older) == ([], [])
    assert str(found.faults[0]).startswith(f"tickets.json, line {number + 1} (byte {sum(map(len, good[:number]))})")
    assert saved(folder) == expected
    is_content(folder)


def test_a_document_of_which_no_line_can_be_read_is_named_and_its_number_stays_taken(folder: Path) -> None:
    (folder / JOURNAL).write_bytes(b"".join(lines(folder / JOURNAL)[:1]))  # as if nothing had come after
    snapshot = folder / "tickets.json"
    good = lines(snapshot)
    snapshot.write_bytes(b"".join([*good[:3], good[3][:60] + b"?", good[4]]))

    found = salvaged(folder)

    assert found.lost == [("tickets", "3")]
    with closing(JsonStore(folder)) as store, store.write() as tx:
        assert tx.tickets.find(3) is None
        assert tx.tickets.find(2) is not None
        assert tx.tickets.next_number() == 4
    is_content(folder)


def test_a_change_of_which_one_line_cannot_be_read_is_lost_as_a_whole_and_later_ones_hold(folder: Path) -> None:
    before = saved(folder)
    journal = folder / JOURNAL
    replace_in(journal, b"Oskar the Great", b"Oskar the Least")

    found = salvaged(folder)

    assert found.older == [("users", "oskar")]
    assert found.lost == []
    assert found.lost_changes == [range(7, 9)]
    after = saved(folder)
    assert after["tickets"] == before["tickets"]  # T-4 was changed once more after that
    assert b'"Oskar"' in after["users"]["oskar"]
    is_content(folder)


def test_what_was_only_in_a_change_that_is_lost_is_named_as_lost(folder: Path) -> None:
    journal = folder / JOURNAL
    good = lines(journal)
    opened = next(line for line in good if b'"Coffee"' in line)
    changed = next(line for line in good if b"Coffee, please" in line)
    spoilt = [line.replace(b"Coffee", b"Covfefe") if line in {opened, changed} else line for line in good]
    journal.write_bytes(b"".join(spoilt))

    found = salvaged(folder)

    assert found.lost == [("tickets", "4")]
    assert found.older == [("users", "oskar")]
    assert list(saved(folder)["tickets"]) == ["1", "2"]
    is_content(folder)


def test_a_line_that_a_hand_has_changed_is_taken_only_if_that_is_accepted(folder: Path, tmp_path: Path) -> None:
    replace_in(folder / JOURNAL, b"Printer is out", b"Printer is on")
    shutil.copytree(folder, tmp_path / "again")

    refused = salvaged(folder)
    taken = salvaged(tmp_path / "again", accept_edits=True)

    assert (refused.older, refused.edited) == ([("tickets", "2")], [])
    assert (taken.older, taken.edited, taken.lost_changes) == ([], [("tickets", "2")], [])
    assert b"Printer on fire" in saved(folder)["tickets"]["2"]
    assert b"Printer is on" in saved(tmp_path / "again")["tickets"]["2"]
    is_content(tmp_path / "again")


@pytest.mark.parametrize("reformatted", [False, True])
def test_a_snapshot_that_a_hand_has_changed_is_in_doubt_and_names_what_may_be_changed(
    folder: Path, *, reformatted: bool
) -> None:
    users = folder / "users.json"
    replace_in(users, b"Carla", b"Carlotta")
    if reformatted:
        users.write_bytes(users.read_bytes().replace(b'{"id"', b'{ "id"').replace(b'":', b'": '))

    found = salvaged(folder, accept_edits=True)

    assert found.doubtful_files == ["users.json"]
    assert found.edited == [("users", "carla")]  # the journal holds a newer Oskar
    assert b"Carlotta" in saved(folder)["users"]["carla"]
    is_content(folder)


def test_an_edit_that_makes_no_document_is_not_taken(folder: Path) -> None:
    replace_in(folder / "users.json", b'"role":"user"', b'"role":"emperor"')

    found = salvaged(folder, accept_edits=True)

    assert found.lost == [("users", "carla")]
    assert list(saved(folder)["users"]) == ["oskar"]


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / JOURNAL).unlink()
    (folder / "users.json").rename(folder / "away")

    found = salvaged(folder)

    assert found.missing == [JOURNAL]
    assert list(saved(folder)["tickets"]) == ["1", "2", "3"]
    is_content(folder)


def test_the_audit_log_tells_of_it(folder: Path) -> None:
    replace_in(folder / JOURNAL, b"Oskar the Great", b"Oskar the Least")

    found = salvaged(folder)

    with closing(JsonStore(folder)) as store, store.read() as tx:
        newest = next(iter(tx.audit.search(AuditQuery(size=1))))
    assert (newest.actor, newest.action, newest.kind) == ("console", AuditAction.RESTORED, "salvage")
    assert (newest.object, newest.facts, found.cut_records) == ("damaged-20260302T090000Z", {}, None)


def test_records_after_a_lost_one_are_counted_out(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    store = JsonStore(folder)
    for number in range(1, 5):
        with store.write() as tx:
            tx.audit.add(AuditEntry("ada", AuditAction.EXPORTED, NOW, "tickets", f"list {number}"))
    shutil.copytree(folder, tmp_path / "copy")
    store.close()
    (journal,) = (tmp_path / "copy").glob("journal-*.jsonl")
    replace_in(journal, b"list 2", b"lost 3")

    found = salvaged(tmp_path / "copy")

    assert found.cut_records is not None
    assert found.cut_records.number == 4
    with closing(JsonStore(tmp_path / "copy")) as store, store.read() as tx:
        records = [record.object for record in tx.audit.stream()]
        told = next(iter(tx.audit.search(AuditQuery(size=1)))).facts
    assert records == ["list 1", "damaged-20260302T090000Z"]
    assert told == {"replaced": f"record 4, {found.cut_records.hash}"}
    is_content(tmp_path / "copy")


def test_a_desk_that_still_runs_puts_a_snapshot_right_as_it_ends(folder: Path) -> None:
    running = JsonStore(folder)
    with running.write() as tx:
        tx.tickets.save(make_ticket(5, "Not yet in a snapshot"))
    expected = saved(folder)
    (folder / "users.json").write_bytes(b"?")

    assert not salvage.is_sound(folder)
    running.close()

    assert salvage.is_sound(folder)
    assert saved(folder) == expected


def test_a_desk_that_runs_meanwhile_writes_no_more(folder: Path) -> None:
    with closing(JsonStore(folder)) as running:
        replace_in(folder / "users.json", b"Carla", b"Carlotta")
        salvaged(folder, accept_edits=True)

        with pytest.raises(StorageDamagedError), running.write() as tx:
            tx.tickets.save(make_ticket(7, "Too late"))
    assert "7" not in saved(folder)["tickets"]


@pytest.mark.parametrize("name", ["tickets.json", JOURNAL])
@pytest.mark.parametrize("readable", [False, True], ids=["other checksums", "the same checksums"])
def test_files_of_a_newer_version_are_left_alone(folder: Path, name: str, *, readable: bool) -> None:
    first, *others = lines(folder / name)
    newer = first.replace(b'"format":1,', b'"format":22,')
    if readable and name == JOURNAL:
        newer = seal(newer[:-TAIL_LENGTH])
    elif name == JOURNAL:
        others = [line.replace(b'"crc"', b'"sum"') for line in others]
    (folder / name).write_bytes(b"".join([newer, *others]))
    before = contents(folder)

    with pytest.raises(StorageTooNewError):
        salvage.look(folder)

    assert contents(folder) == before


@pytest.mark.parametrize("name", ["tickets.json", JOURNAL])
def test_a_flipped_bit_does_not_make_a_file_one_of_a_newer_version(folder: Path, name: str) -> None:
    expected = saved(folder)
    replace_in(folder / name, b'{"format":1,', b'{"format":9,')

    assert not salvage.is_sound(folder)
    salvaged(folder)

    assert saved(folder) == expected


@pytest.mark.usefixtures("quick_flush")
@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_damaged_no_document_is_made_up_and_what_is_missed_is_told(folder: Path, seed: int) -> None:
    expected, ever = saved(folder), versions(folder)
    rng = random.Random(seed)  # noqa: S311 -- not for security
    for path in rng.sample([folder / "tickets.json", folder / "users.json", folder / JOURNAL], rng.randint(1, 2)):
        content = bytearray(path.read_bytes())
        at = rng.randrange(len(content))
        content[at : at + rng.choice([4, 90, 600])] = rng.choice([b"", bytes(512), rng.randbytes(64)])
        path.write_bytes(content)

    found = salvaged(folder)

    there = {(name, key): raw for name, held in saved(folder).items() for key, raw in held.items()}
    wanted = {(name, key): raw for name, held in expected.items() for key, raw in held.items()}
    missed = {name for name in wanted if there.get(name) != wanted[name]} - {*found.lost, *found.older, *found.edited}
    assert {raw for name, raw in there.items() if name not in {*found.edited, OF_LOST_TICKETS}} <= ever
    assert there == wanted or found.faults or found.doubtful_files
    assert not missed or found.lost_changes or any(not fault.is_mended for fault in found.faults)
    is_content(folder)


def versions(folder: Path) -> set[bytes]:
    """Return each document as it has ever been saved."""
    snapshots = {raw for path in snapshot_files(folder) for raw in read_snapshot(path).documents.values()}
    entries = [decode(line) for line in lines(folder / JOURNAL)[1:]]
    return snapshots | {entry.change[2] for entry in entries if entry and entry.change and entry.change[2]}


def test_only_its_owner_may_read_what_is_kept(folder: Path) -> None:
    replace_in(folder / JOURNAL, b"Printer is out", b"Printer is on")

    salvaged(folder)

    kept = folder / "damaged-20260302T090000Z"
    assert kept.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (*kept.iterdir(), *folder.glob("*.json"))} == {0o600}


def test_a_flipped_bit_is_not_looked_for_where_chance_would_find_one() -> None:
    assert mended(b"x" * (LONGEST + 1), MARK) is None
    assert mended(b"", MARK) is None
