"""Visitors without a browser, who speak Streamlit's protocol over its WebSocket and have a page run again and again."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from streamlit.proto.AppPage_pb2 import AppPage
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.serving import Running

if TYPE_CHECKING:
    from streamlit.proto.Navigation_pb2 import Navigation

ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Address:
    """A page of a server, as a visitor with this cookie asks for it."""

    base: str
    page: str = ""
    query: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Runs:
    """How long runs took, in seconds, and how many bytes came."""

    seconds: list[float] = field(default_factory=list)
    received: int = 0


class Visitor:
    """One tab of one browser."""

    def __init__(self, socket: ClientConnection, address: Address) -> None:
        self._socket = socket
        self._address = address
        self._page_hash = ""
        self._navigation: Navigation | None = None

    @classmethod
    async def enter(cls, stack: AsyncExitStack, address: Address) -> Self:
        """Open a socket, which the stack will close, and run the page until it is warm."""
        cookie = "; ".join(f"{name}={value}" for name, value in address.cookies.items())
        socket = await stack.enter_async_context(
            connect(
                f"ws://{urlsplit(address.base).netloc}/_stcore/stream",
                origin=Origin(address.base),
                subprotocols=[Subprotocol("streamlit")],
                additional_headers={"Cookie": cookie} if cookie else None,
                max_size=None,
                compression=None,
                ping_interval=None,
            )
        )
        visitor = cls(socket, address)
        for _ in range(2):
            await visitor.run()
        visitor.require_arrival()
        return visitor

    async def run(self) -> int:
        """Have the script run, read until it has finished for good, and return how many bytes came."""
        await self._socket.send(self._request())
        received = 0
        while True:
            data = await asyncio.wait_for(self._socket.recv(), ANSWER_SECONDS)
            received += len(data)
            message = ForwardMsg.FromString(data)
            self._follow(message)
            finished = message.WhichOneof("type") == "script_finished"
            if finished and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return received

    async def run_until(self, moment: float, runs: Runs) -> None:
        """Run without a pause until then."""
        while (began := time.perf_counter()) < moment:
            received = await self.run()
            runs.received += received
            runs.seconds.append(time.perf_counter() - began)

    def require_arrival(self) -> None:
        """Leave if this is not the page that was asked for: the figures would be another one's."""
        shown = next(
            (page.url_pathname for page in self._pages() if page.page_script_hash == self._page_hash),
            self._address.page,
        )
        if shown != self._address.page:
            raise SystemExit(f"Asked for the page {self._address.page}, and was shown {shown}.")

    def _pages(self) -> list[AppPage]:
        return list(self._navigation.app_pages) if self._navigation else []

    def _request(self) -> bytes:
        message = BackMsg()
        request = message.rerun_script
        request.query_string = self._address.query
        request.page_script_hash = self._page_hash
        request.page_name = self._address.page
        request.context_info.timezone = "UTC"
        request.context_info.locale = "en-GB"
        request.context_info.url = f"{self._address.base}/{self._address.page}"
        return bytes(message.SerializeToString())

    def _follow(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self._navigation = message.navigation
            self._page_hash = message.navigation.page_script_hash
        elif kind == "new_session" and not self._page_hash:
            self._page_hash = message.new_session.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                raise SystemExit(f"The page {self._address.page} failed: {element.exception.message}")


@dataclass(slots=True)
class Crowd:
    """Visitors to one page of one server; several crowds take turns."""

    server: Running
    visitors: Sequence[Visitor]
    runs: Runs = field(default_factory=Runs)
    cpu: float = 0.0

    async def run_for(self, seconds: float) -> None:
        """Have all of them run their page all the time, and count what that costs the server."""
        before = self.server.cpu_seconds()
        until = time.perf_counter() + seconds
        await asyncio.gather(*(visitor.run_until(until, self.runs) for visitor in self.visitors))
        self.cpu += self.server.cpu_seconds() - before


async def together(crowds: Sequence[tuple[Sequence[Address], int]], slices: int, slice_seconds: float) -> list[Runs]:
    """Send as many visitors as given to all addresses of a crowd, on one core; one crowd after the other, in slices."""
    async with AsyncExitStack() as stack:
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        stack.callback(os.sched_setaffinity, 0, cores)
        visitors = [
            [await Visitor.enter(stack, addresses[place % len(addresses)]) for place in range(sessions)]
            for addresses, sessions in crowds
        ]
        found = [Runs() for _ in crowds]
        for _ in range(slices):
            for crowd, runs in zip(visitors, found, strict=True):
                until = time.perf_counter() + slice_seconds
                await asyncio.gather(*(visitor.run_until(until, runs) for visitor in crowd))
        return found


async def in_turns(
    pages: Sequence[tuple[Running, Address]], sessions: int, slices: int, slice_seconds: float
) -> list[Crowd]:
    """Send a crowd to each page, and let one crowd after the other in, again and again."""
    async with AsyncExitStack() as stack:
        crowds = [
            Crowd(server, [await Visitor.enter(stack, address) for _ in range(sessions)]) for server, address in pages
        ]
        for _ in range(slices):
            for crowd in crowds:
                await crowd.run_for(slice_seconds)
        return crowds
