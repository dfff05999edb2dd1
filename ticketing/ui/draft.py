"""
What is typed into a form and not sent: it stays in the browser's tab, through a reload and a new sign-in.

The fields are Streamlit's own, and tell the server nothing before they are sent; so `draft.js` watches over them.
"""

from pathlib import Path

import streamlit as st

from ticketing.ui.packing import packed

_mount = st.components.v2.component(
    "ticketing_draft",
    html="<span hidden></span>",
    js=(Path(__file__).parent / "draft.js").read_text(encoding="utf-8"),
)


def keep_typed(name: str, *fields: str) -> None:
    """
    Keep what is typed into these fields, by their keys, until the form is drawn under another name.

    The name begins with whose it is: nobody is shown what another person typed in the same tab.
    """
    _mount(key="draft", data=packed({"name": name, "fields": fields}))
