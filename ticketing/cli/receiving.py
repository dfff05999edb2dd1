"""Mail that a mail server hands on: `receive-mail`."""

import sys
from contextlib import closing

import click

from ticketing.cli.options import opens_store
from ticketing.desk import open_desk
from ticketing.domain.errors import TicketingError

# By sysexits.h: whoever hands the mail on keeps it, and tries again later.
TRY_AGAIN = 75


@click.command()
@opens_store
def receive_mail() -> None:
    """
    Take one mail from standard input, as a mail server hands it on.

    Exit code 0 says that the desk has it, whatever became of it; 75 that it is to be handed on again later.
    """
    try:
        with closing(open_desk()) as desk:
            received = desk.receiving.take(sys.stdin.buffer.read())
    except (TicketingError, OSError) as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(TRY_AGAIN) from error
    click.echo(received.why or f"It is in ticket T-{received.ticket}.")
