"""
What open pages cost that nobody touches.

So many tabs show one ticket, each with Streamlit's line and the desk's own, and nothing happens: what counts is how
much of a core the server's process takes for them beside what it takes when nobody is there.

    python -m benchmarks.idle 50 postgresql+psycopg://…
"""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.typing import Origin

from benchmarks.measuring import Figure, Report, require_linux
from benchmarks.pages import ADMIN, COOKIE, PASSWORD
from benchmarks.serving import Running, running, the_desk_at
from benchmarks.visitors import Address, Visitor
from ticketing.desk import open_desk
from ticketing.domain.people import Actor, Role
from ticketing.settings import Settings

PAGES, SECONDS = 50, 20.0
PER_CENT = 100
_TABS_EACH = 25  # of one agent


def figures(place: str, pages: int = PAGES, seconds: float = SECONDS) -> list[Figure]:
    """Fill an empty store with one ticket and its readers, serve it, and look at it."""
    console = Actor.console()
    with closing(open_desk(Settings(storage_url=place), password_rounds=4)) as desk:
        agents = [f"{ADMIN}{number}" for number in range(-(-pages // _TABS_EACH))]
        for name in agents:
            desk.agents.create_agent(console, name, PASSWORD, role=Role.AGENT)
        number = desk.tickets.open(console, "No dial tone", "The line is dead.").number
        tokens = [desk.accounts.sign_in(name, PASSWORD) for name in agents]
        stamp = desk.live.stamp(desk.sessions.actor(tokens[0]), number)
    with running(the_desk_at(place)) as server:
        server.settle()
        alone = _share(server, seconds)
        shown = asyncio.run(
            _looked_at(server, [tokens[each // _TABS_EACH] for each in range(pages)], number, stamp, seconds)
        )
    return [Figure(f"{pages} open pages that nobody touches", max(0.0, shown - alone), "% of a core", limit=1)]


async def _looked_at(server: Running, tokens: list[str], number: int, stamp: str, seconds: float) -> float:
    """Open the pages, let them settle, and return what they take from then on."""
    address = f"ws://{urlsplit(server.base).netloc}/live"
    lines = []
    async with AsyncExitStack() as stack:
        for token in tokens:
            cookies = {COOKIE: token}
            await Visitor.enter(stack, Address(server.base, "ticket", f"id={number}", cookies))
            headers = {"Cookie": f"{COOKIE}={token}"}
            line = await stack.enter_async_context(
                connect(address, origin=Origin(server.base), additional_headers=headers, ping_interval=None)
            )
            await line.send(json.dumps({"watch": [number, stamp]}))
            lines.append(line)
        await asyncio.to_thread(server.settle)
        share = await asyncio.to_thread(_share, server, seconds)
        if any(line.close_code for line in lines):
            raise LookupError("An open page was sent away.")
        return share


def _share(server: Running, seconds: float) -> float:
    """Return how many hundredths of a core the server takes within so many seconds."""
    before, began = server.cpu_seconds(), time.perf_counter()
    time.sleep(seconds)
    return PER_CENT * (server.cpu_seconds() - before) / (time.perf_counter() - began)


def main() -> None:
    """Measure as many pages as are asked for, at the place that is asked for."""
    require_linux()
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else PAGES
    with TemporaryDirectory() as folder:
        place = sys.argv[2] if len(sys.argv) > 2 else f"json:{Path(folder) / 'data'}"  # noqa: PLR2004 - two arguments
        Report("Idle pages").add(f"{pages} at {place.partition(':')[0]}", figures(place, pages))


if __name__ == "__main__":
    main()
