"""Style, types and pinned requirements, so that one command checks it all."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ticketing.pins import canonical

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent


def check(*command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a tool of this Python's environment over the project; its own work isn't counted as covering anything."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["ruff's rules", "ruff's format", "types"],
)
def test_the_whole_tree_is_clean(command: list[str]) -> None:
    checked = check(*command)

    assert checked.returncode == 0, checked.stdout + checked.stderr


# What ruff and mypy --strict must object to, each by another of the rules that the project turns on.
CARELESS = """
import json

def Greet(name):
    print(eval(name))
    return "SELECT * FROM people WHERE name = '%s'" % name
"""
UNTYPED = """
def greet(name):
    return name


def greet_all(names: list) -> str:
    return greet(names)


ANSWER: int = 42  # type: ignore[assignment]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a tree with our settings and our folders, as yet empty."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("ticketing", "pages", "tests", "benchmarks", "docs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "nothing.py").touch()
    (tmp_path / "streamlit_app.py").touch()
    return tmp_path


def plant(tree: Path, folder: str, text: str) -> str:
    """Put a file into a folder of the tree, and return the name by which a tool calls it."""
    name = f"{folder}/planted.py"
    (tree / name).write_text(text, "utf-8")
    return name


def objections(checked: subprocess.CompletedProcess[str], file: str) -> str:
    """Return what a tool said about a file, which is one line for each objection."""
    return "\n".join(line for line in checked.stdout.splitlines() if line.startswith(f"{file}:"))


@pytest.mark.parametrize("folder", ["ticketing", "pages", "tests"])
def test_k2_ruff_finds_what_is_planted(tree: Path, folder: str) -> None:
    planted = plant(tree, folder, CARELESS)

    checked = check("ruff", "check", "--no-cache", "--output-format=concise", ".", folder=tree)
    formatted = check("ruff", "format", "--no-cache", "--check", ".", folder=tree)

    assert checked.returncode == formatted.returncode == 1
    assert planted in formatted.stdout
    for rule in ("ANN001", "ANN201", "F401", "N802", "S307", "S608", "T201"):
        assert f" {rule} " in objections(checked, planted)


def test_mypy_finds_what_is_planted(tree: Path) -> None:
    planted = [plant(tree, folder, UNTYPED) for folder in ("ticketing", "pages", "tests")]

    checked = check("mypy", folder=tree)

    assert checked.returncode == 1, checked.stderr
    for file in planted:
        for rule in ("no-untyped-call", "no-untyped-def", "type-arg", "unused-ignore"):
            assert f"[{rule}]" in objections(checked, file)


# After a change of the dependencies in pyproject.toml this brings all files up to date (--upgrade: to new releases):
#
#   uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
#       pyproject.toml --output-file requirements.txt && \
#   uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
#       --extra test --constraints requirements.txt pyproject.toml --output-file tests/requirements.txt && \
#   uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
#       --group pyproject.toml:s3 --output-file tests/s3/requirements.txt && \
#   uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
#       --group pyproject.toml:audit --output-file tests/audit/requirements.txt
PINNED = ["requirements.txt", *(f"tests/{folder}requirements.txt" for folder in ("", "s3/", "audit/"))]
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
PLAIN = ["--system-certs", "--no-emit-index-url", "--no-header", "--no-annotate"]


@pytest.mark.parametrize(
    ("requirements", "options"),
    [
        ("requirements.txt", ["pyproject.toml"]),
        ("tests/requirements.txt", ["pyproject.toml", "--extra", "test", "--constraints", "requirements.txt"]),
        ("tests/s3/requirements.txt", ["--group", "pyproject.toml:s3"]),
        ("tests/audit/requirements.txt", ["--group", "pyproject.toml:audit"]),
    ],
    ids=["run-time", "tests", "S3 server", "audit"],
)
def test_k1_pinned_requirements_are_what_pyproject_asks_for(
    tmp_path: Path, requirements: str, options: list[str]
) -> None:
    for folder in ("s3", "audit"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    for file in ("pyproject.toml", *PINNED):
        shutil.copy(ROOT / file, tmp_path / file)

    compiled = check(*COMPILE, *PLAIN, *options, "--output-file", requirements, folder=tmp_path)

    assert compiled.returncode == 0, compiled.stderr
    assert (tmp_path / requirements).read_text("utf-8") == (ROOT / requirements).read_text("utf-8")


def would_install(place: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    """Ask uv what it would install into an empty place; whether a hash is right, it sees only when it does."""
    asked = ["uv", "pip", "install", "--dry-run", "--system-certs", "--require-hashes", f"--target={place}"]
    return check(*asked, *(f"--requirement={file}" for file in files), folder=ROOT)


@pytest.mark.parametrize(
    "files", [("requirements.txt",), ("requirements.txt", "tests/requirements.txt")], ids=["run-time", "tests"]
)
def test_k1_uv_finds_each_pinned_package_and_a_hash_for_it(tmp_path: Path, files: tuple[str, ...]) -> None:
    answer = would_install(tmp_path, *(ROOT / file for file in files))

    assert answer.returncode == 0, answer.stderr
    assert " + streamlit==" in answer.stderr
    assert (" + uv==" in answer.stderr) is (len(files) > 1)


@pytest.mark.parametrize("left", [r"\1\n", ""], ids=["its pin", "nothing"])
def test_k1_uv_refuses_what_is_needed_where_no_hash_is_left_of_it(tmp_path: Path, left: str) -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    planted = tmp_path / "requirements.txt"
    planted.write_text(re.sub(r"(?m)^(altair==\S+)(?: \\\n    --hash=\S+)+\n", left, text), "utf-8")

    answer = would_install(tmp_path / "place", planted)

    assert answer.returncode != 0
    assert "hash" in answer.stderr
    assert "altair" in answer.stderr


@pytest.mark.parametrize("requirements", PINNED)
def test_pinned_requirements_name_no_index_and_no_place(requirements: str) -> None:
    text = (ROOT / requirements).read_text("utf-8")

    assert "/" not in text
    assert "--index" not in text
    assert "--find-links" not in text


CODE = [*(ROOT / "ticketing").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "streamlit_app.py"]
# Loaded by their names in strings: websockets by uvicorn, the next two while the server warms up, and the data of the
# time zones by Python, where the system has none.
BY_NAME = "import numpy, PIL, tzdata, websockets"


def undeclared(source: str) -> set[str]:
    """Return what a source imports from packages that pyproject.toml doesn't ask for itself."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules.update(name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module.partition(".")[0])
    packages = packages_distributions()
    foreign = modules - sys.stdlib_module_names - {"ticketing"}
    return {name for name in foreign if not declared() & {canonical(package) for package in packages.get(name, [])}}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {canonical(re.split(r"[<>=!~\[; ]", requirement)[0]) for requirement in project["dependencies"]}


def test_every_package_that_the_code_uses_is_asked_for_by_name() -> None:
    sources = [BY_NAME, *(path.read_text("utf-8") for path in CODE)]

    assert set().union(*map(undeclared, sources)) == set()


@pytest.mark.parametrize("planted", ["import pandas as pd", "def draw():\n    from altair.vegalite import v6"])
def test_a_planted_import_of_what_merely_happens_to_be_there_is_found(planted: str) -> None:
    assert undeclared(planted)
