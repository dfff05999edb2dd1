"""
`/live`: the line between an open page and the desk, beside Streamlit's own.

A page says what it shows, and is told when there is something new on it; it says what is typed, which is kept as a
draft. Whatever a page is told to look at, it then asks for as always, and that is where it is decided what it may see.
However many pages are open, the store is asked once a second whether anything has changed.

Who looks at a ticket is known by these lines alone, and only as long as they are held: nothing of it is stored.
"""

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from anyio import to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from ticketing.desk import shared_desk
from ticketing.domain.browsers import cookie_name
from ticketing.domain.errors import (
    AuthenticationError,
    StorageBusyError,
    StorageError,
    TicketingError,
)
from ticketing.domain.people import Actor
from ticketing.web.site import Site

logger = logging.getLogger(__name__)

LOOK_EVERY: Final = 1.0  # seconds
# What was not looked at may have been lost on the way; so it is told once more after so many seconds.
_TELL_AGAIN: Final = 5.0
_DRAFTS_AT_ONCE: Final = 4
_LONGEST: Final = 200_000  # characters of a message: a draft at its longest, each escaped
# A page that is looked at says so every 15 seconds.
_AWAY_AFTER: Final = 30.0
_SIGNED_OUT: Final = 4401  # by which a page knows that there is no use in coming back
_TOO_LONG: Final = 1009


@dataclass(eq=False)
class Watcher:
    """One open page: who looks at what, by its stamp or, for a list, the moment of it, and what it was told last."""

    socket: WebSocket
    actor: Actor
    number: int | None = None
    shown: str = ""
    present: str = ""
    told: str = ""
    told_at: float = 0.0
    keeps_until: float = 0.0
    is_agents: bool = False
    is_replying: bool = False
    heard_at: float = field(default_factory=time.monotonic)
    others: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Whether an agent looks at a ticket just now."""
        return self.is_agents and bool(self.number) and time.monotonic() - self.heard_at < _AWAY_AFTER

    def look_at(self, number: int, shown: str) -> None:
        """Note what the page shows now."""
        if number != self.number:
            self.is_replying = False
        self.number, self.shown = number, shown
        self.told = ""

    def wait_to_keep(self) -> float:
        """Return how many seconds a draft has to wait: four may come at once, and then one each second."""
        now = time.monotonic()
        self.keeps_until = max(self.keeps_until, now - _DRAFTS_AT_ONCE) + 1
        return max(0.0, self.keeps_until - now)

    def meet(self, there: Iterable["Watcher"]) -> dict[str, list[tuple[str, bool]]] | None:
        """Return who of *there* looks at the same ticket and whether they reply; None if that was told already."""
        theirs = [one for one in there if one.number == self.number and one.actor.username != self.actor.username]
        by_name: dict[str, bool] = {}
        for one in theirs:
            by_name[one.actor.display_name] = by_name.get(one.actor.display_name, False) or one.is_replying
        before, self.others = self.others, sorted(by_name.items()) if self.is_agents and self.number else []
        return None if self.others == before else {"present": self.others}

    @property
    def _is_behind(self) -> bool:
        """Whether it is another ticket by now, or anything of a list has changed since it was read."""
        return self.present != self.shown and bool(self.present) if self.number else self.present > self.shown

    def news(self) -> dict[str, str] | None:
        """Return what the page is to be told now, if anything is new on it that it was not told a moment ago."""
        if not self._is_behind:
            return None
        now = time.monotonic()
        if self.present == self.told and now - self.told_at < _TELL_AGAIN:
            return None
        self.told, self.told_at = self.present, now
        return {"changed": self.present}


@dataclass
class Hub:
    """All open pages of this process, and the one task that looks for them whether anything has changed."""

    watchers: set[Watcher] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None
    _is_failing: bool = False
    _latest: str = ""
    _stamps: dict[int, str] = field(default_factory=dict)

    @contextmanager
    def holding(self, watcher: Watcher) -> Iterator[None]:
        """Look for a page as long as it is open."""
        self.watchers.add(watcher)
        if self._task is None:
            self._task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            self.watchers.discard(watcher)
            if not self.watchers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            watchers = [watcher for watcher in self.watchers if watcher.number is not None]
            try:
                await to_thread.run_sync(self._look, watchers)
                self._is_failing = False
            except Exception as error:
                if not self._is_failing:
                    logger.warning("Open pages cannot be kept up to date", exc_info=error)
                self._is_failing = True
            for watcher in watchers:
                if (news := watcher.news()) is not None:
                    await tell(watcher.socket, news)
            there = [watcher for watcher in watchers if watcher.is_there]
            for watcher in watchers:
                if (present := watcher.meet(there)) is not None:
                    await tell(watcher.socket, present)

    def _look(self, watchers: list[Watcher]) -> None:
        """Find out anew what pages would show, of those only for which it may have become something else."""
        pulse = shared_desk().live.pulse({watcher.number for watcher in watchers if watcher.number})
        is_new = {number for number, stamp in pulse.tickets.items() if self._stamps.get(number) != stamp}
        if pulse.latest != self._latest:
            is_new.add(0)
        self._latest, self._stamps = pulse.latest, dict(pulse.tickets)
        for watcher in watchers:
            if watcher.number in is_new or not watcher.present:
                _look_up(watcher)


HUB: Final = Hub()


async def live(socket: WebSocket) -> None:
    """Hold the line to one page until it leaves; only somebody who is signed in gets one."""
    actor = await to_thread.run_sync(_actor, socket)
    await socket.accept()
    if actor is None:
        await socket.close(_SIGNED_OUT)
        return
    watcher = Watcher(socket, actor)
    with HUB.holding(watcher), suppress(WebSocketDisconnect):
        while True:
            said = await socket.receive_text()
            if len(said) > _LONGEST:
                await socket.close(_TOO_LONG)
                return
            if not await _hear(watcher, said):
                await socket.close(_SIGNED_OUT)
                return


async def tell(socket: WebSocket, what: dict[str, Any]) -> None:
    """Tell a page something; one that has just left is told nothing."""
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_text(json.dumps(what))


async def _hear(watcher: Watcher, said: str) -> bool:
    """Do what a page says, as far as it makes sense; tell whether the person is signed in still."""
    try:
        content = json.loads(said)
    except (ValueError, RecursionError):
        return True
    match content:
        case {"watch": [int(number), str(shown)]} if _is_number(number):
            watcher.look_at(number, shown)
            watcher.present = ""
        case {"watch": None}:
            watcher.number = None
        case {"here": bool(is_replying)}:
            watcher.is_replying, watcher.heard_at = is_replying, time.monotonic()
        case {"draft": [int(number), str(name), str(text)]} if _is_number(number):
            return await _keep(watcher, number, name, text)
    return True


async def _keep(watcher: Watcher, number: int, name: str, text: str) -> bool:
    await asyncio.sleep(watcher.wait_to_keep())
    try:
        await to_thread.run_sync(shared_desk().drafts.keep, watcher.actor, number, name, text)
    except AuthenticationError:
        return False
    except StorageBusyError:
        await tell(watcher.socket, {"again": [number, name]})
    except StorageError as error:
        logger.warning("A draft could not be kept: %s", error)
    except TicketingError:
        pass  # what cannot be sent is not kept either; the page says so when it is sent
    else:
        await tell(watcher.socket, {"saved": [number, name, text]})
    return True


def _is_number(number: int) -> bool:
    return 0 <= number < 1 << 63


def _look_up(watcher: Watcher) -> None:
    """Find out what the page would show now: nothing if that is not for this person, or no more."""
    watcher.present, watcher.is_agents = "", False
    try:
        watcher.present = shared_desk().live.stamp(watcher.actor, watcher.number or 0)
        watcher.is_agents = shared_desk().live.is_told_who_is_there(watcher.actor)
    except StorageError:
        raise
    except TicketingError:
        pass


def _actor(socket: WebSocket) -> Actor | None:
    desk = shared_desk()
    secure = Site(desk.settings.base_url).is_secure(socket)
    token = socket.cookies.get(cookie_name(desk.settings.cookie_name, secure=secure))
    try:
        return desk.sessions.actor(token) if token else None
    except TicketingError:
        return None
