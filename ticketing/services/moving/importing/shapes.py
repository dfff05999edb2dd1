"""What can be taken from documents of which nothing is believed: texts, lists, objects, or nothing."""

from typing import Any, Final

_LONGEST_WORD: Final = 300


def text(document: dict[str, Any], name: str) -> str:
    """Return a text of any length, "" if there is none."""
    found = document.get(name)
    return found if isinstance(found, str) else ""


def word(document: dict[str, Any], *names: str) -> str:
    """Return the first short text or number of these names as a word."""
    for name in names:
        found = document.get(name)
        if isinstance(found, str) and found.strip():
            return " ".join(found[:_LONGEST_WORD].split())
        if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 1 << 63:
            return str(found)
    return ""


def objects(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    found = document.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def inner(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object, an empty one if there is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def words(document: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return the texts of a list, or the names of its objects."""
    found = document.get(name)
    if not isinstance(found, list):
        return ()
    named = ({"name": one} if isinstance(one, str) else one for one in found)
    return tuple(filter(None, (word(one, "name") for one in named if isinstance(one, dict))))
