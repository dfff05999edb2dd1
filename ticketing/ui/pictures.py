"""Our logo and icon, in a form that costs a run nothing."""

import base64
from functools import lru_cache
from pathlib import Path

_ASSETS = Path(__file__).parent / "assets"
_KINDS = {".svg": "svg+xml", ".png": "png"}


@lru_cache
def picture(name: str) -> str:
    """Return one of our pictures as a data URL: a file would be read and decoded by Streamlit at each run."""
    path = _ASSETS / name
    return f"data:image/{_KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"
