"""Changes of what is set up, as people read them."""

import json
from typing import Any


def change_in_words(field: str, old: Any, new: Any) -> str:
    """Return one change of one field; of what is new there is nothing before."""
    before = "" if field == "created" else f"{_said(old)} → "
    return f"{field.replace('_', ' ').capitalize()}: {before}{_said(new)}"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else "-" if value is None else json.dumps(value, ensure_ascii=False)
