"""Shapes that several pages share."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from ticketing.ui.session import go_to
from ticketing.ui.wording import t


@contextmanager
def narrow() -> Iterator[None]:
    """Draw in a column in the middle, as wide as a form wants to be."""
    with st.container(horizontal_alignment="center"), st.container(width=440):
        yield


def head_below_people(title: str) -> None:
    """Draw the title of a page that one comes to from the list of people, with the way back."""
    if st.button(t("page.agent_admin"), key="back_to_people", type="tertiary", icon=":material/arrow_back:"):
        go_to("agent_admin")
    st.title(title, anchor=False)
