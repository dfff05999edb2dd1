"""One name, asked for at the same moment by threads of several processes, becomes one account."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.racing import said_at_once
from ticketing.desk import open_desk
from ticketing.domain.people import Actor, PeopleQuery
from ticketing.settings import Settings

pytestmark = pytest.mark.processes

PROCESSES = 4
_REGISTER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ticketing.desk import open_desk
from ticketing.domain.errors import UsernameTakenError
from ticketing.settings import Settings

desk = open_desk(Settings(data_dir=Path(sys.argv[1])), password_rounds=4)
register_by = getattr(desk.accounts, sys.argv[2])
where = dict(pair.split("=") for pair in sys.argv[3:])

def register(number):
    try:
        register_by("carla", f"Carla {number}", "three wet umbrellas", "three wet umbrellas", **where)
    except UsernameTakenError:
        return "taken"
    return "made"

with ThreadPoolExecutor(5) as threads:
    print("ready", flush=True)
    sys.stdin.readline()
    print(*threads.map(register, range(5)))
desk.close()
"""


@pytest.mark.parametrize(
    "way", [["register"], ["register_browser", "browser=firefox"]], ids=["elsewhere", "in a browser"]
)
def test_a10_twenty_in_four_processes_who_register_one_name_make_one_account(tmp_path: Path, way: list[str]) -> None:
    said = said_at_once(_REGISTER, str(tmp_path / "data"), *way, processes=PROCESSES)
    outcomes = [word for one in said for word in one.split()]

    assert sorted(outcomes) == ["made"] + ["taken"] * 19
    with closing(open_desk(Settings(data_dir=tmp_path / "data"), password_rounds=4)) as desk:
        assert desk.agents.people(Actor.console(), PeopleQuery(text="carla")).total == 1
