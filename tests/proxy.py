"""The nginx of `docs/deploy.md`, on a port of this machine and with a certificate of its own."""

import re
import ssl
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs import program_or_skip
from tests.serving import ROOT, START_SECONDS, free_port

HOW_TO = "nginx and openssl are not here both (Debian, Ubuntu: sudo apt install nginx-light openssl)"
FRAME = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    log_format visits "$desk_process $status $upstream_addr";
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


class Proxy:
    """A proxy with TLS before the desk's processes, set up as the documentation says."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"https://localhost:{self.port}"
        self._certificate, self._key = make_certificate(folder)
        self._settings = folder / "nginx.conf"
        self._settings.write_text(FRAME.format(folder=folder, site=self._site(ports)), "utf-8")

    def visits(self, visitor: str) -> list[tuple[int, int]]:
        """Return who answered a visitor and how: a port and a status for each request and WebSocket that is over."""
        lines = (line.split(" ", 2) for line in (self.folder / "visits.log").read_text("utf-8").splitlines())
        return [(int(process.rpartition(":")[2]), int(status)) for who, status, process in lines if who == visitor]

    def _site(self, ports: list[int]) -> str:
        """Return the documented configuration, with this machine's names, ports and files."""
        text = (ROOT / "docs/deploy.md").read_text("utf-8")
        site: str
        [site] = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
        for documented, ours in {
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "server_name desk.example.org": "server_name localhost",
            "/etc/ssl/certs/desk.example.org.pem": str(self._certificate),
            "/etc/ssl/private/desk.example.org.key": str(self._key),
            "access_log off;": f"access_log {self.folder}/visits.log visits;",
            "127.0.0.1:8501": f"127.0.0.1:{ports[0]}",
            "127.0.0.1:8502": f"127.0.0.1:{ports[1]}",
        }.items():
            assert documented in site
            site = site.replace(documented, ours)
        return site

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([_program("nginx"), "-c", str(self._settings), "-p", str(self.folder)])
        until = time.monotonic() + START_SECONDS
        while not self._answers():  # one that is asked to end while it starts may never hear it
            assert self._process.poll() is None, (self.folder / "error.log").read_text("utf-8")
            assert time.monotonic() < until, "nginx does not answer"
            time.sleep(0.01)
        return self

    def _answers(self) -> bool:
        try:
            ssl.get_server_certificate(("127.0.0.1", self.port), timeout=START_SECONDS)
        except OSError:
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of this machine and its key, and return where they lie."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(
        [_program("openssl"), *command, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    return certificate, key


def _program(name: str) -> str:
    return program_or_skip(name, HOW_TO, ["/usr/sbin"])
