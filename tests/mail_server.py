"""A real mail server for tests, on a socket of this machine, that behaves as badly as it is told."""

import asyncio
import socket
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ticketing.domain.outbox import SmtpServer

OK = "250 OK"


@dataclass
class Taken:
    """A mail that the server has taken, and for whom."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail as a mail program reads it."""
        read = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read

    @property
    def text(self) -> str:
        """What its plain part says."""
        part = self.mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class Behaviour:
    """
    What the server answers; by default it takes everything.

    `recipients` are answers to RCPT by address. Before or after DATA it drops the line `drops` times.
    """

    recipients: dict[str, str] = field(default_factory=dict)
    data: str = OK
    drops_before: int = 0
    drops_after: int = 0
    delay: float = 0.0


class MailServer:
    """
    A mail server from `with` to its end; `taken` is what it has taken, the oldest first.

    With a certificate it offers STARTTLS, or speaks TLS from the first byte on.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        password: str | None = None,
        certificate: ssl.SSLContext | None = None,
        is_tls: bool = False,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.taken: list[Taken] = []
        self.connections = 0
        self._password = password
        options: dict[str, Any] = {
            "hostname": "127.0.0.1",
            "port": 0,
            "ssl_context" if is_tls else "tls_context": certificate,
        }
        if password is not None:
            options |= {"authenticator": self._authenticate, "auth_require_tls": False}
        self._controller = _AnyPort(self, **options)

    @property
    def server(self) -> SmtpServer:
        """How it is reached."""
        return SmtpServer("127.0.0.1", self._controller.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Listen no more."""
        if not self._controller.loop.is_closed():
            self._controller.stop()

    async def handle_EHLO(  # noqa: N802 - names of aiosmtpd
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count who comes."""
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer as it was told for this address."""
        answer = self.behaviour.recipients.get(address, OK)
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the mail, or not, as it was told."""
        await asyncio.sleep(self.behaviour.delay)
        if self.behaviour.drops_before:
            self.behaviour.drops_before -= 1
            _drop(server)
            return "451 Dropped"
        if self.behaviour.data == OK:
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append(Taken(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        if self.behaviour.drops_after:
            self.behaviour.drops_after -= 1
            _drop(server)
        return self.behaviour.data

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data.password.decode() == self._password
        return AuthResult(success=is_right, handled=False)


class _AnyPort(Controller):
    """A controller whose port the machine chooses."""

    def _trigger_server(self) -> None:
        """Take note of the port, by which all find it from then on."""
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # as aiosmtpd has it


class SilentServer:
    """Takes connections and never says a word."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def server(self) -> SmtpServer:
        """How it is reached."""
        return SmtpServer("127.0.0.1", self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                self._open.append(self._socket.accept()[0])
            except OSError:
                return


def _drop(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()
