"""A real virus scanner for the tests: ClamAV's daemon, without any privilege, that knows the EICAR test file alone."""

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.programs import program_or_skip

HOW_TO: Final = "ClamAV's daemon is not here (Debian, Ubuntu: sudo apt install clamav-daemon)"
# The test file of the European Institute for Computer Antivirus Research, which scanners take for a virus; in two
# parts, lest they take this one for it.
EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
VIRUS: Final = "Eicar-Test-Signature"
LARGEST: Final = 2 << 20

_CONFIG: Final = """
DatabaseDirectory {folder}/signatures
LocalSocket {folder}/socket
TCPSocket {port}
TCPAddr 127.0.0.1
TemporaryDirectory {folder}
LogFile {folder}/log
Foreground yes
StreamMaxLength {largest}
"""


class Clamd:
    """A running scanner."""

    def __init__(self) -> None:
        self._program = program_or_skip("clamd", HOW_TO, ["/usr/sbin"])
        self.folder = Path(tempfile.mkdtemp(prefix="ticketing-clamd-", dir="/tmp"))
        self.port = _free_port()
        self._write()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Its address as the setting has it."""
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def local_url(self) -> str:
        """Its address on this machine alone."""
        return f"unix://{self.folder}/socket"

    def start(self) -> None:
        """Start it, and return when it answers."""
        nobody: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if not os.geteuid() else {}
        self._process = subprocess.Popen(
            [self._program, "--config-file", str(self.folder / "clamd.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **nobody,
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.close()
                raise RuntimeError("clamd did not start.")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it, as by a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                line.sendall(b"zPING\0")
                return line.recv(5) == b"PONG\0"
        except OSError:
            return False

    def _write(self) -> None:
        (self.folder / "signatures").mkdir()
        signature = f"{hashlib.md5(EICAR, usedforsecurity=False).hexdigest()}:{len(EICAR)}:{VIRUS}\n"
        (self.folder / "signatures" / "test.hdb").write_text(signature, "utf-8")
        config = _CONFIG.format(folder=self.folder, port=self.port, largest=LARGEST)
        (self.folder / "clamd.conf").write_text(config, "utf-8")
        for path in (self.folder, *self.folder.rglob("*")):
            if os.geteuid() == 0:
                shutil.chown(path, "nobody", "nogroup")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
