"""
A PostgreSQL for the tests.

By default it is their own: in a directory of its own, on a socket in it, gone with the tests. Where its programs are
not here, but a server is, TICKETING_TEST_POSTGRES_URL names it for those tests that only need databases: its user may
make them, and the tests take theirs away again. Those that stop a server, or must own it, still want the programs.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from tests.programs import program_or_skip

LENT = "TICKETING_TEST_POSTGRES_URL"
HOW_TO = "PostgreSQL's programs are not here (Debian, Ubuntu: sudo apt install postgresql)"
SERVER_USER = "ticketing"


class Databases(Protocol):
    """Where the tests get their databases."""

    def address(self, database: str) -> str:
        """Return the address of a database, as a setting has it."""

    def create(self, database: str) -> str:
        """Make an empty database, in the place of one of this name, and return its address."""

    def remove(self) -> None:
        """Leave nothing behind."""


class Cluster:
    """A running server of the tests' own."""

    def __init__(self) -> None:
        _program("initdb")  # before there is anything that a skipped test would leave behind
        self.folder = Path(tempfile.mkdtemp(prefix="ticketing-pg-", dir="/tmp"))
        self._owner = _owner()
        if self._owner is not None:
            os.chown(self.folder, pwd.getpwnam(self._owner).pw_uid, -1)
        self._data = str(self.folder / "data")
        options = ["--username", SERVER_USER, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        self._run("initdb", "--pgdata", self._data, *options)
        self.start()

    def start(self, *settings: str) -> None:
        """Start the server, and return when it answers; on its socket alone, unless the settings say otherwise."""
        whole = [f"unix_socket_directories={self.folder}", "listen_addresses=", "max_connections=200", *settings]
        options = " ".join(f"-c {setting}" for setting in whole)
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--wait", "--pgdata", self._data, "--options", options, "--log", log)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `immediate` is as if it was killed."""
        self._run("pg_ctl", "stop", "--wait", "--pgdata", self._data, "--mode", mode)

    def kill(self) -> None:
        """End all its processes at the same moment, as a system out of memory does; none of them can tidy up."""
        locks = [self.folder / "data" / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")]
        server = int(locks[0].read_text("utf-8").split()[0])
        os.kill(server, signal.SIGSTOP)  # so that no others come while those that there are are counted
        processes = [server, *_children(server)]
        for process in processes:
            os.kill(process, signal.SIGKILL)
        while any(map(_runs, processes)):
            time.sleep(0.01)
        for lock in locks:  # it names a process that may still have its number, for want of anybody to ask for its end
            lock.unlink()

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database: str) -> str:
        """Return the address of a database, as a setting has it."""
        return f"postgresql+psycopg://{SERVER_USER}@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        """Make an empty database, in the place of one of this name, and return its address."""
        self.run_sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")
        return self.address(database)

    def run_sql(self, *statements: str, database: str = "postgres") -> None:
        """Carry out statements as the owner of everything."""
        for statement in statements:
            self._run("psql", "-qX", "-h", str(self.folder), "-U", SERVER_USER, "-d", database, "-c", statement)

    @contextmanager
    def letting_in(self, *others: str) -> Iterator[None]:
        """Let nobody in but the owner of everything, and whom the lines of pg_hba.conf name."""
        rules = self.folder / "data" / "pg_hba.conf"
        before = rules.read_text("utf-8")
        rules.write_text("\n".join((f"local all {SERVER_USER} trust", *others, "")), "utf-8")
        self.run_sql("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            rules.write_text(before, "utf-8")
            self.run_sql("SELECT pg_reload_conf()")

    def _run(self, program: str, *arguments: str) -> None:
        finished = subprocess.run(
            [_program(program), *arguments],
            cwd="/",
            user=self._owner,
            env={**os.environ, "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if finished.returncode:
            pytest.fail(f"{program} failed: {finished.stderr}")


class Lent:
    """A server that was here before; each process of the tests has databases of its own on it."""

    def __init__(self, address: str) -> None:
        self._url = make_url(address).set(drivername="postgresql+psycopg")
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._made: set[str] = set()

    def address(self, database: str) -> str:
        """Return the address of a database, as a setting has it."""
        return self._url.set(database=self._name(database)).render_as_string(hide_password=False)

    def create(self, database: str) -> str:
        """Make an empty database, in the place of one of this name, and return its address."""
        name = self._name(database)
        self._drop(name)
        with self._engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
        self._made.add(name)
        return self.address(database)

    def remove(self) -> None:
        """Take away what was made."""
        for name in self._made:
            self._drop(name)

    def _name(self, database: str) -> str:
        return f"ticketing_test_{database}_{os.getpid()}"

    def _drop(self, name: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@lru_cache
def databases() -> Databases:
    """Return where the tests of this process get their databases."""
    address = os.environ.get(LENT)
    if not address:
        return cluster()
    lent = Lent(address)
    atexit.register(lent.remove)
    return lent


@lru_cache
def cluster() -> Cluster:
    """Return the tests' own server in this process, started when first asked for."""
    started = Cluster()
    atexit.register(started.remove)
    return started


def _owner() -> str | None:
    """Return as whom the server runs: it refuses to run as root."""
    if os.geteuid():
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _children(process: int) -> list[int]:
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [number for number in numbers if _status(number)[1:2] == [str(process)]]


def _runs(process: int) -> bool:
    return _status(process)[:1] not in ([], ["Z"])


def _status(process: int) -> list[str]:
    """Return what Linux says about a process, beginning with its state and its parent; nothing if there is none."""
    try:
        said = Path(f"/proc/{process}/stat").read_text("utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return said.rpartition(")")[2].split()


def _program(name: str) -> str:
    of_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return program_or_skip(name, HOW_TO, of_debian)
