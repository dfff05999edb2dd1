"""
HTML of mails as text that can be read.

What could do or hide something goes first, by nh3, whose parser is that of a browser; what it leaves is well-formed,
and written down as text: quotes behind `>`, items of lists behind `-`, links with their address behind them.
"""

import re
from html import unescape
from typing import Final

import nh3

# nh3 takes two minutes for 200,000 elements in one another, and half a second for as many as these; so for entities.
_TAGS: Final = 10_000
_ENTITIES: Final = 100_000
_DEEPEST: Final = 10
_PARAGRAPHS: Final = frozenset({"p", "ul", "ol", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = _PARAGRAPHS | {"div", "tr", "li", "center", "blockquote", "hr"}
_ALLOWED: Final = _BLOCKS | {"a", "br", "img", "td", "th"}
_NOT_READ: Final = frozenset({"script", "style", "title"})
_ATTRIBUTES: Final = {"a": {"href"}, "img": {"src", "alt"}, "p": {"class"}}
_SCHEMES: Final = ("http://", "https://", "mailto:")
_HOLDS_LINE: Final = "\N{NO-BREAK SPACE}"
_RULE: Final = "_" * 32
_PIECE: Final = re.compile(r"<(/?)([a-z][a-z0-9]*+)([^<>]*+)>|<![^<>]*+>|([^<]++|<)", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r'\b([a-z]++)="([^"]*+)"')


def text_of(html: str) -> str:
    """Return what can be read of a page. One of absurdly many tags is read as it stands, without nh3."""
    if html.count("<") <= _TAGS and html.count("&") <= _ENTITIES:
        schemes = {"http", "https", "mailto", "cid"}
        html = nh3.clean(
            html,
            tags=set(_ALLOWED),
            clean_content_tags=set(_NOT_READ),
            attributes=_ATTRIBUTES,
            url_schemes=schemes,
            link_rel=None,
        )
    return _Reader().read(html)


class _Reader:
    """Writes down a page, line by line."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._mark = ""
        self._quotes = 0
        self._lists: list[int | None] = []  # of a numbered one, its last number
        self._as_typed = 0
        self._apart = False
        self._not_read = ""
        self._link = ""
        self._linked_from = 0

    def read(self, html: str) -> str:
        """Return the text of a page."""
        for closes, tag, attributes, text in _PIECE.findall(html):
            name = tag.lower()
            if self._not_read:
                self._not_read = "" if closes and name == self._not_read else self._not_read
            elif text:
                self._write(unescape(text))
            elif closes:
                self._close(name)
            elif name:
                self._open(name, dict(_ATTRIBUTE.findall(attributes)))
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if name in _BLOCKS:
            self._begin_block(name, apart=name in _PARAGRAPHS and not attributes.get("class", "").startswith("Mso"))
        elif name == "br":
            self._end_line(even_if_empty=True)
        elif name in {"td", "th"}:
            self._line.append(" ")
        elif name == "img":
            self._show(attributes.get("src", ""), unescape(attributes.get("alt", "")))
        elif name == "a":
            self._link, self._linked_from = unescape(attributes.get("href", "")).strip(), len(self._line)
        elif name in _NOT_READ:
            self._not_read = name

    def _close(self, name: str) -> None:
        if name == "a":
            self._name_link()
        elif name in _BLOCKS:
            self._end_line()
            self._quotes -= name == "blockquote" and self._quotes > 0
            self._as_typed -= name == "pre" and self._as_typed > 0
            if name in {"ul", "ol"} and self._lists:
                self._lists.pop()
            if name in _PARAGRAPHS and (self._apart or name != "p"):
                self._leave_blank()

    def _begin_block(self, name: str, *, apart: bool) -> None:
        self._end_line()
        self._apart = apart
        if apart:
            self._leave_blank()
        self._quotes += name == "blockquote"
        self._as_typed += name == "pre"
        if name in {"ul", "ol"}:
            self._lists.append(0 if name == "ol" else None)
        elif name == "li":
            self._begin_item()
        elif name == "hr":
            self._line.append(_RULE)
            self._end_line()

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        bullet = "- " if number is None else f"{number + 1}. "
        self._mark = "  " * min(max(len(self._lists) - 1, 0), _DEEPEST) + bullet

    def _show(self, source: str, instead: str) -> None:
        """Name a picture; one that comes from elsewhere, to tell that a mail was opened, mostly has no name."""
        if instead or source.startswith("cid:"):
            self._write(f" [{instead or 'image'}] ")

    def _name_link(self) -> None:
        """Write an address behind what leads to it, unless it is what can be read there already."""
        said = "".join(self._line[self._linked_from :]).strip()
        address = self._link.removeprefix("mailto:")
        if said and self._link.startswith(_SCHEMES) and _bare(said) != _bare(address):
            self._line.append(f" ({address})")
        self._link = ""

    def _write(self, text: str) -> None:
        if self._as_typed:
            *whole, text = text.split("\n")
            for line in whole:
                self._line.append(line)
                self._end_line(even_if_empty=True)
        self._line.append(text)

    def _end_line(self, *, even_if_empty: bool = False) -> None:
        written = "".join(self._line)
        text = self._mark + (written.rstrip() if self._as_typed else " ".join(written.split()))
        self._line, self._linked_from = [], 0
        if text or even_if_empty or _HOLDS_LINE in written:
            self._lines.append(f"{'> ' * min(self._quotes, _DEEPEST)}{text}".rstrip())
            self._mark = ""

    def _leave_blank(self) -> None:
        blank = ("> " * min(self._quotes, _DEEPEST)).rstrip()
        if self._lines and not self._lists and self._lines[-1] != blank:
            self._lines.append(blank)


def _bare(address: str) -> str:
    """Return an address as people write it."""
    return address.casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
