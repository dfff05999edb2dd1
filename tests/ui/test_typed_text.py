"""What people typed reaches the screen through the one helper: read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "ticketing" / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")])

# Calls of Streamlit that read Markdown or HTML in what they are given. `st.text` and `st.code` show it as it is.
READS_MARKUP = {
    "badge", "button", "caption", "error", "expander", "header", "html", "info", "markdown", "metric", "page_link",
    "popover", "subheader", "success", "table", "tabs", "title", "toast", "warning", "write",
}  # fmt: skip
# Attributes and variables that hold what somebody typed.
TYPED = {"title", "text", "display_name", "username", "email", "description", "requester_name", "assignee_name", "tags"}
MADE_SAFE_BY = {"plain", "escape", "to_html", "t"}


def calls(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "st":
                yield node


def naked(node: ast.AST) -> Iterator[str]:
    """Yield the typed texts in an expression that no helper has made safe."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE_SAFE_BY - {"t"}:
        return
    if isinstance(node, ast.Attribute) and node.attr in TYPED:
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from naked(child)


def violations(source: str) -> list[str]:
    found = []
    for call in calls(source):
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr in READS_MARKUP:
            found += [
                f"line {call.lineno}: st.{call.func.attr} shows {name}" for arg in call.args for name in naked(arg)
            ]
        if any(keyword.arg in {"unsafe_allow_html", "unsafe_allow_javascript"} for keyword in call.keywords):
            found.append(f"line {call.lineno}: st.{call.func.attr} allows HTML")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_typed_text_reaches_a_reader_of_markup_by_another_way(path: Path) -> None:
    assert violations(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "st.title(ticket.title)",
        'st.markdown(f"**{person.display_name}**")',
        'st.error(t("refused", name=user.username))',
        'st.markdown("<b>", unsafe_allow_html=True)',
        "st.html(message.text)",
    ],
)
def test_such_a_way_would_be_found(line: str) -> None:
    assert len(violations(line)) == 1


@pytest.mark.parametrize("line", ["st.title(plain(ticket.title))", "st.text(ticket.title)", "st.html(to_html(m.text))"])
def test_the_helper_is_let_through(line: str) -> None:
    assert violations(line) == []
