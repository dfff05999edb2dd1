"""Fields for passwords and codes, of which nothing stays behind in the session's state."""

import streamlit as st


def password_field(label: str, *, key: str, autocomplete: str, help: str | None = None) -> str:  # noqa: A002 - as in st.text_input
    """
    Draw a field for a password, return what was typed, and forget it.

    The browser keeps it in the field and sends it with the next press of the button, also after a refusal.
    """
    typed = st.text_input(label, key=key, type="password", autocomplete=autocomplete, help=help)
    if typed:
        del st.session_state[key]
    return typed


def code_field(label: str, *, key: str, help: str | None = None) -> str:  # noqa: A002 - as in st.text_input
    """Draw a field for a code of an app or a recovery code, return what was typed, and forget it."""
    typed = st.text_input(label, key=key, autocomplete="one-time-code", help=help)
    if typed:
        del st.session_state[key]
    return typed
