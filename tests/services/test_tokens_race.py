"""One refresh token, shown at the same moment by threads of several processes, is exchanged once, and then ends all."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.racing import said_at_once
from ticketing.desk import open_desk
from ticketing.domain.errors import TokenRefusedError
from ticketing.settings import Settings

pytestmark = pytest.mark.processes

PASSWORD = "three wet umbrellas"
_RENEW = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ticketing.desk import open_desk
from ticketing.domain.errors import TokenRefusedError
from ticketing.settings import Settings

desk = open_desk(Settings(data_dir=Path(sys.argv[1])), password_rounds=4)

def renew(_):
    try:
        return desk.tokens.renew(sys.argv[2]).refresh
    except TokenRefusedError:
        return "refused"

with ThreadPoolExecutor(3) as threads:
    print("ready", flush=True)
    sys.stdin.readline()
    print(*threads.map(renew, range(3)))
desk.close()
"""
_ISSUE = """
import sys
from pathlib import Path
from ticketing.desk import open_desk
from ticketing.settings import Settings

desk = open_desk(Settings(data_dir=Path(sys.argv[1])), password_rounds=4)
print("ready", flush=True)
sys.stdin.readline()
print(desk.tokens.issue(f"carla{sys.argv[2]}", "three wet umbrellas").access)
desk.close()
"""


def test_j3_of_six_in_two_processes_who_show_one_refresh_token_one_gets_another_that_is_dead(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with closing(open_desk(Settings(data_dir=data), password_rounds=4)) as desk:
        desk.accounts.register("carla", "Carla", PASSWORD, PASSWORD)
        granted = desk.tokens.issue("carla", PASSWORD)

    said = said_at_once(_RENEW, str(data), granted.refresh, processes=2)
    outcomes = [word for one in said for word in one.split()]

    assert outcomes.count("refused") == 5
    (renewed,) = (one for one in outcomes if one != "refused")
    with closing(open_desk(Settings(data_dir=data), password_rounds=4)) as desk:
        for refresh in (granted.refresh, renewed):
            with pytest.raises(TokenRefusedError):
                desk.tokens.renew(refresh)
        with pytest.raises(TokenRefusedError):
            desk.tokens.actor(granted.access)


def test_j3_processes_that_make_the_first_tokens_at_the_same_moment_share_one_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with closing(open_desk(Settings(data_dir=data), password_rounds=4)) as desk:
        desk.accounts.register("carla1", "Carla", PASSWORD, PASSWORD)

    said = said_at_once(_ISSUE, str(data), "1", processes=3)

    key = data / "token.key"
    assert oct(key.stat().st_mode & 0o777) == "0o600"
    with closing(open_desk(Settings(data_dir=data), password_rounds=4)) as desk:
        assert [desk.tokens.actor(one.strip()).username for one in said] == ["carla1"] * 3
    assert len({one.split(".")[0] for one in said}) == 1
    secret = bytes.fromhex(key.read_text("ascii").strip())
    for file in data.rglob("*"):
        if file.is_file() and file != key:
            content = file.read_bytes()
            assert secret not in content, file
            assert secret.hex().encode() not in content, file
