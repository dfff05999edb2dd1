"""Moving in from another help desk: `import FILE`, and `import --undo ID`."""

from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

import click

from ticketing.cli.options import opens_store
from ticketing.cli.telling import shown_progress
from ticketing.desk import Desk, open_desk
from ticketing.domain.imports import ImportCounts, ImportReport, Mapping, System
from ticketing.domain.people import Actor

_TOLD: Final = {
    "tickets": "tickets",
    "messages": "messages",
    "files": "attached files",
    "people": "new people",
    "matched": "people known by their address",
    "known": "tickets that are here already",
    "left_out": "left out",
}


@click.command("import")
@opens_store
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--from", "system", type=click.Choice([each.value for each in System]), help="What has made FILE.")
@click.option("--mapping", type=click.File("rb"), help="A file that says how its words are put into the desk's.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@click.option("--undo", metavar="ID", help="Take away again what this import has made.")
@click.option("--touched-too", is_flag=True, help="With --undo: also the tickets in which something was done since.")
def import_tickets(
    file: Path | None,
    system: str | None,
    mapping: BinaryIO | None,
    undo: str | None,
    *,
    dry_run: bool,
    touched_too: bool,
) -> None:
    """
    Bring in tickets that another help desk has written to FILE.

    Says what comes, and what cannot. The same file again goes on where it was broken off. Nobody is told of it, and no
    rule is followed. With --undo, what an import has made goes again.
    """
    if (file is None) == (undo is None) or (file is not None and system is None):
        raise click.UsageError("It takes either FILE and --from, or --undo ID.")
    if (dry_run and undo) or (touched_too and not undo):
        raise click.UsageError("--dry-run goes with FILE, --touched-too with --undo.")
    words = Mapping.read(mapping.read()) if mapping else Mapping()
    with closing(open_desk()) as desk:
        if undo is not None:
            _undo(desk, undo, touched_too=touched_too)
        elif file is not None and system is not None:
            _import(desk, file, System(system), words, dry_run=dry_run)


def _import(desk: Desk, file: Path, system: System, mapping: Mapping, *, dry_run: bool) -> None:
    console = Actor.console()
    with file.open("rb") as content:
        report = desk.imports.plan(console, content, system, mapping)
        _say(report)
        if dry_run:
            click.echo(f"This would come: {_counted(report.counts)}.")
            return
        with shown_progress("Importing") as progress:
            run = desk.imports.apply(console, content, file.name, system, mapping, progress)
    click.echo(f"Import {run.id} is done: {_counted(run.counts)}.")


def _undo(desk: Desk, key: str, *, touched_too: bool) -> None:
    console = Actor.console()
    with shown_progress("Undoing") as progress:
        run = desk.imports.undo(console, key, touched_too=touched_too, progress=progress)
    click.echo(f"Import {run.id} is undone.")
    if run.kept:
        numbers = ", ".join(f"T-{number}" for number in run.kept)
        click.echo(f"Kept, since something was done in them: {numbers}.")


def _say(report: ImportReport) -> None:
    for problem in report.problems:
        click.echo(f"Left out: {problem}" if problem.is_left_out else f"Note: {problem}", err=True)


def _counted(counts: ImportCounts) -> str:
    found = {name: count for name, count in counts.model_dump().items() if count}
    return ", ".join(f"{count:,} {_TOLD[name]}" for name, count in found.items()) or "nothing"
