"""`migrate --schema`: the tables are brought up to date by whom they belong to."""

from pathlib import Path

import pytest

from tests.postgres import cluster, databases
from tests.test_bad_input import URL, Run, elsewhere, run
from ticketing.storage.sql.schema import CURRENT

pytestmark = pytest.mark.processes

__all__ = ["run"]


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database in which nothing is."""
    if request.param == "postgres":
        return databases().create("schema")
    (tmp_path / "desk.sqlite").touch()
    return f"sqlite:///{tmp_path / 'desk.sqlite'}"


def test_tables_are_made_once_and_a_check_says_so_and_changes_nothing(run: Run, address: str) -> None:
    answers = [
        run(address, "migrate", "--schema", *option) for option in (["--check"], ["--check"], [], ["--check"], [])
    ]

    assert [answer.exit_code for answer in answers] == [1, 1, 0, 0, 0]
    assert answers[1].stderr == "Error: The tables are not made yet. Run: python3 -m ticketing migrate --schema\n"
    assert answers[2].output == f"The tables are made ({CURRENT}).\n"
    assert answers[3].output == answers[4].output == f"The tables are up to date ({CURRENT}).\n"


def test_files_need_no_tables(run: Run, tmp_path: Path) -> None:
    result = run(f"json:{tmp_path / 'data'}", "migrate", "--schema")

    assert result.output == "There are no tables: what is kept in files needs none.\n"
    assert not (tmp_path / "data").exists()


def test_a_user_who_may_change_no_tables_works_with_those_that_the_owner_made(run: Run) -> None:
    owner = elsewhere("owned", worker="")
    worker = owner.replace("ticketing@", "worker@")

    refused = run(worker, "migrate", "--schema")
    made = run(owner, "migrate", "--schema")
    cluster().run_sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker", database="owned")
    added = run(worker, "create-agent", "ada", "--password-stdin")

    assert (refused.exit_code, made.exit_code, added.exit_code) == (2, 0, 0)
    assert f"The database of {URL} permits this user too little" in refused.stderr


def test_who_may_only_read_can_back_up_and_not_serve(run: Run, tmp_path: Path) -> None:
    owner = elsewhere("readable", reader="")
    run(owner, "migrate", "--schema")
    cluster().run_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database="readable")
    reader = owner.replace("ticketing@", "reader@")

    backed_up = run(reader, "backup", tmp_path / "desk.zip")
    added = run(reader, "create-agent", "ada", "--password-stdin")

    assert (backed_up.exit_code, added.exit_code) == (0, 2)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--check"],
        ["--schema", "--to", "json:x"],
        ["--check", "--to", "json:x"],
        ["--to", "json:x", "--files-to", "memory://"],
    ],
)
def test_what_does_not_go_together_is_told(run: Run, tmp_path: Path, options: list[str]) -> None:
    result = run(f"json:{tmp_path / 'data'}", "migrate", *options)

    assert result.exit_code == 2
    assert "It takes either --to URL, or --files-to URL, or --schema and perhaps --check." in result.stderr
