"""Closing the desk to changes for a while: `maintenance on` and `maintenance off`."""

from contextlib import closing

import click

from ticketing.cli.options import opens_store
from ticketing.desk import open_desk
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.people import Actor


@click.command()
@opens_store
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--message", default=None, help="What people are told besides, such as until when; kept until changed.")
def maintenance(state: str, message: str | None) -> None:
    """
    Let nobody but admins change anything, or let everybody again.

    All can read meanwhile. Mail waits: what comes in stays in its mailbox, what goes out in the desk.
    """
    console = Actor.console()
    with closing(open_desk()) as desk:
        present = desk.definitions.get(console, Maintenance, Maintenance.kind)
        told = present.message if message is None else message
        wanted = present.model_copy(update={"is_on": state == "on", "message": told})
        desk.definitions.save(console, wanted)
    click.echo("The desk is closed to changes." if wanted.is_on else "The desk is open to changes.")
