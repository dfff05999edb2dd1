"""
The one way by which a text that somebody typed reaches the screen.

Streamlit reads Markdown in nearly everything it is given, labels included: an image in a ticket's title would be
fetched from its author's server by everybody who sees the list. `plain()` is for titles, labels and names,
`to_html()` for messages.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# Controls, directions that outlive their own text, and lone surrogates, which cannot be sent at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit draws arrows and dashes for these when they stand alone, and links addresses, and
# puts its own logo for its name, even if they are escaped.
_TYPOGRAPHY = re.compile(r"(?<!\S)(<->|->|<-|--|>=|<=|~=)(?!\S)")
_ADDRESS = re.compile(r"https?(?=://)|\bwww(?=\.)|(?<=\S)@(?=\S)|:(?=streamlit:)", re.IGNORECASE)
_WORD_JOINER = "\u2060"

_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
_BARE_LINK = re.compile(r"https?://[^\s<>\"'`\\]+[^\s<>\"'`\\.,;:!?)\]}*_]", re.IGNORECASE)
_MARKUP = re.compile(r"[*_`\[<!]|^[ \t]*(?:[-+*]|\d+[.)])[ \t]", re.MULTILINE)
# Above this a text is no prose but a log or an attack, and parsing it would take longer than showing it is worth.
_MARKUP_LIMIT = 400
_LINK_ATTRIBUTES = 'target="_blank" rel="noopener noreferrer nofollow" style="color:inherit;text-decoration:underline"'
_BOX = '<div dir="auto" style="overflow-wrap:anywhere">{}</div>'
_AS_TYPED = '<div style="white-space:pre-wrap">{}</div>'
_SHADE = "background:rgba(128,128,128,.14);border-radius:.3em;font-size:.9em"
_CODE = f'<code style="{_SHADE};padding:.1em .3em">{{}}</code>'
_CODE_BLOCK = f'<pre style="{_SHADE};padding:.7em .9em;white-space:pre-wrap"><code>{{}}</code></pre>'


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """Return *text* on one line, escaped so that a label, a title or a badge shows it letter by letter."""
    line = " ".join(displayable(text).split())
    line = _TYPOGRAPHY.sub(lambda found: found[0][:1] + _WORD_JOINER + found[0][1:], line)
    line = _ADDRESS.sub(lambda found: found[0] + _WORD_JOINER, line)
    return _PUNCTUATION.sub(r"\\\1", line)


@lru_cache(maxsize=512)
def to_html(text: str) -> str:
    """Return a message as HTML of a handful of tags; the one attribute its author chooses is a link's address."""
    text = displayable(text).strip("\n")
    if len(_MARKUP.findall(text)) > _MARKUP_LIMIT:
        return _BOX.format(_AS_TYPED.format(_linked(text)))
    return _BOX.format(_markdown().render(text))


def displayable(text: str) -> str:
    """Return the text without controls and signs that turn the direction of reading, which would show another text."""
    if text.isprintable():  # as nearly all is, and that takes less than looking for what is not
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _UNPRINTABLE.sub("", text))


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    parser = _Parser("zero", {"html": False, "breaks": True, "maxNesting": 20}, renderer_cls=_Renderer)
    parser.enable(["fence", "list", "emphasis", "link", "autolink", "backticks", "escape", "newline"])
    parser.inline.ruler.before("link", "literal_image", _literal_image)
    return parser


class _Parser(MarkdownIt):
    """Knows links to the web and to mailboxes; any other stays the text that it is."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's name for it
        return _LINK.fullmatch(url) is not None


def _literal_image(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's signature
    """Take "![" as two letters, so that what follows is neither an image nor a link."""
    if not state.src.startswith("![", state.pos):
        return False
    if not silent:
        state.pending += "!["
    state.pos += 2
    return True


class _Renderer(RendererHTML):
    """Writes only what it knows: no class, no language name, no title comes through."""

    def text(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        inside_link = any(token.type == "link_open" for token in tokens[:idx]) and _open_links(tokens[:idx]) > 0
        return escape(tokens[idx].content) if inside_link else _linked(tokens[idx].content)

    def fence(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return _CODE_BLOCK.format(escape(tokens[idx].content))

    def code_inline(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return _CODE.format(escape(tokens[idx].content))

    def link_open(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return _anchor(str(tokens[idx].attrs.get("href", "")))


def _open_links(tokens: Sequence[Token]) -> int:
    return sum((token.type == "link_open") - (token.type == "link_close") for token in tokens)


def _linked(text: str) -> str:
    """Escape a text and make links of the web addresses in it."""
    parts, end = [], 0
    for found in _BARE_LINK.finditer(text):
        parts += [escape(text[end : found.start()]), _anchor(found[0]), escape(found[0]), "</a>"]
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _anchor(address: str) -> str:
    return f'<a href="{escape(address)}" {_LINK_ATTRIBUTES}>'
