"""The nginx of `docs/deploy.md`, on a port of this machine and with a certificate of its own."""

import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs import program_or_skip
from tests.serving import ROOT, free_port

HOW_TO = "nginx and openssl are not here both (Debian, Ubuntu: sudo apt install nginx-light openssl)"
FRAME = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
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
        self._certify()
        self._settings = folder / "nginx.conf"
        self._settings.write_text(FRAME.format(folder=folder, site=self._site(ports)), "utf-8")

    def _certify(self) -> None:
        command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        files = ["-keyout", str(self.folder / "key.pem"), "-out", str(self.folder / "cert.pem")]
        subprocess.run([_program("openssl"), *command, *files], check=True, capture_output=True)

    def _site(self, ports: list[int]) -> str:
        """Return the documented configuration, with this machine's names, ports and files."""
        text = (ROOT / "docs/deploy.md").read_text("utf-8")
        site: str
        [site] = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
        for documented, ours in {
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "server_name desk.example.org": "server_name localhost",
            "/etc/ssl/certs/desk.example.org.pem": str(self.folder / "cert.pem"),
            "/etc/ssl/private/desk.example.org.key": str(self.folder / "key.pem"),
            "127.0.0.1:8501": f"127.0.0.1:{ports[0]}",
            "127.0.0.1:8502": f"127.0.0.1:{ports[1]}",
        }.items():
            assert documented in site
            site = site.replace(documented, ours)
        return site

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([_program("nginx"), "-c", str(self._settings), "-p", str(self.folder)])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()


def _program(name: str) -> str:
    return program_or_skip(name, HOW_TO, ["/usr/sbin"])
