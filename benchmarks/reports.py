"""
The last of `bench storage`: what a report costs over each kind of store.

All count the same report at the same moment, and must come to the same figures. Over files, the first one after a start
reads the facts off each document; they are kept then, as databases keep them all along.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.measuring import MILLISECONDS, Contestant, Figure, take_turns
from ticketing.domain.counting import Counting
from ticketing.domain.queries import Audience
from ticketing.domain.reports import Report, ReportQuery
from ticketing.domain.store import Store

AGENTS = Audience(username="ada", sees_all=True)
DAYS = (30, 365)
# What a report may take, in milliseconds.
MOST = {"JSON": 2_000, "SQLite": 2_000, "PostgreSQL": 1_000}


def report(store: Store, query: ReportQuery, now: datetime) -> Report:
    """Count a report, as the desk does when none is kept."""
    counting = Counting(query, now)
    with store.read() as tx:
        batches = tx.tickets.facts(AGENTS, query.candidates(now))
    for batch in batches:
        counting.add(batch)
    return counting.report()


def figures_of_reports(stores: Mapping[str, Store], rounds: int) -> list[Figure]:
    """Count reports over all stores in turns; the files first, since they have kept nothing yet."""
    now = datetime.now(UTC)
    queries = {days: ReportQuery(now.date() - timedelta(days=days - 1), now.date(), UTC) for days in DAYS}
    files, *_ = stores
    began = time.perf_counter()
    report(stores[files], queries[DAYS[0]], now)
    figures = [Figure(f"the first report after a start, {files}", MILLISECONDS * (time.perf_counter() - began), "ms")]
    for days, query in queries.items():
        found = {kind: report(store, query, now) for kind, store in stores.items()}
        if differing := [kind for kind, one in found.items() if one != found[files]]:
            raise SystemExit(f"The stores do not agree about a report: {differing[0]} has another one.")
        contestants = {kind: Contestant(partial(report, store, query, now)) for kind, store in stores.items()}
        times = take_turns(contestants, rounds)
        for kind in stores:
            name, took = f"a report of {days} days, {kind}", times[kind]
            figures.append(Figure(name, MILLISECONDS * took.median, "ms", limit=MOST[kind]))
            figures.append(Figure(f"{name}, own CPU", MILLISECONDS * took.median_cpu, "ms"))
    return figures
