"""What people typed reaches the screen through the one helper: read from the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

UI = Path(__file__).resolve().parents[2] / "ticketing" / "ui"
COMPONENTS = UI.parent / "components"
SOURCES = sorted([*UI.rglob("*.py"), *(UI.parents[1] / "pages").glob("*.py")])

# Calls of Streamlit that read Markdown or HTML in what they are given, be it a label; `st.text` and `st.code` don't.
READS_MARKUP = {
    "badge", "button", "caption", "checkbox", "date_input", "download_button", "error", "expander", "feedback",
    "file_uploader", "form_button", "form_submit_button", "header", "html", "info", "link_button", "markdown", "metric",
    "multiselect", "number_input", "page_link", "pills", "popover", "radio", "segmented_control", "select_slider",
    "selectbox", "slider", "status", "subheader", "submit_button", "success", "table", "tabs", "text_area",
    "text_input", "title", "toast", "toggle", "warning", "write",
}  # fmt: skip
# It may be called on any part of the page, but these are none.
NO_PART_OF_THE_PAGE = {"log", "logger"}
# What is for the program, and what stands in a field to be changed.
SHOWN_AS_IT_IS = {"key", "query_params", "value"}
# Those whose options are shown as they are; of radio buttons and segments they are read as Markdown.
WITH_PLAIN_OPTIONS = {"multiselect", "selectbox"}
# Attributes that hold what somebody typed, and methods that return it.
TYPED = {
    "title",
    "text",
    "name",
    "display_name",
    "username",
    "email",
    "description",
    "requester_name",
    "assignee_name",
    "tags",
}
RETURNS_TYPED = {"name", "text_area", "text_input"}
# What these return is something else than they were given: a safe text, or an answer of the desk or of Streamlit.
MADE_SAFE_BY = {"plain", "escape", "to_html", "ui.plain", "ui.to_html"}
ANSWERS = ("desk().", "ui.desk().", "accounts.", "agents.", "st.")
# What makes elements out of a text, in the browser.
READS_HTML = re.compile(r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|srcdoc|document\s*\.\s*write\w*)\b")


def naked(node: ast.AST, names: set[str]) -> Iterator[str]:
    """Yield the typed texts in an expression that no helper has made safe; *names* are variables that hold some."""
    match node:
        case ast.Call(func=ast.Attribute(attr=called)) if called in RETURNS_TYPED:
            yield called
        case ast.Call(func=func) if ast.unparse(func) in MADE_SAFE_BY or ast.unparse(func).startswith(ANSWERS):
            return
        case ast.Attribute(attr=name) if name in TYPED:
            yield name
        case ast.Name(id=name) if name in names:
            yield name
    for child in ast.iter_child_nodes(node):
        yield from naked(child, names)


def scopes(source: str) -> list[ast.AST]:
    """Part a file: each function or class at its top is a scope of names, and so is all that stands between them."""
    tree = ast.parse(source)
    parts = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return [*parts, ast.Module([node for node in tree.body if node not in parts], [])]


def assigned(scope: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """Yield each variable with what it is made of, or what it goes through."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For | ast.comprehension):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = node.iter if isinstance(node, ast.For | ast.comprehension) else node.value
            names = [name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            yield from ((name.id, value) for name in names if isinstance(name.ctx, ast.Store))


def typed_names(scope: ast.AST) -> set[str]:
    """Return the variables that hold something typed, however often it was handed on."""
    names: set[str] = set()
    while found := {name for name, value in assigned(scope) if value and any(naked(value, names))} - names:
        names |= found
    return names


def given_to_streamlit(scope: ast.AST) -> Iterator[ast.expr]:
    """Yield what calls of Streamlit read as Markdown or HTML."""
    for node in ast.walk(scope):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=called)) if called in READS_MARKUP:
                if ast.unparse(owner) not in NO_PART_OF_THE_PAGE:
                    yield from node.args
                    plain = SHOWN_AS_IT_IS | ({"format_func"} if called in WITH_PLAIN_OPTIONS else set())
                    yield from (given.value for given in node.keywords if given.arg not in plain)


def filled_into_tags(scope: ast.AST) -> Iterator[ast.expr]:
    """Yield what stands in the gaps of f-strings that are HTML."""
    for node in ast.walk(scope):
        if isinstance(node, ast.JoinedStr):
            words = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            if "<" in words:
                yield from (part.value for part in node.values if isinstance(part, ast.FormattedValue))


def violations(source: str) -> list[str]:
    """Name each line that shows something typed as markup, with what it shows."""
    found = set()
    for scope in scopes(source):
        names = typed_names(scope)
        arguments = {node.arg for node in ast.walk(scope) if isinstance(node, ast.arg)}
        for value in given_to_streamlit(scope):
            found |= {f"line {value.lineno}: {name}" for name in naked(value, names)}
        for value in filled_into_tags(scope):  # where an argument comes from cannot be seen here
            doubtful = names | arguments if isinstance(value, ast.Name) else names
            found |= {f"line {value.lineno}: {name}" for name in naked(value, doubtful)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg in {"unsafe_allow_html", "unsafe_allow_javascript"}:
            found.add(f"line {node.lineno}: {node.arg}")
    return sorted(found)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_o2_no_typed_text_reaches_a_reader_of_markup_by_another_way(path: Path) -> None:
    assert violations(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "st.title(ticket.title)",
        'st.markdown(f"**{person.display_name}**")',
        'st.error(t("refused", name=user.username))',
        'st.markdown("<b>", unsafe_allow_html=True)',
        "st.html(message.text)",
        "st.page_link(page, label=ticket.title)",
        'st.button(t("go"), key="go", help=ticket.description)',
        "st.sidebar.caption(actor.display_name)",
        "column.markdown(message.text)",
        'st.container(border=True).badge(", ".join(ticket.tags))',
        "st.caption(conversation.name(message.author))",
        "title = ticket.title\nst.title(title)",
        'person, ticket = known\nname = person.display_name\nlabel = f"{name}:"\nst.expander(label)',
        "if name := person.display_name:\n    st.header(name)",
        "for tag in ticket.tags:\n    st.badge(tag)",
        "st.write([tag for tag in ticket.tags])",
        'title = st.text_input("Title", key="title")\nst.success(title)',
        "st.text_input(person.display_name)",
        "st.selectbox(label=ticket.title, options=[])",
        'st.radio("Who", [person.display_name for person in people])',
        "with st.form('reply'):\n    st.form_submit_button(ticket.title)",
        'def draw(ticket):\n    name = ticket.requester_name\n    st.html(f"<b>{name}</b>")',
        'def draw(name):\n    st.html(f"<b>{name}</b>")',
        'def drawn(message):\n    return f"<p>{message.text}</p>"',
    ],
)
def test_o2_such_a_way_would_be_found(line: str) -> None:
    assert violations(line) != []


@pytest.mark.parametrize(
    "line",
    [
        "st.title(plain(ticket.title))",
        "st.text(ticket.title)",
        "st.html(to_html(m.text))",
        "st.title(ui.plain(ticket.title))",
        'st.text_input(t("field.title"), value=ticket.title, key=f"title_of_{person.username}")',
        "title = plain(ticket.title)\nst.title(title)",
        'def draw(name):\n    name = escape(name)\n    return f"<b>{escape(name)}</b>"',
        "def first(ticket):\n    title = ticket.title\n    st.text(title)\ndef second(title):\n    st.title(title)",
        "log.error(ticket.title)",
    ],
)
def test_the_helper_is_let_through(line: str) -> None:
    assert violations(line) == []


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*.js")), ids=lambda path: path.name)
def test_o2_in_the_browser_text_stays_text(path: Path) -> None:
    assert READS_HTML.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*.js")), ids=lambda path: path.name)
def test_no_script_of_ours_asks_for_cookies(path: Path) -> None:
    assert "cookie" not in path.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    "line",
    [
        "cell.innerHTML = row.title",
        "cell['outerHTML'] = title",
        'place.insertAdjacentHTML("beforeend", `<b>${title}</b>`)',
        "document.write(title)",
        "document . writeln(title)",
        "cell.setHTMLUnsafe(title)",
    ],
)
def test_o2_html_made_in_the_browser_would_be_found(line: str) -> None:
    assert len(READS_HTML.findall(line)) == 1
