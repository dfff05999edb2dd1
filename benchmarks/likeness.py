"""
What it costs to find tickets that resemble another one, over each kind of store.

The stores must find the same ones, for several tickets, as agents and their requesters ask.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle

from benchmarks.measuring import MILLISECONDS, Contestant, Figure, percentile, take_turns
from ticketing.desk import utc_now
from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery, TicketSummary
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.similar import Similar

# What looking for them may take, in milliseconds.
MOST = 100
_ASKED = 10
_CONSOLE = Actor.console()


def figures_of_similar(stores: Mapping[str, Store], rounds: int) -> list[Figure]:
    """Look for tickets like the newest ones over all stores in turns, for one of them at a time."""
    gate = Gate(utc_now, SessionLimits())
    services = {kind: Similar(store, gate) for kind, store in stores.items()}
    files, *_ = stores
    with stores[files].read() as tx:
        newest = tx.tickets.search(policy.audience(_CONSOLE), TicketQuery(size=_ASKED)).items
    figures = []
    for name, ask in {"tickets like another": _like, "own tickets like a text": _own}.items():
        found = {kind: [ask(service, ticket) for ticket in newest] for kind, service in services.items()}
        if differing := [kind for kind, one in found.items() if one != found[files]]:
            raise SystemExit(f"The stores do not agree about {name}: {differing[0]} finds others.")
        contestants = {kind: Contestant(_in_turns(partial(ask, service), newest)) for kind, service in services.items()}
        figures += [
            Figure(f"{name}, {kind}, 95 %", MILLISECONDS * percentile(times.wall, 0.95), "ms", limit=MOST)
            for kind, times in take_turns(contestants, rounds).items()
        ]
    return figures


def _in_turns(ask: Callable[[TicketSummary], object], tickets: Sequence[TicketSummary]) -> Callable[[], object]:
    turns = cycle(tickets)
    return lambda: ask(next(turns))


def _like(service: Similar, ticket: TicketSummary) -> list[int]:
    return [one.number for one in service.to(_CONSOLE, ticket.number)]


def _own(service: Similar, ticket: TicketSummary) -> list[int]:
    requester = replace(_CONSOLE, username=ticket.requester)
    return [one.number for one in service.own(requester, ticket.title)]
