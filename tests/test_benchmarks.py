"""The benchmarks yield every figure, on so few tickets that the figures themselves say nothing."""

import importlib.util
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from benchmarks import api, contest, databases, idle, mails, pages, start, storage, writers
from benchmarks.measuring import Contestant, Figure, Report, take_turns
from tests.postgres import cluster
from ticketing.bootstrap import RUN_TIME, Environment
from ticketing.cli import main
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.installer import BASE_PYTHON
from ticketing.settings import Settings
from ticketing.storage.opening import open_store
from ticketing.ui.pages import PAGES

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
WRITES = ("open a ticket", "reply", "change the status")
READS = (
    "a ticket",
    "the newest 50",
    "the newest 50 of a requester",
    "status and assignee",
    "the counts of six views",
    "the newest 50 after a foreign write",
    "a rare word",
    "a common word",
)
SEVERAL = {
    "a change among those of 8 processes",
    "a change among those of 8 processes, beside SQLite",
    "99 % of the changes of 8 processes within",
    "all changes of 8 processes within",
    "a change among those of 16 threads, with a flush of 5 ms",
    "a ticket, while one process writes",
    "the newest 50, while one process writes",
    "written for replies, with compactions",
}


@pytest.fixture(autouse=True)
def own_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    Keep what a benchmark writes in this test's folder, and let the processes that it starts find it.

    A page that was visited before in this process may stand as its main script, which those would run first.
    """
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(writers, "SLICE_SECONDS", 0.05)


def names(report: Report, section: str) -> set[str]:
    return {figure.name for figure in report.sections[section]}


def all_figures(report: Report) -> list[Figure]:
    return [figure for figures in report.sections.values() for figure in figures]


def test_the_storage_benchmark_yields_every_figure_and_how_it_grows() -> None:
    report = Report("Storage")

    storage.measure(report, [40, 60], rounds=2)

    small, in_databases, large, _, growth, several = report.sections
    assert small.startswith("40 tickets")
    assert names(report, in_databases) >= {"reply, SQLite", "the newest 50, SQLite, 95 %"}
    reports = [figure for figure in report.sections[in_databases] if "a report of" in figure.name and figure.limit]
    assert {figure.name: figure.limit for figure in reports} == {
        f"a report of {days} days, {kind}": 2_000 for days in (30, 365) for kind in ("JSON", "SQLite")
    }
    assert names(report, small) == names(report, large)
    assert names(report, small) >= {*WRITES, *(f"{write}, beside SQLite" for write in WRITES), *READS}
    assert names(report, small) >= {"invented tickets a second", "100,000 invented tickets at this pace"}
    assert names(report, growth) == {"reply"}
    assert names(report, several) == SEVERAL
    own = {figure.limit for figure in report.sections[small] if figure.name.endswith("own CPU without the flush")}
    assert own == {250}
    assert all(figure.ours > 0 for figure in all_figures(report) if "memory" not in figure.name)


def test_stores_are_compared_where_the_typical_ticket_is_nobodys(tmp_path: Path) -> None:
    with closing(open_desk(Settings(data_dir=tmp_path / "desk"), password_rounds=4)) as desk:
        for title in ("The door is locked", "The window is open"):
            desk.tickets.open(Actor.console(), title, "Please come.")
        desk.agents.create_agent(Actor.console(), "ada", contest.PASSWORD)

    with closing(contest.Contest(tmp_path, rounds=1)) as stores:
        stores.require_same_answers()


def test_a_database_is_measured_beside_the_files_and_left_empty() -> None:
    report, address = Report("Storage"), cluster().create("bench")

    storage.measure(report, [40], rounds=2, postgres=address)

    _, in_databases, _several = report.sections
    found = {figure.name: figure for figure in report.sections[in_databases]}
    reads = {*READS[:4], "the counts of all views", "a rare word", "a common word"}
    assert {name.partition(", ")[0] for name in found} >= {*WRITES[:2], *reads}
    assert (found["reply, PostgreSQL"].against, found["reply, PostgreSQL"].limit) == ("bare commit", 2.0)
    assert (found["the newest 50, PostgreSQL"].against, found["the newest 50, PostgreSQL"].limit) == ("JSON", None)
    assert found["the newest 50, PostgreSQL, 95 %"].limit == 20
    assert found["a report of 30 days, PostgreSQL"].limit == 1000
    assert found["tickets like another, PostgreSQL, 95 %"].limit == 100
    with closing(open_store(address)) as store, store.read() as tx:
        assert not tx.users.any()
        assert tx.tickets.next_number() == 1


@pytest.mark.parametrize(("tickets", "most"), [(40, 50), (10_240, 50), (100_240, 150), (1_000_000, None)])
def test_how_fast_files_are_to_answer_goes_by_the_size_that_was_asked_for(tickets: int, most: int | None) -> None:
    assert databases.most_in_files(tickets) == most


def test_a_database_that_is_somebodys_is_not_measured_in() -> None:
    address = cluster().create("bench")
    open_desk(Settings(storage_url=address)).close()

    with pytest.raises(SystemExit, match="must be an empty one"):
        storage.measure(Report("Storage"), [40], rounds=1, postgres=address)

    with closing(open_store(address)) as store, store.read() as tx:
        assert tx.users.any()


def test_a_reply_is_one_write_and_one_flush() -> None:
    report = Report("Storage")

    storage.measure(report, [40], rounds=1)

    found = {figure.name: figure for figure in all_figures(report)}
    assert found["writes for a reply"].ours == 1
    assert found["flushes for a reply"].ours == 1
    assert found["bytes for a reply beyond its document"].is_met


def test_the_time_for_a_large_demo_is_told_at_the_pace_of_the_size_at_hand() -> None:
    pace, whole = storage.Filling(tickets=500, wall=0.25).figures()

    assert (pace.ours, pace.unit) == (2000, "")
    assert (whole.ours, whole.unit, whole.is_met) == (50, "s", True)
    assert storage.Filling(tickets=500, wall=0.301).figures()[1].is_met is False


def test_the_page_benchmark_visits_every_page_of_a_desk_over_the_wire() -> None:
    report = Report("Pages")

    plan = pages.Plan(sizes=[40, 60], sessions=[2], slices=1, slice_seconds=0.05)
    with ThreadPoolExecutor() as pool:  # where a browser is driven in the same process, its event loop runs here
        pool.submit(pages.measure, report, plan).result()

    assert list(report.sections) == [f"{visit.name}, 2 sessions" for visit in pages.VISITS]
    for figures in report.sections.values():
        assert [figure.name for figure in figures] == [
            "CPU a run at 40",
            "half of the runs within, at 40",
            "95 % of the runs within, at 40",
            "received for a run at 40",
            "CPU a run at 60",
            "half of the runs within, at 60",
            "95 % of the runs within, at 60",
            "received for a run at 60",
            "CPU a run at 60",
        ]


@pytest.mark.parametrize("hour", range(24))
def test_a_desk_to_visit_has_a_ticket_of_an_agent_and_a_requester_at_every_hour_of_the_day(
    tmp_path: Path, hour: int
) -> None:
    tokens, number = pages.fill(tmp_path / "desk", 40, lambda: datetime(2026, 11, 24, hour, tzinfo=UTC))

    assert number
    assert list(tokens) == ["agent", "requester", "admin"]
    assert all(tokens.values())


def test_pages_over_a_database_are_held_against_pages_over_files_and_two_processes_against_one() -> None:
    report = Report("Pages")

    visits = [visit for visit in pages.VISITS if visit.page == "ticket" or visit.who == "admin"]
    plan = pages.Plan([40], [1], cluster().create("bench"), visits, slices=1, slice_seconds=0.05)
    with ThreadPoolExecutor() as pool:
        pool.submit(pages.measure, report, plan).result()

    *visited, processes = report.sections
    for section in visited:
        found = {figure.name: figure for figure in report.sections[section] if figure.against == "at 40"}
        assert {name: figure.limit for name, figure in found.items()} == {
            "CPU a run at 40 in PostgreSQL": 1.3,
            "half of the runs within, at 40 in PostgreSQL": 1.3,
        }
    assert [figure.against for figure in report.sections[processes]] == ["two processes"] * 2


def test_n1_every_page_of_the_desk_is_visited_and_lists_tickets_and_the_dashboard_have_a_target() -> None:
    with_target = [visit for visit in pages.VISITS if visit.cost == 4 and visit.growth == 1.3]
    often_seen = {"all_tickets", "my_tickets", "ticket", "dashboard"}

    assert {visit.page for visit in pages.VISITS} == {page.name for page in PAGES}
    assert with_target == [visit for visit in pages.VISITS if visit.page in often_seen]
    assert {(visit.page, visit.who) for visit in with_target} == {
        *(("my_tickets", who) for who in ("requester", "agent")),
        *(("ticket", who) for who in ("requester", "agent")),
        ("all_tickets", "agent"),
        ("dashboard", "agent"),
    }


def test_the_page_benchmark_says_what_it_misses_where_the_test_packages_are_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "websockets" else importlib.util.find_spec(name)

    monkeypatch.setattr(pages, "find_spec", find)

    with pytest.raises(SystemExit, match=r"tests/requirements\.txt"):
        pages.main(40, None, None)


def test_the_start_benchmark_yields_both_figures() -> None:
    report = Report("Start")

    start.measure(report, 40, rounds=1)

    assert {figure.name: figure.rival is not None for figure in all_figures(report)} == {
        "until it answers": True,
        "CPU until then": True,
    }


def test_the_api_benchmark_yields_the_time_of_a_call_over_hello_and_how_many_are_answered() -> None:
    report = Report("API")

    api.measure(report, 40, rounds=2, slice_seconds=0.05)

    assert {figure.name: figure.limit for figure in all_figures(report)} == {
        "half of the calls within, hello": None,
        "one ticket, over hello": 5.0,
        "a list of 25, over hello": 5.0,
        "calls a second, hello": 1 / 0.35,
        "time of one list of 25 at full load": 1000 / 300,
    }


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Return an environment that is set up, and in which this Python believes to run."""
    (tmp_path / "requirements.txt").touch()
    made = Environment(str(tmp_path))
    Path(made.python).parent.mkdir(parents=True)
    Path(made.python).symlink_to(sys.executable)
    made.record(made.description([RUN_TIME]))
    monkeypatch.setattr(sys, "prefix", made.place)
    return made


def test_the_desk_is_started_as_by_a_person_so_that_the_hand_over_is_measured(environment: Environment) -> None:
    assert start.a_persons_python(environment) == BASE_PYTHON


def test_a_start_that_would_install_is_not_measured(environment: Environment) -> None:
    Path(environment.root, "requirements.txt").write_text("little==2.0\n", "utf-8")

    assert start.a_persons_python(environment) == sys.executable


def test_in_another_environment_the_desk_is_started_with_that_ones_python(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    assert start.a_persons_python(environment) == sys.executable


def test_all_figures_are_written_as_json(tmp_path: Path) -> None:
    report = Report("Anything")
    report.add("small", [Figure("a reply", 30, "µs", 20, "SQLite", 1.4)])

    report.write(tmp_path / "figures.json")

    written = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    (figure,) = written["sections"]["small"]
    assert figure["ratio"] == 1.5
    assert figure["met"] is False


def test_the_command_shows_the_figures_and_writes_them_where_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(storage, "ROUNDS", 1)
    monkeypatch.setattr(sys, "path", [*sys.path])

    told = CliRunner().invoke(main, ["bench", "storage", "--tickets", "40", "--json", str(tmp_path / "figures.json")])

    assert told.exit_code == 0, told.output
    written = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    figures, _in_databases, _several = written["sections"].values()
    assert {*WRITES, *READS} <= {figure["name"] for figure in figures}
    assert all(figure["name"] in told.output for figure in figures)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("as wanted", 20, "µs", 10, "SQLite", 2.0), "met"),
        (Figure("too slow", 21, "µs", 10, "SQLite", 2.0), "MISSED"),
        (Figure("small enough by itself", 20, "kB", limit=60), "met"),
        (Figure("without a target", 20, "kB", 10, "SQLite"), ""),
    ],
    ids=lambda part: part.name if isinstance(part, Figure) else "",
)
def test_a_target_is_held_against_the_ratio_or_else_the_value(figure: Figure, verdict: str) -> None:
    assert figure.cells()[-1] == verdict


def test_a_table_names_value_ratio_target_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    Report("Storage").add("7 tickets", [Figure("a reply", 30, "µs", 20, "SQLite", 1.4)])

    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split("  ") == ["a reply", "30.0 µs", "20.0 µs SQLite", "1.50 x", "≤ 1.4 x", "MISSED"]


def test_contestants_take_turns_and_the_first_round_does_not_count() -> None:
    acted: list[str] = []

    times = take_turns(
        {
            "ours": Contestant(lambda: acted.append("ours"), lambda: acted.append("prepared")),
            "theirs": Contestant(lambda: acted.append("theirs")),
        },
        rounds=2,
    )

    assert acted == ["prepared", "ours", "theirs", "theirs", "prepared", "ours", "prepared", "ours", "theirs"]
    assert [len(one.wall) for one in times.values()] == [2, 2]


def test_mails_are_measured_on_their_way_out_in_the_change_that_they_tell_of_and_on_their_way_in(
    tmp_path: Path,
) -> None:
    sent, queued, received = mails.figures(40, f"json:{tmp_path / 'data'}", rounds=3)

    assert (sent.name, sent.limit, sent.ours > 0) == ("a mail, from the outbox to the mail server", 10, True)
    assert (queued.name, queued.limit) == ("a change waits longer for its mail", 10)
    assert (received.name, received.limit, received.ours > 0) == ("a mail, from its bytes to its ticket", 60, True)


def test_open_pages_that_nobody_touches_are_measured(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        [shown] = pool.submit(idle.figures, f"json:{tmp_path / 'data'}", 2, 0.2).result()

    assert (shown.name, shown.limit) == ("2 open pages that nobody touches", 1)
    assert shown.ours >= 0
