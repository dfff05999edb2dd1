"""A real S3 server for the tests: moto's, in an environment of its own."""

import socket
import subprocess
import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from tests.environments import environment_of

REQUIREMENTS: Final = Path(__file__).parent / "s3" / "requirements.txt"
SECRET: Final = "crimson umbrella"
_NAMESPACE: Final = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class S3:
    """A running server, which takes every key until it is told to refuse all."""

    def __init__(self) -> None:
        self.port = _free_port()
        program = environment_of(REQUIREMENTS) / "bin" / "moto_server"
        command: list[str | Path] = [program, "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while not _listens(self.port):
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.close()
                raise RuntimeError("moto's server did not start.")
            time.sleep(0.05)

    @property
    def environment(self) -> dict[str, str]:
        """What names this server, and the keys to it, to those who use it."""
        return self.environment_at(self.port)

    def environment_at(self, port: int) -> dict[str, str]:
        """Return the same with another port."""
        return {
            "AWS_ACCESS_KEY_ID": "AKIA-UMBRELLA",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        }

    def make_bucket(self, name: str) -> None:
        """Make a bucket, which holds nothing."""
        self._ask("PUT", f"/{name}")

    def keys(self, bucket: str) -> list[str]:
        """Return what all objects of a bucket are called."""
        listed = ET.fromstring(self._ask("GET", f"/{bucket}?list-type=2"))  # noqa: S314 - our own server's
        return [key.text or "" for key in listed.iter(f"{_NAMESPACE}Key")]

    def refuse_all(self) -> None:
        """From now on, no key is good enough."""
        self._ask("POST", "/moto-api/reset-auth", b"0")

    def take_all(self) -> None:
        """From now on, every key will do."""
        self._ask("POST", "/moto-api/reset-auth", b"inf")

    def close(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body)
            answer = connection.getresponse()
            said = answer.read()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"moto's server says {answer.status}: {said!r}")
        return said


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
