"""
The way in: from a right password to the cookie.

Between the two is a hand-off. A second click ends the run that got it where that next draws, and a changed password
has ended all sessions by then. So the hand-off is kept as soon as it is there, and whichever run comes next goes on
with it. Where a code is wanted beside the password, it is the ticket for that which is kept, until the code is there.
"""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import streamlit as st

from ticketing.domain.errors import CodeWantedError, HandOffError
from ticketing.domain.people import Actor
from ticketing.domain.sign_in import HALF_SIGN_IN_LIFETIME
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
    """
    The hand-off that is on its way to the browser, and the token it becomes where there are no routes.

    `ticket` is what waits for a code, and `turn` how often that was given up.
    """

    def __init__(self) -> None:
        self.hand_off = ""
        self.token = ""
        self.ticket = ""
        self.turn = 0
        self._since = 0.0

    def prove_password(self, prove: Callable[[], str]) -> None:
        try:
            self.set_out(prove())
        except CodeWantedError as wanted:
            self.ticket, self._since = wanted.ticket, time.monotonic()

    def prove_code(self, code: str, browser: str, *, trust: bool) -> None:
        accounts = desk().accounts
        try:
            self.set_out(accounts.finish_sign_in_browser(self.ticket, code, browser=browser, trust=trust))
        except HandOffError:
            self.start_over()
            raise

    def set_out(self, hand_off: str) -> None:
        self.hand_off, self.token, self.ticket, self._since = hand_off, "", "", time.monotonic()

    def start_over(self) -> None:
        self.ticket = ""
        self.turn += 1

    def waits_for_code(self) -> bool:
        return bool(self.ticket) and time.monotonic() - self._since < HALF_SIGN_IN_LIFETIME.total_seconds()

    def redeem(self, address: str, browser: str, description: str) -> None:
        redeemed = desk().sessions.redeem(
            self.hand_off, address=address, browser=browser, device=None, description=description
        )
        self.token = redeemed.token

    def end(self) -> None:
        self.hand_off = self.token = self.ticket = ""

    def is_fresh(self) -> bool:
        return bool(self.hand_off) and time.monotonic() - self._since < SECOND_CLICK_WITHIN


@dataclass(slots=True)
class _Owner:
    """The sign-in to which this Streamlit session belongs, and the person as whom it shows the desk."""

    sign_in: tuple[str | None, str] | None = None


def sign_in_by(key: str, prove: Callable[[], str]) -> None:
    """
    Sign in with the hand-off that *prove* returns: the browser gets its cookie and goes to the page first asked for.

    *key* stands for what was typed: the same again, a moment later, is a second click. A password is part of it, so it
    is kept in a form that takes the secret of this process to try out. Where a code is wanted, the page is drawn anew.
    """
    way = recall(_Way)
    once(_key(key, str(way.turn)), lambda: way.prove_password(prove))
    if way.ticket:
        st.rerun()
    _go_on(way)


def is_code_wanted() -> bool:
    """Whether the password was right, and the code is still to be typed."""
    return recall(_Way).waits_for_code()


def sign_in_with_code(code: str, *, trust: bool) -> None:
    """Sign in with the code that was wanted; with *trust*, none is wanted in this browser for 30 days."""
    way, here = recall(_Way), browser()
    once(_key("code", way.ticket, code), lambda: way.prove_code(code, here, trust=trust))
    _go_on(way)


def start_over() -> NoReturn:
    """Give up a sign-in that waits for its code, and ask for a password again."""
    recall(_Way).start_over()
    st.rerun()


def _key(*content: str) -> str:
    return hmac.digest(_SECRET, "\0".join(content).encode("utf-8", "surrogatepass"), "sha256").hex()


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
    owner, now = recall(_Owner), (actor.session, actor.username) if actor else None
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
