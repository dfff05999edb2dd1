"""Style, types and pinned requirements, so that one command checks it all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


# After a change of the dependencies in pyproject.toml this brings both files up to date (--upgrade: to new releases):
#
#   uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
#       pyproject.toml --output-file requirements.txt && \
#   uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
#       --extra test --constraints requirements.txt pyproject.toml --output-file tests/requirements.txt
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
PLAIN = ["--system-certs", "--no-emit-index-url", "--no-header", "--no-annotate"]


@pytest.mark.parametrize(
    ("requirements", "options"),
    [
        ("requirements.txt", []),
        ("tests/requirements.txt", ["--extra", "test", "--constraints", "requirements.txt"]),
    ],
    ids=["run-time", "tests"],
)
def test_pinned_requirements_are_what_pyproject_asks_for(tmp_path: Path, requirements: str, options: list[str]) -> None:
    (tmp_path / "tests").mkdir()
    for file in ("pyproject.toml", "requirements.txt", "tests/requirements.txt"):
        shutil.copy(ROOT / file, tmp_path / file)

    compiled = check(*COMPILE, *PLAIN, *options, "pyproject.toml", "--output-file", requirements, folder=tmp_path)

    assert compiled.returncode == 0, compiled.stderr
    assert (tmp_path / requirements).read_text("utf-8") == (ROOT / requirements).read_text("utf-8")


@pytest.mark.parametrize("requirements", ["requirements.txt", "tests/requirements.txt"])
def test_pinned_requirements_name_no_index_and_no_place(requirements: str) -> None:
    text = (ROOT / requirements).read_text("utf-8")

    assert "/" not in text
    assert "--index" not in text
    assert "--find-links" not in text
