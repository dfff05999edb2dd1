"""Looking for tickets: `search`, in the language of the search field."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from functools import partial

import click

from ticketing.cli.options import opens_store
from ticketing.desk import Desk, open_desk, utc_now
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery, TicketSummary
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.text import printable

_PAGE = 200
_WIDTHS = (8, 9, 8, 16, 16, 17)


@click.command()
@opens_store
@click.argument("query")
@click.option("--as", "username", default="", help="Whom “me” in the query means.")
@click.option("--format", "kind", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
def search(query: str, username: str, kind: str) -> None:
    """
    Find tickets by a QUERY such as 'status:open priority>=high "no dial tone"'.

    It is written as in the search field; dates are days in UTC. A table shows the first 500 hits in a few words, JSON
    and CSV hold all of them whole.
    """
    me = username.casefold() or Actor.console().username
    with closing(open_desk()) as desk:
        teams = partial(desk.agents.teams_of, Actor.console(), me)
        categories = partial(desk.tickets.categories, Actor.console())
        asked = read_query(query, Asker(me, utc_now(), teams=teams, categories=categories))
        if kind == "table":
            for ticket in _found(desk, asked.model_copy(update={"size": _PAGE})):
                click.echo(_row(ticket))
            return
        from ticketing.services.moving.lists import Form  # noqa: PLC0415 - slow to import, and a start is to be quick

        for part in desk.lists.export(Actor.console(), asked, Form(kind)):
            click.echo(part, nl=False)


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


def _row(ticket: TicketSummary) -> str:
    updated = f"{ticket.updated_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    cells = (ticket.label, ticket.status.label, ticket.priority, ticket.requester, ticket.assignee or "-", updated)
    padded = (f"{cell:{width}.{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
    return "  ".join([*padded, printable(ticket.title)])
