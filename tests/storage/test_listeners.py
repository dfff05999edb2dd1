"""A listener that stumbles: the journal stays as good as it was, and what is known stays readable."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.storage.recording import Recorder, contents, document, put, save, stored
from ticketing.domain.errors import StorageError
from ticketing.storage.journaled.engine import Engine
from ticketing.storage.journaled.journal import Change


class Stumbling(Recorder):
    """Stumbles over T-2 where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.stumbles_at = ""

    def load(self, documents: Mapping[str, Mapping[str, bytes]]) -> None:
        """Take everything, or stumble."""
        self._look_at("load", documents.get("tickets", {}))
        super().load(documents)

    def prepare(self, changes: Sequence[Change]) -> Callable[[], None]:
        """Read a transaction, or stumble."""
        self._look_at("prepare", [key for _, key, _ in changes])
        return super().prepare(changes)

    def apply(self, changes: Sequence[Change]) -> None:
        """Carry a transaction out, or stumble."""
        self._look_at("apply", [key for _, key, _ in changes])
        super().apply(changes)

    def _look_at(self, place: str, keys: Sequence[str] | Mapping[str, bytes]) -> None:
        if self.stumbles_at == place and "T-2" in keys:
            raise KeyError("T-2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def listener() -> Stumbling:
    return Stumbling()


@pytest.fixture
def engine(folder: Path, listener: Stumbling) -> Iterator[Engine]:
    opened = Engine(folder, listener)
    save(opened, put("T-1"))
    yield opened
    opened.close()


@pytest.fixture
def other(engine: Engine, folder: Path) -> Iterator[Engine]:
    assert engine.sequence == 1
    opened = Engine(folder, Recorder())
    yield opened
    opened.close()


def tickets(*keys: str) -> dict[str, dict[str, bytes]]:
    return {"tickets": {key: document(key) for key in keys}}


def test_what_the_listener_cannot_take_is_not_written(engine: Engine, folder: Path, listener: Stumbling) -> None:
    listener.stumbles_at = "prepare"
    before = contents(folder)

    with pytest.raises(KeyError):
        save(engine, put("T-2"))

    assert contents(folder) == before
    assert engine.documents == listener.state == tickets("T-1")
    save(engine, put("T-3"))
    assert stored(folder) == engine.documents == listener.state == tickets("T-1", "T-3")


def test_a_change_over_which_the_listener_stumbles_too_late_is_saved_and_read_anew(
    engine: Engine, folder: Path, listener: Stumbling
) -> None:
    listener.stumbles_at = "apply"
    loads = listener.loads

    save(engine, put("T-2"))
    save(engine, put("T-3"))

    assert stored(folder) == engine.documents == listener.state == tickets("T-1", "T-2", "T-3")
    assert listener.loads == loads + 1


def test_of_what_another_one_wrote_all_is_seen_up_to_what_the_listener_cannot_take(
    engine: Engine, other: Engine, folder: Path, listener: Stumbling
) -> None:
    listener.stumbles_at = "prepare"
    save(other, put("T-9"))
    save(other, put("T-2"))
    save(other, put("T-3"))
    before = contents(folder)

    engine.refresh()

    assert engine.documents == listener.state == tickets("T-1", "T-9")
    assert "cannot be followed" in (engine.health().trouble or "")
    with pytest.raises(KeyError):
        save(engine, put("T-4"))
    assert contents(folder) == before

    listener.stumbles_at = ""
    save(engine, put("T-4"))
    other.refresh()

    assert engine.health().trouble is None
    assert stored(folder) == engine.documents == other.documents == listener.state
    assert list(engine.documents["tickets"]) == ["T-1", "T-9", "T-2", "T-3", "T-4"]


def test_stumbling_over_one_of_two_foreign_changes_repeats_no_number(
    engine: Engine, other: Engine, folder: Path, listener: Stumbling
) -> None:
    listener.stumbles_at = "apply"
    save(other, put("T-2"))
    save(other, put("T-3"))

    engine.refresh()
    engine.refresh()
    assert engine.documents == listener.state == tickets("T-1", "T-2", "T-3")
    save(engine, put("T-4"))
    other.refresh()

    assert stored(folder) == engine.documents == other.documents == listener.state
    assert engine.sequence == other.sequence == 4


def test_a_desk_that_cannot_take_the_files_does_not_start_and_leaves_them_as_they_are(
    engine: Engine, folder: Path
) -> None:
    save(engine, put("T-2"))
    newcomer = Stumbling()
    newcomer.stumbles_at = "load"
    before = contents(folder)

    with pytest.raises(KeyError):
        Engine(folder, newcomer)

    assert contents(folder) == before
    assert newcomer.state == {}


def test_a_desk_that_must_read_all_anew_and_cannot_goes_on_with_what_it_knows(
    engine: Engine, other: Engine, listener: Stumbling
) -> None:
    listener.stumbles_at = "load"
    for number in (2, 3):
        save(other, put(f"T-{number}"))
        other.compact()

    for _ in range(2):
        engine.refresh()
        assert engine.documents == listener.state == tickets("T-1")
        with pytest.raises(KeyError):
            save(engine, put("T-4"))

    listener.stumbles_at = ""
    save(engine, put("T-4"))
    assert engine.documents == listener.state == tickets("T-1", "T-2", "T-3", "T-4")


def test_an_error_that_nobody_expects_is_logged_once(
    engine: Engine, other: Engine, listener: Stumbling, caplog: pytest.LogCaptureFixture
) -> None:
    listener.stumbles_at = "prepare"
    save(other, put("T-2"))

    for _ in range(3):
        engine.refresh()

    assert [record.message for record in caplog.records] == ["The changes of other processes could not be followed."]


def test_an_expected_refusal_is_told_as_it_is(engine: Engine, other: Engine) -> None:
    class Refusing(Stumbling):
        def prepare(self, _changes: Sequence[Change]) -> Callable[[], None]:
            raise StorageError("This cannot be read.")

    assert engine.sequence == 1
    refusing = Engine(other._folder, Refusing(), read_only=True)  # noqa: SLF001
    save(other, put("T-2"))

    refusing.refresh()

    assert refusing.health().trouble == "This cannot be read."
    refusing.close()
