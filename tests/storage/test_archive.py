"""Backups, restores, and a data directory that the original app has used."""

import hashlib
import json
import stat
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from tests.storage.conftest import LASTING
from ticketing.domain.api_keys import ApiKey
from ticketing.domain.drafts import Draft
from ticketing.domain.errors import RefusedError, StorageDamagedError, StorageUnsupportedError
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.received import Fate, Received
from ticketing.domain.sign_in import Session
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket
from ticketing.storage.archive import MANIFEST, back_up, check, read_archive, rehearse, restore
from ticketing.storage.documents.document_store import DocumentStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.opening import open_document_store, open_store
from ticketing.storage.original_app import holds_original_files, replace_original_files, taking_over
from ticketing.storage.whole import WholeStore

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
ADA = Actor("ada", "Ada", Role.AGENT)

Tamper = Callable[[dict[str, bytes]], object]


def a_user(name: str, *, known: bool = False) -> User:
    return User(
        id=name, display_name=name, password="!", has_known_password=known, created_at=NOW, password_changed_at=NOW
    )


def fill(store: WholeStore, tickets: int = 3) -> None:
    with store.write() as tx:
        tx.users.save(a_user("carla"))
        tx.sessions.save(
            Session(id="s", username="carla", created_at=NOW, last_seen_at=NOW, expires_at=NOW + timedelta(days=9000))
        )
        for _ in range(tickets):
            number = tx.tickets.next_number()
            ticket = Ticket.open(number, "carla", f"No dial tone {number}", "Dead.", TicketCategory.HARDWARE, NOW)
            ticket.note(ADA, "Check the cable: “naïve” 🚒", NOW)
            tx.tickets.save(ticket)
            tx.tickets.mark_seen(number, "carla", 1)


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    fill(made)
    return made


@pytest.fixture
def backup(store: MemoryStore, tmp_path: Path) -> Path:
    path = tmp_path / "desk.zip"
    back_up(store, path, NOW)
    return path


def kept(store: DocumentStore) -> dict[str, dict[str, bytes]]:
    return {name: found for name, found in store.copy().items() if name != "sessions"}


def repack(path: Path, tamper: Tamper, compression: int = zipfile.ZIP_DEFLATED) -> None:
    """Change what is in an archive, and pack it again."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    tamper(contents)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def edit_manifest(**changes: object) -> Tamper:
    return lambda contents: contents.update({MANIFEST: json.dumps(json.loads(contents[MANIFEST]) | changes).encode()})


def test_a_backup_brings_everything_back_but_sign_ins(store: MemoryStore, backup: Path) -> None:
    empty = MemoryStore()

    counts = restore(empty, read_archive(backup))

    assert kept(empty) == kept(store)
    assert "sessions" not in empty.copy()
    assert counts == {"seen": 3, "tickets": 3, "users": 1}


def test_a_backup_is_for_its_owner_only_and_leaves_no_other_file(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(backup.parent.iterdir()) == [backup]


def test_a_backup_says_when_it_was_made_and_what_is_in_it(backup: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        manifest = json.loads(archive.read(MANIFEST))

    assert manifest["created_at"] == "2031-05-06T09:30:00Z"
    assert {name: said["documents"] for name, said in manifest["files"].items()} == {
        "seen.jsonl": 3,
        "tickets.jsonl": 3,
        "users.jsonl": 1,
    }
    assert read_archive(backup).created_at == NOW


def test_what_other_hands_wrote_into_a_backup_is_found_like_everything_else(backup: Path) -> None:
    def escape(contents: dict[str, bytes]) -> None:
        documents = [json.loads(line) for line in contents["tickets.jsonl"].splitlines()]
        lines = [
            json.dumps(document, separators=(",", ":")).replace("Check the", r"Check\/the") for document in documents
        ]
        contents["tickets.jsonl"] = content = "".join(f"{line}\n" for line in lines).encode()
        said = json.loads(contents[MANIFEST])
        said["files"]["tickets.jsonl"] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        contents[MANIFEST] = json.dumps(said).encode()

    repack(backup, escape)
    restored = MemoryStore()

    restore(restored, read_archive(backup))

    everything = Audience(username="ada", sees_all=True)
    with restored.read() as tx:
        assert [
            tx.tickets.search(everything, TicketQuery(needles=(text,))).total for text in ("NAÏVE", "🚒", "check/the")
        ] == [3] * 3


@pytest.mark.parametrize("reopen", LASTING, indirect=True)
def test_a_backup_made_while_others_write_holds_whole_transactions(
    reopen: Callable[[], WholeStore], tmp_path: Path
) -> None:
    store = reopen()
    fill(store, 50)
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            fill(store, 2)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [back_up(store, tmp_path / f"{number}.zip", NOW) for number in range(5)]
    finally:
        done.set()
        writer.join()

    assert all(each["tickets"] % 2 == 0 and each["tickets"] == each["seen"] for each in counts)


@pytest.mark.parametrize("reopen", LASTING, indirect=True)
def test_a_backup_holds_nothing_that_is_written_after_it_began(
    reopen: Callable[[], WholeStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.domain.progress._NOW_AND_THEN", 1)
    store, writer = reopen(), reopen()
    fill(store, 3)

    counts = back_up(store, tmp_path / "desk.zip", NOW, lambda _done, _whole: fill(writer, 1))

    assert counts == {"seen": 3, "tickets": 3, "users": 1}
    with store.read() as tx:
        assert tx.tickets.next_number() == 3 + sum(counts.values()) + 1


def test_a_backup_that_fails_at_the_end_leaves_the_older_one(store: MemoryStore, backup: Path) -> None:
    before = backup.read_bytes()
    fill(store)

    with pytest.raises(ValueError, match="created_at"):
        back_up(store, backup, cast("datetime", "no time"))

    assert backup.read_bytes() == before
    assert list(backup.parent.iterdir()) == [backup]


def test_a_store_with_tickets_is_not_overwritten_unless_told_to(store: MemoryStore, backup: Path) -> None:
    with store.write() as tx:
        tx.users.save(a_user("oskar"))
    before = store.copy()

    with pytest.raises(RefusedError, match=r"holds 3 tickets, 2 users\. Only with --replace"):
        restore(store, read_archive(backup))

    assert store.copy() == before


def test_replacing_leaves_nothing_of_what_was_there(store: MemoryStore, backup: Path) -> None:
    then = kept(store)
    fill(store)
    with store.write() as tx:
        tx.users.save(a_user("oskar"))

    restore(store, read_archive(backup), replace=True)

    assert store.copy() == then


def test_the_untouched_account_of_the_first_launch_is_no_obstacle(backup: Path) -> None:
    fresh = MemoryStore()
    with fresh.write() as tx:
        tx.users.save(a_user("support_agent", known=True))

    restore(fresh, read_archive(backup))

    assert list(fresh.copy()["users"]) == ["carla"]


@pytest.mark.parametrize("cut", [10, 200, -1, -30])
def test_a_truncated_backup_is_refused(backup: Path, cut: int) -> None:
    backup.write_bytes(backup.read_bytes()[:cut])

    with pytest.raises(StorageDamagedError, match=r"desk\.zip is no sound backup"):
        read_archive(backup)


def test_no_flipped_byte_goes_unseen_or_does_harm(backup: Path) -> None:
    whole = backup.read_bytes()
    expected = read_archive(backup)
    for position in range(0, len(whole), 7):
        backup.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        try:
            found = read_archive(backup)
        except (StorageDamagedError, RefusedError):
            continue
        assert found.documents == expected.documents  # such as a time stamp inside the zip file


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (lambda files: files.update({"users.jsonl": files["users.jsonl"].replace(b"carla", b"oskar")}), "the checksum"),
        (lambda files: files.pop("users.jsonl"), "users.jsonl is missing, or was added"),
        (lambda files: files.update({"more.jsonl": b""}), "more.jsonl is missing, or was added"),
        (lambda files: files.pop(MANIFEST), "it has no manifest"),
        (lambda files: files.update({MANIFEST: b"{"}), "cannot be read"),
        (lambda files: files.update({MANIFEST: b"[" * 100_000}), "cannot be read"),
        (lambda files: files.update({"../../evil.jsonl": b""}), "does not belong in it"),
        (lambda files: files.update({"/etc/passwd": b""}), "does not belong in it"),
        (lambda files: files.update({"tickets.jsonl": b" " * (80 << 20)}), "far more than a desk"),
    ],
    ids=["changed", "missing", "added", "no manifest", "bad manifest", "deep", "upwards", "absolute", "bomb"],
)
def test_a_backup_with_which_somebody_meddled_is_refused(backup: Path, tamper: Tamper, fault: str) -> None:
    repack(backup, tamper)

    with pytest.raises(StorageDamagedError, match=fault):
        read_archive(backup)


def test_a_backup_of_a_newer_version_is_refused_by_its_format(backup: Path) -> None:
    repack(backup, edit_manifest(format=7))

    with pytest.raises(RefusedError, match=r"has format 7 of a newer version.*Update the desk"):
        read_archive(backup)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_backup_packed_by_a_method_that_is_not_ours_is_refused_unread(backup: Path, method: int) -> None:
    repack(backup, lambda _: None, method)

    with pytest.raises(StorageDamagedError, match=r"is packed in a way of its own"):
        read_archive(backup)


def test_an_encrypted_backup_is_refused_unread(backup: Path) -> None:
    whole = bytearray(backup.read_bytes())
    whole[whole.rindex(b"PK\x01\x02") + 8] |= 1
    backup.write_bytes(whole)

    with pytest.raises(StorageDamagedError, match=r"is packed in a way of its own"):
        read_archive(backup)


def test_a_member_that_appears_twice_is_refused(backup: Path) -> None:
    with zipfile.ZipFile(backup, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("users.jsonl", b"")

    with pytest.raises(StorageDamagedError, match="occurs twice"):
        read_archive(backup)


@pytest.mark.parametrize(
    ("collection", "key", "raw", "fault"),
    [
        ("tickets", "1", b'{"id":"1"}', "tickets “1” is not valid: title: field required"),
        ("tickets", "1", b'{"id":"2"}', "not of the form"),
        ("users", "carla", b"{", "not of the form"),
        ("seen", "1:carla", b'{"id":"1:carla","messages":"many"}', "messages: "),
        ("dreams", "1", b'{"id":"1"}', "“dreams”, which this version does not know"),
    ],
)
def test_a_document_that_is_not_what_it_should_be_is_named(collection: str, key: str, raw: bytes, fault: str) -> None:
    with pytest.raises(StorageDamagedError, match=fault):
        check({collection: [(key, raw)]}, "The store")


def test_a_ticket_without_a_description_is_no_ticket(store: MemoryStore) -> None:
    ticket = Ticket.model_validate_json(store.copy()["tickets"]["1"])
    ticket.messages = ticket.messages[1:]

    with pytest.raises(StorageDamagedError, match="does not begin with a description"):
        check({"tickets": [("1", ticket.model_dump_json().encode())]}, "The store")


ORIGINAL_USERS = '{"carla": {"password": "in plain text", "role": "user"}}'
ORIGINAL_TICKETS = '{"carla": []}'


@pytest.fixture
def original(tmp_path: Path) -> Path:
    (tmp_path / "users.json").write_text(ORIGINAL_USERS)
    (tmp_path / "tickets.json").write_text(ORIGINAL_TICKETS)
    return tmp_path


def test_the_original_apps_files_are_offered_for_import_and_left_alone(original: Path) -> None:
    with pytest.raises(StorageUnsupportedError, match="import-seed"):
        open_store(f"json:{original}")

    assert {path.name: path.read_text() for path in original.iterdir()} == {
        "users.json": ORIGINAL_USERS,
        "tickets.json": ORIGINAL_TICKETS,
    }


def test_taking_over_leaves_no_plain_text_and_a_store_that_opens(original: Path, store: MemoryStore) -> None:
    with taking_over(original) as already_here:
        assert already_here == {}
        replace_original_files(original, store.copy())

    assert not [path for path in original.iterdir() if b"plain text" in path.read_bytes()]
    opened = open_document_store(f"json:{original}")
    try:
        assert opened.copy() == kept(store)
    finally:
        opened.close()


def test_taking_over_goes_on_where_it_was_cut_off(original: Path, store: MemoryStore) -> None:
    with taking_over(original):
        replace_original_files(original, store.copy())
    (original / "tickets.json").write_text(ORIGINAL_TICKETS)  # as if it had died before the last file

    assert holds_original_files(original)
    with taking_over(original) as already_here:
        assert already_here["users"] == store.copy()["users"]


def test_a_store_is_never_taken_for_the_original_apps_files(original: Path) -> None:
    (original / "users.json").unlink()
    (original / "tickets.json").unlink()
    open_store(f"json:{original}").close()
    (original / "users.json").write_text(ORIGINAL_USERS)

    assert not holds_original_files(original)
    with pytest.raises(StorageDamagedError, match="was not written by this store"):
        open_store(f"json:{original}")
    with pytest.raises(StorageDamagedError, match="data directory already"), taking_over(original):
        pass


def test_what_has_run_out_of_time_is_left_behind_and_makes_no_backup_unsound(tmp_path: Path) -> None:
    store, path, now = MemoryStore(), tmp_path / "desk.zip", datetime.now(UTC)
    mail = store.files.put([b"mail"], now)
    with store.write() as tx:
        tx.users.save(a_user("ada"))
        for name, days in (("over", -1), ("alive", 1)):
            expires_at = now + timedelta(days=days)
            tx.drafts.save(Draft(id=name, username="ada", texts={"reply": name}, saved_at=now, expires_at=expires_at))
            tx.api_keys.save(
                ApiKey(id=name, username="ada", name=name, scopes=(), created_at=now, expires_at=expires_at)
            )
            told = {"username": "ada", "kind": NoticeKind.REPLIED, "ticket": 1, "by": "carla", "at": now}
            tx.notices.save(Notice.model_validate({"id": name, "expires_at": expires_at, **told}))
            tx.received.save(
                Received(id=name, at=now, fate=Fate.IGNORED, raw_sha256=mail.sha256, size=4, expires_at=expires_at)
            )
    back_up(store, path, now)

    documents = read_archive(path).documents
    assert [list(documents[name]) for name in ("api_keys", "drafts", "notices", "received")] == 4 * [["alive"]]
    assert rehearse(path) == {"api_keys": 1, "attachments": 1, "drafts": 1, "notices": 1, "received": 1, "users": 1}
