"""
The way in: from a right password to the cookie.

Between the two is a hand-off. A second click ends the run that got it where that next draws, and a changed password
has ended all sessions by then. So the hand-off is kept as soon as it is there, and whichever run comes next goes on
with it.
"""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.ui import bridge
from ticketing.ui.deeds import SECOND_CLICK_WITHIN, once
from ticketing.ui.memory import recall
from ticketing.ui.session import (
    address,
    browser,
    desk,
    forget_others,
    keep_without_routes,
    target,
    user_agent,
    without_routes,
)

_SECRET = secrets.token_bytes(32)


class _Way:
    """The hand-off that is on its way to the browser, and the token it becomes where there are no routes."""

    def __init__(self) -> None:
        self.hand_off = ""
        self.token = ""
        self._since = 0.0

    def set_out(self, hand_off: str) -> None:
        self.hand_off, self.token, self._since = hand_off, "", time.monotonic()

    def redeem(self, address: str, browser: str, description: str) -> None:
        redeemed = desk().sessions.redeem(
            self.hand_off, address=address, browser=browser, device=None, description=description
        )
        self.token = redeemed.token

    def end(self) -> None:
        self.hand_off = self.token = ""

    def is_fresh(self) -> bool:
        return bool(self.hand_off) and time.monotonic() - self._since < SECOND_CLICK_WITHIN


@dataclass(slots=True)
class _Owner:
    """The id of the sign-in to which this Streamlit session belongs."""

    sign_in: str | None = None


def sign_in_by(key: str, prove: Callable[[], str]) -> None:
    """
    Sign in with the hand-off that *prove* returns: the browser gets its cookie and goes to the page first asked for.

    *key* stands for what was typed: the same again, a moment later, is a second click. A password is part of it, so it
    is kept in a form that takes the secret of this process to try out.
    """
    way = recall(_Way)
    once(hmac.digest(_SECRET, key.encode(), "sha256").hex(), lambda: way.set_out(prove()))
    _go_on(way)


def is_signing_in() -> bool:
    """Go on with a sign-in whose run was ended by a second click, and tell whether there was one."""
    way = recall(_Way)
    if not way.is_fresh():
        return False
    _go_on(way)
    return True


def keep_to_one_sign_in(actor: Actor | None) -> None:
    """
    Begin anew if this Streamlit session was another sign-in's until now: what they typed and were shown is theirs.

    Streamlit lets everybody who knows a session's id resume it. A sign-in that is on its way goes on: it may have ended
    the one before, as a changed password does. When somebody comes, it is at its end, whoever that is.
    """
    owner, now = recall(_Owner), actor.session if actor else None
    if owner.sign_in not in {None, now}:
        forget_others(_Way)
        st.rerun()
    if actor and owner.sign_in is None:
        recall(_Way).end()
    owner.sign_in = now


def _go_on(way: _Way) -> None:
    if not without_routes():
        bridge.carry_in(way.hand_off, target() or "./")
        return
    where, here, what = address(), browser(), user_agent()
    once(way.hand_off, lambda: way.redeem(where, here, what))
    keep_without_routes(way.token)
    st.rerun()
