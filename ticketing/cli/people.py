"""What is stored about people: `export-person` and `anonymise-person`, for whoever can run commands here."""

from contextlib import closing
from pathlib import Path

import click

from ticketing.cli.moving import require_not_the_stores
from ticketing.cli.options import opens_store
from ticketing.cli.telling import shown_progress
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.storage.journaled.disk import write_whole


@click.command()
@opens_store
@click.argument("name")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The archive to write.")
def export_person(name: str, out: Path) -> None:
    """Write all that is stored about the account NAME into a ZIP archive, for its owner."""
    require_not_the_stores(out)
    with closing(open_desk()) as desk:
        write_whole(out, desk.personal_data.export(Actor.console(), name))
    click.echo(f"“{out}” is written.")


@click.command()
@opens_store
@click.argument("name")
@click.option("--rehearse", is_flag=True, help="Show what would be changed, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def anonymise_person(name: str, *, rehearse: bool, yes: bool) -> None:
    """Put a pseudonym in the place of the account NAME everywhere, for good."""
    console = Actor.console()
    with closing(open_desk()) as desk:
        preview = desk.anonymising.preview(console, name)
        if rehearse:
            for place in preview.places:
                around = f"{place.before}[{place.found}]{place.after}".replace("\n", " ")
                click.echo(f"T-{place.ticket}, {place.where}: {around}")
        tickets, places = f"{preview.tickets:,} tickets", f"{len(preview.places):,} places in texts"
        click.echo(f"{preview.person.display_name} stands in {tickets}; {places} tell who they are.")
        if rehearse:
            return
        if not yes:
            click.confirm("Make them anonymous for good?", abort=True)
        with shown_progress("Going through the tickets") as progress:
            anonymous = desk.anonymising.anonymise(console, name, progress=progress)
    click.echo(f"It is done: they are called “{anonymous.name}” now.")
