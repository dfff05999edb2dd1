"""Shapes that several pages share."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def narrow() -> Iterator[None]:
    """Draw in a column in the middle, as wide as a form wants to be."""
    with st.container(horizontal_alignment="center"), st.container(width=440):
        yield
