"""How the desk is set up, as one file: `settings export` and `settings import`."""

from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import click

from ticketing.cli.moving import require_not_the_stores
from ticketing.cli.options import opens_store
from ticketing.desk import open_desk
from ticketing.domain.people import Actor
from ticketing.domain.settings_files import SIZE_LIMIT, Plan, Step
from ticketing.storage.journaled.disk import write_whole


@click.group()
def settings() -> None:
    """Take along how the desk is set up, or bring it in: teams, fields, calendars, views and so on."""


@settings.command("export")
@opens_store
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export_settings(file: Path | None) -> None:
    """Write all that is set up and shared to FILE, or to standard output."""
    if file is not None:
        require_not_the_stores(file)
    with closing(open_desk()) as desk:
        text = desk.settings_files.export(Actor.console())
    if file is None:
        click.echo(text, nl=False)
        return
    write_whole(file, [text.encode()])
    click.echo(f"“{file}” is written.")


@settings.command("import")
@opens_store
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
def import_settings(file: BinaryIO, *, dry_run: bool) -> None:
    """
    Bring in what FILE holds, all of it or nothing; - is standard input.

    What is here already under the same id becomes what the file says, as a new version; nothing is removed. The same
    file twice changes nothing.
    """
    raw = file.read(SIZE_LIMIT + 1)
    with closing(open_desk()) as desk:
        plan = desk.settings_files.plan(Actor.console(), raw)
        _say(plan)
        if not dry_run:
            desk.settings_files.apply(Actor.console(), plan)
    counts = f"{len(plan.added)} added, {len(plan.changed)} changed, {len(plan.unchanged)} left as they are"
    click.echo(f"This would be done: {counts}." if dry_run else f"Done: {counts}.")


def _say(plan: Plan) -> None:
    for warning in plan.warnings:
        click.echo(f"Note: {warning}", err=True)
    for word, steps in (("add", plan.added), ("change", plan.changed)):
        for step in steps:
            click.echo(f"{word} {_named(step)}")


def _named(step: Step) -> str:
    changed = ", ".join(field.replace("_", " ") for field, _, _ in step.changes)
    return f"{step.wanted.kind} “{step.wanted.name}”" + (f": {changed}" if changed else "")
