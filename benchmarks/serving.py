"""Real servers in processes of their own: the desk as `serve` starts it, and a Streamlit app with nothing in it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from ticketing.settings import PREFIX

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.005
SETTLING_SECONDS = 0.5
QUIET_SECONDS = 0.02
# A workshop's variable, with which each start would compile the desk anew, and the empty app, which is all Streamlit's,
# nothing.
WITHOUT_COMPILING = "PYTHONDONTWRITEBYTECODE"
TICK = 1 / os.sysconf("SC_CLK_TCK")
EMPTY_APP = 'import streamlit as st\n\napp = st.App("empty.py")\n'
LIKE_SERVE = (
    *("--log-level", "warning", "--no-access-log", "--no-server-header"),
    *("--ws", "websockets-sansio", "--ws-max-size", str(50 << 20), "--ws-per-message-deflate", "false"),
    *("--timeout-graceful-shutdown", "3"),
)


@dataclass(frozen=True, slots=True)
class Program:
    """What starts a server on a given port, and the address that answers when it is there."""

    command: tuple[str, ...]
    folder: Path
    health: str
    port_option: str = "--port"
    settings: Mapping[str, str] = field(default_factory=dict)


def the_desk(data: Path, python: str = sys.executable) -> Program:
    """Return the desk over this data, started by the documented command."""
    return Program((python, "-m", "ticketing", "serve", "--data-dir", str(data)), ROOT, "healthz")


def the_desk_at(address: str) -> Program:
    """Return the desk over a store at an address."""
    command = (sys.executable, "-m", "ticketing", "serve")
    return Program(command, ROOT, "healthz", settings={f"{PREFIX}STORAGE_URL": address})


def an_empty_page(folder: Path) -> Program:
    """Return an app whose script does nothing, served with the desk's configuration and in the way of `serve`."""
    make_empty_app(folder)
    return Program((sys.executable, "-m", "uvicorn", "app:app", "--host", HOST, *LIKE_SERVE), folder, "_stcore/health")


def an_empty_script(folder: Path) -> Program:
    """Return the same app as a plain script, started by `streamlit run`."""
    make_empty_app(folder)
    command = (sys.executable, "-m", "streamlit", "run", "empty.py", "--server.address", HOST)
    return Program(command, folder, "_stcore/health", "--server.port")


def make_empty_app(folder: Path) -> None:
    """Write a script without a line, an app around it, and the desk's own configuration."""
    folder.mkdir(exist_ok=True)
    (folder / "empty.py").touch()
    (folder / "app.py").write_text(EMPTY_APP, encoding="utf-8")
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit", dirs_exist_ok=True)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: where it is, what it took to get there in seconds, and its process."""

    base: str
    process: int
    seconds: float
    cpu: float

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used so far, all its threads together."""
        return cpu_seconds(self.process)

    def settle(self) -> None:
        """Wait until it does nothing any more: after it answers, it still warms up."""
        deadline = time.perf_counter() + START_SECONDS
        before = -1.0
        while (now := self.cpu_seconds()) - before > QUIET_SECONDS and time.perf_counter() < deadline:
            before = now
            time.sleep(SETTLING_SECONDS)


@contextmanager
def running(program: Program) -> Iterator[Running]:
    """Start a server on a free port, wait until it answers, and end it in the end."""
    port = free_port()
    base = f"http://{HOST}:{port}"
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(PREFIX) and name != WITHOUT_COMPILING
    }
    with TemporaryFile() as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [*program.command, program.port_option, str(port)],
            cwd=program.folder,
            env=environment | dict(program.settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while not answers(f"{base}/{program.health}"):
                if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                    log.seek(0)
                    said = log.read().decode(errors="replace")
                    raise SystemExit(f"{' '.join(program.command)} did not start a server:\n{said}")
                time.sleep(POLL_SECONDS)
            seconds = time.perf_counter() - began
            yield Running(base, process.pid, seconds, cpu_seconds(process.pid))
        finally:
            end(process)


def answers(address: str) -> bool:
    """Tell whether somebody says there that all is well."""
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - on this very machine
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's number for all is well
    except OSError:
        return False


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a server to end, and see to it."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


def cpu_seconds(process: int) -> float:
    """Return the processor time of a process, in the kernel's ticks of a hundredth of a second."""
    fields: Sequence[str] = (
        Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    )
    return (int(fields[11]) + int(fields[12])) * TICK
