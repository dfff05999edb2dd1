"""
`/live`: the line between an open page and the desk, beside Streamlit's own.

A page says what it shows, and is told when there is something new on it; it says what is typed, which is kept as a
draft. Whatever a page is told to look at, it then asks for as always, and that is where it is decided what it may see.
However many pages are open, the store is asked once a second whether anything has changed.

Who looks at a ticket is known by these lines alone, and only as long as they are held; processes tell each other, and
what they tell is gone by itself soon after.
"""

import asyncio
import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from anyio import move_on_after, to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from ticketing.desk import Desk, shared_desk
from ticketing.domain.errors import (
    AuthenticationError,
    SignedOutError,
    StorageBusyError,
    StorageError,
    TicketingError,
)
from ticketing.domain.live import Present
from ticketing.domain.people import Actor
from ticketing.web.visitor import actor_of

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 1.0  # seconds
# What was not looked at may have been lost on the way; so it is told once more after so many seconds.
_TELL_AGAIN: Final = 5.0
_DRAFTS_AT_ONCE: Final = 4
_LONGEST: Final = 200_000  # characters of a message: a draft at its longest, each escaped
# A page that is looked at says so every 15 seconds.
_AWAY_AFTER: Final = 30.0
_SIGNED_OUT: Final = 4401  # by which a page knows that there is no use in coming back
_TOO_LONG: Final = 1009
_NOT_TEXT: Final = 1003
_TRY_LATER: Final = 1013
# So that a session which has ended is told no more of a quiet ticket.
_ASK_AGAIN: Final = 10.0
# More open pages than anybody has; each costs a look at the store when something changes.
_LINES_A_PERSON: Final = 50
_TOLD_WITHIN: Final = 1.0


@dataclass(eq=False)
class Watcher:
    """
    One open page: who looks at what, by its stamp or, for a list, the moment of it, and what it was told last.

    `stamp` is what the page would show now: "" for what is not for this person, None as long as nobody has looked.
    `unread` is how much of their inbox is.
    """

    socket: WebSocket
    actor: Actor
    number: int | None = None
    shown: str = ""
    stamp: str | None = None
    told: str = ""
    told_at: float = 0.0
    unread: int | None = None
    told_unread: int | None = None
    keeps_until: float = 0.0
    is_agents: bool = False
    is_replying: bool = False
    heard_at: float = field(default_factory=time.monotonic)
    others: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def is_unknown(self) -> bool:
        """Whether nobody has looked yet for what the page shows."""
        return self.unread is None or (self.number is not None and self.stamp is None)

    @property
    def is_there(self) -> bool:
        """Whether an agent looks at a ticket just now."""
        return self.is_agents and bool(self.number) and time.monotonic() - self.heard_at < _AWAY_AFTER

    @property
    def present(self) -> Present | None:
        """Who is there by this page, if an agent looks at a ticket just now."""
        if not self.is_there or self.number is None or self.actor.viewer:
            return None
        return Present(self.number, self.actor.username, self.actor.display_name, self.is_replying)

    def look_at(self, number: int, shown: str) -> None:
        """Note what the page shows now."""
        if number != self.number:
            self.is_replying = False
        self.number, self.shown = number, shown
        self.stamp, self.told, self.told_unread = None, "", None

    def take(self, look: "Look") -> None:
        """Take what was found out, unless the page shows something else meanwhile."""
        if look.number == self.number:
            self.stamp = look.stamp
            self.is_agents = look.is_agents if look.number else self.is_agents
        self.unread = look.unread

    def wait_to_keep(self) -> float:
        """Return how many seconds a draft has to wait: four may come at once, and then one each second."""
        now = time.monotonic()
        self.keeps_until = max(self.keeps_until, now - _DRAFTS_AT_ONCE) + 1
        return max(0.0, self.keeps_until - now)

    def meet(self, there: Iterable[Present]) -> dict[str, list[tuple[str, bool]]] | None:
        """Return who of *there* looks at the same ticket and whether they reply; None if that was told already."""
        by_name: dict[str, bool] = {}
        for one in there:
            if one.number == self.number and one.username != self.actor.username:
                by_name[one.name] = by_name.get(one.name, False) or one.is_replying
        before, self.others = self.others, sorted(by_name.items()) if self.is_agents and self.number else []
        return None if self.others == before else {"present": self.others}

    def count(self) -> dict[str, int] | None:
        """Return how much is unread, if the page was told another number; None if there is nothing to tell."""
        if self.unread is None or self.unread == self.told_unread:
            return None
        self.told_unread = self.unread
        return {"unread": self.unread}

    @property
    def _is_behind(self) -> bool:
        """Whether it is another ticket by now, or anything of a list has changed since it was read."""
        if not self.stamp:
            return False
        return self.stamp != self.shown if self.number else self.stamp > self.shown

    def news(self) -> dict[str, str] | None:
        """Return what the page is to be told now, if anything is new on it that it was not told a moment ago."""
        if self.stamp is None or not self._is_behind:
            return None
        now = time.monotonic()
        if self.stamp == self.told and now - self.told_at < _TELL_AGAIN:
            return None
        self.told, self.told_at = self.stamp, now
        return {"changed": self.stamp}


class Look(NamedTuple):
    """What was found out for a page that shows this ticket, with 0 a list, else neither; `is_over`: its session is."""

    number: int | None
    stamp: str = ""
    is_agents: bool = False
    is_over: bool = False
    unread: int = 0


@dataclass
class Hub:
    """All open pages of this process, and the one task that looks for them whether anything has changed."""

    watchers: set[Watcher] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None
    _is_failing: bool = False
    _latest: str = ""
    _stamps: dict[int, str] = field(default_factory=dict)
    _unread: dict[str, int] = field(default_factory=dict)
    _standing: dict[Actor, Actor] = field(default_factory=dict)
    ask_again_at: float = 0.0
    _elsewhere: list[Present] = field(default_factory=list)
    _has_met: bool = False

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
            watchers = list(self.watchers)
            try:
                looks = await to_thread.run_sync(self.look, watchers)
                self._is_failing = False
            except Exception as error:
                if not self._is_failing:
                    log.warning("Open pages cannot be kept up to date", exc_info=error)
                self._is_failing = True
                looks = {}
            for watcher, look in looks.items():
                watcher.take(look)
            over = {watcher for watcher, look in looks.items() if look.is_over}
            for watcher in over:
                await hang_up(watcher.socket)
            left = [watcher for watcher in watchers if watcher not in over]
            await asyncio.gather(
                *(self._tell(watcher, message) for watcher, message in _messages(left, self._elsewhere))
            )

    async def _tell(self, watcher: Watcher, message: dict[str, Any]) -> None:
        """Tell a page; one that takes nothing in for a while keeps nobody else waiting."""
        with move_on_after(_TOLD_WITHIN):
            await tell(watcher.socket, message)

    def look(self, watchers: list[Watcher]) -> dict[Watcher, Look]:
        """Find out anew what pages would show, of those only for which it may have become something else."""
        desk, actors = shared_desk(), {watcher.actor for watcher in watchers}
        people, is_due = {actor.username for actor in actors}, time.monotonic() >= self.ask_again_at
        with desk.one_view():
            self._meet(desk, watchers)
            pulse = desk.live.pulse({watcher.number for watcher in watchers if watcher.number}, people)
            standing = desk.live.standing(actors) if is_due else {}
        is_new = {number for number, stamp in pulse.tickets.items() if self._stamps.get(number) != stamp}
        if pulse.latest != self._latest:
            is_new.add(0)
        told = {name for name in people if pulse.unread.get(name, 0) != self._unread.get(name, 0)}
        others = {actor for actor in actors if is_due and standing.get(actor) != self._standing.get(actor, actor)}
        asked = [
            watcher
            for watcher in watchers
            if watcher.number in is_new
            or watcher.actor.username in told
            or watcher.is_unknown
            or watcher.actor in others
        ]
        looks = {watcher: look_up(watcher.actor, watcher.number) for watcher in asked}
        # Only now: what could not be looked up is new the next time as well.
        self._latest, self._stamps, self._unread = pulse.latest, dict(pulse.tickets), dict(pulse.unread)
        if is_due:
            self._standing, self.ask_again_at = standing, time.monotonic() + _ASK_AGAIN
        return looks

    def _meet(self, desk: Desk, watchers: list[Watcher]) -> None:
        """Exchange with other processes who is there, as long as any page here is to learn of it."""
        has_agents = any(watcher.is_agents and watcher.number for watcher in watchers)
        if has_agents or self._has_met:
            self._elsewhere = desk.live.meet(_present(watchers))
        self._has_met = has_agents


HUB: Final = Hub()


async def live(socket: WebSocket) -> None:
    """Hold the line to one page until it leaves; only somebody who is signed in gets one."""
    actor, refusal = await to_thread.run_sync(_actor, socket)
    await socket.accept()
    if actor is None:
        await socket.close(refusal)
        return
    if sum(1 for one in HUB.watchers if one.actor.username == actor.username) >= _LINES_A_PERSON:
        await socket.close(_TRY_LATER)
        return
    watcher = Watcher(socket, actor, is_agents=actor.is_agent)
    with HUB.holding(watcher), suppress(WebSocketDisconnect):
        await _listen(watcher)
    if not HUB.watchers:
        await to_thread.run_sync(shared_desk().live.meet, [])  # nobody is here any more


async def _listen(watcher: Watcher) -> None:
    """Hear what a page says until it leaves, or has to."""
    socket = watcher.socket
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        said = message.get("text")
        if said is None or len(said) > _LONGEST:
            await socket.close(_NOT_TEXT if said is None else _TOO_LONG)
            return
        if not await _hear(watcher, said):
            await socket.close(_SIGNED_OUT)
            return


async def tell(socket: WebSocket, what: dict[str, Any]) -> None:
    """Tell a page something; one that has just left is told nothing."""
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_text(json.dumps(what))


async def hang_up(socket: WebSocket) -> None:
    """End a line whose session is over."""
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(_SIGNED_OUT)


def _present(watchers: Iterable[Watcher]) -> list[Present]:
    """Return who is there by these pages, each once at a ticket for each thing that they do."""
    return sorted({one.present for one in watchers if one.present})


def _messages(watchers: list[Watcher], elsewhere: list[Present]) -> Iterator[tuple[Watcher, dict[str, Any]]]:
    """
    Yield what each page is to be told: how much is unread, that something is new, and who else is there.

    *elsewhere* is who is there by other processes.
    """
    there: defaultdict[int | None, list[Present]] = defaultdict(list)
    for one in (*_present(watchers), *elsewhere):
        there[one.number].append(one)
    for watcher in watchers:
        for message in (watcher.count(), watcher.news(), watcher.meet(there[watcher.number])):
            if message is not None:
                yield watcher, message


async def _hear(watcher: Watcher, said: str) -> bool:
    """Do what a page says, as far as it makes sense; tell whether the person is signed in still."""
    try:
        content = json.loads(said)
    except (ValueError, RecursionError):
        return True
    match content:
        case {"watch": [int(number), str(shown)]} if _is_number(number):
            watcher.look_at(number, shown)
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
        log.warning("A draft could not be kept: %s", error)
    except TicketingError:
        pass  # what cannot be sent is not kept either; the page says so when it is sent
    else:
        await tell(watcher.socket, {"saved": [number, name, text]})
    return True


def _is_number(number: int) -> bool:
    return 0 <= number < 1 << 63


def look_up(actor: Actor, number: int | None) -> Look:
    """Find out what a page would show now, and whether it learns who else is there; lists have nobody there."""
    desk, unread = shared_desk(), 0
    try:
        with desk.one_view():
            unread = desk.inbox.unread(actor)
            if number is None:
                return Look(None, unread=unread)
            is_agents = bool(number) and desk.live.is_told_who_is_there(actor)
            return Look(number, desk.live.stamp(actor, number), is_agents=is_agents, unread=unread)
    except StorageError:
        raise
    except SignedOutError:
        return Look(number, is_over=True)
    except TicketingError:
        return Look(number, unread=unread)


def _actor(socket: WebSocket) -> tuple[Actor | None, int]:
    """Return who opens the line, or nobody and why: one that the store only cannot tell of now comes back."""
    try:
        return actor_of(socket, shared_desk()), 0
    except StorageError:
        return None, _TRY_LATER
    except TicketingError:
        return None, _SIGNED_OUT
