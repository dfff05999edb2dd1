"""
The command line: `python3 -m ticketing COMMAND`.

Every refusal is a sentence on standard error and exit code 1; when a setting is wrong or what it names cannot be used
as a store, it is 2, as for an unknown option. The commands lie by what they are for in the modules beside this one,
which import late what takes longer to load than most commands take to run: the server above all.
"""

from typing import Any

import click

from ticketing import __version__
from ticketing.cli.accounts import create_agent, reset_password, rotate_token_key, turn_off_two_step
from ticketing.cli.filling import demo_data, import_seed
from ticketing.cli.importing import import_tickets
from ticketing.cli.looking import bench, doctor, run_jobs, verify
from ticketing.cli.maintaining import maintenance
from ticketing.cli.moving import backup, export, migrate, restore
from ticketing.cli.people import anonymise_person, export_person
from ticketing.cli.receiving import receive_mail
from ticketing.cli.salvaging import salvage
from ticketing.cli.searching import search
from ticketing.cli.serving import serve
from ticketing.cli.setting_up import settings
from ticketing.domain.errors import SettingsError, StorageTooNewError, StorageUnsupportedError, TicketingError

NOT_SET_UP = (SettingsError, StorageUnsupportedError, StorageTooNewError)


class Commands(click.Group):
    """Commands whose refusals are told in a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except TicketingError as refusal:
            click.echo(str(refusal), err=True)
            if isinstance(refusal, NOT_SET_UP):
                raise click.exceptions.Exit(2) from refusal
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            click.echo(f"“{error.filename}”: {error.strerror}." if error.filename else str(error), err=True)
        raise click.exceptions.Exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ticketing")
def main() -> None:
    """Run a help desk of your own, and look after it."""


for command in (
    serve,
    create_agent,
    reset_password,
    turn_off_two_step,
    rotate_token_key,
    export_person,
    anonymise_person,
    import_seed,
    import_tickets,
    demo_data,
    search,
    export,
    backup,
    restore,
    migrate,
    settings,
    maintenance,
    verify,
    salvage,
    doctor,
    run_jobs,
    receive_mail,
    bench,
):
    main.add_command(command)
