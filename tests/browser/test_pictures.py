"""The pictures of the documentation: the script that is there for it takes each of them, of a demo of today."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.conftest import DESKTOP, TO_INSTALL
from tests.programs import program_or_skip
from tests.serving import ROOT, Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCRIPT = ROOT / "docs" / "take_pictures.py"
SIZE = (DESKTOP["viewport"]["width"], DESKTOP["viewport"]["height"])
# A page of which nothing was drawn has a few colours; of the pictures that are shown, none has less than a thousand.
COLOURS_OF_A_PAGE = 500
PATIENCE = 240.0  # seconds, of which it takes a few dozen on a busy machine


class Demo(Server):
    """A demo, as the script asks for it."""

    @property
    def command(self) -> list[str]:
        """What the script says, with a port of ours."""
        return [sys.executable, "-m", "ticketing", "serve", "--demo", "--port", str(self.port)]


def shown() -> set[str]:
    """Return the names of the pictures that the pages of the documentation show."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return {
        name for page in pages for name in re.findall(r"!\[[^]]+\]\((?:docs/)?(\w+\.png)\)", page.read_text("utf-8"))
    }


def test_each_picture_that_is_shown_can_be_taken_anew(tmp_path: Path) -> None:
    shutil.which("chromium") or program_or_skip("google-chrome", TO_INSTALL)
    taken = tmp_path / "pictures"
    with Demo(tmp_path, with_people=False) as server:
        subprocess.run([sys.executable, str(SCRIPT), server.base, str(taken)], check=True, timeout=PATIENCE)

    assert (
        {picture.name for picture in taken.iterdir()} == shown() == {path.name for path in SCRIPT.parent.glob("*.png")}
    )
    for picture in taken.iterdir():
        with Image.open(picture) as image:
            assert image.size == SIZE, picture.name
            colours = image.convert("RGB").getcolors(maxcolors=SIZE[0] * SIZE[1])
        assert len(colours or ()) > COLOURS_OF_A_PAGE, picture.name
