"""
`bench start`: from the documented command to a server that answers, beside an empty Streamlit app.

Both have been started once before, so all is installed and compiled; they take turns.
"""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Figure, Report, require_linux
from benchmarks.pages import fill
from benchmarks.serving import Program, Running, an_empty_script, running, the_desk

ROUNDS = 5
TICKETS = 1_000
LIMIT = 1.3


def main(tickets: int | None, json_path: Path | None) -> None:
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
        programs = (the_desk(folder / "desk"), an_empty_script(folder / "empty"))
        for program in programs:
            start(program)
        starts = [[start(program) for program in programs] for _ in range(rounds)]
    ours, rivals = zip(*starts, strict=True)
    figures = [
        Figure("until it answers", _median_seconds(ours), "s", _median_seconds(rivals), "streamlit run", LIMIT),
        Figure("CPU until then", _median_cpu(ours), "s", _median_cpu(rivals), "streamlit run"),
    ]
    report.add(f"{tickets:,} tickets", figures)


def start(program: Program) -> Running:
    """Start a server and end it as soon as it has answered."""
    with running(program) as server:
        return server


def _median_seconds(starts: Sequence[Running]) -> float:
    return statistics.median(one.seconds for one in starts)


def _median_cpu(starts: Sequence[Running]) -> float:
    return statistics.median(one.cpu for one in starts)
