"""
Make the virtual environment and install into it: with uv when there is one, else with venv and pip.

It never asks anything. Each step shows on the terminal; what can't be done ends in one sentence.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree, which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ticketing.bootstrap import Environment

UNFINISHED = "unfinished"
# The Python that virtual environments are made with, even if this one runs in such.
BASE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)
# Shown while it works, without colours and bars that fill a log.
PIP = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar=off", "--retries=2"]
# Lines that tell a person nothing about the progress.
NOISE = re.compile(r"Looking in |WARNING: Retrying |Ignoring |Requirement already|Successfully |\[notice\]|\s*$")
# What pip and uv print when nobody answers.
NO_ANSWER = re.compile(r"(?i)new connection|connection error|name resolution|dns error|error sending request|timed out")


class SetupError(Exception):
    """Setting up can't go on; the text says what to do about it."""


def install(environment: Environment, wanted: list[str]) -> None:
    """Bring the environment up to date with the wanted requirements, or end this program with a sentence why not."""
    try:
        with turn(Path(environment.root, wanted[0])):
            if not environment.is_current(wanted):
                build(environment, wanted)
    except SetupError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The virtual environment {environment.place} cannot be made: {error}.")
    except KeyboardInterrupt:
        sys.exit("Stopped while setting up; the next start begins it again.")


def build(environment: Environment, wanted: list[str]) -> None:
    """Make the environment anew unless it can be kept, then install; until all is there its stamp says so."""
    uv = which("uv")
    if not uv:
        require_venv()
    if not can_be_kept(environment, needs_pip=not uv):
        clear(environment)
        say(f"Making the virtual environment {environment.place} with Python {sys.version.split()[0]}")
        make = (
            [uv, "venv", "--quiet", "--allow-existing", "--python", BASE_PYTHON] if uv else [BASE_PYTHON, "-m", "venv"]
        )
        carry_out([*make, environment.place], environment.root)
    environment.record({UNFINISHED})
    say(f"Installing the packages of {' and '.join(wanted)}, each checked against its hash (about a minute, once)")
    into = [uv, "pip", "install", "--python", environment.python] if uv else [environment.python, *PIP]
    files = [f"--requirement={file}" for file in wanted]
    # The files name everything; some releases of pip, left to look for more, stumble over an extra's newest release.
    carry_out([*into, "--require-hashes", "--no-deps", *files], environment.root)
    environment.record(environment.description(wanted))
    say("Everything is in place.")


def require_venv() -> None:
    """Refuse a Python that cannot make virtual environments; Debian packs that part separately."""
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        raise SetupError(
            "Ticketing sets up a virtual environment, and this Python lacks the venv module for it: install that "
            f"(Debian, Ubuntu: sudo apt install python{sys.version_info.major}.{sys.version_info.minor}-venv) "
            "and start again."
        )


def can_be_kept(environment: Environment, *, needs_pip: bool) -> bool:
    """Whether the environment was once finished and its Python works; one made by hand is taken as it is."""
    recorded = environment.recorded()
    if not Path(environment.python).exists() or (recorded and not environment.foundation() <= recorded):
        return False
    probe = "import sys; sys.exit(sys.version_info < (3, 11))" + ("; import pip" if needs_pip else "")
    command = [environment.python, "-c", probe]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0  # noqa: S603


def clear(environment: Environment) -> None:
    """Empty the environment but for its stamp, so that even a kill in the middle of this is noticed."""
    place = Path(environment.place)
    if place.is_symlink():
        raise SetupError(
            f"{place} is a link to an environment that was made elsewhere: remove the link and start again."
        )
    place.mkdir(exist_ok=True)
    environment.record({UNFINISHED})
    for entry in place.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            rmtree(entry)
        elif entry != Path(environment.stamp):
            entry.unlink()


def carry_out(command: list[str], root: str) -> None:
    """Do one step, without input, and show what it says as it goes."""
    step = subprocess.Popen(  # noqa: S603 - uv or our own interpreter
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        close_fds=False,  # the step holds the lock too, in case this process is killed and the step lives on
    )
    said = []
    with step:
        for line in step.stdout or ():
            said.append(line)
            if not NOISE.match(line):
                say(f"  {line.rstrip()}")
    if step.returncode and NO_ANSWER.search("".join(said)):
        raise SetupError("The packages cannot be downloaded: check the network connection (or proxy) and start again.")
    if step.returncode:
        raise SetupError("Setting up failed at the step above; the next start tries it again.")


@contextmanager
def turn(file: Path) -> Iterator[None]:
    """Wait until no other start is setting up here; the lock on *file* ends with its holders, however they end."""
    with file.open("r+b") as held:
        os.set_inheritable(held.fileno(), True)  # noqa: FBT003 - takes no keywords
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - there is none elsewhere

            held.seek(1 << 30)  # beyond the end, since others cannot read a byte that is locked
            msvcrt.locking(held.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - there is none on Windows

            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another start is setting up; waiting for it.")
                fcntl.flock(held, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    """Tell the person at the terminal, at once even if that is a pipe."""
    print(line, flush=True)  # noqa: T201 - there is no logging before the packages are there
