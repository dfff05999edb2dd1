"""
Whether the packages that requirements pin are installed in the Python that runs this.

Standard library only: what else is installed is the question.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+) *(;.*)?\\?$", re.MULTILINE)


def are_installed(requirements: Iterable[str]) -> bool:
    """Whether each package is there at its pinned version; one that is pinned for some systems only may be missing."""
    installed = {canonical(package.name): package.version for package in metadata.distributions()}
    allowed: dict[str, set[str | None]] = {}
    for name, version, marker in (pin for file in requirements for pin in _PIN.findall(Path(file).read_text("utf-8"))):
        allowed.setdefault(canonical(name), set()).update({version, None} if marker else {version})
    return all(installed.get(name) in versions for name, versions in allowed.items())


def canonical(name: str) -> str:
    """Write a package's name as requirements do, for which `Jinja2` and `jinja2` are one."""
    return re.sub(r"[-_.]+", "-", name).lower()
