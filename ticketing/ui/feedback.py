"""How the pages speak to the person: refusals, confirmations, and failures that are ours."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from ticketing.domain.errors import (
    MaintenanceError,
    MustChangePasswordError,
    MustSetUpSecondFactorError,
    SignedOutError,
    StorageError,
    TicketingError,
)
from ticketing.logs import reference
from ticketing.ui import session
from ticketing.ui.memory import recall
from ticketing.ui.pages import ACCOUNT
from ticketing.ui.text import plain
from ticketing.ui.wording import t

_TIME_TO_READ: Final = timedelta(seconds=5)

logger = logging.getLogger(__name__)


@contextmanager
def shown_errors() -> Iterator[None]:
    """Show a refusal as the sentence it is; whoever was signed out meanwhile is asked to sign in again."""
    try:
        yield
    except SignedOutError:
        session.ask_to_sign_in()
    except (MustChangePasswordError, MustSetUpSecondFactorError):
        session.go_to(ACCOUNT)
    except TicketingError as error:
        _show(error)


@dataclass(slots=True, eq=False)
class _Sentence:
    text: str
    is_good: bool
    drawn_by: int = 0  # the thread of the run that drew it last, 0 if none did or another was asked to
    drawn_at: str = ""  # the address of the page
    until: datetime | None = None  # set when a run that drew it has come to its end

    def is_due(self, place: str, now: datetime) -> bool:
        """Tell whether it is to be said: to whoever has not seen it, and where they are still reading it."""
        return self.until is None or (self.drawn_at == place and now < self.until)


class Flash:
    """
    What is to be said in the next run; unlike the session's state, a run that is being cut short can add to it.

    A page may be drawn anew right after, for what somebody else did: it says it again, for as long as reading it takes.
    Two runs may go about it at once: what one drew counts as seen when it ends, unless that was asked for again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: list[_Sentence] = []

    def say(self, text: str) -> None:
        """Keep a confirmation; "" is none."""
        self._keep(text, is_good=True)

    def refuse(self, text: str) -> None:
        """Keep a refusal."""
        self._keep(text, is_good=False)

    def draw(self, place: str, now: datetime) -> None:
        """Say it; it does not count as seen until the run is over, since a second click may cut this one short."""
        for sentence in list(self._said):
            if not sentence.is_due(place, now):
                continue
            if sentence.is_good:
                st.success(plain(sentence.text), icon=":material/check_circle:")
            else:
                st.error(plain(sentence.text), icon=":material/error:")
            sentence.drawn_by, sentence.drawn_at = threading.get_ident(), place

    def is_over(self, now: datetime) -> None:
        """Leave time to read what this run said first, which has come to its end."""
        with self._lock:
            for sentence in self._said:
                if sentence.until is None and sentence.drawn_by == threading.get_ident():
                    sentence.until = now + _TIME_TO_READ

    def forget_what_was_seen(self) -> None:
        """Forget what a whole run said: the person has gone on to something new."""
        with self._lock:
            self._said = [sentence for sentence in self._said if sentence.until is None]

    def say_again(self) -> None:
        """Say what was said last: the person asked again for what it did, and so has not seen it."""
        with self._lock:
            for sentence in self._said:
                sentence.drawn_by, sentence.until = 0, None

    def say_further(self, text: str) -> None:
        """Say what was confirmed last once more, and this after it: the person is being led on."""
        with self._lock:
            confirmed = [sentence.text for sentence in self._said if sentence.is_good]
            unseen = [sentence for sentence in self._said if not (sentence.is_good or sentence.drawn_by)]
            self._said = [*unseen, _Sentence(" ".join([*confirmed, text]), is_good=True)]

    def _keep(self, text: str, *, is_good: bool) -> None:
        with self._lock:
            self._said = [sentence for sentence in self._said if not sentence.drawn_by]  # one has gone on from those
            if text and (text, is_good) not in [(sentence.text, sentence.is_good) for sentence in self._said]:
                self._said.append(_Sentence(text, is_good))


def next_flash() -> Flash:
    """Return what will be said in the next run; whoever does something fetches it before the deed."""
    return recall(Flash)


def say_after_rerun(text: str) -> None:
    """Keep a sentence for the next run, since what is drawn before a rerun or a change of page is never seen."""
    next_flash().say(text)


def sentence_of(error: TicketingError) -> str:
    """Return what a refusal says; that the store refused is for the log as well."""
    if isinstance(error, StorageError) and not isinstance(error, MaintenanceError):
        logger.error("The store refused: %s", error)
    return str(error)


def flash(place: str) -> None:
    """Say what was kept, at the address of a page."""
    next_flash().draw(place, session.desk().clock())


def flash_is_over() -> None:
    """Note that this run has said it."""
    next_flash().is_over(session.desk().clock())


def show_failure(error: Exception) -> bool:
    """Answer an error that no page answered: a refusal by its sentence, a fault by a reference into the log."""
    if isinstance(error, TicketingError):
        _show(error)
        return True
    mark = reference()
    logger.error("A page failed, reference %s", mark, exc_info=error)
    st.error(t("failure.text", reference=mark), icon=":material/error:")
    return True


def _show(error: TicketingError) -> None:
    st.error(plain(sentence_of(error)), icon=":material/error:")
