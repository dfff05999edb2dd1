"""Bringing back what can be read of damaged files: `salvage`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ticketing.cli.options import opens_store
from ticketing.cli.telling import told
from ticketing.desk import utc_now
from ticketing.domain.errors import RefusedError, StorageUnsupportedError
from ticketing.settings import read_settings
from ticketing.storage.addresses import kind
from ticketing.storage.json_files import alone, is_half_salvaged
from ticketing.storage.opening import open_source
from ticketing.storage.place import Place

if TYPE_CHECKING:
    from ticketing.storage.journaled.remains import Name
    from ticketing.storage.salvage import Salvage

_NAMED_AT_MOST: Final = 100


@click.command()
@opens_store
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--accept-edits", is_flag=True, help="Take what can be read, but was changed by a hand or otherwise.")
def salvage(*, yes: bool, accept_edits: bool) -> None:
    """
    Bring back all that can be read of damaged JSON files.

    Says first what that is, and what is lost. Stop the desk before: as it ends, it may put its files right by itself.
    The files as they are now are kept in a folder of their own. Everybody signs in again.
    """
    folder = _folder()
    with alone(folder):
        _salvage(folder, yes=yes, accept_edits=accept_edits)


def _folder() -> Path:
    """Return the directory of the store; only JSON files can be salvaged."""
    url = read_settings().store_url
    folder = Place.of(url).path
    if kind(url) != "json" or folder is None:
        open_source(url).close()
        raise RefusedError("Only JSON files can be salvaged. Of a database, restore a backup.")
    if not folder.is_dir():
        raise StorageUnsupportedError(f"There is no data directory “{folder}”.")
    if not is_half_salvaged(folder):
        open_source(url).close()  # refuses what is no damage: the original app's files, a store that is half moved
    return folder


def _salvage(folder: Path, *, yes: bool, accept_edits: bool) -> None:
    from ticketing.storage import salvage  # noqa: PLC0415 - slow to import, and a start is to be quick

    if is_half_salvaged(folder):
        salvage.finish(folder)
        click.echo("The salvage that was cut off is done now.")
        return
    if salvage.is_sound(folder):
        click.echo("There is nothing to salvage: the files are as they were written.")
        return
    found = salvage.look(folder, accept_edits=accept_edits)
    _say(found)
    if found.doubtful_files and not accept_edits:
        raise RefusedError(
            f"{', '.join(found.doubtful_files)}: all can be read, but it is not as it was written, and any of it may "
            "be what was changed. Only with --accept-edits it is taken. Nothing was changed."
        )
    if not yes:
        click.confirm("Go ahead?", abort=True)
    kept = salvage.carry_out(folder, found, utc_now())
    click.echo(f"Done. The files as they were are in “{folder / kept}”. Next: python3 -m ticketing verify")


def _say(found: "Salvage") -> None:
    """Say what is damaged, what that costs, and what would be there then."""
    for fault in found.faults:
        click.echo(str(fault))
    for name in found.missing:
        click.echo(f"{name} is missing.")
    for lost in found.lost_changes:
        which = f"Change number {lost.start} is" if len(lost) == 1 else f"Changes {lost.start} to {lost.stop - 1} are"
        click.echo(f"{which} lost as a whole; later ones are carried out.")
    _name("Lost", found.lost)
    _name("Not as last saved, but as before", found.older)
    _name("Taken as it stands, edited or not", found.edited)
    if found.cut_records:
        click.echo(
            "The audit log breaks off before a record that is lost, and goes on anew from there: those after it, up "
            f"to number {found.cut_records.number}, are only in the files that are kept."
        )
    click.echo(f"To be brought back: {told(found.counts)}. Everybody signs in again.")


def _name(what: str, names: Sequence["Name"]) -> None:
    for collection, key in names[:_NAMED_AT_MOST]:
        click.echo(f"{what}: {collection} “{key}”.")
    for collection, number in Counter(name for name, _ in names[_NAMED_AT_MOST:]).items():
        click.echo(f"{what}: {number:,} more of {collection}.")
