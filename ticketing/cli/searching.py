"""Looking for tickets: `search`, in the language of the search field."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import click

from ticketing.cli.options import opens_store
from ticketing.desk import Desk, open_desk, utc_now
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery, TicketSummary
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.text import printable
from ticketing.services.moving.exports import line, neutral

COLUMNS = ("number", "title", "status", "priority", "category", "requester", "assignee", "opened_at", "updated_at")
_PAGE = 200
_WIDTHS = {"label": 8, "status": 9, "priority": 8, "requester": 16, "assignee": 16, "updated": 17}


@click.command()
@opens_store
@click.argument("query")
@click.option("--as", "username", default="", help="Whom “me” in the query means.")
@click.option("--format", "kind", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
def search(query: str, username: str, kind: str) -> None:
    """
    Find tickets by a QUERY such as 'status:open priority>=high "no dial tone"'.

    It is written as in the search field; dates are days in UTC. The first 500 hits are shown.
    """
    asked = read_query(query, Asker(username.casefold(), utc_now())).model_copy(update={"size": _PAGE})
    with closing(open_desk()) as desk:
        found = list(_found(desk, asked))
    if kind == "json":
        click.echo(json.dumps([_fields(ticket) for ticket in found], ensure_ascii=False, indent=2))
    elif kind == "csv":
        lines = [line(COLUMNS), *(line(map(neutral, _fields(ticket).values())) for ticket in found)]
        click.echo("".join(lines), nl=False)
    else:
        click.echo("".join(f"{_row(ticket)}\n" for ticket in found), nl=False)


def _found(desk: Desk, query: TicketQuery) -> Iterator[TicketSummary]:
    """Yield what is found page by page, and say if that may not be all."""
    console = Actor.console()
    page = desk.tickets.search(console, query)
    yield from page.items
    for number in range(2, page.pages + 1):
        yield from desk.tickets.search(console, query.model_copy(update={"page": number})).items
    if not page.items:
        click.echo("No ticket matches.", err=True)
    if page.ends_early:
        click.echo(f"There may be more: these are the first {page.total}.", err=True)


def _fields(ticket: TicketSummary) -> dict[str, str]:
    values = (getattr(ticket, column) for column in COLUMNS)
    return {
        column: value.isoformat() if isinstance(value, datetime) else str("" if value is None else value)
        for column, value in zip(COLUMNS, values, strict=True)
    }


def _row(ticket: TicketSummary) -> str:
    updated = f"{ticket.updated_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    cells = (ticket.label, ticket.status.label, ticket.priority, ticket.requester, ticket.assignee or "-", updated)
    padded = (f"{cell:{width}.{width}}" for cell, width in zip(cells, _WIDTHS.values(), strict=True))
    return "  ".join([*padded, printable(ticket.title)])
