"""Tables of words, to be read."""

from collections.abc import Sequence
from html import escape

import streamlit as st

_STYLE = (
    "<style>.words { border-collapse: collapse; font-size: 0.875rem; }"
    " .words tr { border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }"
    " .words th, .words td { text-align: left; font-weight: normal; padding: 0.25rem 1.5rem 0.25rem 0;"
    " vertical-align: top; overflow-wrap: anywhere; min-width: 6rem; }"
    " .words thead th { font-weight: 600; }"
    " @media (max-width: 40rem) { .words thead { display: none; }"
    " .words tr, .words th, .words td { display: block; } .words tr { padding: 0.5rem 0; }"
    " .words tbody th { font-weight: 600; } .words td::before { content: attr(data-head) ': '; } }</style>"
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table; the first of each row is what the row is about."""
    titles = "".join(f"<th scope=col>{escape(word)}</th>" if word else "<td></td>" for word in head)
    body = "".join(f"<tr><th scope=row>{escape(first)}</th>{_cells(head[1:], rest)}</tr>" for first, *rest in rows)
    st.html(f"{_STYLE}<table class=words><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>")


def _cells(head: Sequence[str], cells: Sequence[str]) -> str:
    """Return the cells of a row, each with the word that stands above it, which a phone shows beside it."""
    named = zip(head, cells, strict=True)
    return "".join(f'<td data-head="{escape(word)}">{escape(cell)}</td>' for word, cell in named)
