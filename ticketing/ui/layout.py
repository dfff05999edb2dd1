"""Shapes that several pages share."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import visitor
from ticketing.ui.wording import t


@contextmanager
def narrow() -> Iterator[None]:
    """Draw in a column in the middle, as wide as a form wants to be."""
    with st.container(horizontal_alignment="center"), st.container(width=440):
        yield


def page_head(title: str, action: str | None = None) -> None:
    """Draw the page's title, and at its right the link to the one page that most people want next."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False, key="page_head"
    ):
        st.title(title, width="content", anchor=False)
        if action is not None:
            page = BY_NAME[action]
            if st.button(t(f"page.{action}"), key=f"go_{action}", type="primary", icon=f":material/{page.icon}:"):
                st.switch_page(page.registered(visitor()))
