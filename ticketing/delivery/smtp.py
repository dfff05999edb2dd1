"""Handing mails over to a mail server (RFC 5321): one connection for several, and a small answer for each."""

import re
import smtplib
import ssl
from email.message import EmailMessage
from types import TracebackType
from typing import Final, Self

from ticketing.delivery.mails import in_ascii
from ticketing.domain.outbox import Outcome, Result, SmtpServer
from ticketing.domain.text import printable

# For each step of the conversation: to connect, and to wait for each answer.
TIMEOUT: Final = 10.0
_LONGEST_SENTENCE: Final = 300
# What a server says of us and not of the mail (RFC 4954): the settings are wrong, which does not have to stay so.
_ABOUT_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_TRANSIENT: Final = range(400, 500)

_NO_TLS: Final = "The mail server offers no STARTTLS, without which TICKETING_SMTP_URL says nothing is to be sent."
_NO_AUTH: Final = "The mail server takes no user name and password here. Look at TICKETING_SMTP_URL."
_WRONG_AUTH: Final = "The mail server does not take the user name and password of TICKETING_SMTP_URL."
_NO_UTF8: Final = "The mail server takes no addresses with such letters."
_BROKE_OFF: Final = "The mail server broke off the connection."
_TOO_SLOW: Final = "The mail server did not answer in time."


class SmtpConnection:
    """
    A connection to a mail server, opened with the first mail and anew after it broke off.

    `is_reachable` turns false when there was no getting through, and all else that is to be sent waits.
    """

    def __init__(self, server: SmtpServer, name: str, timeout: float = TIMEOUT) -> None:
        self._server = server
        self._name = name
        self._timeout = timeout
        self._smtp: smtplib.SMTP | None = None
        self._unreachable: Outcome | None = None

    @property
    def is_reachable(self) -> bool:
        """Whether there was no trouble in getting through to the server."""
        return self._unreachable is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> Outcome:
        """Hand a mail over to be delivered to this one address and to no other; whatever a server does, it is told."""
        if self._unreachable is not None:
            return self._unreachable
        try:
            smtp = self._opened()
        except (smtplib.SMTPException, OSError) as error:
            self._unreachable = self._not_through(error)
            self._close()
            return self._unreachable
        try:
            smtp.send_message(mail, in_ascii(sender), [in_ascii(recipient)])
        except (smtplib.SMTPException, OSError) as error:
            return self._refused(error)
        return Outcome(Result.SENT)

    def _opened(self) -> smtplib.SMTP:
        if self._smtp is None or self._smtp.sock is None:
            self._smtp = self._connected()
            self._greet(self._smtp)
        return self._smtp

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls:
            return smtplib.SMTP_SSL(
                server.host, server.port, self._name, timeout=self._timeout, context=ssl.create_default_context()
            )
        return smtplib.SMTP(server.host, server.port, self._name, timeout=self._timeout)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._server.starttls:
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
        if self._server.username:
            smtp.login(self._server.username, self._server.password)

    def _not_through(self, error: Exception) -> Outcome:
        """Say why there was no getting through, which may be better another time."""
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return Outcome(Result.AGAIN, f"{_WRONG_AUTH} {self._said(error.smtp_error)}".strip())
        if isinstance(error, smtplib.SMTPNotSupportedError):
            is_about_tls = self._server.starttls and not self._has_tls()
            return Outcome(Result.AGAIN, _NO_TLS if is_about_tls else _NO_AUTH)
        if isinstance(error, smtplib.SMTPResponseException):
            return Outcome(Result.AGAIN, f"{error.smtp_code} {self._said(error.smtp_error)}")
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return _broken(error)
        return Outcome(Result.AGAIN, f"The mail server {self._server.host} cannot be reached: {_reason(error)}.")

    def _refused(self, error: Exception) -> Outcome:
        """Say what came of a mail that was not taken, or of which that cannot be known."""
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            return self._answer(*next(iter(error.recipients.values())))
        if isinstance(error, smtplib.SMTPResponseException):
            return self._answer(error.smtp_code, error.smtp_error)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return Outcome(Result.REFUSED, _NO_UTF8)
        self._close()
        return _broken(error)

    def _has_tls(self) -> bool:
        return isinstance(getattr(self._smtp, "sock", None), ssl.SSLSocket)

    def _answer(self, code: int, said: bytes | str) -> Outcome:
        """Judge a refusal by its code: what begins with 4 is worth another try, what begins with 5 is not."""
        is_worth_a_try = code in _TRANSIENT or code in _ABOUT_SIGN_IN or code <= 0
        return Outcome(Result.AGAIN if is_worth_a_try else Result.REFUSED, f"{code} {self._said(said)}".strip())

    def _said(self, answer: bytes | str) -> str:
        """Return a server's sentence on one line, without what nobody is to read."""
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        for secret in filter(None, (self._server.password, self._server.username)):
            text = text.replace(secret, "…")
        return re.sub(r"\s+", " ", printable(text)).strip()[:_LONGEST_SENTENCE]

    def _close(self) -> None:
        """End politely what still stands, and let go in any case."""
        if self._smtp is None:
            return
        try:
            if self._smtp.sock is not None:
                self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            pass
        finally:
            self._smtp.close()
            self._smtp = None


def _broken(error: Exception) -> Outcome:
    """Tell a line that broke from an answer that did not come, which the standard library takes for the same."""
    is_slow = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return Outcome(Result.AGAIN, _TOO_SLOW if is_slow else _BROKE_OFF)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
