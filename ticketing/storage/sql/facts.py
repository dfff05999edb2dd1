"""What reports count by, kept in a table of its own beside the tickets."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ticketing.domain.facts import Facts, packed, unpacked
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.storage.sql import searching
from ticketing.storage.sql.reading import BATCH
from ticketing.storage.sql.tables import facts, tickets
from ticketing.storage.sql.writing import put


def facts_row(number: int, document: str | bytes) -> dict[str, Any]:
    """Return the row of a ticket, given its stored document."""
    return {"number": number, "facts": packed(document)}


def facts_of_matching(connection: Connection, audience: Audience, query: TicketQuery) -> Iterator[list[Facts]]:
    """Yield the facts of all tickets that match among what the audience may see, by the batch; all are read at once."""
    question = select(facts.c.facts)
    if searching.restrictions(audience, query) or query.needles or query.conditions:
        hits = searching.all_hits(audience, query, connection.dialect)
        question = question.where(facts.c.number.in_(hits.order_by(None)))
    return unpacked(connection.scalars(question).all())


def fill(connection: Connection) -> None:
    """Add the facts of the tickets that have none, which are all of them when their table is new."""
    missing = (
        select(tickets.c.number, tickets.c.document)
        .outerjoin(facts, facts.c.number == tickets.c.number)
        .where(facts.c.number.is_(None))
        .order_by(tickets.c.number)
        .limit(BATCH)
    )
    rows: Sequence[Any] = connection.execute(missing).all()
    while rows:
        put(connection, facts, *(facts_row(number, document) for number, document in rows))
        rows = connection.execute(missing.where(tickets.c.number > rows[-1].number)).all()
