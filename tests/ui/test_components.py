"""What components are made of, and how their code comes to the browser."""

import json
import subprocess
import sys
from pathlib import Path

from tests.ui.test_typed_text import COMPONENTS
from ticketing import components

ROOT = Path(__file__).resolve().parents[2]
NAMES = [path.stem for path in COMPONENTS.glob("*.html")]
# Which parts of the pages are there when the server is ready to start; each asks then how its code is to be sent.
THERE_AT_THE_START = """
import sys
import streamlit_app

print(sorted(name for name in sys.modules if name.startswith("ticketing.ui")))
"""


def test_each_style_sheet_is_of_some_component_and_each_component_has_its_own_last() -> None:
    sheets = {path.stem: path.read_text("utf-8") for path in COMPONENTS.glob("*.css")}

    styles = {name: components.style(name) for name in NAMES}

    used = [*styles.values(), *map(components.code, NAMES)]
    assert all(any(sheet in text or json.dumps(sheet) in text for text in used) for sheet in sheets.values())
    assert [name for name in NAMES if not styles[name].endswith(sheets.get(name, ""))] == []
    assert [name for name in NAMES if not styles[name]] == []


def test_what_draws_is_not_there_before_it_is_known_that_browsers_can_fetch_the_code() -> None:
    started = subprocess.run(
        [sys.executable, "-c", THERE_AT_THE_START], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert started.stdout == "[]\n", started.stderr
