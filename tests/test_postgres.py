"""Databases on a server that is not the tests' own."""

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.postgres import LENT, SERVER_USER, Lent, cluster, databases
from ticketing.storage.sql.sql_store import SqlStore

pytestmark = pytest.mark.databases

PASSWORD = "one red kite"


@pytest.fixture
def lent_address() -> str:
    """Return how somebody who may make databases, and no more, reaches a server."""
    cluster().run_sql(
        "DROP ROLE IF EXISTS tester", f"CREATE ROLE tester LOGIN CREATEDB PASSWORD '{PASSWORD}'"
    )  # fmt: skip
    return cluster().address("postgres").replace(f"{SERVER_USER}@", f"tester:{PASSWORD.replace(' ', '%20')}@")


def names() -> set[str]:
    engine = create_engine(cluster().address("postgres"), poolclass=NullPool)
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT datname FROM pg_database")).scalars())


def test_on_a_lent_server_the_tests_make_databases_and_take_them_away_again(lent_address: str) -> None:
    before = names()
    lent = Lent(lent_address)

    first = lent.create("borrowed")
    again = lent.create("borrowed")
    store = SqlStore(again)
    store.ping()

    assert first == again == lent.address("borrowed")
    assert len(names() - before) == 1
    lent.remove()
    assert names() == before
    store.close()


def test_a_lent_server_goes_before_the_tests_own(lent_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LENT, lent_address)

    assert isinstance(databases.__wrapped__(), Lent)
