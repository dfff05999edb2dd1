"""
The buttons of the pages, and those that send a form.

Streamlit keeps a press in the session's state until the page asks for it. Meanwhile a run that has just come to its end
may put all buttons in there back as if none were pressed, and a page that is drawn anew for what somebody else did
begins without the press. So a press is noted for its run at once: Streamlit calls back as soon as it has the press,
before it runs the page.
"""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ticketing.ui.feedback import next_flash
from ticketing.ui.memory import recall


@dataclass(slots=True)
class _Presses:
    """Which buttons were pressed, each with the run that was begun for it."""

    runs: dict[str, object] = field(default_factory=dict)


def button(label: str, *, key: str, **options: Any) -> bool:
    """Draw a button, and tell whether this run was begun by a press of it."""
    pressed = st.button(label, key=key, on_click=_note, args=(key,), **options)  # noqa: TID251
    return _was_noted(key) or pressed


def form_button(label: str, *, key: str, **options: Any) -> bool:
    """Draw a button that sends its form, and tell whether this run was begun by a press of it."""
    pressed = st.form_submit_button(label, key=key, on_click=_note, args=(key,), **options)  # noqa: TID251
    return _was_noted(key) or pressed


def submit_button(label: str, *, key: str, **options: Any) -> bool:
    """Draw the button for which a form is there, and tell whether this run was begun by a press of it."""
    return form_button(label, key=key, type="primary", **options)


def _note(key: str) -> None:
    recall(_Presses).runs[key] = get_script_run_ctx()
    next_flash().forget_what_was_seen()


def _was_noted(key: str) -> bool:
    """Tell whether it was noted for this run, once: a press has one effect, also if this run begins anew."""
    noted = recall(_Presses).runs
    if noted.get(key) is not get_script_run_ctx():
        return False
    del noted[key]
    return True
