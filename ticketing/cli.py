"""
The command line: `python3 -m ticketing COMMAND`.

Every refusal is a sentence on standard error and exit code 1; when a setting is wrong or what it names cannot be used
as a store, it is 2, as for an unknown option. The server alone is imported late, since its packages
take longer to load than most commands take to run.
"""

import errno
import gc
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ticketing import __version__
from ticketing.desk import Desk, close_shared_desk, examine, make_ready, open_desk, shared_desk, utc_now
from ticketing.domain.browsers import is_this_machine
from ticketing.domain.errors import SettingsError, StorageTooNewError, StorageUnsupportedError, TicketingError
from ticketing.domain.findings import by_gravity
from ticketing.domain.people import Actor, Role
from ticketing.settings import Settings, read_settings
from ticketing.storage import addresses
from ticketing.storage.journaled.disk import write_whole
from ticketing.storage.memory import MemoryStore
from ticketing.storage.opening import check_database, open_source, open_store, open_target, schema_versions, told_as_of
from ticketing.storage.original_app import holds_original_files, replace_original_files, taking_over
from ticketing.storage.place import Place
from ticketing.storage.whole import WholeStore

if TYPE_CHECKING:
    from ticketing.services.moving.seeds import SeedPlan

ROOT = Path(__file__).resolve().parent.parent
LONGEST_WEBSOCKET_MESSAGE = 50 << 20
WARNINGS_SHOWN = 20
NOT_SET_UP = (SettingsError, StorageUnsupportedError, StorageTooNewError)

_WITHOUT_TLS = (
    "Others reach this desk without TLS, so passwords can be read on their way. Put a proxy with TLS in front, and set "
    "TICKETING_BASE_URL to its https address."
)

log = logging.getLogger(__name__)

Command = TypeVar("Command", bound=Callable[..., Any])


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


def opens_store(command: Command) -> Command:
    """Give a command the option --data-dir, which stands above whatever environment and secrets say."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_use_data_dir,
        expose_value=False,
        is_eager=True,
        help="Where the data lives, instead of TICKETING_DATA_DIR.",
    )(command)


def _use_data_dir(_context: click.Context, _option: click.Parameter, folder: Path | None) -> None:
    if folder is not None:
        os.environ["TICKETING_DATA_DIR"] = str(folder.absolute())
        os.environ["TICKETING_STORAGE_URL"] = ""  # empty rather than gone, since it is to hide one among the secrets


@contextmanager
def desk() -> Iterator[Desk]:
    """Open the desk for one command."""
    opened = open_desk()
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def bare_store() -> Iterator[WholeStore]:
    """Open the store without a desk over it: nothing is put into it that was not there."""
    opened = open_store(read_settings().store_url)
    try:
        yield opened
    finally:
        opened.close()


@main.command()
@opens_store
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--demo", is_flag=True, help="Serve invented tickets, with passwords that everybody may know.")
@click.option("--demo-anywhere", is_flag=True, help="Let the demo be reached from other machines.")
def serve(port: int, host: str, *, demo: bool, demo_anywhere: bool) -> None:
    """Serve the desk in the browser; Ctrl+C ends it."""
    for name, wanted in (("TICKETING_DEMO", demo), ("TICKETING_DEMO_ANYWHERE", demo_anywhere)):
        if wanted:
            os.environ[name] = "true"

    settings = read_settings()
    if settings.demo and not settings.demo_anywhere and not is_this_machine(host):
        raise click.ClickException(
            f"A demo is for this machine alone, and {host} is not. With --demo-anywhere others may see it, and sign in."
        )
    listener = _listen(host, port)
    shown = "localhost" if host in {"127.0.0.1", "::1"} else f"[{host}]" if ":" in host else host
    click.echo(f"The desk opens at http://{shown}:{port} (Ctrl+C ends it).")
    if settings.demo:
        click.echo("A demo: sign in as user1 with userpass, or as support_agent with supportpass.")
    sys.stdout.flush()
    _run_server(settings, listener)


def _listen(host: str, port: int) -> socket.socket:
    """
    Take the port before anything else happens.

    The protocol is named, because asyncio sends small packets at once only on sockets that say that they are TCP;
    without it each click would wait for the 40 ms of a delayed acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two programs share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "another program has it; choose one with --port" if taken else (error.strerror or str(error)).lower()
        raise click.ClickException(f"Port {port} of {host} cannot be used: {reason}.") from error
    listener.listen(2048)
    return listener


def _run_server(settings: Settings, listener: socket.socket) -> None:
    """Serve in this very process, from the project's folder, where Streamlit finds its settings."""
    if addresses.path(settings.store_url) is not None:
        os.environ[addresses.SETTING] = addresses.absolute(settings.store_url)
    gc.disable()  # until the warm-up has taken all of it out of the collector's sight
    shared_desk()  # a store that cannot be opened is told before Streamlit is even loaded
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT)]
    if not is_this_machine(listener.getsockname()[0]) and not settings.is_https:
        log.warning(_WITHOUT_TLS)
    import uvicorn  # noqa: PLC0415 - see above

    config = uvicorn.Config(
        "streamlit_app:app",
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=LONGEST_WEBSOCKET_MESSAGE,
        ws_per_message_deflate=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    for name in ("uvicorn.access", "uvicorn.error"):  # Streamlit sets their levels anew while it starts
        logging.getLogger(name).addFilter(lambda record: record.levelno >= logging.WARNING)
    server = uvicorn.Server(config)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        click.echo("\nThe desk is closed.")
    finally:
        close_shared_desk()
    if not server.started:
        raise click.ClickException("The server did not start; the lines above say why.")


@main.command()
@opens_store
@click.argument("name")
@click.option("--role", type=click.Choice(["agent", "admin"]), default="agent", show_default=True)
@click.option("--email", default="", help="Where this person gets mail.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def create_agent(name: str, role: str, email: str, *, password_stdin: bool) -> None:
    """Make the account NAME for an agent or an admin."""
    password = _password(from_stdin=password_stdin)
    with desk() as opened:
        person = opened.agents.create_agent(Actor.console(), name, password, role=Role(role), email=email)
    click.echo(f"The account “{person.username}” is made; its role is {person.role}.")


@main.command()
@opens_store
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def reset_password(name: str, *, password_stdin: bool) -> None:
    """Give the account NAME another password, and sign it out everywhere."""
    password = _password(from_stdin=password_stdin)
    with desk() as opened:
        opened.agents.set_password(Actor.console(), name, password)
    click.echo(f"The password of “{name}” is changed.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@main.command()
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
    with desk() as opened:
        _import(opened, folder, yes=yes)


def _import_in_place(folder: Path, *, yes: bool) -> None:
    """Make the whole store in memory; on disk it then takes the place of the original files, one rename each."""
    with taking_over(folder) as already_here:
        store = MemoryStore()
        store.put(already_here)
        opened = Desk(read_settings(), store)
        make_ready(opened)
        _import(opened, folder, yes=yes)
        replace_original_files(folder, store.copy())
    click.echo("The desk's own files have taken the place of the original ones.")


def _import(opened: Desk, folder: Path, *, yes: bool) -> None:

    console = Actor.console()
    plan = opened.seeds.plan(console, folder)
    _say_plan(plan)
    if plan.new_users or plan.new_strangers or plan.new_tickets:
        if not yes:
            click.confirm("Go ahead?", abort=True)
        with _progress("Hashing passwords") as progress:
            plan = opened.seeds.apply(console, plan, progress)
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


@main.command()
@opens_store
@click.option("--format", "kind", type=click.Choice(["seed", "jsonl", "csv"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder for seed, else a file.")
def export(kind: str, out: Path) -> None:
    """Write all tickets to OUT, as the original app's files, as JSON Lines, or as a table."""
    console = Actor.console()
    _require_not_the_stores(*([out / "users.json", out / "tickets.json"] if kind == "seed" else [out]))
    with desk() as opened:
        if kind == "seed":
            users, tickets = opened.exports.seed(console)
            out.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(out / "users.json", [json.dumps(users, ensure_ascii=False, indent=2)])
            _write(out / "tickets.json", [json.dumps(tickets, ensure_ascii=False, indent=2)])
        else:
            _write(out, opened.exports.json_lines(console) if kind == "jsonl" else opened.exports.table(console))
    click.echo(f"“{out}” is written.")


def _require_not_the_stores(*files: Path) -> None:
    """Keep foreign files out of the store's directory, where each is taken for its own, and off its database."""
    place = Place.of(read_settings().store_url)
    if any(map(place.owns, files)):
        what = "file of the desk's database" if place.kind == "sqlite" else "data directory"
        raise click.ClickException(f"This is the {what}, in which only the desk itself writes. Choose another one.")


def _write(path: Path, parts: Iterable[str]) -> None:

    # Half of a surrogate pair, which came in with the original app's files, becomes what it is in JSON: an escape.
    write_whole(path, (part.encode(errors="backslashreplace") for part in parts))


@main.command()
@opens_store
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Then bring it back into a store that is thrown away, and compare.")
def backup(file: Path, *, verify: bool) -> None:
    """Write accounts and tickets to one FILE; the desk may be running meanwhile."""
    from ticketing.storage import archive  # noqa: PLC0415 - slow to import, and a start is to be quick

    _require_not_the_stores(file)
    with closing(open_source(read_settings().store_url)) as store, _progress("Writing") as progress:
        counts = archive.back_up(store, file, utc_now(), progress)
    click.echo(f"“{file}” is written: {_told(counts)}.")
    if verify:
        with _progress("Rehearsing") as progress:
            counts = archive.rehearse(file, progress)
        click.echo(f"It was brought back on trial, and all of it came: {_told(counts)}.")


@main.command()
@opens_store
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the backup in the place of all that is here.")
def restore(file: Path, *, replace: bool) -> None:
    """Bring back all that a backup FILE holds, into an empty data directory."""
    from ticketing.storage import archive  # noqa: PLC0415 - as above

    with _progress("Reading") as progress:
        found = archive.read_archive(file, progress)
    with bare_store() as store, _progress("Bringing back") as progress:
        counts = archive.restore(store, found, replace=replace, progress=progress)
    click.echo(f"Brought back as of {found.created_at:%Y-%m-%d %H:%M} UTC: {_told(counts)}.")


@main.command()
@opens_store
def verify() -> None:
    """
    Check the whole store, and change nothing.

    Of files, every byte and every document. Of a database, every document, and by these the columns, the texts that
    are searched, the watchers and the tallies; SQLite checks the structure of its file, too. Sessions and the like,
    which expire by themselves, are not compared there.
    """
    from ticketing.storage import archive  # noqa: PLC0415 - as above

    url = read_settings().store_url
    with closing(open_source(url)) as store, store.documents() as documents:
        counts = archive.check(documents, "The store")
    check_database(url)
    click.echo(f"All is well: {_told(counts)}.")


@main.command()
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


@main.command()
@opens_store
@click.option("--to", "target", metavar="URL", help="An empty store, as TICKETING_STORAGE_URL names one.")
@click.option("--schema", is_flag=True, help="Bring the tables of TICKETING_STORAGE_URL up to date instead.")
@click.option("--check", is_flag=True, help="With --schema: change nothing; exit code 1 unless they are up to date.")
def migrate(target: str | None, *, schema: bool, check: bool) -> None:
    """
    Copy everything into another store, and prove that it has arrived; then set TICKETING_STORAGE_URL to it.

    Nothing changes here. Everybody signs in again there. Cut off in the middle, the same command begins anew.
    """
    from ticketing.storage.moving import move  # noqa: PLC0415 - as above

    if (target is not None) == schema or (check and not schema):
        raise click.UsageError("It takes either --to URL, or --schema and perhaps --check.")
    url = read_settings().store_url
    if target is None:
        _see_to_tables(url, check=check)
        return
    with (
        closing(open_source(url)) as source,
        told_as_of("--to"),
        closing(open_target(target)) as empty,
        _progress("Copying, then checking") as progress,
    ):
        counts = move(source, empty, progress)
    click.echo(f"All of it has arrived: {_told(counts)}.")


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


@main.command()
@opens_store
@click.option("--tickets", type=click.IntRange(1, 1_000_000), required=True)
@click.option("--random-seed", type=int, default=1, show_default=True, help="The same seed makes the same data.")
@click.option("--yes", is_flag=True, help="Do it even among real accounts.")
def demo_data(tickets: int, random_seed: int, *, yes: bool) -> None:
    """Add invented people and tickets, of ninety days; nobody can sign in as one of these people."""
    gc.disable()  # tickets by the hundred thousand, and no cycle among them
    try:
        with desk() as opened, _progress("Inventing tickets") as progress:
            added = opened.demo.fill(Actor.console(), tickets, random_seed, among_real_accounts=yes, progress=progress)
    finally:
        gc.enable()
    click.echo(f"Done: {_told(added)} are added.")


@main.command()
@click.argument("what", type=click.Choice(["storage", "pages", "start"]))
@click.option("--tickets", type=click.IntRange(1), default=None, help="How many to measure with.")
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
@click.option("--postgres", metavar="URL", help="Measure in this empty database, too (the start is the same there).")
def bench(what: str, tickets: int | None, json_path: Path | None, postgres: str | None) -> None:
    """Measure the store, the pages or the start beside the least that this machine could take."""
    sys.path[:0] = [str(ROOT)]
    import_module(f"benchmarks.{what}").main(tickets, json_path, postgres)


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, on a terminal only; there is nothing to show when there is nothing to do."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def advance(done: int, whole: int) -> None:
            bar.length = whole
            bar.update(done - bar.pos)

        yield advance


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items()) or "nothing"
