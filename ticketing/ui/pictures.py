"""Our logo and icon, in a form that costs a run nothing."""

import base64
from functools import lru_cache
from html import escape
from pathlib import Path

from ticketing.ui.wording import t

_ASSETS = Path(__file__).parent / "assets"
_LONGEST_NAME = 22
_BESIDE_NAME, _LETTER = 55, 14  # in the units of the drawing
_KINDS = {".svg": "svg+xml", ".png": "png"}


@lru_cache
def picture(name: str) -> str:
    """Return one of our pictures as a data URL: a file would be read and decoded by Streamlit at each run."""
    path = _ASSETS / name
    return f"data:image/{_KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


@lru_cache(maxsize=32)
def named_logo(name: str, colour: str) -> str:
    """Return our sign with the name of a desk beside it, in a colour such as #0b6e4f."""
    drawn = (_ASSETS / "logo.svg").read_text(encoding="utf-8")
    shown = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    width = _BESIDE_NAME + _LETTER * len(shown)
    drawn = drawn.replace('width="176"', f'width="{width}"').replace("0 0 176 40", f"0 0 {width} 40")
    drawn = drawn.replace("#6366F1", colour).replace(t("app.name"), escape(shown))
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"
