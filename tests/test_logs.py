"""The log: a line for each record, which nobody else can write lines into."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ticketing.desk import close_shared_desk, open_desk, shared_desk
from ticketing.domain.errors import WrongCredentialsError
from ticketing.logs import JsonFormatter, TextFormatter, write_log
from ticketing.settings import Settings

LOGGER = logging.getLogger("ticketing.tests")
CHOSEN = "three wet umbrellas"


@pytest.fixture(autouse=True)
def logger_as_before() -> Iterator[None]:
    logger = logging.getLogger("ticketing")
    before = (logger.level, list(logger.handlers))
    yield
    logger.setLevel(before[0])
    logger.handlers[:] = before[1]


def fail(message: str) -> None:
    """Log a message with the trace of an error."""
    try:
        int("x")
    except ValueError:
        LOGGER.exception(message)


def test_a_line_says_when_how_grave_where_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    write_log("text")

    LOGGER.warning("The store is busy.")

    line = capsys.readouterr().err
    assert line.endswith(" WARNING ticketing.tests: The store is busy.\n")
    assert line[:4].isdigit()
    assert line[19] == "Z"


@pytest.mark.parametrize("evil", ["one\ntwo", "one\r\ntwo", "one\x1b[2Jtwo", "one\u2028two", "one\x00two"])
def test_l2_what_people_typed_makes_no_lines_of_its_own(evil: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_log("text")
    LOGGER.warning("Not found: %s", evil)
    text = capsys.readouterr().err
    write_log("json")
    LOGGER.warning("Not found: %s", evil)
    machine = capsys.readouterr().err

    assert len(text.splitlines()) == len(machine.splitlines()) == 1
    assert text.strip().isprintable()
    assert json.loads(machine)["message"] == f"Not found: {evil}"


def test_a_trace_is_a_field_for_machines_and_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    write_log("json")
    fail("A page failed, reference 12ab34cd")
    record = json.loads(capsys.readouterr().err)
    write_log("text")
    fail("A page failed, reference 12ab34cd")
    text = capsys.readouterr().err

    assert (record["level"], record["logger"]) == ("ERROR", "ticketing.tests")
    assert "ValueError: invalid literal" in record["trace"]
    assert text.splitlines()[0].endswith("A page failed, reference 12ab34cd")
    assert text.splitlines()[-1].startswith("ValueError: invalid literal")


def test_the_form_can_change_and_no_line_comes_twice(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("text", "json", "text"):
        write_log(form)

    LOGGER.warning("Once.")

    assert capsys.readouterr().err.count("Once.") == 1
    formatters = [handler.formatter for handler in logging.getLogger("ticketing").handlers]
    assert sum(isinstance(one, TextFormatter | JsonFormatter) for one in formatters) == 1


def test_the_setting_decides_in_which_form_the_desk_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TICKETING_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TICKETING_BASE_URL", "https://desk.example.org")
    monkeypatch.setenv("TICKETING_LOG_FORMAT", "json")
    try:
        shared_desk()
    finally:
        close_shared_desk()

    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert ["one-time password" in record["message"] for record in told] == [True]


def test_the_password_in_the_log_signs_in_and_is_dead_once_another_is_chosen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    public = Settings(data_dir=tmp_path, base_url="https://desk.example.org")
    open_desk(public, password_rounds=4).close()
    with closing(open_desk(public, password_rounds=4)) as desk:
        (told,) = re.findall(r"one-time password: (\S+)", caplog.text)
        first = desk.sessions.actor(desk.accounts.sign_in("support_agent", told))

        desk.accounts.change_password(first, told, CHOSEN, CHOSEN, browser="firefox")

        assert first.must_change_password
        with pytest.raises(WrongCredentialsError):
            desk.accounts.sign_in("support_agent", told)
        assert desk.accounts.sign_in("support_agent", CHOSEN)
