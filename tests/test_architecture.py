"""Which part may use which: the contracts in pyproject.toml, and that each of them can be broken."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ticketing.ui.pages import BY_NAME, Audience

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "pages"
FOR_PAGES = {"streamlit", "ticketing.ui", "ticketing.domain"}
# A contract, a module, and the import in it that breaks the contract.
PLANTED = [
    ("Dependencies go one way", "domain/text.py", "import ticketing.storage"),
    ("Dependencies go one way", "services/access.py", "import ticketing.storage"),
    ("Dependencies go one way", "web/guard.py", "import ticketing.ui"),
    ("Dependencies go one way", "stray.py", "import ticketing.domain"),
    ("The desk alone hands out settings", "services/access.py", "import ticketing.settings"),
    ("Only the user interface draws", "web/routes.py", "import streamlit"),
    ("Only the user interface draws", "desk.py", "import streamlit"),
    ("Only the user interface draws", "logs.py", "import streamlit"),
    ("The domain is pure", "domain/text.py", "from pathlib import Path"),
    ("The domain is pure", "domain/text.py", "import time"),
    ("Setting up needs nothing installed", "bootstrap.py", "import click"),
]

# Frameworks, files, network, processes, clocks and chance: some of what would make the domain depend on where it runs.
IMPURE = (
    *("sqlalchemy", "starlette", "streamlit", "uvicorn"),
    *("builtins", "glob", "importlib", "io", "os", "pathlib", "shutil", "sqlite3", "sys", "tempfile"),
    *("http", "smtplib", "socket", "ssl", "urllib"),
    *("anyio", "asyncio", "concurrent", "multiprocessing", "subprocess", "threading"),
    *("random", "secrets", "time", "uuid"),
)
CLOCKS = {"now", "today", "utcnow"}
DEEDS = {"__import__", "eval", "exec", "input", "open", "print"}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts over the tree in this folder, without what import-linter kept from another."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "ticketing", tmp_path / "ticketing", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_contract_is_kept() -> None:
    checked = lint_imports(ROOT)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(("contract", "module", "planted"), PLANTED, ids=lambda part: part.removesuffix(".py"))
def test_a_planted_import_breaks_its_contract(copied_tree: Path, contract: str, module: str, planted: str) -> None:
    with (copied_tree / "ticketing" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{planted}\n")

    checked = lint_imports(copied_tree)

    assert checked.returncode == 1
    assert f"{contract} BROKEN" in checked.stdout


def contracts() -> dict[str, dict[str, Any]]:
    """Read the contracts, by their ids."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    return {contract["id"]: contract for contract in settings["contracts"]}


def test_no_contract_goes_without_a_planted_import() -> None:
    assert {contract["name"] for contract in contracts().values()} == {contract for contract, _, _ in PLANTED}


def test_every_part_but_the_user_interface_is_kept_from_drawing() -> None:
    parts = {path.stem for path in (ROOT / "ticketing").iterdir()} - {"ui", "__init__", "__pycache__"}
    kept = {name for contract in ("drawing", "bare") for name in contracts()[contract]["source_modules"]}

    assert kept == {f"ticketing.{part}" for part in parts}
    assert all("streamlit" in contracts()[name]["forbidden_modules"] for name in ("drawing", "bare"))


def test_the_domain_may_import_nothing_that_depends_on_where_it_runs(copied_tree: Path) -> None:
    with (copied_tree / "ticketing/domain/text.py").open("a", encoding="utf-8") as file:
        file.writelines(f"\nimport {name}" for name in IMPURE)

    said = lint_imports(copied_tree).stdout

    assert [name for name in IMPURE if f"ticketing.domain is not allowed to import {name}:" not in said] == []


def impurities(module: str) -> set[str]:
    """Give what a module asks the clock or does to the world by names that need no import of their own."""
    nodes = list(ast.walk(ast.parse(module)))
    asked = {node.attr for node in nodes if isinstance(node, ast.Attribute)} & CLOCKS
    done = {node.id for node in nodes if isinstance(node, ast.Name)} & DEEDS
    return asked | done


@pytest.mark.parametrize("module", sorted((ROOT / "ticketing/domain").glob("*.py")), ids=lambda module: module.stem)
def test_the_domain_is_told_the_time_and_touches_nothing(module: Path) -> None:
    assert impurities(module.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    "planted",
    [
        "at = datetime.now(UTC)",
        "at: datetime = Field(default_factory=datetime.now)",
        "at = datetime.datetime.utcnow()",
        "on = date.today()",
        "text = open('tickets.json').read()",
        "print(ticket.title)",
        "def answer():\n    return input()",
        "__import__('os').getcwd()",
    ],
)
def test_a_planted_look_at_the_clock_or_the_world_is_found(planted: str) -> None:
    honest = "def open(self, now: datetime) -> None:\n    self.opened_at = now\n    self.open(now)\n"

    assert impurities(honest) == set()
    assert len(impurities(honest + planted)) == 1


def foreign_imports(script: str) -> set[str]:
    """Give what a page imports beside what pages may: Streamlit, what draws, and the domain's words."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.Import):
            imported.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "ticketing":
            imported.update(f"ticketing.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add("." * node.level + (node.module or ""))
    return {name for name in imported if not any(f"{name}.".startswith(f"{allowed}.") for allowed in FOR_PAGES)}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.py")), ids=lambda page: page.stem)
def test_a_page_imports_only_what_draws_and_the_words_of_the_domain(page: Path) -> None:
    assert foreign_imports(page.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    "planted",
    [
        "import json",
        "from ticketing import desk",
        "from ticketing.desk import shared_desk",
        "import ticketing.storage.json_store",
        "from . import login",
        "from streamlit_extras import bottom",
        "if True:\n    import os",
    ],
)
def test_a_planted_import_in_a_page_is_found(planted: str) -> None:
    honest = "import streamlit as st\nfrom ticketing import ui\nfrom ticketing.domain.text import TITLE_LIMIT\n"

    assert foreign_imports(honest) == set()
    assert foreign_imports(honest + planted) != set()


# Whoever comes to these is nobody yet.
FOR_STRANGERS = {"login", "register", "reset_password"}
GUARDS = {
    Audience.EVERYBODY: "actor = ui.require_actor",
    Audience.AGENTS: "actor = ui.require_agent",
    Audience.ADMINS: "actor = ui.require_admin",
}


def beginning(script: str) -> str:
    """Give what a page does first, after docstring and imports, as far as it is a call whose answer is kept."""
    tree = ast.parse(script)
    body = tree.body if ast.get_docstring(tree) is None else tree.body[1:]
    match next((node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)), None):
        case ast.Assign(targets=[name], value=ast.Call(func=asked)):
            return f"{ast.unparse(name)} = {ast.unparse(asked)}"
    return ""


def test_only_pages_for_strangers_begin_otherwise() -> None:
    assert {page.name for page in BY_NAME.values() if page.audience is Audience.STRANGERS} == FOR_STRANGERS


@pytest.mark.parametrize("page", sorted({path.stem for path in PAGES.glob("*.py")} - FOR_STRANGERS))
def test_s9_a_page_begins_by_asking_who_is_here(page: str) -> None:
    assert beginning((PAGES / f"{page}.py").read_text("utf-8")) == GUARDS[BY_NAME[page].audience]


@pytest.mark.parametrize(
    "planted",
    [
        "actor = ui.visitor()",
        "ui.require_actor",
        'st.title("Tickets")\nactor = ui.require_actor()',
        "if st.query_params:\n    actor = ui.require_actor()",
        "def actor():\n    return ui.require_actor()",
        "actor = ui.require_actor() if st.query_params else None",
        "",
    ],
)
def test_a_page_that_begins_otherwise_is_found(planted: str) -> None:
    honest = '"""A page."""\n\nimport streamlit as st\n\nfrom ticketing import ui\n\n'

    assert beginning(f"{honest}actor = ui.require_actor(may_be_half_in=True)\n") in GUARDS.values()
    assert beginning(f"{honest}{planted}\n") not in GUARDS.values()


def test_s9_streamlit_finds_no_pages_of_its_own_beside_the_script_it_runs() -> None:
    assert not (ROOT / "ticketing" / "ui" / "pages").exists()


def caches_of_streamlit(script: str) -> set[str]:
    """Give what a script takes of Streamlit's caches, which every visitor can clear and which hand out copies."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.Attribute):
            named.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            named.update(name.name for name in node.names)
    return {name for name in named if name.startswith("cache_")}


def test_a7_nothing_is_kept_in_a_cache_of_streamlit() -> None:
    scripts = [*(ROOT / "ticketing").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "streamlit_app.py"]

    assert len(scripts) > 50
    assert {str(path): found for path in scripts if (found := caches_of_streamlit(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "import streamlit as st\n\n@st.cache_resource\ndef desk(): ...",
        "import streamlit\n\nfind = streamlit.cache_data(ttl=60)(print)",
        "from streamlit import cache_data as remembered",
    ],
)
def test_a_planted_cache_is_found(planted: str) -> None:
    assert caches_of_streamlit(planted) != set()
