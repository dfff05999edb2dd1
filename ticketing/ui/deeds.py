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
from collections.abc import Callable

import streamlit as st

from ticketing.ui import session

SECONDS = 10
_DEEDS = "_deeds"


class _Deeds:
    """The last deeds of one visitor, by their keys."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._done: dict[str, float] = {}

    def once(self, key: str, deed: Callable[[], None]) -> None:
        with self._turn:
            self._done = {one: at for one, at in self._done.items() if time.monotonic() - at < SECONDS}
            if key not in self._done:
                deed()
                self._done[key] = time.monotonic()


def form_key(form: str, *content: str) -> str:
    """
    Return the idempotency key of what is being sent: the same person sending the same again is the same intention.

    A second click, a dropped connection and a reload then have one effect.
    """
    actor = session.visitor()
    who = (actor.session or actor.username) if actor else session.browser()
    return hashlib.sha256(json.dumps([form, who, *content]).encode("utf-8", "surrogatepass")).hexdigest()


def once(key: str, deed: Callable[[], None]) -> None:
    """
    Do it, unless the same was done here in the last ten seconds; a second click waits for the first.

    The deed itself keeps what comes of it where the run of the second click finds it.
    """
    deeds: _Deeds = st.session_state.setdefault(_DEEDS, _Deeds())
    deeds.once(key, deed)
