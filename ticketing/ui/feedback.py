"""How the pages speak to the person: refusals, confirmations, and failures that are ours."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from ticketing.domain.errors import MustChangePasswordError, SignedOutError, StorageError, TicketingError
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
    except MustChangePasswordError:
        session.go_to(ACCOUNT)
    except TicketingError as error:
        _show(error)


class Flash:
    """What is to be said in the next run; unlike the session's state, a run that is being cut short can add to it."""

    def __init__(self) -> None:
        self._said: list[tuple[str, bool]] = []
        self._drawn = 0
        self._before: list[tuple[str, bool]] = []

    def say(self, text: str) -> None:
        """Keep a confirmation; "" is none."""
        self._keep(text, is_good=True)

    def refuse(self, text: str) -> None:
        """Keep a refusal."""
        self._keep(text, is_good=False)

    def draw(self) -> None:
        """Say it; it stays kept until it is over, since a second click may cut this run short."""
        said = list(self._said)
        for text, is_good in said:
            if is_good:
                st.success(plain(text), icon=":material/check_circle:")
            else:
                st.error(plain(text), icon=":material/error:")
        self._drawn = len(said)

    def is_over(self) -> None:
        """Forget what was said: the run has come to its end, or the person has gone on to something new."""
        self._before, self._said = self._said[: self._drawn], self._said[self._drawn :]
        self._drawn = 0

    def say_again(self) -> None:
        """Say what the run before said: the person asked again for what it did, and so has not seen it."""
        self._said = self._said or self._before

    def _keep(self, text: str, *, is_good: bool) -> None:
        self.is_over()
        if text:
            self._said.append((text, is_good))


def next_flash() -> Flash:
    """Return what will be said in the next run; whoever does something fetches it before the deed."""
    return recall(Flash)


def say_after_rerun(text: str) -> None:
    """Keep a sentence for the next run, since what is drawn before a rerun or a change of page is never seen."""
    next_flash().say(text)


def sentence_of(error: TicketingError) -> str:
    """Return what a refusal says; that the store refused is for the log as well."""
    if isinstance(error, StorageError):
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
