"""Streamlit looks for components in all packages; the desk draws with its own, so its start does without."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
LOOK_TWICE = """
from streamlit.components.v2.component_manager import BidiComponentManager

def finds_it():
    manager = BidiComponentManager()
    manager.discover_and_register_components(start_file_watching=False)
    return manager.get_metadata("planted.line") is not None

print(finds_it())
import streamlit_app
print(finds_it())
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Return a folder with a package in it that brings a component."""
    described = tmp_path / "planted-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\nSummary: For Streamlit\n")
    (described / "RECORD").write_text("planted/__init__.py,,\nplanted/pyproject.toml,,\n")
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted/__init__.py").touch()
    (tmp_path / "planted/pyproject.toml").write_text(
        '[project]\nname = "planted"\n[[tool.streamlit.component.components]]\nname = "line"\n'
    )
    return tmp_path


def test_once_the_desk_is_loaded_streamlit_looks_for_components_in_no_package(packages: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(packages)}

    looked = subprocess.run(
        [sys.executable, "-c", LOOK_TWICE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert looked.stdout.split() == ["True", "False"]
