"""What is wrong with the desk's files is told on the agents' page, to admins only."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

import ticketing.desk
from tests.pages.conftest import PASSWORD
from tests.visiting import Visit
from ticketing.desk import Desk, open_desk
from ticketing.domain.people import Actor, Role
from ticketing.settings import Settings
from ticketing.ui.wording import t


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Open a desk whose files are on disk."""
    opened = open_desk(Settings(data_dir=tmp_path / "data"), password_rounds=4)
    monkeypatch.setattr(ticketing.desk, "_shared", opened)
    opened.agents.create_agent(Actor.console(), "ada", PASSWORD)
    opened.agents.create_agent(Actor.console(), "root", PASSWORD, role=Role.ADMIN)
    yield opened
    opened.close()


@pytest.fixture
def journal(desk: Desk) -> Path:
    return max(desk.settings.data_dir.glob("journal-*.jsonl"))


def warnings(visit: Visit) -> list[str]:
    return [warning.value.replace("\\", "") for warning in visit.open("agent_admin").at.warning]


def test_while_all_is_well_nothing_is_told(root: Visit) -> None:
    assert warnings(root) == []


def test_an_admin_reads_what_a_crash_has_left_and_what_to_do(
    desk: Desk, journal: Path, root: Visit, ada: Visit
) -> None:
    size = journal.stat().st_size
    with journal.open("ab") as file:
        file.write(b'{"seq":99,"ok":1,"c":"tick')
    desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
    torn = f"{journal.stem}.torn-{size}"

    assert warnings(root) == [t("health.torn", names=torn)]
    assert warnings(ada) == []

    (journal.parent / torn).unlink()
    assert warnings(root) == []


def test_an_admin_reads_that_the_files_could_not_be_tidied_up(
    desk: Desk, root: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        desk.store.engine.compaction.compact_quietly(lambda: True)  # type: ignore[attr-defined]

    assert warnings(root) == [t("health.compaction")]


def test_an_admin_reads_that_the_files_are_damaged_while_the_lists_go_on(journal: Path, root: Visit) -> None:
    with journal.open("ab") as file:
        file.write(b'{"seq":1}\n')

    (told,) = warnings(root)

    assert told.startswith("Something is wrong with the desk's files. journal-")
    assert "is damaged" in told
    assert str(journal.parent) not in told
    assert root.has_button("manage_ada")
