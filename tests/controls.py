"""
All that can be pressed and typed into on the pages, as their code names it.

A control is called `module: key`, and what a key is made of is left out: `inviting: send_invitation`,
`account: end_{}`. What a component of ours reports is called by its event: `composer: on_canned_change`.
"""

import ast
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UI = ROOT / "ticketing" / "ui"
_BUTTONS = {"button", "form_button", "submit_button"}
_FIELDS = {
    *("text_input", "text_area", "number_input", "date_input", "time_input", "datetime_input", "chat_input"),
    *("data_editor", "password_field", "code_field"),
}
# The modules that make buttons and fields for all others, with whatever key these give.
_MAKERS = {"forms", "passwords"}


def buttons() -> set[str]:
    """Return all buttons."""
    return set(chain.from_iterable(_named(module, tree, _BUTTONS) for module, tree in _modules()))


def fields() -> set[str]:
    """Return all fields into which one can type something."""
    return set(chain.from_iterable(_named(module, tree, _FIELDS) for module, tree in _modules()))


def reports() -> set[str]:
    """Return all that our components report, and Streamlit's other widgets to what listens to them at once."""
    return {
        f"{module}: {event}"
        for module, tree in _modules()
        for call in _calls(tree)
        for keyword in call.keywords
        for event in _events(keyword)
    }


def texts_in(test: str) -> set[str]:
    """Return all texts that stand in a module of tests, among them the names of the controls it uses."""
    tree = ast.parse((ROOT / "tests" / test).read_text("utf-8"))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in constants if isinstance(text, str)}


def key_of(control: str, *parts: str) -> str:
    """Return the key of a control, made of these parts."""
    return control.partition(": ")[2].format(*parts)


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted([*UI.rglob("*.py"), *(ROOT / "pages").glob("*.py")]):
        place = path.relative_to(UI if path.is_relative_to(UI) else ROOT).with_suffix("")
        module = ".".join(part for part in place.parts if part not in {"__init__", "pages"} or len(place.parts) == 1)
        if module not in _MAKERS:
            yield module, ast.parse(path.read_text("utf-8"))


def _named(module: str, tree: ast.Module, makers: set[str]) -> Iterator[str]:
    for function in _functions(tree):
        for call in _calls(function):
            if _called(call) in makers and not _is_disabled(call):
                key = next((keyword.value for keyword in call.keywords if keyword.arg == "key"), None)
                for pattern in _patterns(key, function, tree):
                    yield f"{module}: {pattern}"


def _functions(tree: ast.Module) -> list[ast.AST]:
    """Return its functions, each of which has those within it, and what stands outside of all."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    rest: list[ast.AST] = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    return [*functions, *rest]


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_disabled(call: ast.Call) -> bool:
    """Whether it only shows something, for good."""
    return any(keyword.arg == "disabled" and isinstance(keyword.value, ast.Constant) for keyword in call.keywords)


def _patterns(key: ast.expr | None, function: ast.AST, tree: ast.Module) -> Iterable[str]:
    """Return the key with {} for what it is made of; of a key that a function is given, what it is given."""
    match key:
        case None:
            raise AssertionError(f"A control has no key: {ast.unparse(function)}")
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)]
        case ast.Name(id=name) if isinstance(function, ast.FunctionDef) and name in _parameters(function):
            place = _parameters(function).index(name)
            calls = (call for call in _calls(tree) if _called(call) == function.name)
            return chain.from_iterable(_patterns(_given(call, place, name), tree, tree) for call in calls)
        case _:
            return ["{}"]


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]


def _given(call: ast.Call, place: int, name: str) -> ast.expr:
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return named[0] if named else call.args[place]


def _events(keyword: ast.keyword) -> Iterator[str]:
    """Return which event a keyword of a call listens to, also where it stands in `**{...}`."""
    if keyword.arg is not None:
        names: list[ast.expr] = [ast.Constant(keyword.arg)]
    else:
        names = [node.key for node in ast.walk(keyword.value) if isinstance(node, ast.DictComp)]
    for name in names:
        (pattern,) = _patterns(name, name, ast.Module([], []))
        if pattern.startswith("on_") and pattern != "on_click":
            yield pattern
