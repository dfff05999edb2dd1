"""What the log and the figures tell of the services: each change, each refusal, and no more than that."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunData, RerunException, StopException

from ticketing.desk import Desk, open_desk
from ticketing.domain.errors import StorageFullError, TicketingError
from ticketing.domain.imports import System
from ticketing.domain.people import Actor, PeopleQuery
from ticketing.domain.queries import TicketQuery
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.logs import JsonFormatter
from ticketing.services.moving.lists import Form
from ticketing.settings import Settings

PASSWORD = "three wet umbrellas"
WRONG = "four dry raincoats"
TITLE, TEXT = "zqtitle", "zqtext"

Lines = list[dict[str, Any]]
Told = Callable[[], Lines]


class Kept(logging.Handler):
    """Keeps what is logged, as machines read it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: Lines = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = open_desk(Settings(storage_url="memory:"), password_rounds=4)
    opened.accounts.register("carla", "Carla Ruiz", PASSWORD, PASSWORD)
    opened.accounts.register("oskar", "Oskar Lind", PASSWORD, PASSWORD)
    opened.agents.create_agent(Actor.console(), "ada", PASSWORD)
    yield opened
    opened.close()


@pytest.fixture
def carla(desk: Desk) -> Actor:
    return arrives(desk, "carla")


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return arrives(desk, "ada")


def arrives(desk: Desk, username: str) -> Actor:
    return desk.sessions.actor(desk.accounts.sign_in(username, PASSWORD))


@pytest.fixture
def told(carla: Actor, ada: Actor) -> Iterator[Told]:
    """Return what was told since people arrived, or since it was asked for."""
    assert carla.username != ada.username
    kept, logger = Kept(), logging.getLogger("ticketing")
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(kept)

    def lines() -> Lines:
        taken, kept.lines = kept.lines, []
        return taken

    yield lines
    logger.removeHandler(kept)
    logger.setLevel(before)


def summed_up(lines: Lines) -> list[tuple[str, str, str, str]]:
    return [(line["actor"], line["action"], line["object"], line["outcome"]) for line in lines]


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(TicketingError):
        yield


def test_each_change_is_one_line_with_who_did_what_to_what_and_how_long_it_took(
    desk: Desk, carla: Actor, ada: Actor, told: Told
) -> None:
    desk.tickets.open(carla, TITLE, TEXT)
    desk.tickets.reply(ada, 1, TEXT)
    desk.tickets.note(ada, 1, TEXT)
    desk.tickets.assign(ada, 1, "ada")
    desk.tickets.edit(ada, 1, TicketEdit(tags=["zqtag"]))
    desk.tickets.close(carla, 1)
    desk.agents.end_sessions(Actor.console(), "Oskar")

    lines = told()

    assert summed_up(lines) == [
        ("carla", "tickets.open", "T-1", "done"),
        ("ada", "tickets.reply", "T-1", "done"),
        ("ada", "tickets.note", "T-1", "done"),
        ("ada", "tickets.assign", "T-1", "done"),
        ("ada", "tickets.edit", "T-1", "done"),
        ("carla", "tickets.close", "T-1", "done"),
        ("console", "agents.end_sessions", "oskar", "done"),
    ]
    assert all(0 < line["ms"] < 5000 and len(line["reference"]) == 8 for line in lines)
    assert {(line["level"], line["logger"]) for line in lines} == {("INFO", "ticketing.events")}
    assert lines[0]["message"].startswith("carla tickets.open T-1: done in ")


def test_what_is_brought_in_as_a_file_is_told_as_well(desk: Desk, told: Told) -> None:
    console, table = Actor.console(), b"Number,Subject,From,Opened\n7,zqtitle,Irma,2024-01-15 15:04\n"
    run = desk.imports.apply(console, BytesIO(table), "old.csv", System.CSV)
    desk.imports.undo(console, run.id)
    exported = desk.settings_files.export(console).encode()
    desk.settings_files.apply(console, desk.settings_files.plan(console, exported))

    assert [(line["action"], line["outcome"]) for line in told()] == [
        ("imports.apply", "done"),
        ("imports.undo", "done"),
        ("settings_files.export", "done"),  # which is put on record
        ("settings_files.apply", "done"),
    ]


def test_what_is_taken_along_is_told_once_as_it_is_asked_for(desk: Desk, carla: Actor, ada: Actor, told: Told) -> None:
    console = Actor.console()
    desk.tickets.open(carla, TITLE, TEXT)
    told()

    list(desk.lists.export(ada, TicketQuery(), Form.CSV))
    desk.exports.seed(console)
    list(desk.exports.json_lines(console))
    list(desk.exports.table(console))
    list(desk.personal_data.export(carla, "carla"))
    for not_theirs in (
        lambda: desk.personal_data.export(carla, "oskar"),
        lambda: desk.exports.table(carla),
        lambda: desk.exports.json_lines(ada),
    ):
        with refused():
            not_theirs()

    lines = told()
    assert summed_up(lines) == [
        ("ada", "lists.export", "-", "done"),
        ("console", "exports.seed", "-", "done"),
        ("console", "exports.json_lines", "-", "done"),
        ("console", "exports.table", "-", "done"),
        ("carla", "personal_data.export", "carla", "done"),
        ("carla", "personal_data.export", "-", "person_not_found"),
        ("carla", "exports.table", "-", "permission_denied"),
        ("ada", "exports.json_lines", "-", "permission_denied"),
    ]
    assert not any(written in json.dumps(lines) for written in (TITLE, TEXT, PASSWORD, "Ruiz", "oskar"))


def test_signing_in_and_out_is_told_of_the_person_and_where_they_came_from(desk: Desk, told: Told) -> None:
    token = desk.accounts.sign_in("Carla", PASSWORD, "203.0.113.5")
    desk.sessions.sign_out(token)
    hand_off = desk.accounts.sign_in_browser("carla", PASSWORD, browser="b", address="203.0.113.6")
    desk.sessions.redeem(hand_off, browser="b", address="203.0.113.6")

    lines = told()

    assert summed_up(lines) == [
        ("carla", "accounts.sign_in", "carla", "done"),
        ("carla", "sessions.sign_out", "carla", "done"),
        ("carla", "accounts.sign_in_browser", "carla", "done"),
        ("carla", "sessions.redeem", "carla", "done"),
    ]
    assert [line.get("address") for line in lines] == ["203.0.113.5", None, "203.0.113.6", "203.0.113.6"]
    assert ", from 203.0.113.5, reference " in lines[0]["message"]


def test_each_refusal_is_one_line_with_its_code(desk: Desk, carla: Actor, ada: Actor, told: Told) -> None:
    desk.tickets.open(ada, TITLE, TEXT)
    told()
    with refused():
        desk.tickets.get(carla, 1)
    with refused():
        desk.tickets.reply(carla, 99, TEXT)
    with refused():
        desk.tickets.open(carla, "", TEXT)
    with refused():
        desk.agents.people(carla, PeopleQuery())
    with refused():
        desk.agents.change_role(ada, "oskar", ada.role)

    assert summed_up(told()) == [
        ("carla", "tickets.get", "T-1", "ticket_not_found"),
        ("carla", "tickets.reply", "T-99", "ticket_not_found"),
        ("carla", "tickets.open", "-", "blank"),
        ("carla", "agents.people", "-", "permission_denied"),
        ("ada", "agents.change_role", "-", "permission_denied"),
    ]


def test_l2_a_refused_sign_in_tells_no_name_since_people_type_passwords_there(desk: Desk, told: Told) -> None:
    with refused():
        desk.accounts.sign_in(WRONG, PASSWORD, "203.0.113.5")
    with refused():
        desk.accounts.register(WRONG, "Carla Ruiz", PASSWORD, PASSWORD, address="203.0.113.5")

    lines = told()

    assert summed_up(lines) == [
        ("-", "accounts.sign_in", "-", "wrong_credentials"),
        ("-", "accounts.register", "-", "username"),
    ]
    assert {line["address"] for line in lines} == {"203.0.113.5"}


def test_who_only_looks_is_not_told_of(desk: Desk, carla: Actor, ada: Actor, told: Told) -> None:
    desk.tickets.open(carla, TITLE, TEXT)
    told()

    desk.tickets.conversation(ada, 1)
    desk.tickets.mark_seen(ada, 1, 1)
    desk.tickets.search(ada, TicketQuery(needles=(TEXT,)))
    desk.tickets.counts(ada, {"all": TicketQuery()})
    desk.agents.assignable(ada)
    with refused():
        desk.sessions.actor("a cookie of last year")

    assert told() == []


def test_l2_no_text_no_password_and_no_token_is_told(desk: Desk, carla: Actor, ada: Actor, told: Told) -> None:
    token = desk.accounts.sign_in("oskar", PASSWORD)
    desk.tickets.open(carla, TITLE, TEXT, key="zqkey")
    desk.tickets.reply(ada, 1, TEXT)
    desk.tickets.edit(ada, 1, TicketEdit(tags=["zqtag"]))
    with refused():
        desk.tickets.edit(ada, 1, TicketEdit(tags=["zqnew"]), seen=TicketEdit(tags=["zqold"]))
    once = desk.agents.register_agent(Actor.console(), "bert", "zqname", "zq@example.org")
    desk.accounts.change_password(carla, PASSWORD, WRONG, WRONG, browser="zqbrowser")
    desk.sessions.sign_out(token)

    said = json.dumps(told())

    assert "zq" not in said
    assert not {token, once.one_time_password, PASSWORD, WRONG} & set(said.split('"'))
    assert all(secret not in said for secret in (token, once.one_time_password, PASSWORD, WRONG))


def test_what_the_store_refuses_and_what_breaks_is_for_those_who_run_the_desk(
    desk: Desk, carla: Actor, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_patience: float | None = None) -> None:
        raise StorageFullError

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.store, "write", full)
    with refused():
        desk.tickets.open(carla, TITLE, TEXT)
    monkeypatch.setattr(desk.store, "read", broken)
    with pytest.raises(ZeroDivisionError):
        desk.tickets.get(carla, 1)

    lines = told()

    assert [(line["level"], line["outcome"]) for line in lines] == [("ERROR", "storage_full"), ("ERROR", "failed")]


def test_ending_a_session_that_has_ended_is_no_event(desk: Desk, told: Told) -> None:
    token = desk.accounts.sign_in("oskar", PASSWORD)
    desk.sessions.sign_out(token)
    told()

    desk.sessions.sign_out(token)

    assert told() == []


@pytest.mark.parametrize("left_by", [SystemExit, KeyboardInterrupt, RerunException(RerunData()), StopException])
def test_a_call_that_is_left_in_the_middle_is_neither_done_nor_failed(
    desk: Desk, carla: Actor, told: Told, monkeypatch: pytest.MonkeyPatch, left_by: BaseException
) -> None:
    def leave(*_given: object, **_named: object) -> None:
        raise left_by

    monkeypatch.setattr(Ticket, "open", leave)
    with pytest.raises((SystemExit, KeyboardInterrupt, RerunException, StopException)):
        desk.tickets.open(carla, TITLE, TEXT)

    [line] = told()
    assert (line["level"], line["action"], line["object"]) == ("INFO", "tickets.open", "-")
    assert line["outcome"] == "left"
    assert desk.figures.events.value("tickets.open", "done") == 0
    assert desk.tickets.search(carla, TicketQuery()).total == 0


def test_a_call_that_only_looks_and_is_left_is_not_told_of(
    desk: Desk, carla: Actor, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave() -> None:
        raise StopException

    monkeypatch.setattr(desk.store, "read", leave)
    with pytest.raises(StopException):
        desk.tickets.search(carla, TicketQuery())

    assert told() == []


def test_a_page_that_runs_again_after_a_change_has_done_it(desk: Desk, carla: Actor, told: Told) -> None:
    def run_of_a_page() -> None:
        desk.tickets.open(carla, TITLE, TEXT)
        raise RerunException(RerunData())

    with pytest.raises(RerunException):
        run_of_a_page()

    assert summed_up(told()) == [("carla", "tickets.open", "T-1", "done")]


def test_what_comes_of_one_click_has_one_reference_and_the_next_click_another(
    desk: Desk, carla: Actor, told: Told
) -> None:
    def click() -> None:
        desk.tickets.open(carla, TITLE, TEXT)
        desk.tickets.open(carla, TITLE, TEXT)

    for _ in range(2):
        run = threading.Thread(target=click)
        run.start()
        run.join()

    first, also_first, second, also_second = (line["reference"] for line in told())

    assert first == also_first
    assert second == also_second
    assert first != second


def test_a_command_says_what_it_has_to_say_itself(
    desk: Desk, carla: Actor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_patience: float | None = None) -> None:
        raise StorageFullError

    monkeypatch.setattr(desk.store, "write", full)
    monkeypatch.setattr(logging.getLogger("ticketing"), "handlers", [])
    monkeypatch.setattr(logging.getLogger("ticketing"), "propagate", False)
    with refused():
        desk.tickets.open(carla, TITLE, TEXT)

    assert capsys.readouterr().err == ""


def test_changes_and_refusals_are_counted_and_transactions_timed(desk: Desk, carla: Actor) -> None:
    before = desk.figures.summary()

    desk.tickets.open(carla, TITLE, TEXT)
    desk.tickets.get(carla, 1)
    with refused():
        desk.tickets.get(carla, 99)

    after = desk.figures.summary()
    assert after.writes.count - before.writes.count == 1
    assert after.reads.count - before.reads.count == 2
    assert 0 < after.reads.mean <= after.reads.p95 < 1
    assert desk.figures.events.value("tickets.open", "done") == 1
    assert desk.figures.events.value("tickets.get", "ticket_not_found") == 1


def test_a_transaction_that_is_refused_is_timed_as_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __enter__(self) -> None:
            raise StorageFullError

        def __exit__(self, *_raised: object) -> None:
            raise AssertionError

    monkeypatch.setattr(desk.store, "write", lambda _patience: Full())
    before = desk.figures.summary().writes.count

    with refused():
        desk.tickets.open(Actor.console(), TITLE, TEXT)

    assert desk.figures.summary().writes.count == before + 1


def test_admins_may_see_the_figures_and_nobody_else(desk: Desk, carla: Actor, ada: Actor) -> None:
    assert desk.health.figures(Actor.console()) == desk.figures.summary()
    for actor in (carla, ada):
        with pytest.raises(TicketingError, match="You may not"):
            desk.health.figures(actor)
