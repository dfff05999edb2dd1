"""Our components in the browser: how Streamlit knows them, and how data travels there and back."""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ticketing.components import code_to_send, markup, style
from ticketing.ui.text import displayable

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def component(name: str) -> ComponentRenderer:
    """Make one of our components known to Streamlit, and return what draws it."""
    return st.components.v2.component(
        f"ticketing_{name}", html=markup(name), css=style(name) or None, js=code_to_send(name)
    )


def packed(data: object) -> bytes:
    """
    Return *data* as JSON in bytes, which Streamlit forwards as they are.

    Of a dict it would look at each value for something like a data frame, and import pandas to know one: seconds at the
    first list after a start, and 70 MB for good.
    """
    return displayable(_json.encode(data)).encode()


def reported(key: str, event: str) -> Any:
    """Return what the component drawn last under *key* reported as *event*, or None; it may be any JSON at all."""
    return getattr(st.session_state.get(key), event, None)


def on_report(key: str, event: str, deal_with: Callable[[Any], object]) -> Callable[[], None]:
    """Return a callback that hands on what the component drawn last under *key* reported as *event*."""

    def callback() -> None:
        deal_with(reported(key, event))

    return callback
