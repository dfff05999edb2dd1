"""Shapes that several pages share."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from ticketing.ui.forms import button
from ticketing.ui.session import go_to
from ticketing.ui.wording import t


@contextmanager
def narrow() -> Iterator[None]:
    """Draw in a column in the middle, as wide as a form wants to be."""
    with st.container(horizontal_alignment="center"), st.container(width=440):
        yield


def head_below_people(title: str) -> None:
    """Draw the title of a page that one comes to from the list of people, with the way back."""
    way_back("agent_admin", t("page.agent_admin"))
    st.title(title, anchor=False)


def way_back(page: str, title: str, **query: str) -> None:
    """Draw the way back to the page that one came from."""
    if button(title, key="way_back", type="tertiary", icon=":material/arrow_back:"):
        go_to(page, **query)
