"""Everything can go from any store into any other, and comes back as it was."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.postgres import databases
from tests.serving import PASSWORD
from tests.storage.conftest import NOW, make_ticket, make_user
from ticketing.desk import Desk, open_desk
from ticketing.domain.api_keys import ApiKey
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.errors import (
    RefusedError,
    StorageDamagedError,
    StorageUnsupportedError,
    WrongCredentialsError,
)
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.openid import Identity
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import Actor, Role
from ticketing.domain.progress import silent
from ticketing.domain.received import Fate, Received
from ticketing.domain.scopes import Scope
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.store import Transaction
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Message, MessageKind
from ticketing.services.sessions import SignedIn, find_device
from ticketing.services.throttle import FREE_FAILURES
from ticketing.settings import Settings
from ticketing.storage import archive
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.moving import move
from ticketing.storage.opening import open_source, open_store, open_target
from ticketing.storage.whole import WholeStore, content_of

CONSOLE = Actor.console()
FAR_OFF = NOW.replace(year=9000)
KINDS = ["json", "sqlite", "postgres"]
WAYS = list(permutations(KINDS, 2))
Place = Callable[[str], str]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a way to the address of an empty store of a kind; each kind has one place."""
    addresses = {
        "json": lambda: f"json:{tmp_path / 'data'}",
        "sqlite": lambda: f"sqlite:///{tmp_path / 'desk.sqlite'}",
        "postgres": lambda: databases().create("moving"),
    }
    return lambda kind: addresses[kind]()


def migrate(here: str, there: str, progress: Callable[[int, int], None] = lambda _done, _whole: None) -> dict[str, int]:
    """Move from one address to another, as the command does."""
    with closing(open_source(here)) as source, closing(open_target(there)) as target:
        return move(source, target, progress)


def filled(address: str) -> str:
    """Put a bit of everything into the store at an address."""
    with closing(open_store(address)) as store:
        fill(store)
    return address


def fill(store: WholeStore) -> None:
    """Put in a bit of everything: more than a batch, notes, watchers, unknown fields, odd letters."""
    mail = store.files.put([b"Subject: Gr\xff\n\n"], NOW)
    with store.write() as tx:
        tx.users.save(make_user("root", role=Role.ADMIN, shoe_size=44))
        tx.users.save(make_user("ada", role=Role.AGENT))
        tx.users.save(make_user("oskar"))
        for number in range(1, 12):
            ticket = make_ticket(
                number, f"Größe {number} 👩‍💻", age=number % 5, watchers=["oskar", "bert"], tags=["a b"]
            )
            ticket.fields = {"field.serial": f"ö {number}", "agents.messages": ["x"], "field.leased": number > 5}
            ticket.messages.append(
                Message(kind=MessageKind.NOTE, author="ada", text='"\\u00fc"\n', at=ticket.opened_at)
            )
            tx.tickets.save(ticket)
        tx.tickets.mark_seen(2, "carla", 1)
        tx.tickets.mark_seen(11, "a:b", 2)
        tx.drafts.save(Draft(id="f", username="ada", ticket=2, texts={"note": "ö"}, saved_at=NOW, expires_at=FAR_OFF))
        told = {"username": "oskar", "kind": NoticeKind.REPLIED, "by": "ada", "at": NOW, "expires_at": FAR_OFF}
        tx.notices.add([Notice(id="n1", ticket=2, **told), Notice(id="n2", ticket=3, read=True, **told)])
        tx.outgoing.save(Outgoing(id="o", username="ada", kind="noted", at=NOW, due_at=NOW, expires_at=FAR_OFF))
        when = {"happened_at": NOW, "at": NOW, "due_at": NOW, "expires_at": FAR_OFF}
        tx.deliveries.save(Delivery(id="w", webhook="crm", event="ticket.opened", ticket=2, **when))
        received = Received(id="m", at=NOW, fate=Fate.FAILED, raw_sha256=mail[0], size=mail[1], expires_at=FAR_OFF)
        tx.received.save(received)
        key = ApiKey(id="k", username="ada", name="ö", scopes=(Scope.READ,), created_at=NOW, expires_at=FAR_OFF)
        tx.api_keys.save(key)
        tx.identities.save(Identity(id="i", username="ada", issuer="https://login.example.org/ö", created_at=NOW))
        tx.definitions(Team).save(Team(id="first-line", name="First líne", members=("ada",), version=1))


DOCUMENTS = {
    "api_keys": 1,
    "deliveries": 1,
    "drafts": 1,
    "identities": 1,
    "notices": 2,
    "outgoing": 1,
    "received": 1,
    "seen": 2,
    "teams": 1,
    "tickets": 11,
    "users": 3,
}
# The accounts come behind all else but what is theirs alone.
LATE = {"api_keys", "drafts", "identities", "notices", "users"}


def everything(address: str) -> dict[str, list[tuple[str, bytes]]]:
    """Read all that the store at an address holds."""
    with closing(open_store(address)) as store, store.documents() as documents:
        return {name: list(found) for name, found in documents.items() if found}


@pytest.mark.parametrize(("here", "there"), WAYS)
def test_a_move_takes_everything_along_and_leaves_the_source_as_it_was(place: Place, here: str, there: str) -> None:
    source, target = filled(place(here)), place(there)
    before = everything(source)
    told: list[tuple[int, int]] = []

    counts = migrate(source, target, lambda done, whole: told.append((done, whole)))

    assert counts == DOCUMENTS
    assert everything(target) == before == everything(source)
    assert told == [(50, 50)]
    with closing(open_store(target)) as store, store.write() as tx:
        assert tx.tickets.next_number() == 12


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("way", ["move", "backup"])
def test_what_belonged_to_an_account_that_is_lost_stays_behind_and_its_tickets_come_along(
    tmp_path: Path, place: Place, there: str, way: str
) -> None:
    target = place(there)
    with closing(JsonStore(tmp_path / "salvaged")) as source:
        fill(source)
        with source.write() as tx:
            tx.users.remove("ada")

        if way == "move":
            with closing(open_target(target)) as store:
                move(source, store, silent)
        else:
            archive.back_up(source, tmp_path / "desk.zip", NOW)
            found = archive.read_archive(tmp_path / "desk.zip")
            with closing(open_store(target)) as store:
                archive.restore(store, found)

    arrived = {name: len(found) for name, found in everything(target).items()}
    kept = {name: number for name, number in DOCUMENTS.items() if name not in {"drafts", "api_keys", "identities"}}
    assert arrived == kept | {"users": 2}


@pytest.mark.parametrize("here", ["json", "sqlite"])
def test_a_move_changes_no_byte_of_its_source(place: Place, here: str, tmp_path: Path) -> None:
    source = filled(place(here))
    file = tmp_path / "data" / "tickets.json" if here == "json" else tmp_path / "desk.sqlite"
    before = {path: path.read_bytes() for path in file.parent.iterdir() if path.is_file()}

    migrate(source, f"json:{tmp_path / 'there'}")

    after = {path: path.read_bytes() for path in file.parent.iterdir() if path.is_file()}
    assert {path: content for path, content in after.items() if path.suffix != ".sqlite-shm" and content} == {
        path: content for path, content in before.items() if content
    }


def test_from_files_to_a_database_and_back_nothing_changes(place: Place, tmp_path: Path) -> None:
    source, target, again = filled(place("json")), place("postgres"), f"json:{tmp_path / 'again'}"

    migrate(source, target)
    migrate(target, again)

    assert everything(again) == everything(source)
    with open_source(again).documents() as one, open_source(source).documents() as other:
        assert content_of(one) == content_of(other)


@contextmanager
def desk_at(address: str) -> Iterator[Desk]:
    with closing(open_desk(Settings(storage_url=address), password_rounds=4)) as desk:
        yield desk


def remembers(desk: Desk, signed_in: SignedIn, hand_off: str) -> dict[str, bool]:
    """Tell which of the things that go by themselves a desk still knows."""
    with desk.store.read() as tx:
        return {
            "session": tx.sessions.find(fingerprint(signed_in.token)) is not None,
            "device": find_device(tx, "carla", signed_in.device, desk.clock()) is not None,
            "hand-off": tx.hand_offs.find(fingerprint(hand_off)) is not None,
            "receipt": tx.receipts.find(fingerprint("receipt", "carla", "one form")) is not None,
            "failed tries": desk.agents.wait(CONSOLE, "oskar") is not None,
        }


@pytest.mark.parametrize(("here", "there"), WAYS)
def test_what_goes_by_itself_is_left_behind(place: Place, here: str, there: str) -> None:
    source, target = place(here), place(there)
    with desk_at(source) as desk:
        for name in ("carla", "oskar"):
            desk.accounts.register(name, name, PASSWORD, PASSWORD)
        first, second = (desk.accounts.sign_in_browser("carla", PASSWORD, browser="Carla's") for _ in range(2))
        signed_in = desk.sessions.redeem(first, browser="Carla's")
        desk.tickets.open(desk.sessions.actor(signed_in.token), "Smoke", "Help!", key="one form")
        for _ in range(FREE_FAILURES):
            with pytest.raises(WrongCredentialsError):
                desk.accounts.sign_in("oskar", "not the password")
        before = remembers(desk, signed_in, second)

    migrate(source, target)

    with desk_at(target) as desk:
        after = remembers(desk, signed_in, second)
        assert desk.tickets.get(CONSOLE, 1).title == "Smoke"
    assert before == dict.fromkeys(before, True)
    assert after == dict.fromkeys(before, False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_that_holds_something_is_refused_and_left_alone(place: Place, kind: str, tmp_path: Path) -> None:
    target = filled(place(kind))
    before = everything(target)
    source = f"sqlite:///{tmp_path / 'other.sqlite'}"
    open_store(source).close()

    with pytest.raises(RefusedError, match="The target holds 11 tickets, 3 users"):
        migrate(source, target)

    assert everything(target) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_account_that_nobody_has_used_gives_way(place: Place, kind: str, tmp_path: Path) -> None:
    target = place(kind)
    with closing(open_store(target)) as store, store.write() as tx:
        tx.users.save(make_user("support_agent", role=Role.ADMIN, has_known_password=True))
    source = filled(f"sqlite:///{tmp_path / 'other.sqlite'}")

    migrate(source, target)

    assert everything(target) == everything(source)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut_at", [7, 20], ids=["while it is sent", "while it is read back"])
def test_a_move_that_is_cut_off_is_no_store_and_comes_to_its_end_when_it_is_run_again(
    place: Place, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    monkeypatch.setattr("ticketing.domain.progress._NOW_AND_THEN", 1)
    target, source = place(kind), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")

    def cut_off(done: int, _whole: int) -> None:
        if done == cut_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(source, target, cut_off)
    for opened in (open_store, open_source):
        with pytest.raises(StorageUnsupportedError, match=r"half moved.* migrate --to …, again"):
            opened(target)

    with closing(open_store(source)) as store, store.write() as tx:
        tx.tickets.save(make_ticket(12, "Opened between the two"))
    migrate(source, target)

    assert everything(target) == everything(source)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have few documents make a batch, and be told of each."""
    monkeypatch.setattr("ticketing.storage.sql.arriving.BATCH", 2)
    monkeypatch.setattr("ticketing.storage.journaled.snapshots.BATCH", 2)
    monkeypatch.setattr("ticketing.domain.progress._NOW_AND_THEN", 1)


def half_migrate(here: str, there: str, cut_at: int = 20) -> None:
    """Move until so many documents are dealt with, of which 23 are sent and then read back."""

    def cut_off(done: int, _whole: int) -> None:
        if done == cut_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(here, there, cut_off)


CHANGES: dict[str, Callable[[Transaction], object]] = {
    "nothing": lambda _: None,
    "what had arrived": lambda tx: tx.tickets.save(make_ticket(3, "Changed between the two")),
    "what had not": lambda tx: tx.tickets.save(make_ticket(11, "Changed between the two")),
    "one more": lambda tx: tx.tickets.save(make_ticket(12, "Opened between the two")),
    "a collection less": lambda tx: tx.drafts.remove("f"),
}


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("cut_at", [7, 30], ids=["while it is sent", "while it is read back"])
def test_a_move_that_goes_on_brings_what_the_source_holds_by_then(
    place: Place, kind: str, tmp_path: Path, change: Callable[[Transaction], object], cut_at: int
) -> None:
    target, source = place(kind), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")
    half_migrate(source, target, cut_at)
    with closing(open_store(source)) as store, store.write() as tx:
        change(tx)

    migrate(source, target)

    assert everything(target) == everything(source)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_a_desk_on_the_target_wrote_into_half_a_move_is_neither_taken_away_nor_taken_along(
    place: Place, kind: str, tmp_path: Path
) -> None:
    target, source = place(kind), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with closing(open_store(target)) as running:
        half_migrate(source, target)
        with running.write() as tx:
            tx.tickets.save(make_ticket(1, "Written over what had arrived"))

        for _ in range(2):
            with pytest.raises(RefusedError, match="not as it was written"):
                migrate(source, target)

        with running.read() as tx:
            ticket = tx.tickets.find(1)
            assert ticket is not None
            assert ticket.title == "Written over what had arrived"
    with pytest.raises(StorageUnsupportedError, match="half moved"):
        open_store(target)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_a_desk_on_the_target_writes_during_a_move_does_not_become_part_of_it(
    place: Place, kind: str, tmp_path: Path
) -> None:
    target, source = place(kind), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")

    def write(done: int, _whole: int) -> None:
        if done == 20:
            with running.write() as tx:
                tx.tickets.save(make_ticket(12, "Opened on the target"))

    with closing(open_store(target)) as running, pytest.raises(StorageDamagedError, match="not what was sent"):
        migrate(source, target, write)

    with pytest.raises(StorageUnsupportedError, match="half moved"):
        open_store(target)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_at_a_desk_that_runs_on_the_target_nobody_can_sign_in_before_the_tickets_have_arrived(
    place: Place, kind: str, tmp_path: Path
) -> None:
    target, source = place(kind), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with closing(open_store(target)) as running:
        half_migrate(source, target, sum(number for name, number in DOCUMENTS.items() if name not in LATE))

        with running.read() as tx:
            assert tx.tickets.find(10) is not None
            assert tx.users.find("root") is None
            assert tx.sessions.find("any") is None


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("overtaking", [half_migrate, migrate], ids=["cut off as well", "to its end"])
def test_a_move_that_another_one_has_overtaken_stops(
    place: Place, kind: str, tmp_path: Path, overtaking: Callable[[str, str], object]
) -> None:
    target = place(kind)
    first, second = (filled(f"sqlite:///{tmp_path / name}") for name in ("one.sqlite", "other.sqlite"))
    with closing(open_store(second)) as store, store.write() as tx:
        tx.tickets.save(make_ticket(1, "In this one alone"))

    def overtake(done: int, _whole: int) -> None:
        if done == 20:
            overtaking(second, target)

    with pytest.raises(RefusedError, match="Another migration into the target"):
        migrate(first, target, overtake)
    if overtaking is half_migrate:
        migrate(second, target)

    assert everything(target) == everything(second)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_has_expired_comes_along_however_long_it_takes(
    place: Place, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, source = place(kind), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with closing(open_store(source)) as store, store.write() as tx:
        tx.drafts.save(Draft(id="old", username="ada", ticket=2, texts={"note": "ö"}, saved_at=NOW, expires_at=NOW))
    monkeypatch.setattr("ticketing.storage.sql.sql_store._PURGE_EVERY", 0.0)

    migrate(source, target)

    assert everything(target) == everything(source)


@pytest.mark.parametrize("damage", [b"", b"x"], ids=["as it was", "damaged meanwhile"])
def test_a_file_that_had_arrived_stays_if_it_is_what_it_was(place: Place, tmp_path: Path, damage: bytes) -> None:
    target, source = place("json"), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")
    migrate(source, target)
    (file,) = (path for path in (tmp_path / "data" / "attachments").glob("??/*") if path.is_file())
    content = file.read_bytes()
    file.write_bytes(content + damage)
    os.utime(file, (1, 1))
    (tmp_path / "data" / ".half-moved").touch()

    migrate(source, target)

    assert file.read_bytes() == content
    assert (file.stat().st_mtime == 1) is (not damage)


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_moves_into_one_target_one_arrives_whole(place: Place, kind: str, tmp_path: Path) -> None:
    target = place(kind)
    sources = [filled(f"sqlite:///{tmp_path / name}") for name in ("one.sqlite", "other.sqlite")]
    with closing(open_store(sources[1])) as store, store.write() as tx:
        tx.tickets.save(make_ticket(12, "In this one alone"))
    together = threading.Barrier(2)

    def run(source: str) -> str | None:
        together.wait()
        try:
            migrate(source, target)
        except RefusedError as refusal:
            return str(refusal)
        return None

    with ThreadPoolExecutor(2) as pool:
        refusals = list(pool.map(run, sources))

    (arrived,) = [source for source, refusal in zip(sources, refusals, strict=True) if refusal is None]
    assert everything(target) == everything(arrived)


def test_a_desk_that_runs_on_the_target_writes_nothing_over_what_was_moved_in(place: Place, tmp_path: Path) -> None:
    source, target = filled(place("sqlite")), place("json")
    running = JsonStore(tmp_path / "data")

    migrate(source, target)

    with pytest.raises(StorageDamagedError, match="removed while the desk was running"), running.write() as tx:
        tx.users.save(make_user("late"))
    running.close()
    assert everything(target) == everything(source)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_desk_on_the_target_wrote_after_a_move_was_cut_off_is_never_taken_away(
    place: Place, kind: str, tmp_path: Path
) -> None:
    target, source = place(kind), filled(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with closing(open_store(target)) as running:
        if kind == "json":  # as if it was killed as soon as it had made its mark
            (tmp_path / "data" / ".half-moved").touch()
        else:
            with pytest.raises(KeyboardInterrupt), closing(open_target(target)) as opened, opened.moving_in({}):
                raise KeyboardInterrupt
        with running.write() as tx:
            tx.users.save(make_user("carla"))

    with pytest.raises(RefusedError, match="The target holds 1 users"):
        migrate(source, target)

    assert list(everything(target)) == ["users"]


def test_a_desk_that_writes_between_the_mark_and_the_move_is_left_alone_and_can_be_opened(place: Place) -> None:
    source, target = filled(place("sqlite")), place("postgres")

    def write() -> None:
        with running.write() as tx:
            tx.users.save(make_user("carla"))

    with (
        closing(open_store(target)) as running,
        closing(open_store(target)) as other,
        create_engine(target, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as looking,
        ThreadPoolExecutor(2) as pool,
    ):

        def wait_for(writers: int) -> None:
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            deadline = time.monotonic() + 10
            while looking.scalar(waiting) != writers:
                assert time.monotonic() < deadline
                time.sleep(0.01)

        with other.write():  # those who wait behind it take turns in the order in which they came
            moved = pool.submit(migrate, source, target)
            wait_for(1)
            written = pool.submit(write)
            wait_for(2)
        written.result()
        with pytest.raises(RefusedError, match="The target holds 1 users"):
            moved.result()

    assert list(everything(target)) == ["users"]


@pytest.mark.parametrize("left", ["journal", "snapshots", "nothing"])
def test_a_move_that_was_cut_off_while_it_made_room_is_begun_anew(place: Place, tmp_path: Path, left: str) -> None:
    target, source = place("json"), filled(place("sqlite"))
    with closing(JsonStore(tmp_path / "data")) as store, store.write() as tx:
        tx.users.save(make_user("support_agent", has_known_password=True))
    (tmp_path / "data" / ".half-moved").touch()
    for gone in [] if left == "journal" else ["journal-*"] if left == "snapshots" else ["journal-*", "*.json"]:
        for path in (tmp_path / "data").glob(gone):
            path.unlink()

    migrate(source, target)

    assert everything(target) == everything(source)


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_arrive_as_it_was_sent_is_not_kept(
    place: Place, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = MemoryStore(), place(kind)
    fill(source)
    lost = iter([(b"x", b"x")])
    monkeypatch.setattr("ticketing.storage.moving.content_of", lambda *_: {"tickets": next(lost)})

    with closing(open_target(target)) as opened, pytest.raises(StorageDamagedError, match="not what was sent"):
        move(source, opened, lambda _done, _whole: None)

    with pytest.raises(StorageUnsupportedError, match="half moved"):
        open_store(target)


def test_a_document_of_the_source_that_is_none_stops_the_move(place: Place) -> None:
    source = MemoryStore()
    source.put({"seen": {"1:x": b'{"id":"1:x","messages":"many"}'}})

    with (
        closing(open_target(place("json"))) as target,
        pytest.raises(StorageDamagedError, match="seen is not valid: mess"),
    ):
        move(source, target, lambda _done, _whole: None)


def test_a_collection_that_this_version_does_not_know_stops_the_move(place: Place) -> None:
    source = MemoryStore()
    source.put({"dreams": {"x": b'{"id":"x"}'}})

    with (
        closing(open_target(place("json"))) as target,
        pytest.raises(StorageDamagedError, match="“dreams”, which this"),
    ):
        move(source, target, lambda _done, _whole: None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_move_out_of_a_store_that_others_write_to_takes_whole_transactions(
    place: Place, kind: str, tmp_path: Path
) -> None:
    source = place(kind)
    store, done = open_store(source), threading.Event()

    def write(number: int) -> None:
        with store.write() as tx:
            for each in (number, number + 1):
                tx.tickets.save(make_ticket(each, description="x" * 5_000))
                tx.tickets.mark_seen(each, "carla", 1)

    def write_on() -> None:
        number = 1
        while not done.is_set():
            number += 2
            write(number)

    write(1)
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write_on)
        counts = [migrate(source, f"json:{tmp_path / str(one)}") for one in range(12)]
        done.set()
        writer.result()
    store.close()

    assert all(each["tickets"] % 2 == 0 and each["tickets"] == each["seen"] for each in counts)
    assert len({each["tickets"] for each in counts}) > 1


def test_nothing_is_moved_into_memory(place: Place) -> None:
    filled(place("json"))

    with pytest.raises(StorageUnsupportedError, match="is gone at once"):
        migrate(place("json"), "memory:")


@pytest.mark.parametrize(("here", "there"), WAYS)
def test_a_backup_of_one_store_can_be_restored_into_any_other(
    place: Place, here: str, there: str, tmp_path: Path
) -> None:
    source, target, file = filled(place(here)), place(there), tmp_path / "desk.backup"

    with closing(open_source(source)) as opened:
        counts = archive.back_up(opened, file, NOW)
    with closing(open_store(target)) as store:
        restored = archive.restore(store, archive.read_archive(file))

    assert counts == restored == DOCUMENTS | {"attachments": 1}
    assert everything(target) == everything(source)
    with closing(open_source(target)) as opened, opened.documents() as documents:
        assert archive.check(documents, "The store") == DOCUMENTS
        assert archive.check_contents(documents, opened.files) == 1


class CutOff(dict[str, bytes]):
    """Documents that somebody goes through until they are cut off."""

    def items(self) -> Any:
        """Yield a few, and no more."""
        yield from islice(super().items(), 7)
        raise KeyboardInterrupt


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_that_is_cut_off_has_not_happened_and_can_be_begun_again(
    place: Place, kind: str, tmp_path: Path
) -> None:
    address, file = filled(place(kind)), tmp_path / "desk.backup"
    with closing(open_source(address)) as source:
        archive.back_up(source, file, NOW)
    backup = archive.read_archive(file)
    cut_off = replace(backup, documents=backup.documents | {"tickets": CutOff(backup.documents["tickets"])})
    with closing(open_store(address)) as store:
        with store.write() as tx:
            tx.tickets.save(make_ticket(99, "Opened since"))
        before = everything(address)

        with pytest.raises(KeyboardInterrupt):
            archive.restore(store, cut_off, replace=True)
        assert everything(address) == before

        archive.restore(store, backup, replace=True)
        with store.documents() as documents:
            assert archive.check(documents, "The store") == DOCUMENTS
