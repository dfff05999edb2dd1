"""From an address to a store: two kinds are known, any other is refused without telling what is in it."""

from pathlib import Path

import pytest

from ticketing.domain.errors import StorageUnsupportedError
from ticketing.storage.json_store import JsonStore
from ticketing.storage.memory import MemoryStore
from ticketing.storage.opening import open_store


def test_the_two_known_addresses_open_a_store(tmp_path: Path) -> None:
    stores = [open_store(f"json:{tmp_path / 'data'}"), open_store("memory:")]

    assert [type(store) for store in stores] == [JsonStore, MemoryStore]
    for store in stores:
        store.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@host/x",
        "postgresql://host/x?user=user&password=secret",
        "sqlite:///secret.db",
        "json:",
        "memory:secret",
        "user:secret@host",
        "",
    ],
)
def test_any_other_address_is_refused_without_telling_what_is_in_it(url: str) -> None:
    with pytest.raises(
        StorageUnsupportedError, match=r"no storage address. Known are json:DIRECTORY and memory:"
    ) as it:
        open_store(url)

    assert "secret" not in str(it.value)
    assert "host" not in str(it.value)
