"""A real IMAP server for the tests: Dovecot, without any privilege, in a folder of its own."""

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.programs import program_or_skip

HOW_TO = "Dovecot is not here (Debian, Ubuntu: sudo apt install dovecot-imapd)"
USER = "help@desk.example.org"
PASSWORD = "a b/c@d%e"  # with what has a meaning in an address

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail
{capability}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""


class Dovecot:
    """A running server with one mailbox, which is empty."""

    def __init__(self, *, idles: bool = True, moves: bool = True, certificate: tuple[Path, Path] | None = None) -> None:
        self._program = program_or_skip("dovecot", HOW_TO, ["/usr/sbin"])
        self.folder = Path(tempfile.mkdtemp(prefix="ticketing-imap-", dir="/tmp"))
        self._owner = _owner()
        self._account = pwd.getpwnam(self._owner) if self._owner else pwd.getpwuid(os.getuid())
        self.port, self.tls_port = _free_port(), _free_port()
        self._configure(idles=idles, moves=moves, certificate=certificate)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        """The address of the mailbox as the setting has it."""
        return self.address_of(PASSWORD)

    def address_of(self, password: str, query: str = "") -> str:
        """Return the address with another password, or with more behind it."""
        quoted = "".join(f"%{ord(char):02x}" for char in password)
        return f"imap://{USER.replace('@', '%40')}:{quoted}@127.0.0.1:{self.port}/INBOX{query}"

    def start(self) -> None:
        """Start the server, and return when it answers."""
        command = [self._program, "-F", "-c", str(self.folder / "dovecot.conf")]
        as_owner: dict[str, Any] = {"user": self._owner, "group": self._account.pw_gid, "extra_groups": []}
        self._process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **(as_owner if self._owner else {}),
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                with self.mailbox():
                    return
            except (OSError, imaplib.IMAP4.error):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.remove()
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server, with all its connections."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def mailbox(self) -> Iterator[imaplib.IMAP4]:
        """Give the mailbox as its owner has it in a mail program."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as client:
            client.login(USER, PASSWORD)
            client.select("INBOX")
            yield client

    def deliver(self, *messages: bytes) -> None:
        """Put messages into the mailbox, unread."""
        with self.mailbox() as client:
            for message in messages:
                client.append("INBOX", "", None, message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def empty(self) -> None:
        """Take all messages away."""
        with self.mailbox() as client:
            _, found = client.search(None, "ALL")
            if found[0]:
                client.store("1:*", "+FLAGS", r"(\Deleted)")
                client.expunge()

    def count(self, criterion: str = "ALL", folder: str = "INBOX") -> int:
        """Return how many messages of the folder are so."""
        with self.mailbox() as client:
            client.select(folder)
            _, found = client.search(None, criterion)
            return len(found[0].split())

    def make_folder(self, name: str) -> None:
        """Make another folder."""
        with self.mailbox() as client:
            client.create(name)

    def _configure(self, *, idles: bool, moves: bool, certificate: tuple[Path, Path] | None) -> None:
        account = self._account
        left_out = [name for name, offered in (("IDLE", idles), ("MOVE", moves)) if not offered]
        whole = "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE UIDPLUS UNSELECT"
        capability = " ".join([whole, *({"IDLE", "MOVE"} - set(left_out))])
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", "utf-8")
        for name, path in zip(("cert.pem", "key.pem"), certificate or (), strict=False):
            shutil.copyfile(path, self.folder / name)
        config = _CONFIG.format(
            folder=self.folder,
            user=account.pw_name,
            group=grp.getgrgid(account.pw_gid).gr_name,
            uid=account.pw_uid,
            gid=account.pw_gid,
            ssl="yes" if certificate else "no",
            certificate="\n".join(f"ssl_{name} = <{self.folder}/{name}.pem" for name in ("cert", "key") if certificate),
            capability=f"imap_capability = {capability}" if left_out else "",
            port=self.port,
            tls_port=self.tls_port if certificate else 0,
        )
        (self.folder / "dovecot.conf").write_text(config, "utf-8")
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)


def _owner() -> str | None:
    """Return as whom the server runs: nobody in particular, where the tests run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
