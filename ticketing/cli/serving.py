"""`serve`: the desk in the browser."""

import errno
import gc
import logging
import os
import socket
import sys
from pathlib import Path

import click

from ticketing.cli.options import opens_store
from ticketing.desk import close_shared_desk, shared_desk
from ticketing.domain.browsers import is_this_machine
from ticketing.settings import Settings, read_settings
from ticketing.storage import addresses

ROOT = Path(__file__).resolve().parents[2]
LONGEST_WEBSOCKET_MESSAGE = 50 << 20

_WITHOUT_TLS = (
    "Others reach this desk without TLS, so passwords can be read on their way. Put a proxy with TLS in front, and set "
    "TICKETING_BASE_URL to its https address."
)

log = logging.getLogger(__name__)


@click.command()
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
    if demo_anywhere and not settings.demo:
        raise click.UsageError("--demo-anywhere goes with a demo: add --demo.")
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
    import uvicorn  # noqa: PLC0415 - slow to import, see above

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
    # Streamlit sets their levels anew while it starts, and gives the first a handler, by which uvicorn takes it for on.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.levelno >= logging.WARNING)
    server = uvicorn.Server(config)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        click.echo("\nThe desk is closed.")
    finally:
        close_shared_desk()
    if not server.started:
        raise click.ClickException("The server did not start; the lines above say why.")
