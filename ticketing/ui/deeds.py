"""
What a second click must not do a second time.

Streamlit begins a new run at each click, while the run of the click before may still wait for the store; that one ends
where it next draws, and what it did is told by nobody. So a deed is done under a lock of the visitor's session, and
what comes of it is kept before anything is drawn.
"""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.ui import session
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.memory import recall

SECOND_CLICK_WITHIN = 10  # seconds


class Deeds:
    """The last deeds of one visitor, by their keys, and the lock under which they are done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[str, float] = {}
        self._by: Counter[int] = Counter()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Do a deed when no other one is under way, and out of the run's view: a deed may take its time."""
        with session.desk().no_view(), self._lock:
            try:
                yield
            finally:
                self._by[threading.get_ident()] += 1

    def once(self, key: str, deed: Callable[[], None], within: float) -> None:
        """Do it, unless the same was done so many seconds ago."""
        with self.turn():
            if not self.is_done(key, within):
                deed()
                self._done[key] = time.monotonic()

    def is_done(self, key: str, within: float) -> bool:
        """Tell whether it was done so many seconds ago."""
        self._done = {one: at for one, at in self._done.items() if time.monotonic() - at < SECOND_CLICK_WITHIN}
        return key in self._done and time.monotonic() - self._done[key] < within

    def of_other_runs(self) -> int:
        """Wait for the deed that is under way, and return how many were done by all runs but this one."""
        with self._lock:
            return self._by.total() - self._by[threading.get_ident()]


def form_key(form: str, *content: str) -> str:
    """
    Return the idempotency key of what is being sent: the same person sending the same again is the same intention.

    A second click, a dropped connection and a reload then have one effect.
    """
    actor = session.visitor()
    return key_of(sign_in_of(actor) if actor else session.browser(), form, *content)


def sign_in_of(actor: Actor) -> str:
    """Return the mark of the sign-in by which somebody is here."""
    return actor.session or actor.username


def key_of(*content: str) -> str:
    """Return a key for this content, and for no other."""
    return hashlib.sha256(json.dumps(content).encode("utf-8", "surrogatepass")).hexdigest()


def once(key: str, deed: Callable[[], None], *, within: float = SECOND_CLICK_WITHIN) -> None:
    """
    Do it, unless the same was done here in the last ten seconds, or *within* fewer; a second click waits for the first.

    The deed itself keeps what comes of it where the run of the second click finds it.
    """
    recall(Deeds).once(key, deed, within)


def is_done(key: str) -> bool:
    """Tell whether it was done here a moment ago: a second click may find that there is nothing left to do it to."""
    return recall(Deeds).is_done(key, SECOND_CLICK_WITHIN)


def carry_out(deed: Callable[[], object], sentence: str, *, key: str = "") -> None:
    """
    Do it, and draw the page anew, where the sentence is said.

    A second click waits, and then finds the page as it is by then. Where the button is still there, *key* stands for
    the deed, as in `once`, and a second click is told the same.
    """
    flash = next_flash()

    def do() -> None:
        deed()
        flash.say(sentence)

    with shown_errors():
        if not key:
            with turn():
                do()
        elif is_done(key):
            flash.say(sentence)
        else:
            once(key, do)
        st.rerun()


def turn() -> AbstractContextManager[None]:
    """Let a deed of this visitor be done when no other one is under way."""
    return recall(Deeds).turn()
