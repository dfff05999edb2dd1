"""What is stored about people: `export-person`, for whoever can run commands here."""

from contextlib import closing
from pathlib import Path

import click

from ticketing.cli.moving import require_not_the_stores
from ticketing.cli.options import opens_store
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
