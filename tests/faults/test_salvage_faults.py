"""A salvage that is killed at any step leaves all as it was, or is brought to its end by the same command."""

import os
import shutil
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.storage.recording import fork
from tests.storage.test_salvage import JOURNAL, a_store_with_a_journal, contents_of_files, is_content, replace_in, saved
from ticketing.domain.errors import StorageUnsupportedError
from ticketing.storage import salvage
from ticketing.storage.json_files import alone, is_half_salvaged
from ticketing.storage.opening import open_source, open_store

pytestmark = pytest.mark.faults

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


def salvaged(folder: Path) -> None:
    """Do as the command does."""
    with alone(folder):
        if is_half_salvaged(folder):
            salvage.finish(folder)
        elif not salvage.is_sound(folder):
            salvage.carry_out(folder, salvage.look(folder), NOW)


def killed_at(step: int, folder: Path) -> bool:
    """Salvage in a process that is killed when it asks for so many things of the file system; False if it lives on."""
    process = fork()
    if process == 0:
        left = step

        def count(event: str, _arguments: object) -> None:
            nonlocal left
            if event in STEPS:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            sys.addaudithook(count)
            salvaged(folder)
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(process, 0)
    assert status in {0, signal.SIGKILL}
    return status != 0


def test_d3_a_salvage_that_is_killed_at_any_step_changes_nothing_or_is_brought_to_its_end(tmp_path: Path) -> None:
    damaged = a_store_with_a_journal(tmp_path)
    replace_in(damaged / JOURNAL, b"Printer is out", b"Printer is on")
    replace_in(damaged / "users.json", b'{"id":"carla"', b'{"id";"carla_"')
    before = contents_of_files(damaged)
    shutil.copytree(damaged, tmp_path / "undisturbed")
    salvaged(tmp_path / "undisturbed")
    expected = saved(tmp_path / "undisturbed")
    halves = step = 0

    while True:
        place = tmp_path / str(step)
        shutil.copytree(damaged, place)
        if not killed_at(step, place):
            break
        half = is_half_salvaged(place)
        if half:
            halves += 1
            for opening in (open_store, open_source):
                with pytest.raises(StorageUnsupportedError, match="half salvaged"):
                    opening(f"json:{place}")
        elif not any(place.glob("damaged-*")):
            assert contents_of_files(place) == before

        salvaged(place)

        assert saved(place) == expected
        assert contents_of_files(place / "damaged-20260302T090000Z") == before
        assert not list(place.glob(".salvag*"))
        is_content(place)
        shutil.rmtree(place)
        step += 1
    assert step > 30
    assert halves > 5
