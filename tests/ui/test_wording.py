"""What the pages say stands in the catalogue and nowhere else: read from the code itself."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.ui.test_typed_text import COMPONENTS, READS_MARKUP, SOURCES

# Names that other software goes by: of browsers, systems, headers.
NAMES = {
    *("Edg", "Edge", "Opera", "Firefox", "Chrom", "Chrome", "Safari"),
    *("Android", "iPhone|iPad", "Windows", "Mac OS", "Linux", "User-Agent", "Origin", "Host", "X-Forwarded-For"),
}
# What makes up HTML: whole style sheets, whole tags, and tags of which a piece stands in another text.
MARKUP = re.compile(r'<style>.*?</style>|[\w-]+="[^"]*"?|^[^<]*>|<[^>]*>?', re.DOTALL)
WORDS = re.compile(r"\b[A-Z][a-z]+|\b[a-z]+ [a-z]+\b")
LETTERS = re.compile(r"[A-Za-z]")
FOR_THE_PROGRAM = {"logger", "log", "re", "TypeVar"}
# The same of scripts: headers, keys of the keyboard, what a browser keeps drafts under.
NAMES_IN_SCRIPTS = {"Content-Type", "X-Ticketing", "Enter", "Escape", "ticketing draft: "}
STRING = r"""(?P<quote>["'`])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)"""
# Comments are passed over, and so is what elements are found by.
STRINGS = re.compile(rf"//[^\n]*|/\*.*?\*/|\.(?:querySelector(?:All)?|closest)\((?:[^()]*)\)|{STRING}", re.DOTALL)
INSERTED = re.compile(r"\$\{([^{}]*)\}")
# What stands in a script where people read it: texts and labels that are set, and what an element is made around.
SHOWN = re.compile(rf"""(?:\.(?:textContent|placeholder|title) = |append\(|"aria-label"[:,] |\}}, ){STRING}""")
ATTRIBUTES_READ = {"alt", "aria-label", "placeholder", "title"}
CONTENT = re.compile(rf"(?<![\w-])content:\s*{STRING}")


def for_the_program(node: ast.AST) -> bool:
    """Tell whether it is read by nobody who looks at a page: a docstring, a line of the log, the values of an enum."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))):
            return name in FOR_THE_PROGRAM
        case ast.ClassDef(bases=[ast.Name(id="Enum")]):
            return True
    return False


def english(node: ast.AST) -> Iterator[str]:
    """Yield what stands there in words: any two, one with a capital, and whatever begins what Streamlit shows."""
    if for_the_program(node):
        return
    match node:
        case ast.Constant(value=str(text)) if text not in NAMES and WORDS.search(MARKUP.sub("", text)):
            yield text
        case ast.Call(func=ast.Attribute(attr=called), args=[ast.Constant(value=str(text)), *_]):
            if called in READS_MARKUP and LETTERS.search(MARKUP.sub("", text)):
                yield text
    types = (getattr(node, "returns", None), getattr(node, "annotation", None))
    for child in ast.iter_child_nodes(node):
        if child not in types:
            yield from english(child)


def english_in_script(script: str) -> Iterator[str]:
    """Yield what stands in words in a script of a component, as in Python; a template is read with what it inserts."""
    for found in STRINGS.finditer(script):
        text = found["text"] or ""
        words = INSERTED.sub("", text)
        if words not in NAMES_IN_SCRIPTS and WORDS.search(words):
            yield words
        for inserted in INSERTED.findall(text):
            yield from english_in_script(inserted)
    yield from (found["text"] for found in SHOWN.finditer(script) if LETTERS.search(INSERTED.sub("", found["text"])))


class _Texts(HTMLParser):
    """Collects what people read of a component's markup: texts, and attributes that are shown or read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag
        self.found += [value or "" for name, value in attrs if name in ATTRIBUTES_READ]


def english_in_markup(markup: str) -> Iterator[str]:
    """Yield whatever letters a component's markup shows."""
    texts = _Texts()
    texts.feed(markup)
    yield from filter(LETTERS.search, texts.found)


def english_in_style(style: str) -> Iterator[str]:
    """Yield whatever letters a style sheet puts on the page."""
    yield from (found["text"] for found in CONTENT.finditer(style) if LETTERS.search(found["text"]))


READERS = {".js": english_in_script, ".html": english_in_markup, ".css": english_in_style}
DRAWN = sorted(path for path in COMPONENTS.iterdir() if path.suffix in READERS)


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name != "wording.py"], ids=lambda path: path.name)
def test_no_page_says_anything_that_is_not_in_the_catalogue(path: Path) -> None:
    assert list(english(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_no_component_says_anything_that_it_was_not_given(path: Path) -> None:
    assert list(READERS[path.suffix](path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        'st.title("Hello")',
        'st.button("go", key="go")',
        'st.text_input(t("field.title"), placeholder="What happened?")',
        'st.caption(f"Opened by {name}")',
        'say_after_rerun("It is saved.")',
        'label = "and close"',
        'st.html(f"<b class=\\"name\\">Requester</b>: {name}")',
        'return {"label": "Close"}',
        'raise_sentence = (\n    "none of your "\n    "tickets"\n)',
    ],
)
def test_a_word_beside_the_catalogue_would_be_found(line: str) -> None:
    assert len(set(english(ast.parse(line)))) == 1


@pytest.mark.parametrize(
    "line",
    [
        '"""What stands here."""',
        'logger.error("A page failed, reference %s", mark)',
        'st.title(t("page.login"))',
        "st.html(f'<div style=\"white-space:pre-wrap\">{shown}</div>')",
        'st.form("new_ticket")',
        'def edit(ticket: "partial[Ticket]") -> "partial[Ticket]":\n    return ticket',
    ],
)
def test_what_is_for_the_program_is_let_through(line: str) -> None:
    assert list(english(ast.parse(line))) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (".js", 'element("p", {}, "Nobody yet")'),
        (".js", "more.title = 'and close'"),
        (".js", "status.textContent = `${count} tickets`"),
        (".js", 'bar.setAttribute("aria-label", "views")'),
        (".js", 'element("button", { type: "button", "aria-label": "close" })'),
        (".js", 'element("span", { class: "none" }, "none")'),
        (".js", 'label(`${isOpen ? "Close it" : ""}`)'),
        (".js", 'link.append("more")'),
        (".html", "<button>send</button>"),
        (".html", '<input type="search" placeholder="words" />'),
        (".css", '.unread::before { content: "new" }'),
    ],
)
def test_a_word_that_a_component_has_of_itself_would_be_found(kind: str, text: str) -> None:
    assert set(READERS[kind](text))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (".js", '// Draws the head. It says "Nobody yet".\nlet place = 1 /* and ends here */'),
        (".js", 'place.querySelector("li button").append(icon("close"), words.new)'),
        (".js", 'if (event.key === "Enter") again.textContent = data.retry'),
        (".js", 'element("span", { class: `pill ${TONES.has(tone) ? tone : "gray"}` }, word)'),
        (".html", '<form role="search"><input autocomplete="off" /><span class="keys"></span></form>'),
        (".css", '.arrow::after { content: "↓"; justify-content: left }'),
    ],
)
def test_what_a_component_needs_to_draw_is_let_through(kind: str, text: str) -> None:
    assert list(READERS[kind](text)) == []
