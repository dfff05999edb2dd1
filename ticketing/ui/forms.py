"""
The buttons that send a form.

Streamlit keeps a press in the session's state until the page asks for it. Meanwhile a run that has just come to its end
may put all buttons in there back as if none were pressed. So a press is noted for its run at once: Streamlit calls back
as soon as it has the press, before it runs the page.
"""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ticketing.ui.memory import recall


@dataclass(slots=True)
class _Presses:
    """Which forms are being sent, each with the run that was begun for it."""

    runs: dict[str, object] = field(default_factory=dict)


def submit_button(label: str, *, form: str, key: str, **options: Any) -> bool:
    """Draw the button that sends a form, and tell whether this run was begun by a press of it."""
    pressed = st.form_submit_button(label, type="primary", key=key, on_click=_note, args=(form,), **options)
    noted = recall(_Presses).runs
    if noted.get(form) is get_script_run_ctx():
        del noted[form]  # a press has one effect, also if this run begins anew
        return True
    return pressed


def _note(form: str) -> None:
    recall(_Presses).runs[form] = get_script_run_ctx()
