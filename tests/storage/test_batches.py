"""Reading a whole table in batches: each row once, whether or not the last batch is full."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.storage.conftest import make_user
from ticketing.storage.sql.reading import BATCH
from ticketing.storage.sql.sql_store import SqlStore


@pytest.mark.parametrize("number", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH])
def test_every_row_comes_once_and_in_order(tmp_path: Path, number: int) -> None:
    names = [f"user{each:04}" for each in range(number)]
    with closing(SqlStore(f"sqlite:///{tmp_path / 'desk.sqlite'}")) as store:
        with store.write() as tx:
            for name in reversed(names):
                tx.users.save(make_user(name))

        with store.read() as tx:
            assert [user.id for user in tx.users.stream()] == names
