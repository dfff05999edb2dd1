"""What the pages say stands in the catalogue and nowhere else: read from the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_typed_text import READS_MARKUP, SOURCES

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


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name != "wording.py"], ids=lambda path: path.name)
def test_no_page_says_anything_that_is_not_in_the_catalogue(path: Path) -> None:
    assert list(english(ast.parse(path.read_text(encoding="utf-8")))) == []


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
