"""How the pages speak to the person: refusals, confirmations, and failures that are ours."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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


class Flash:
    """
    What is to be said in the next run; unlike the session's state, a run that is being cut short can add to it.

    Two runs may go about it at once: the one that drew a sentence alone may forget it, unless it was asked for again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: list[_Sentence] = []
        self._before: list[_Sentence] = []

    def say(self, text: str) -> None:
        """Keep a confirmation; "" is none."""
        self._keep(text, is_good=True)

    def refuse(self, text: str) -> None:
        """Keep a refusal."""
        self._keep(text, is_good=False)

    def draw(self) -> None:
        """Say it; it stays kept until it is over, since a second click may cut this run short."""
        for sentence in list(self._said):
            if sentence.is_good:
                st.success(plain(sentence.text), icon=":material/check_circle:")
            else:
                st.error(plain(sentence.text), icon=":material/error:")
            sentence.drawn_by = threading.get_ident()

    def is_over(self) -> None:
        """Forget what this run said, which has come to its end."""
        with self._lock:
            self._forget([sentence for sentence in self._said if sentence.drawn_by == threading.get_ident()])

    def say_again(self) -> None:
        """Say what the run before said: the person asked again for what it did, and so has not seen it."""
        with self._lock:
            self._said = self._said or self._before
            for sentence in self._said:
                sentence.drawn_by = 0

    def _keep(self, text: str, *, is_good: bool) -> None:
        with self._lock:
            self._forget([sentence for sentence in self._said if sentence.drawn_by])  # one has gone on to something new
            if text:
                self._said.append(_Sentence(text, is_good))

    def _forget(self, seen: list[_Sentence]) -> None:
        self._before, self._said = seen, [sentence for sentence in self._said if sentence not in seen]


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


def flash() -> None:
    """Say what was kept."""
    next_flash().draw()


def flash_is_over() -> None:
    """Forget what was said in this run."""
    next_flash().is_over()


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
