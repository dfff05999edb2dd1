"""From an address to a store; what is none is refused without telling what is in it."""

from pathlib import Path

import pytest

from ticketing.domain.errors import StorageUnsupportedError
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.opening import open_store
from ticketing.storage.sql.sql_store import SqlStore


def test_each_known_address_opens_a_store(tmp_path: Path) -> None:
    addresses = [f"json:{tmp_path / 'data'}", "memory:", f"sqlite:///{tmp_path / 'desk.sqlite'}"]

    stores = [open_store(address) for address in addresses]

    assert [type(store) for store in stores] == [JsonStore, MemoryStore, SqlStore]
    for store in stores:
        store.close()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@host/x",
        "postgresql+psycopg2://host/x?user=user&password=secret",
        "postgresql://user:secret@host:port/x",
        "sqlite+pysqlcipher:///secret.db",
        "sqlite://",
        "json:",
        "memory:secret",
        "user:secret@host",
        "",
    ],
)
def test_any_other_address_is_refused_without_telling_what_is_in_it(url: str) -> None:
    with pytest.raises(StorageUnsupportedError, match=r"no storage address. Known are json:DIRECTORY, sqlite:") as it:
        open_store(url)

    assert "secret" not in str(it.value)
    assert "user:" not in str(it.value)
