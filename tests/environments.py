"""
Environments of their own for programs that the tests need, and whose packages are not the desk's.

They lie in the user's cache, each under the hash of its file of requirements, and are made when they are not there.
How the pins of such a file are renewed stands in tests/test_lint.py.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

_MADE: Final = "made"  # stands in an environment that is whole


def environment_of(requirements: Path) -> Path:
    """Return the environment with these packages, made if it is not there; of several processes one makes it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "ticketing-tests"
    cache.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    environment = cache / f"{requirements.parent.name}-{mark}"
    with FileLock(f"{environment}.lock"):
        if not (environment / _MADE).exists():
            _make(environment, requirements)
    return environment


def _make(environment: Path, requirements: Path) -> None:
    """Make it with pip, as the desk's own is made: it finds packages by the settings that all people's tools share."""
    commands: list[list[str | Path]] = [
        [sys.executable, "-m", "venv", "--clear", environment],
        [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements],
    ]
    try:
        for command in commands:
            subprocess.run(command, check=True)
    except subprocess.CalledProcessError:
        pytest.skip(f"What stands in {requirements.parent.name}/{requirements.name} cannot be installed from here")
    (environment / _MADE).touch()
