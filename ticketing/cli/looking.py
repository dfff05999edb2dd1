"""Looking after a desk: `verify` what it keeps, `doctor` for all of it, `run-jobs` it owes, `bench` for its speed."""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import click

from ticketing.cli.options import opens_store
from ticketing.cli.serving import ROOT
from ticketing.cli.telling import told
from ticketing.desk import examine, open_desk
from ticketing.domain.findings import by_gravity
from ticketing.settings import read_settings
from ticketing.storage import addresses
from ticketing.storage.opening import check_database, open_source
from ticketing.storage.url_files import open_files


@click.command()
@opens_store
def verify() -> None:
    """
    Check the whole store, and change nothing.

    Of files, every byte and every document. Of a database, every document, and by these the columns, the texts that
    are searched, the watchers, the terms and the tallies; SQLite checks the structure of its file, too. Of attached
    files, wherever they are kept, every byte. Of the audit log, that each record is as it was written and follows the
    one before. Sessions and the like, which expire by themselves, are not compared there.
    """
    from ticketing.storage import archive  # noqa: PLC0415 - slow to import, and a start is to be quick

    settings = read_settings()
    url = settings.store_url
    with closing(open_source(url, open_files(settings.files_address))) as store, store.documents() as documents:
        newest = archive.check_audit(documents, "The store")
        counts = archive.check(documents, "The store")
        if attached := archive.check_contents(documents, store.files):
            counts["attachments"] = attached
    check_database(url)
    click.echo(f"All is well: {told(counts)}.")
    if newest.number:
        click.echo(f"The newest audit record is number {newest.number}, its hash {newest.hash}.")


@click.command()
@opens_store
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON, for other programs.")
def doctor(*, as_json: bool) -> None:
    """Look at the desk from all sides, and say what helps; exit code 1 if something should be done."""
    from ticketing.web.front_door import knock  # noqa: PLC0415 - as above

    settings = read_settings()
    findings = by_gravity([*examine(settings), *knock(settings.base_url)])
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    for finding in [] if as_json else findings:
        click.echo(f"{finding.level:8}  {finding.subject:10}  {finding.says}")
        if finding.fix:
            click.echo(f"{'':22}{finding.fix}")
    if any(finding.level.is_bad for finding in findings):
        raise click.exceptions.Exit(1)


@click.command()
@opens_store
def run_jobs() -> None:
    """
    Do what is due by now, such as closing what stayed resolved for seven days, sending mails that wait, fetching mail.

    A desk that is served does so by itself; this is for hosts that put it to sleep.
    """
    with closing(open_desk()) as desk:
        failed = desk.catch_up()
        if dispatcher := desk.dispatcher():
            dispatcher.drain()
    if failed:
        raise click.ClickException(f"{'; '.join(failed)}: that failed, and the lines above say why.")


@click.command()
@click.argument("what", type=click.Choice(["storage", "pages", "start", "api"]))
@click.option("--tickets", type=click.IntRange(1), default=None, help="How many to measure with.")
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
@click.option("--postgres", metavar="URL", help="Measure storage or pages in this empty database, too.")
def bench(what: str, tickets: int | None, json_path: Path | None, postgres: str | None) -> None:
    """Measure the store, the pages, the start or the API beside the least that this machine could take."""
    if postgres is not None and what in {"start", "api"}:
        raise click.UsageError("This is not measured in a database: leave out --postgres.")
    if postgres is not None and addresses.kind(postgres) != "postgresql":
        raise click.UsageError(
            "--postgres takes the address of a database: postgresql+psycopg://USER:PASSWORD@HOST/NAME."
        )
    sys.path[:0] = [str(ROOT)]
    import_module(f"benchmarks.{what}").main(tickets, json_path, postgres)
