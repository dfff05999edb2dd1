"""
Run the project's tests: `python3 -m ticketing test [--strict] [ARGS]`.

A test that needs what is not here, such as PostgreSQL or a browser, is left out, and the end says so; with `--strict`
that is a failure.

Standard library only, as it is a way in beside the desk: whatever is broken there, the tests must start.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STRICT = "--strict"
LEAVE_NOTHING_OUT = "--leave-nothing-out"  # see tests/conftest.py
# Tests that share a server are one group, so that it is started once.
WHOLE_SUITE = [
    "--numprocesses=2",
    "--dist=loadgroup",
    "--cov",
    "--cov-report=term:skip-covered",
    "--cov-fail-under=95",
]
DOMAIN_COVERED = ["report", "--include=ticketing/domain/*", "--skip-covered", "--show-missing", "--fail-under=100"]


def run_tests(arguments: Sequence[str], root: str | Path) -> int:
    """Run the tests that pytest's arguments choose; without any, the whole suite and what it must cover."""
    chosen = [one for one in arguments if one != STRICT]
    strict = [LEAVE_NOTHING_OUT] if STRICT in arguments else []
    if chosen:
        return python(root, "pytest", *strict, *chosen)
    failed = python(root, "pytest", *strict, *WHOLE_SUITE)
    return failed or domain_is_uncovered(root)


def domain_is_uncovered(root: str | Path) -> int:
    """Say what of the domain no test reaches; keep quiet when all of it is, so that pytest has the last word."""
    report = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "coverage", *DOMAIN_COVERED],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if report.returncode:
        print(report.stdout, report.stderr, "The domain must be covered whole.", sep="\n")  # noqa: T201 - this is a command
    return report.returncode


def python(root: str | Path, module: str, *arguments: str) -> int:
    """Run a module with the Python that runs this, without input, and give its exit code."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.call(command, cwd=root, stdin=subprocess.DEVNULL)  # noqa: S603 - as above
