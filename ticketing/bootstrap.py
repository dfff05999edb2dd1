"""
Go on inside the project's own virtual environment, which is set up when it isn't there yet.

Standard library only: this runs in whatever Python the person has, before anything is installed. The environment is
`.venv` beside the package. A stamp in it says what it was made from; while the stamp holds, a start costs no more than
reading two small files, so whatever only setting up needs is kept out of here, in `installer.py`.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
RUN_TIME = "requirements.txt"
TESTS = "tests/requirements.txt"
# By sysexits.h: whoever hands a mail on to `receive-mail` keeps it, and tries again later; else it would send it back.
TRY_AGAIN = 75
PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+) *(;.*)?\\?$", re.MULTILINE)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run one command of the desk where all it needs is installed; without a command, serve."""
    command = list(arguments) or ["serve"]
    wanted = [RUN_TIME, TESTS] if command[0] == "test" else [RUN_TIME]
    environment = Environment(root)
    ready = environment.is_current(wanted) if environment.is_running() else has_pinned_packages(root, wanted)
    if ready:
        return run(command, root)
    if not environment.is_current(wanted):
        from ticketing.installer import install  # noqa: PLC0415 - slow to import, and a second start needs none of it

        try:
            install(environment, wanted)
        except SystemExit as failure:
            if command[0] != "receive-mail":
                raise
            sys.stderr.write(f"{failure}\n")
            return TRY_AGAIN
    return hand_over([str(environment.python), "-m", "ticketing", *command])


def run(command: list[str], root: Path) -> int:
    """Run the command in this very process, which has its packages."""
    if command[0] == "test":
        from ticketing.suite import run_tests  # noqa: PLC0415 - no other command needs it

        return run_tests(command[1:], root)
    gc.disable()  # what is made now stays: to look for garbage among it would take a tenth of the start
    # Nor is any plugin of pydantic's wanted, which would be looked for among all packages.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from ticketing.cli import main as cli  # noqa: PLC0415 - can be imported only once the packages are there

    gc.enable()
    cli(command, prog_name="python3 -m ticketing")
    return 0


def hand_over(command: list[str]) -> NoReturn:
    """Let another program take this one's place: same process, same terminal, same signals."""
    sys.stdout.flush()
    if sys.platform == "win32":
        import subprocess  # noqa: PLC0415 - here, exec would return to the shell before the program ends

        sys.exit(subprocess.call(command))  # noqa: S603 - our own interpreter
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def has_pinned_packages(root: Path, wanted: Sequence[str]) -> bool:
    """
    Whether this Python is a virtual environment that has each wanted package at its pinned version.

    Hosting platforms, containers and developers make their own, and `.venv` beside it would be a second one.
    A package that is pinned for some systems only may be missing.
    """
    if sys.prefix == sys.base_prefix:
        return False
    from importlib import metadata  # noqa: PLC0415 - slow to import, and most starts don't need it

    installed = {canonical(package.name): package.version for package in metadata.distributions()}
    allowed: dict[str, set[str | None]] = {}
    for name, version, marker in (pin for file in wanted for pin in PIN.findall((root / file).read_text("utf-8"))):
        allowed.setdefault(canonical(name), set()).update({version, None} if marker else {version})
    return all(installed.get(name) in versions for name, versions in allowed.items())


def canonical(name: str) -> str:
    """Write a package's name as requirements do, for which `Jinja2` and `jinja2` are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Environment:
    """The virtual environment of one working copy, and the stamp that says what it was made from."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = root / ".venv"
        self.python = self.place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        self.stamp = self.place / "ticketing-stamp"

    def is_running(self) -> bool:
        """Whether this process runs in it already."""
        return self.place.exists() and self.place.samefile(sys.prefix)

    def is_current(self, wanted: Sequence[str]) -> bool:
        """Whether it was finished, from exactly these requirements, and what it stands on is still there."""
        return self.description(wanted) <= self.recorded() and self.python.exists()

    def recorded(self) -> set[str]:
        """Read what it was made from, a line each; nothing when it wasn't made here."""
        try:
            return set(self.stamp.read_text("utf-8").splitlines())
        except (FileNotFoundError, NotADirectoryError):
            return set()

    def description(self, wanted: Sequence[str]) -> set[str]:
        """Say what it should be made from: its foundation, and each of the requirements with its SHA-256."""
        digests = {f"{file} {hashlib.sha256((self.root / file).read_bytes()).hexdigest()}" for file in wanted}
        return self.foundation() | digests

    def foundation(self) -> set[str]:
        """Name its place and the Python under it; when one of them changes, nothing in it can be kept."""
        return {f"place {self.place}", f"python {self.python.resolve()}"}
