"""
What a process counts of itself, and how it tells it: in Prometheus' text format, or summed up for people.

To count costs less than a microsecond. Figures begin at nothing with the process, and each process has its own.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LAST: Final = float("inf")


class Count:
    """A number for each set of labels: a *counter* only grows, a *gauge* goes up and down."""

    def __init__(self, name: str, about: str, kind: Literal["counter", "gauge"], *labels: str) -> None:
        self._name = name
        self._about = about
        self._kind = kind
        self._labels = labels
        self._lock = threading.Lock()
        self._values: Counter[tuple[str, ...]] = Counter() if labels else Counter({(): 0})

    def add(self, *labels: str, by: int = 1) -> None:
        """Count one more of those with these labels."""
        with self._lock:
            self._values[labels] += by

    def put(self, value: int) -> None:
        """Set a gauge without labels, of which the store knows how it stands."""
        with self._lock:
            self._values[()] = value

    def value(self, *labels: str) -> int:
        """Return how many there are."""
        return self._values[labels]

    def lines(self) -> Iterator[str]:
        """Yield it as Prometheus reads it."""
        yield from _head(self._name, self._about, self._kind)
        with self._lock:
            values = sorted(self._values.items())
        for labels, value in values:
            yield f"{self._name}{_braced(zip(self._labels, labels, strict=True))} {value}"


class Durations:
    """How long something took, for each value of one label: how often at most each of the `BOUNDS`, in seconds."""

    def __init__(self, name: str, about: str, label: str, *values: str) -> None:
        self._name = name
        self._about = about
        self._label = label
        self._lock = threading.Lock()
        self._counts = {value: [0] * (len(BOUNDS) + 1) for value in values}
        self._seconds = dict.fromkeys(values, 0.0)

    def note(self, value: str, seconds: float) -> None:
        """Count one that took so long."""
        with self._lock:
            self._counts[value][bisect_left(BOUNDS, seconds)] += 1
            self._seconds[value] += seconds

    def lines(self) -> Iterator[str]:
        """Yield it as Prometheus reads it."""
        yield from _head(self._name, self._about, "histogram")
        for value in self._counts:
            up_to, seconds = self._noted(value)
            for bound, count in up_to.items():
                shown = "+Inf" if bound == _LAST else f"{bound:g}"
                yield f"{self._name}_bucket{_braced([(self._label, value), ('le', shown)])} {count}"
            yield f"{self._name}_sum{_braced([(self._label, value)])} {seconds:.6f}"
            yield f"{self._name}_count{_braced([(self._label, value)])} {up_to[_LAST]}"

    def latency(self, value: str) -> "Latency":
        """Sum it up."""
        up_to, seconds = self._noted(value)
        total = up_to[_LAST]
        if not total:
            return Latency(0, 0.0, 0.0)
        bound = next(bound for bound, count in up_to.items() if count >= 0.95 * total)
        return Latency(total, seconds / total, bound)

    def _noted(self, value: str) -> tuple[dict[float, int], float]:
        with self._lock:
            return dict(zip((*BOUNDS, _LAST), accumulate(self._counts[value]), strict=True)), self._seconds[value]


@dataclass(frozen=True, slots=True)
class Latency:
    """How often, how long on average, and what 95 in 100 did not exceed: one of the `BOUNDS`, in seconds."""

    count: int
    mean: float
    p95: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one process for people."""

    sessions: int
    runs: int
    reads: Latency
    writes: Latency


class Figures:
    """All that is counted."""

    def __init__(self) -> None:
        self.sessions = Count("ticketing_sessions", "Browser tabs that are connected.", "gauge")
        self.runs = Count("ticketing_runs_total", "Runs of pages, one for each click.", "counter")
        self.events = Count(
            "ticketing_events_total", "Changes and refusals, as in the log.", "counter", "action", "outcome"
        )
        self.outbox = Count("ticketing_outbox_waiting", "Mails that wait, of all processes together.", "gauge")
        self.store = Durations("ticketing_store_seconds", "Time that transactions took.", "kind", "read", "write")

    def text(self) -> str:
        """Return all of it in Prometheus' text format, version 0.0.4."""
        told = (self.sessions, self.runs, self.events, self.outbox, self.store)
        return "".join(f"{line}\n" for figure in told for line in figure.lines())

    def summary(self) -> Summary:
        """Return what an admin may want to see of it."""
        return Summary(
            self.sessions.value(), self.runs.value(), self.store.latency("read"), self.store.latency("write")
        )


def _head(name: str, about: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _braced(labels: Iterable[tuple[str, str]]) -> str:
    """Write labels; none of their values holds what would have to be escaped, since all are words of the code."""
    inside = ",".join(f'{name}="{value}"' for name, value in labels)
    return f"{{{inside}}}" if inside else ""
