"""Failed attempts are kept on disk: a restart gives nobody new ones."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.services.conftest import PASSWORD, Clock
from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import ThrottledError, WrongCredentialsError
from ticketing.settings import Settings


@contextmanager
def opened(folder: Path, clock: Clock) -> Iterator[Desk]:
    """Open the desk, as each process does for itself."""
    with closing(open_desk(Settings(data_dir=folder), clock=clock, password_rounds=4)) as desk:
        yield desk


def test_a7_a_restart_does_not_forget_who_has_to_wait(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path / "data", clock) as desk:
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        for _ in range(5):
            with pytest.raises(WrongCredentialsError):
                desk.accounts.sign_in("carla", "not the password", "192.0.2.1")

    with opened(tmp_path / "data", clock) as desk, pytest.raises(ThrottledError):
        desk.accounts.sign_in("carla", PASSWORD, "192.0.2.2")
