"""
A real server in a process of its own, with an own data directory and people already in it.

    with Server(folder) as server:
        token = server.sign_in("ada")
        ...
        server.kill()      # as a power cut would
        server.start()     # on the same address and data

`server.desk` is a second desk over the same data, in this process: a quick way to prepare it and to see what became of
it.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from functools import cache
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from ticketing.desk import Desk, make_ready, open_desk
from ticketing.domain.people import Actor, Role
from ticketing.domain.tickets import Ticket
from ticketing.services.first_launch import FIRST_USERNAME
from ticketing.settings import PREFIX, Settings
from ticketing.storage.documents.state import Documents
from ticketing.storage.memory import MemoryStore

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "three wet umbrellas"
COOKIE = "ticketing_session"
REQUESTERS = {"carla": "Carla Ruiz", "oskar": "Oskar Lind"}
STAFF = {"root": Role.ADMIN, "ada": Role.AGENT, "bert": Role.AGENT}
START_SECONDS = 60.0
STOP_SECONDS = 15.0
BUSY = 10_000  # tickets an hour: Carla opens those of all tests


class Server:
    """
    The desk as its users meet it, on a free port of this machine; without people it is as on its first launch.

    *storage* is the address of its store, "" for files in its folder; in *root* lies the project that it runs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        with_people: bool = True,
        script: Path = ROOT / "streamlit_app.py",
        storage: str = "",
        root: Path = ROOT,
        **environment: str,
    ) -> None:
        self.data = folder / "data"
        self.log_file = folder / "server.log"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.storage = storage
        settings = Settings(data_dir=self.data, storage_url=storage, tickets_per_hour=BUSY)
        self.desk = open_desk(settings, password_rounds=4)
        self._script = script
        self._root = root
        self._environment = environment
        self._addresses = (f"198.51.{number >> 8}.{number & 255}" for number in count())
        self._process: subprocess.Popen[bytes] | None = None
        if with_people:
            add_people(self.desk)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.desk.close()

    @property
    def log(self) -> str:
        """All that the server has written so far, over all its starts."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def command(self) -> list[str]:
        """What it is started with."""
        options = [f"--server.port={self.port}", "--server.address=127.0.0.1"]
        return [sys.executable, "-m", "streamlit", "run", str(self._script), *options]

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def require(self, **settings: str) -> None:
        """Give it settings that are known only when it has a port; they hold from its next start."""
        self._environment |= {f"{PREFIX}{name}": value for name, value in settings.items()}

    def start(self) -> None:
        """Start it and wait until it answers."""
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
        own = {
            f"{PREFIX}DATA_DIR": str(self.data),
            f"{PREFIX}STORAGE_URL": self.storage,  # "" as well, whatever the working copy's secrets say
            f"{PREFIX}TICKETS_PER_HOUR": str(BUSY),
        }
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self._root,
                env=inherited | own | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, f"The server ended:\n{self.log}"
            assert time.monotonic() < deadline, f"The server does not answer:\n{self.log}"
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end, as an operator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self._end(signal.SIGKILL)

    def slow_disk(self) -> AbstractContextManager[object]:
        """Keep the server waiting with all that it is to save while a block lasts, as another writer would."""
        return self.desk.store.write()

    def sign_in(self, username: str) -> str:
        """Return the secret that a browser keeps as its session cookie; each sign-in comes from another address."""
        return self.desk.accounts.sign_in(username, PASSWORD, next(self._addresses))

    def actor(self, username: str) -> Actor:
        """Return somebody as the desk in this process knows them."""
        return self.desk.sessions.actor(self.sign_in(username))

    def ticket(self, number: int) -> Ticket:
        """Return a ticket with all that is in it, as it is stored now."""
        with self.desk.store.read() as tx:
            found = tx.tickets.find(number)
        assert found is not None
        return found

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except OSError:
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class DocumentedServer(Server):
    """The desk as systemd starts it by `docs/deploy.md`."""

    @property
    def command(self) -> list[str]:
        """What the documented unit says, with this machine's Python and a port of ours."""
        [documented] = re.findall(r"^ExecStart=(.+)$", (ROOT / "docs/deploy.md").read_text("utf-8"), re.MULTILINE)
        python, *arguments = documented.replace("%i", str(self.port)).split()
        assert python == "/opt/ticketing/.venv/bin/python"
        return [sys.executable, *arguments]


def add_people(desk: Desk) -> None:
    """Make root an admin, Ada and Bert agents, Carla and Oskar requesters; the account of the first launch rests."""
    console = Actor.console()
    for name, role in STAFF.items():
        desk.agents.create_agent(console, name, PASSWORD, role=role)
    for name, display_name in REQUESTERS.items():
        desk.accounts.register(name, display_name, PASSWORD, PASSWORD)
    desk.agents.deactivate(console, FIRST_USERNAME)


def open_copied(settings: Settings, people: Callable[[Desk], None]) -> Desk:
    """
    Open a desk in memory with its people, or as a first launch leaves it elsewhere and then with its people.

    In memory they are made once, which takes longer than most tests, and each desk after that has them as a copy.
    """
    if settings.store_url != "memory:":
        desk = open_desk(settings, password_rounds=4)
        people(desk)
        return desk
    store = MemoryStore()
    store.put(_made_once(people))
    desk = Desk(settings, store, password_rounds=4)
    make_ready(desk)
    return desk


@cache
def _made_once(people: Callable[[Desk], None]) -> Documents:
    with closing(MemoryStore()) as store:
        desk = Desk(Settings(storage_url="memory:"), store, password_rounds=4)
        make_ready(desk)
        people(desk)
        return store.copy()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
