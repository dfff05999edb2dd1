"""
`bench start`: from the documented command to a server that answers, beside an empty Streamlit app.

Both have been started once before, so all is installed and compiled; they take turns. The desk is started as a person
does, with the Python under `.venv`, so that handing over to it counts; the empty app has no such step.
"""

import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Figure, Report, require_linux
from benchmarks.pages import fill
from benchmarks.serving import Program, Running, an_empty_script, running, the_desk
from ticketing.bootstrap import ROOT, RUN_TIME, Environment
from ticketing.installer import BASE_PYTHON

ROUNDS = 5
TICKETS = 1_000
LIMIT = 1.3


def main(tickets: int | None, json_path: Path | None, _postgres: str | None) -> None:
    """Measure with so many tickets, or with a small team's, and print what comes out."""
    require_linux()
    report = Report("Start")
    measure(report, tickets or TICKETS, ROUNDS)
    report.write(json_path)


def measure(report: Report, tickets: int, rounds: int) -> None:
    """Start both in turns."""
    place = os.environ.get("TMPDIR", "/var/tmp")  # noqa: S108 - a directory of our own is made in it
    with TemporaryDirectory(prefix="ticketing-bench-", dir=place) as name:
        folder = Path(name)
        fill(folder / "desk", tickets)
        desk = the_desk(folder / "desk", a_persons_python(Environment(ROOT)))
        programs = (desk, an_empty_script(folder / "empty"))
        for program in programs:
            start(program)
        starts = [[start(program) for program in programs] for _ in range(rounds)]
    ours, rivals = zip(*starts, strict=True)
    figures = [
        Figure("until it answers", _median_seconds(ours), "s", _median_seconds(rivals), "streamlit run", LIMIT),
        Figure("CPU until then", _median_cpu(ours), "s", _median_cpu(rivals), "streamlit run"),
    ]
    report.add(f"{tickets:,} tickets", figures)


def a_persons_python(environment: Environment) -> str:
    """Return the Python under the project's environment, or the one in use where that would have to be set up first."""
    is_ready = environment.is_running() and environment.is_current([RUN_TIME])
    return BASE_PYTHON if is_ready else sys.executable


def start(program: Program) -> Running:
    """Start a server and end it as soon as it has answered."""
    with running(program) as server:
        return server


def _median_seconds(starts: Sequence[Running]) -> float:
    return statistics.median(one.seconds for one in starts)


def _median_cpu(starts: Sequence[Running]) -> float:
    return statistics.median(one.cpu for one in starts)
