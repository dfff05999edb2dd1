"""Everything can go from any store into any other, and comes back as it was."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest

from tests.postgres import databases
from tests.storage.conftest import make_ticket, make_user
from ticketing.domain.errors import RefusedError
from ticketing.domain.people import Role
from ticketing.domain.tickets import Message, MessageKind
from ticketing.storage import archive
from ticketing.storage.moving import content_of, move
from ticketing.storage.opening import open_store
from ticketing.storage.whole import WholeStore

KINDS = ["json", "sqlite", "postgres"]
WAYS = list(permutations(KINDS, 2))
Open = Callable[[str], WholeStore]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Open]:
    """Return a way to open an empty store of a kind; each kind has one place."""
    opened: list[WholeStore] = []

    def open_one(kind: str) -> WholeStore:
        addresses = {
            "json": lambda: f"json:{tmp_path / 'data'}",
            "sqlite": lambda: f"sqlite:///{tmp_path / 'desk.sqlite'}",
            "postgres": lambda: databases().create("moving"),
        }
        opened.append(open_store(addresses[kind]()))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


def fill(store: WholeStore) -> None:
    """Put in a bit of everything: more than a batch, notes, watchers, unknown fields, odd letters."""
    with store.write() as tx:
        tx.users.save(make_user("root", role=Role.ADMIN, shoe_size=44))
        for number in range(1, 12):
            ticket = make_ticket(
                number, f"Größe {number} 👩‍💻", age=number % 5, watchers=["oskar", "bert"], tags=["a b"]
            )
            ticket.messages.append(
                Message(kind=MessageKind.NOTE, author="ada", text='"\\u00fc"\n', at=ticket.opened_at)
            )
            tx.tickets.save(ticket)
        tx.tickets.mark_seen(2, "carla", 1)
        tx.tickets.mark_seen(11, "a:b", 2)


def everything(store: WholeStore) -> dict[str, list[tuple[str, bytes]]]:
    with store.documents() as documents:
        return {name: list(found) for name, found in documents.items()}


def nobody(_done: int, _whole: int) -> None:
    """Tell nobody how far it is."""


@pytest.mark.parametrize(("here", "there"), WAYS)
def test_a_move_takes_everything_along_and_leaves_the_source_as_it_was(empty: Open, here: str, there: str) -> None:
    source, target = empty(here), empty(there)
    fill(source)
    before = everything(source)
    told: list[tuple[int, int]] = []

    counts = move(source, target, lambda done, whole: told.append((done, whole)))

    assert counts == {"seen": 2, "tickets": 11, "users": 1}
    assert everything(target) == before == everything(source)
    assert told == [(number, 11) for number in range(1, 12)]
    with target.write() as tx:
        assert tx.tickets.next_number() == 12


def test_from_files_to_a_database_and_back_nothing_changes(empty: Open, tmp_path: Path) -> None:
    source, target = empty("json"), empty("postgres")
    fill(source)

    move(source, target, nobody)
    with closing(open_store(f"json:{tmp_path / 'again'}")) as again:
        move(target, again, nobody)

        assert everything(again) == everything(source)
        with again.documents() as one, source.documents() as other:
            assert content_of(one) == content_of(other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_that_holds_something_is_refused_and_left_alone(empty: Open, kind: str, tmp_path: Path) -> None:
    target = empty(kind)
    fill(target)
    before = everything(target)
    source = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")

    with closing(source), pytest.raises(RefusedError, match="The target holds 11 tickets, 1 users"):
        move(source, target, nobody)

    assert everything(target) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_move_that_is_cut_off_has_not_happened_and_can_be_begun_again(empty: Open, kind: str, tmp_path: Path) -> None:
    target = empty(kind)
    with closing(open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")) as source:
        fill(source)

        def cut_off(done: int, _whole: int) -> None:
            if done == 7:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            move(source, target, cut_off)
        assert [pair for found in everything(target).values() for pair in found] == []

        move(source, target, nobody)
        assert everything(target) == everything(source)


@pytest.mark.parametrize(("here", "there"), WAYS)
def test_a_backup_of_one_store_can_be_restored_into_any_other(
    empty: Open, here: str, there: str, tmp_path: Path
) -> None:
    source, target = empty(here), empty(there)
    fill(source)
    file = tmp_path / "desk.backup"

    with source.read() as tx:
        at = next(tx.tickets.stream()).opened_at
    counts = archive.back_up(source, file, at)
    restored = archive.restore(target, archive.read_archive(file))

    assert counts == restored == {"seen": 2, "tickets": 11, "users": 1}
    assert everything(target) == everything(source)
    with target.documents() as documents:
        assert archive.check(documents, "The store") == counts
