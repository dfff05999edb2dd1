"""All documents of a data directory are found where they lie, as an engine would read them; damage is told alike."""

import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.storage.recording import Recorder, contents, put, save, stored
from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.journal import Change, append, create_journal, encode_transaction, open_journal
from ticketing.storage.journaled.locating import located


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def found(folder: Path) -> dict[str, dict[str, bytes]]:
    """Read every document from its place."""
    with located(folder) as places:
        return {name: {key: place.read() for key, place in those.items()} for name, those in places.items() if those}


def a_change(rng: random.Random) -> Change:
    collection, key = rng.choice(["tickets", "users"]), f"k-{rng.randrange(12)}"
    if rng.random() < 0.2:
        return collection, key, None
    return put(key, collection, n=rng.randrange(1000), text="ü“👩‍💻" * rng.randrange(40))


@pytest.mark.parametrize("seed", range(6))
def test_after_any_history_each_document_is_where_it_is_said_to_be(folder: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same histories each time
    engine = Engine(folder, Recorder(), compact_at=4000)

    for _ in range(120):
        save(engine, *(a_change(rng) for _ in range(rng.randrange(1, 6))))
        if rng.random() < 0.2:
            assert found(folder) == stored(folder)
        if rng.random() < 0.05:
            engine.close()
            engine = Engine(folder, Recorder(), compact_at=4000)

    engine.close()
    assert found(folder) == stored(folder)


def test_what_is_replaced_and_deleted_meanwhile_is_still_read(folder: Path) -> None:
    engine = Engine(folder, Recorder())
    save(engine, put("T-1", n=1), put("T-2", n=1))
    engine.compact()
    save(engine, put("T-2", n=2))
    expected = stored(folder)

    with located(folder) as places:
        save(engine, put("T-1", n=3), ("tickets", "T-2", None))
        engine.compact()
        save(engine, put("T-1", n=4))
        engine.compact()

        assert {key: place.read() for key, place in places["tickets"].items()} == expected["tickets"]
    engine.close()


def test_a_half_written_change_is_left_out_and_left_alone(folder: Path) -> None:
    engine = Engine(folder, Recorder())
    save(engine, put("T-1"))
    (file,) = folder.glob("journal-*.jsonl")
    lines = encode_transaction([put("T-2"), put("T-3")], 1, 1)
    whole = file.read_bytes()

    for length in range(len(lines)):
        file.write_bytes(whole + lines[:length])
        before = contents(folder)

        assert found(folder) == {"tickets": {"T-1": put("T-1")[2]}}
        assert contents(folder) == before
    file.write_bytes(whole)
    engine.close()


def test_changes_go_on_over_several_journals(folder: Path) -> None:
    folder.mkdir()
    for number in (1, 2):
        create_journal(folder, number, number - 1, ["tickets"] if number > 1 else [])
        journal = open_journal(folder, number, read_only=False)
        append(journal, encode_transaction([put(f"T-{number}")], number - 1, 0))
        os.close(journal.descriptor)

    assert found(folder) == stored(folder) == {"tickets": {"T-1": put("T-1")[2], "T-2": put("T-2")[2]}}


def test_no_flipped_bit_goes_unseen(folder: Path) -> None:
    engine = Engine(folder, Recorder())
    save(engine, put("T-1", text="No dial tone"))
    engine.compact()
    save(engine, put("T-2"), put("carla", "users"))
    save(engine, put("T-3"))
    last_one_torn = stored(folder)
    del last_one_torn["tickets"]["T-3"]

    for file in (folder / "tickets.json", *folder.glob("journal-*.jsonl")):
        whole = file.read_bytes()
        for position in range(len(whole)):
            file.write_bytes(whole[:position] + bytes([whole[position] ^ 0x04]) + whole[position + 1 :])
            with suppress(StorageDamagedError, StorageTooNewError):
                assert found(folder) == last_one_torn
        file.write_bytes(whole)
    engine.close()
