"""
One-time passwords on their way to whoever hands them over: each is shown once.

A second click, or a click on something else, can end the run that made one, or the run that shows it, before the
browser has got anything. So it is kept until a run that shows it, on the page where it was made, has come to its end.
The next page takes it away.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ticketing.ui.deeds import form_key, once
from ticketing.ui.memory import recall
from ticketing.ui.text import plain
from ticketing.ui.wording import t


@dataclass
class _OneTimePassword:
    place: str
    username: str
    password: str
    told: str
    was_shown: bool = False


class _Tray:
    """The one-time passwords that this visitor has made and not gone on from, newest first."""

    def __init__(self) -> None:
        self.here = ""
        self.on_screen: _OneTimePassword | None = None
        self.taken_away = 0
        self.shown: set[str] = set()
        self._waiting: list[_OneTimePassword] = []

    def put(self, place: str, told: str, username: str, password: str) -> None:
        self._waiting.insert(0, _OneTimePassword(place, username, password, told))

    def arrive(self, place: str) -> None:
        """Take away what was shown elsewhere."""
        self.here, self.on_screen = place, None
        kept = [one for one in self._waiting if one.place == place or not one.was_shown]
        self.taken_away += len(self._waiting) - len(kept)
        self._waiting = kept

    def find(self) -> _OneTimePassword | None:
        return next((one for one in self._waiting if one.place == self.here), None)


def take_away_what_was_shown(place: str) -> None:
    """Note at which address the visitor is now; a one-time password that was shown elsewhere is gone from then on."""
    recall(_Tray).arrive(place)


def note_what_was_shown() -> None:
    """Remember at the end of a run that what it drew has been seen."""
    tray = recall(_Tray)
    if tray.on_screen:
        tray.on_screen.was_shown = True
        tray.shown.add(tray.on_screen.username)


def was_shown(username: str) -> bool:
    """Whether this visitor has seen a one-time password of this account."""
    return username in recall(_Tray).shown


def hand_over(form: str, *content: str, deed: Callable[[], tuple[str, str]], told: str = "people.hand_over") -> None:
    """
    Keep whose account it is and the one-time password that come of a deed, for the run that shows them.

    What goes with it, *told* names in the catalogue; a link of an invitation is handed over the same way.

    *form* and *content* stand for the deed: the same again is a second click, unless its password was taken away.
    """
    tray = recall(_Tray)
    here = tray.here
    once(form_key(form, *content, str(tray.taken_away)), lambda: tray.put(here, told, *deed()))
    st.rerun()


def show_one_time_password() -> bool:
    """Show what was made on this page, and tell whether there was something to show."""
    tray = recall(_Tray)
    found = tray.on_screen = tray.find()
    if found is None:
        return False
    with st.container(width=440):
        st.success(t(found.told, username=plain(found.username)), icon=":material/key:")
        st.code(found.password, language=None, wrap_lines=True)
    return True
