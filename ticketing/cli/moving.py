"""What is kept, on its way: `export`, `backup` and `restore`, and `migrate` from one store into another."""

import json
from collections.abc import Iterable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Final

import click

from ticketing.cli.options import opens_store
from ticketing.cli.telling import shown_progress, told
from ticketing.desk import open_desk, utc_now
from ticketing.domain.audit import AuditAction, AuditEntry, AuditQuery
from ticketing.domain.people import Actor
from ticketing.domain.query_language import Asker, read_query
from ticketing.settings import read_settings
from ticketing.storage.journaled.disk import write_whole
from ticketing.storage.opening import open_source, open_store, open_target, schema_versions, told_as_of
from ticketing.storage.place import Place
from ticketing.storage.url_files import open_files
from ticketing.storage.whole import Source

_BESIDE: Final = "beside"


@click.command()
@opens_store
@click.option("--format", "kind", type=click.Choice(["seed", "jsonl", "csv", "json", "xlsx", "audit"]), required=True)
@click.option("--query", default=None, help="Only what this finds, in its order; for csv, json and xlsx.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder for seed, else a file.")
def export(kind: str, query: str | None, out: Path) -> None:
    """Write tickets to OUT, as the original app's files, as JSON Lines, or as a table; or the audit log."""
    console = Actor.console()
    if query is not None and kind in {"seed", "jsonl", "audit"}:
        raise click.UsageError("--query is for csv, json and xlsx.")
    require_not_the_stores(*([out / "users.json", out / "tickets.json"] if kind == "seed" else [out]))
    with closing(open_desk()) as desk:
        if kind == "seed":
            users, tickets = desk.exports.seed(console)
            out.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(out / "users.json", [json.dumps(users, ensure_ascii=False, indent=2)])
            _write(out / "tickets.json", [json.dumps(tickets, ensure_ascii=False, indent=2)])
        elif kind == "jsonl":
            _write(out, desk.exports.json_lines(console))
        elif kind == "audit":
            from ticketing.services.audit import Form as AuditForm  # noqa: PLC0415 - as below

            _write(out, desk.audit.export(console, AuditQuery(), AuditForm.JSON_LINES))
        else:
            from ticketing.services.moving.lists import Form  # noqa: PLC0415 - slow to import, as below

            categories = partial(desk.tickets.categories, console)
            asked = read_query(query or "sort:created", Asker(console.username, desk.clock(), categories=categories))
            with shown_progress("Writing") as progress:
                write_whole(out, desk.lists.export(console, asked, Form(kind), progress))
    click.echo(f"“{out}” is written.")


def require_not_the_stores(*files: Path) -> None:
    """Keep foreign files out of the store's directory, where each is taken for its own, and off its database."""
    place = Place.of(read_settings().store_url)
    if any(map(place.owns, files)):
        what = "file of the desk's database" if place.kind == "sqlite" else "data directory"
        raise click.ClickException(f"This is the {what}, in which only the desk itself writes. Choose another one.")


def _write(path: Path, parts: Iterable[str]) -> None:
    # Half of a surrogate pair, which came in with the original app's files, becomes what it is in JSON: an escape.
    write_whole(path, (part.encode(errors="backslashreplace") for part in parts))


@click.command()
@opens_store
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Then bring it back into a store that is thrown away, and compare.")
def backup(file: Path, *, verify: bool) -> None:
    """Write accounts and tickets to one FILE; the desk may be running meanwhile."""
    from ticketing.storage import archive  # noqa: PLC0415 - slow to import, and a start is to be quick

    require_not_the_stores(file)
    with closing(_source()) as store, shown_progress("Writing") as progress:
        counts = archive.back_up(store, file, utc_now(), progress)
    click.echo(f"“{file}” is written: {told(counts)}.")
    if verify:
        with shown_progress("Rehearsing") as progress:
            counts = archive.rehearse(file, progress)
        click.echo(f"It was brought back on trial, and all of it came: {told(counts)}.")


@click.command()
@opens_store
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the backup in the place of all that is here.")
def restore(file: Path, *, replace: bool) -> None:
    """Bring back all that a backup FILE holds, into an empty data directory."""
    from ticketing.storage import archive  # noqa: PLC0415 - as above

    with shown_progress("Reading") as progress:
        found = archive.read_archive(file, progress)
    # No desk stands over it: nothing is put into it that was not there.
    settings = read_settings()
    files = open_files(settings.files_address)
    told_in_log = AuditEntry("console", AuditAction.RESTORED, utc_now(), "backup", file.name)
    with closing(open_store(settings.store_url, files=files)) as store, shown_progress("Bringing back") as progress:
        counts = archive.restore(store, found, replace=replace, progress=progress, told=told_in_log)
    click.echo(f"Brought back as of {found.created_at:%Y-%m-%d %H:%M} UTC: {told(counts)}.")


@click.command()
@opens_store
@click.option("--to", "target", metavar="URL", help="An empty store, as TICKETING_STORAGE_URL names one.")
@click.option("--files-to", metavar="URL", help="Copy attached files there, or back “beside” the store.")
@click.option("--schema", is_flag=True, help="Bring the tables of TICKETING_STORAGE_URL up to date instead.")
@click.option("--check", is_flag=True, help="With --schema: change nothing; exit code 1 unless they are up to date.")
def migrate(target: str | None, files_to: str | None, *, schema: bool, check: bool) -> None:
    """
    Copy everything into another store, and prove that it has arrived; then set TICKETING_STORAGE_URL to it.

    Nothing changes here. Everybody signs in again there. Cut off in the middle, the same command goes on there.

    With --files-to the documents stay where they are, and attached files are copied; then set TICKETING_FILES_URL to
    it, or to nothing.
    """
    from ticketing.storage.moving import move  # noqa: PLC0415 - as above

    if [target is not None, files_to is not None, schema].count(True) != 1 or (check and not schema):
        raise click.UsageError("It takes either --to URL, or --files-to URL, or --schema and perhaps --check.")
    settings = read_settings()
    url, files = settings.store_url, open_files(settings.files_address)
    if files_to is not None:
        _move_files(files_to)
        return
    if target is None:
        _see_to_tables(url, check=check)
        return
    with (
        closing(open_source(url, files)) as source,
        told_as_of("--to"),
        closing(open_target(target, files)) as empty,
        shown_progress("Copying, then checking") as progress,
    ):
        counts = move(source, empty, progress)
    click.echo(f"All of it has arrived: {told(counts)}.")


def _source() -> Source:
    settings = read_settings()
    return open_source(settings.store_url, open_files(settings.files_address))


def _move_files(target: str) -> None:
    """Copy attached files to an address, or to where the store keeps them by itself."""
    from ticketing.storage.moving import move_files  # noqa: PLC0415 - as above

    with ExitStack() as opened:
        source = opened.enter_context(closing(_source()))
        place = open_files(target) if target != _BESIDE else None
        if place is None:
            store = opened.enter_context(closing(open_store(read_settings().store_url)))
        progress = opened.enter_context(shown_progress("Copying"))
        number = move_files(source, place or store.files, utc_now(), progress)
    click.echo(f"All of it has arrived: {number:,} attachments.")


def _see_to_tables(url: str, *, check: bool) -> None:
    found = schema_versions(url, update=not check)
    if found is None:
        click.echo("There are no tables: what is kept in files needs none.")
        return
    before, newest = found
    if before == newest:
        click.echo(f"The tables are up to date ({newest}).")
    elif check:
        standing = f"are at {before}, and this version needs {newest}" if before else "are not made yet"
        raise click.ClickException(f"The tables {standing}. Run: python3 -m ticketing migrate --schema")
    else:
        click.echo(
            f"The tables are brought from {before} to {newest}." if before else f"The tables are made ({newest})."
        )
