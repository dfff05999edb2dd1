"""What a database keeps of a ticket to search in: made when it changes, and at no cost to those who only read."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.storage.conftest import NOW, make_ticket
from ticketing.domain.people import Actor, Role
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.statuses import Priority
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import TicketEdit
from ticketing.storage.sql.sql_store import SqlStore

ADA = Actor("ada", "Ada Albers", Role.AGENT)
EVERYBODYS = Audience(username="ada", sees_all=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """Return a store that holds ticket 1."""
    with closing(SqlStore(f"sqlite:///{tmp_path / 'desk.sqlite'}")) as opened:
        with opened.write() as tx:
            tx.tickets.save(make_ticket(tx.tickets.next_number()))
        yield opened


@contextmanager
def builtin_calls() -> Iterator[Counter[str]]:
    """Count the calls of Python's own functions, by name."""
    calls: Counter[str] = Counter()

    def count(_frame: object, event: str, function: object) -> None:
        if event == "c_call":
            calls[getattr(function, "__name__", "")] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def read(tx: Transaction) -> None:
    tx.tickets.find(1)


def change_the_priority(tx: Transaction) -> None:
    ticket = tx.tickets.find(1)
    assert ticket is not None
    ticket.edit(ADA, TicketEdit(priority=Priority.HIGH), NOW)
    tx.tickets.save(ticket)


def reply(tx: Transaction) -> None:
    ticket = tx.tickets.find(1)
    assert ticket is not None
    ticket.reply(ADA, "Which ROOM?", NOW)
    tx.tickets.save(ticket)


@pytest.mark.parametrize(
    ("deed", "folded"), [(read, 0), (change_the_priority, 0), (reply, 2)], ids=["read", "priority", "reply"]
)
def test_texts_are_folded_only_when_they_changed(
    store: SqlStore, deed: Callable[[Transaction], None], folded: int
) -> None:
    with store.write() as tx, builtin_calls() as calls:
        deed(tx)

    assert calls["casefold"] == folded


def test_what_was_said_after_a_change_of_something_else_is_found(store: SqlStore) -> None:
    with store.write() as tx:
        change_the_priority(tx)
        reply(tx)

    with store.read() as tx:
        assert tx.tickets.counts(EVERYBODYS, [TicketQuery(needles=("which room",))]) == [1]
