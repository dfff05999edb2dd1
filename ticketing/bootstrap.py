"""
Go on inside the project's own virtual environment, which is set up when it isn't there yet.

Standard library only: this runs in whatever Python the person has, before anything is installed. The environment is
`.venv` beside the package. A stamp in it says what it was made from; while the stamp holds, a start costs no more than
reading two small files, so whatever only setting up needs is kept out of here, in `installer.py`, as are `pathlib`,
`re` and `typing`, which would take longer to load than a Python takes to start.
"""

import gc
import hashlib
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
RUN_TIME = "requirements.txt"
TESTS = "tests/requirements.txt"
# By sysexits.h: whoever hands a mail on to `receive-mail` keeps it, and tries again later; else it would send it back.
TRY_AGAIN = 75


def main(arguments: list[str], root: str = ROOT) -> int:
    """Run one command of the desk where all it needs is installed; without a command, serve."""
    command = arguments or ["serve"]
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
    return hand_over([environment.python, "-m", "ticketing", *command])


def run(command: list[str], root: str) -> int:
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


def hand_over(command: list[str]) -> int:
    """Let another program take this one's place: same process, same terminal, same signals."""
    sys.stdout.flush()
    if sys.platform == "win32":
        import subprocess  # noqa: PLC0415 - here, exec would return to the shell before the program ends

        return subprocess.call(command)  # noqa: S603 - our own interpreter
    return os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def has_pinned_packages(root: str, wanted: list[str]) -> bool:
    """
    Whether this Python is a virtual environment that has each wanted package at its pinned version.

    Hosting platforms, containers and developers make their own, and `.venv` beside it would be a second one.
    """
    if sys.prefix == sys.base_prefix:
        return False
    from ticketing.pins import are_installed  # noqa: PLC0415 - slow to import, and most starts don't need it

    return are_installed([os.path.join(root, file) for file in wanted])


class Environment:
    """The virtual environment of one working copy, and the stamp that says what it was made from."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.place = os.path.join(root, ".venv")
        inside = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
        self.python = os.path.join(self.place, *inside)
        self.stamp = os.path.join(self.place, "ticketing-stamp")

    def is_running(self) -> bool:
        """Whether this process runs in it already."""
        return os.path.exists(self.place) and os.path.samefile(self.place, sys.prefix)

    def is_current(self, wanted: list[str]) -> bool:
        """Whether it was finished, from exactly these requirements, and what it stands on is still there."""
        return self.description(wanted) <= self.recorded() and os.path.exists(self.python)

    def recorded(self) -> set[str]:
        """Read what it was made from, a line each; nothing when it wasn't made here."""
        try:
            with open(self.stamp, encoding="utf-8") as stamp:
                return set(stamp.read().splitlines())
        except (FileNotFoundError, NotADirectoryError):
            return set()

    def record(self, made_from: set[str]) -> None:
        """Write down what it was made from."""
        with open(self.stamp, "w", encoding="utf-8") as stamp:
            stamp.write("\n".join(sorted(made_from)))

    def description(self, wanted: list[str]) -> set[str]:
        """Say what it should be made from: its foundation, and each of the requirements with its SHA-256."""
        return self.foundation() | {f"{file} {_sha256(os.path.join(self.root, file))}" for file in wanted}

    def foundation(self) -> set[str]:
        """Name its place and the Python under it; when one of them changes, nothing in it can be kept."""
        return {f"place {self.place}", f"python {os.path.realpath(self.python)}"}


def _sha256(file: str) -> str:
    with open(file, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()
