"""Figures: counted from any thread, and told in the form that Prometheus reads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ticketing.figures import Count, Durations, Figures, Latency


def test_a_desk_that_has_done_nothing_tells_of_nothing() -> None:
    lines = Figures().text().splitlines()

    assert lines[:6] == [
        "# HELP ticketing_sessions Browser tabs that are connected.",
        "# TYPE ticketing_sessions gauge",
        "ticketing_sessions 0",
        "# HELP ticketing_runs_total Runs of pages, one for each click.",
        "# TYPE ticketing_runs_total counter",
        "ticketing_runs_total 0",
    ]
    assert 'ticketing_store_seconds_bucket{kind="read",le="+Inf"} 0' in lines
    assert Figures().summary().reads == Latency(0, 0.0, 0.0)


def test_a_count_is_kept_for_each_set_of_labels() -> None:
    events = Count("events_total", "Events.", "counter", "action", "outcome")
    events.add("open", "done")
    events.add("close", "refused")
    events.add("open", "done")

    assert list(events.lines())[2:] == [
        'events_total{action="close",outcome="refused"} 1',
        'events_total{action="open",outcome="done"} 2',
    ]


def test_durations_are_counted_up_to_each_bound() -> None:
    took = Durations("seconds", "Time.", "kind", "read", "write")
    for seconds in (0.001, 0.002, 0.03, 30):
        took.note("read", seconds)

    lines = list(took.lines())

    assert lines[:2] == ["# HELP seconds Time.", "# TYPE seconds histogram"]
    assert lines[2:5] == [
        'seconds_bucket{kind="read",le="0.001"} 1',
        'seconds_bucket{kind="read",le="0.0025"} 2',
        'seconds_bucket{kind="read",le="0.005"} 2',
    ]
    assert 'seconds_bucket{kind="read",le="10"} 3' in lines
    assert 'seconds_bucket{kind="read",le="+Inf"} 4' in lines
    assert 'seconds_sum{kind="read"} 30.033000' in lines
    assert 'seconds_count{kind="read"} 4' in lines
    assert 'seconds_count{kind="write"} 0' in lines


def test_what_95_in_100_did_not_exceed_is_told_by_its_bound() -> None:
    took = Durations("seconds", "Time.", "kind", "read")
    for seconds in [0.002] * 95 + [0.4] * 5:
        took.note("read", seconds)

    latency = took.latency("read")
    assert (latency.count, latency.p95) == (100, 0.0025)
    assert latency.mean == pytest.approx(0.0219)


def test_no_count_is_lost_between_threads() -> None:
    runs, took = Count("runs_total", "Runs.", "counter"), Durations("seconds", "Time.", "kind", "read")
    together = threading.Barrier(4)

    def work(_: int) -> None:
        together.wait()
        for _ in range(5000):
            runs.add()
            took.note("read", 0.001)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert runs.value() == took.latency("read").count == 20000
