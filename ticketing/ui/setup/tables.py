"""Tables of words, to be read."""

from collections.abc import Sequence
from html import escape

import streamlit as st

_STYLE = (
    "<style>.words { border-collapse: collapse; font-size: 0.875rem; }"
    " .words th, .words td { text-align: left; font-weight: normal; padding: 0.25rem 1.5rem 0.25rem 0;"
    " vertical-align: top; overflow-wrap: anywhere;"
    " border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }"
    " .words thead th { font-weight: 600; }</style>"
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table; the first of each row is what the row is about."""
    titles = "".join(f"<th scope=col>{escape(word)}</th>" if word else "<td></td>" for word in head)
    body = "".join(
        f"<tr><th scope=row>{escape(first)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    st.html(f"{_STYLE}<table class=words><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>")
