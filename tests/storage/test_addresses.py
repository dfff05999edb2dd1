"""What an address says: of which kind a store is, and where; read the same way by all who ask."""

from pathlib import Path

import pytest

from ticketing.storage import addresses
from ticketing.storage.opening import open_store
from ticketing.storage.place import Place


@pytest.mark.parametrize(
    ("url", "kind", "path"),
    [
        ("json:data", "json", Path("data")),
        ("json:C:/data", "json", Path("C:/data")),
        ("memory:", "memory", None),
        ("sqlite:///desk.sqlite", "sqlite", Path("desk.sqlite")),
        ("sqlite:////var/desk.sqlite", "sqlite", Path("/var/desk.sqlite")),
        ("sqlite:///a%20desk%3F.sqlite", "sqlite", Path("a desk?.sqlite")),
        ("sqlite:///desk.sqlite?mode=ro", "sqlite", None),
        ("sqlite:///:memory:", "sqlite", None),
        ("sqlite://host/desk.sqlite", "sqlite", None),
        ("postgresql://desk:secret@db/desk", "postgresql", None),
        ("postgresql+psycopg://desk:secret@db/desk", "postgresql", None),
        ("mongodb://desk:secret@db/desk", "", None),
        ("sqlite+pysqlcipher:///desk.sqlite", "", None),
        ("json:", "", None),
        ("memory:secret", "", None),
        ("", "", None),
    ],
)
def test_an_address_tells_of_which_kind_the_store_is_and_where(url: str, kind: str, path: Path | None) -> None:
    assert (addresses.kind(url), addresses.path(url)) == (kind, path)


@pytest.mark.parametrize("url", ["json:data", "sqlite:///desk.sqlite", "sqlite:///a%20desk%3F.sqlite"])
def test_an_absolute_address_means_the_same_store_in_whichever_directory(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, other = tmp_path / "is it 100%?", tmp_path / "other"
    start.mkdir()
    other.mkdir()
    monkeypatch.chdir(start)
    there = addresses.absolute(url)
    place = Place.of(url)
    monkeypatch.chdir(other)

    open_store(there).close()

    assert Place.of(there) == place
    assert place.path
    assert place.path.exists()
    assert place.path.parent == start
    assert list(other.iterdir()) == []


@pytest.mark.parametrize("url", ["memory:", "postgresql://desk:secret@db/desk", "mongodb://db/desk", "json:", ""])
def test_an_address_without_a_place_on_this_machine_is_left_as_it_is(url: str) -> None:
    assert addresses.absolute(url) == url
