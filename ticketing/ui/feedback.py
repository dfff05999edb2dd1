"""How the pages speak to the person: refusals, confirmations, and failures that are ours."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from ticketing.domain.errors import MustChangePasswordError, SignedOutError, StorageError, TicketingError
from ticketing.ui import session
from ticketing.ui.pages import ACCOUNT
from ticketing.ui.text import plain
from ticketing.ui.wording import t

logger = logging.getLogger(__name__)

_FLASH = "_say_after_rerun"
_DRAWN = "_said"


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


def say_after_rerun(text: str) -> None:
    """Keep a sentence for the next run, since what is drawn before a rerun or a change of page is never seen."""
    _keep(text, is_good=True)


def refuse_after_rerun(error: TicketingError) -> None:
    """Keep a refusal that a callback met for the run that follows it."""
    _keep(sentence_of(error), is_good=False)


def sentence_of(error: TicketingError) -> str:
    """Return what a refusal says; that the store refused is for the log as well."""
    if isinstance(error, StorageError):
        logger.error("The store refused: %s", error)
    return str(error)


def flash() -> None:
    """Say what was kept; it stays kept until `flash_is_over`, since a second click may cut this run short."""
    for text, is_good in st.session_state.get(_FLASH, []):
        if is_good:
            st.success(plain(text), icon=":material/check_circle:")
        else:
            st.error(plain(text), icon=":material/error:")
    st.session_state[_DRAWN] = len(st.session_state.get(_FLASH, []))


def flash_is_over() -> None:
    """Forget what was said in this run: it has come to its end, or the person has gone on to something new."""
    kept = st.session_state.get(_FLASH, [])
    st.session_state[_FLASH] = kept[st.session_state.get(_DRAWN, 0) :]
    st.session_state[_DRAWN] = 0


def _keep(text: str, *, is_good: bool) -> None:
    flash_is_over()
    st.session_state[_FLASH] = [*st.session_state[_FLASH], (text, is_good)]


def show_failure(error: Exception) -> bool:
    """Answer an error that no page answered: a refusal by its sentence, a fault by a reference into the log."""
    if isinstance(error, TicketingError):
        _show(error)
        return True
    reference = secrets.token_hex(4)
    logger.error("A page failed, reference %s", reference, exc_info=error)
    st.error(t("failure.text", reference=reference), icon=":material/error:")
    return True


def _show(error: TicketingError) -> None:
    st.error(plain(sentence_of(error)), icon=":material/error:")
