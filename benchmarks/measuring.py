"""
What all benchmarks share: turns in one run, medians, ratios, and how they are told.

A ratio of two medians that were taken in turns says something on a busy machine too; a time alone doesn't.
"""

import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MICROSECONDS = 1e6
MILLISECONDS = 1e3
NOT_HERE = "The benchmarks read /proc, which this system does not have: run them on Linux."


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something to time; what `prepare` does before each turn is not counted."""

    act: Callable[[], object]
    prepare: Callable[[], object] = nothing


@dataclass(frozen=True, slots=True)
class Times:
    """What the turns of one contestant took, in seconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of the time on the clock."""
        return statistics.median(self.wall)

    @property
    def median_cpu(self) -> float:
        """The median of the processor time of the calling thread."""
        return statistics.median(self.cpu)


def take_turns(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, Times]:
    """Let all act once a round, each round beginning with another one; the first round warms up and is not counted."""
    times = {name: Times() for name in contestants}
    names = list(contestants)
    for turn in range(rounds + 1):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            contestants[name].prepare()
            began, began_cpu = time.perf_counter(), time.thread_time()
            contestants[name].act()
            cpu, wall = time.thread_time() - began_cpu, time.perf_counter() - began
            if turn:
                times[name].wall.append(wall)
                times[name].cpu.append(cpu)
    return times


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One line of a report.

    With a `rival` value the ratio of both is what counts, else our value itself; `limit` is the most that it should be.
    """

    name: str
    ours: float
    unit: str
    rival: float | None = None
    against: str = ""
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the rival's value ours is."""
        return None if self.rival is None else self.ours / self.rival if self.rival else float("inf")

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.limit is None:
            return None
        return (self.ours if self.ratio is None else self.ratio) <= self.limit

    def cells(self) -> tuple[str, ...]:
        """Return name, our value, the rival's, ratio, target and verdict, as words."""
        rival = "" if self.rival is None else f"{_shown(self.rival)} {self.unit} {self.against}".rstrip()
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x"
        mark = "x" if self.ratio is not None else self.unit
        target = "" if self.limit is None else f"≤ {self.limit:g} {mark}".rstrip()
        verdict = {True: "met", False: "MISSED", None: ""}[self.is_met]
        return (self.name, f"{_shown(self.ours)} {self.unit}".rstrip(), rival, ratio, target, verdict)

    def as_json(self) -> dict[str, Any]:
        """Return everything, for machines."""
        return {
            "name": self.name,
            "ours": self.ours,
            "unit": self.unit,
            "rival": self.rival,
            "against": self.against,
            "ratio": self.ratio,
            "limit": self.limit,
            "met": self.is_met,
        }


HEADINGS = ("", "ours", "beside", "ratio", "target", "")


class Report:
    """Figures by section, printed as they come and written as JSON in the end."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.sections: dict[str, list[Figure]] = {}

    def add(self, section: str, figures: Sequence[Figure]) -> None:
        """Keep the figures of a section and print them."""
        self.sections.setdefault(section, []).extend(figures)
        print(f"\n{self.title}, {section}")
        rows = [HEADINGS, *(figure.cells() for figure in figures)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            print("  ".join(cells).rstrip(), flush=True)

    def write(self, path: Path | None) -> None:
        """Write all figures to a file, if one is named."""
        if path is None:
            return
        content = {
            "benchmark": self.title,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "sections": {name: [figure.as_json() for figure in found] for name, found in self.sections.items()},
        }
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def require_linux() -> None:
    """Leave with a sentence where the kernel doesn't tell what a process uses."""
    if not Path("/proc/self/io").exists():
        raise SystemExit(NOT_HERE)


def _shown(value: float) -> str:
    if value and abs(value) < 10:  # noqa: PLR2004 - small numbers need their decimals
        return f"{value:.2f}"
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - as above
