"""Filling a desk: `import-seed` with what the original app kept, `demo-data` with invented people and tickets."""

import gc
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ticketing.cli.options import opens_store
from ticketing.cli.telling import shown_progress, told
from ticketing.desk import Desk, make_ready, open_desk
from ticketing.domain.people import Actor, Role
from ticketing.settings import read_settings
from ticketing.storage.memory import MemoryStore
from ticketing.storage.original_app import holds_original_files, replace_original_files, taking_over

if TYPE_CHECKING:
    from ticketing.services.moving.seeds import SeedPlan

WARNINGS_SHOWN = 20


@click.command()
@opens_store
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do it without asking.")
def import_seed(folder: Path, *, yes: bool) -> None:
    """
    Bring in users.json and tickets.json of the original app from FOLDER.

    Says what it will do first. Doing it again adds only what is not here yet. In FOLDER itself nothing changes, unless
    it is the data directory: there the desk's own files take the place of these.
    """
    settings = read_settings()
    if settings.storage_url is None and folder.resolve() == settings.data_dir.resolve():
        if holds_original_files(folder):
            _import_in_place(folder, yes=yes)
        else:
            click.echo("There is nothing to bring in: the files here are the desk's own.")
        return
    with closing(open_desk()) as desk:
        _import(desk, folder, yes=yes)


def _import_in_place(folder: Path, *, yes: bool) -> None:
    """Make the whole store in memory; on disk it then takes the place of the original files, one rename each."""
    with taking_over(folder) as already_here:
        store = MemoryStore()
        store.put(already_here)
        desk = Desk(read_settings(), store)
        make_ready(desk)
        _import(desk, folder, yes=yes)
        replace_original_files(folder, store.copy())
    click.echo("The desk's own files have taken the place of the original ones.")


def _import(desk: Desk, folder: Path, *, yes: bool) -> None:
    console = Actor.console()
    plan = desk.seeds.plan(console, folder)
    _say_plan(plan)
    if plan.new_users or plan.new_strangers or plan.new_tickets:
        if not yes:
            click.confirm("Go ahead?", abort=True)
        with shown_progress("Hashing passwords") as progress:
            plan = desk.seeds.apply(console, plan, progress)
    accounts = len(plan.new_users) + len(plan.new_strangers)
    click.echo(f"Done: {accounts:,} accounts and {len(plan.new_tickets):,} tickets are added.")


def _say_plan(plan: "SeedPlan") -> None:
    agents = sum(1 for user in plan.new_users if user.role is Role.AGENT)
    closed = sum(1 for ticket in plan.new_tickets if ticket.is_closed)
    click.echo(f"To add from “{plan.seed.folder}”:")
    click.echo(
        f"  {len(plan.new_users):,} accounts ({agents:,} of agents); each must change its password when it signs in"
    )
    if plan.new_strangers:
        click.echo(f"  {len(plan.new_strangers):,} deactivated accounts, of people whom only tickets name")
    dated = f"{plan.seed.tickets_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"  {len(plan.new_tickets):,} tickets ({closed:,} of them closed), dated {dated}")
    if plan.known_users or plan.known_tickets:
        click.echo(
            f"Here already, and left as they are: {len(plan.known_users):,} accounts, {plan.known_tickets:,} tickets."
        )
    for warning in plan.warnings[:WARNINGS_SHOWN]:
        click.echo(f"Note: {warning}")
    if len(plan.warnings) > WARNINGS_SHOWN:
        click.echo(f"… and {len(plan.warnings) - WARNINGS_SHOWN:,} more notes of this kind.")


@click.command()
@opens_store
@click.option("--tickets", type=click.IntRange(1, 1_000_000), required=True)
@click.option("--random-seed", type=int, default=1, show_default=True, help="The same seed makes the same data.")
@click.option("--yes", is_flag=True, help="Do it even among real accounts.")
def demo_data(tickets: int, random_seed: int, *, yes: bool) -> None:
    """Add invented people and tickets, of ninety days; nobody can sign in as one of these people."""
    gc.disable()  # tickets by the hundred thousand, and no cycle among them
    try:
        with closing(open_desk()) as desk, shown_progress("Inventing tickets") as progress:
            added = desk.demo.fill(Actor.console(), tickets, random_seed, among_real_accounts=yes, progress=progress)
    finally:
        gc.enable()
    click.echo(f"Done: {told(added)} are added.")
