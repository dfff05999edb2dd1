"""
The mailbox from which mail comes in, by IMAP (RFC 3501), told of new mail where the server does that (IDLE, RFC 2177).

Nothing is ever deleted there. Once the desk has a message it is marked as seen, or moved where the address of the
mailbox says so. What is cut off between the two is fetched again, and the desk knows it by then. So any number of
processes may look into one mailbox.
"""

import imaplib
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from ticketing.background import Worker
from ticketing.domain.errors import SettingsError, StorageError
from ticketing.domain.incoming import MAIL_LIMIT

if TYPE_CHECKING:
    from imap_tools.mailbox import BaseMailBox

SETTING: Final = "TICKETING_IMAP_URL"
# In seconds. No answer of a server takes longer; many forget a connection that is idle for some minutes.
TIMEOUT: Final = 30.0
POLL_EVERY: Final = 60.0
_IDLE_FOR: Final = 120.0
_GLANCE: Final = 1.0
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 600.0
_NEW: Final = "UNSEEN UNDELETED"
_PORTS: Final = {"imap": 143, "imaps": 993}

log = logging.getLogger(__name__)


class MailboxError(Exception):
    """The mailbox cannot be looked into; the text is a sentence without any secret."""


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    """Where the mailbox is, and how to get in; `moves_to` is the folder for what the desk has, "" for none."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    is_tls: bool = True
    starts_tls: bool = False
    moves_to: str = ""

    @classmethod
    def read(cls, url: str) -> Self:
        """
        Read `imaps://USER:PASSWORD@HOST[:PORT]/FOLDER`, or `imap://…?starttls=1`; `move_to=FOLDER` may stand behind.

        Raises SettingsError, which quotes nothing of it.
        """
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query))
        starts_tls, moves_to = asked.pop("starttls", "0"), asked.pop("move_to", "")
        if asked or starts_tls not in {"0", "1"}:
            raise SettingsError(
                f"{SETTING} takes starttls=1 and move_to=FOLDER behind its question mark, nothing else."
            )
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            is_tls=parts.scheme == "imaps",
            starts_tls=starts_tls == "1",
            moves_to=moves_to,
        )


class Mailbox:
    """One connection to the mailbox."""

    def __init__(self, box: "BaseMailBox", address: MailboxAddress) -> None:
        self._box = box
        self._address = address
        _, told = box.client.capability()  # of which a server tells the whole only to whom it knows
        self._can = set(told[-1].decode("ascii", "replace").upper().split())

    @property
    def tells(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return "IDLE" in self._can

    def new(self) -> Iterator[tuple[str, bytes]]:
        """Yield what is new, each message with its number, as it is; of one that is too large only the beginning."""
        for uid in self._box.uids(_NEW, charset=None):
            _, told = self._box.client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAIL_LIMIT + 1}>)")
            raw = next((part[1] for part in told if isinstance(part, tuple)), None)
            if raw is not None:  # another process may have moved it
                yield uid, raw

    def done(self, uid: str) -> None:
        """Mark a message as seen, or move it; a server that cannot move gets a copy, and the original stays as seen."""
        from imap_tools.utils import encode_folder  # noqa: PLC0415 - see `_connection`

        client, folder = self._box.client, self._address.moves_to
        if not folder:
            _require(client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"), "A message could not be marked as seen.")
            return
        refusal = f"A message could not be moved to the folder “{folder}”. Is it there?"
        if "MOVE" in self._can:
            _require(client.uid("MOVE", uid, encode_folder(folder).decode()), refusal)
            return
        _require(client.uid("COPY", uid, encode_folder(folder).decode()), refusal)
        _require(client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"), "A message could not be marked as seen.")

    def wait(self, is_over: Callable[[], bool]) -> None:
        """Wait until the server tells of something, or for two minutes."""
        idle, end = self._box.idle, time.monotonic() + _IDLE_FOR
        idle.start()  # type: ignore[no-untyped-call]
        while not is_over() and (began := time.monotonic()) < end:
            told = idle.poll(_GLANCE)
            if told or time.monotonic() - began < _GLANCE / 2:  # without a word at once: the connection is gone
                break
        idle.stop()  # type: ignore[no-untyped-call]


class Fetcher(Worker):
    """Fetches mail: all that is there now, or from `start` to `stop` whatever comes in."""

    def __init__(
        self,
        address: MailboxAddress,
        take: Callable[[bytes], object],
        note: Callable[[str], None],
        *,
        poll_every: float = POLL_EVERY,
        timeout: float = TIMEOUT,
    ) -> None:
        """Take in each message by *take*, which raises StorageError alone, and *note* each look and why one failed."""
        super().__init__("mailbox", self._look, every=_FIRST_PAUSE)
        self._address = address
        self._take = take
        self._note = note
        self._poll_every = poll_every
        self._timeout = timeout
        self._is_ending = threading.Event()
        self._failures = 0
        self._not_before = 0.0

    def fetch(self) -> str:
        """Fetch all that is new; return why that failed, "" if it did not."""
        return self._attempt(self._fetch)

    def stop(self) -> None:
        """Fetch nothing more, and give the message that is on its way a while to arrive."""
        self._is_ending.set()
        super().stop()

    def _look(self) -> bool:
        """Stay in the mailbox as long as that goes well; after each failure in a row wait longer."""
        if time.monotonic() >= self._not_before and self._attempt(self._stay):
            self._not_before = time.monotonic() + min(_FIRST_PAUSE * 2**self._failures, _LONGEST_PAUSE)
            self._failures += 1
        return False

    def _attempt(self, deed: Callable[[Mailbox], None]) -> str:
        try:
            with opened(self._address, self._timeout) as mailbox:
                deed(mailbox)
        except MailboxError as error:
            failure = str(error)
        except StorageError as error:
            log.warning("Mail has to wait in its mailbox: %s", error)
            return str(error)
        except Exception:
            log.exception("Mail could not be fetched")
            failure = "Mail could not be fetched; the log says more."
        else:
            return ""
        log.warning("%s", failure)
        with suppress(StorageError):
            self._note(failure)
        return failure

    def _fetch(self, mailbox: Mailbox) -> None:
        for uid, raw in mailbox.new():
            if self._is_ending.is_set():
                return
            self._take(raw)
            mailbox.done(uid)
        self._note("")

    def _stay(self, mailbox: Mailbox) -> None:
        """Fetch again and again, over one connection."""
        while not self._is_ending.is_set():
            self._fetch(mailbox)
            self._failures = 0
            if mailbox.tells:
                mailbox.wait(self._is_ending.is_set)
            else:
                self._is_ending.wait(self._poll_every)


@contextmanager
def opened(address: MailboxAddress, timeout: float = TIMEOUT) -> Iterator[Mailbox]:
    """Give the mailbox, in a connection that ends with the block; what goes wrong with it is a MailboxError."""
    from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError  # noqa: PLC0415 - below

    host = address.host
    try:
        with _connection(address, timeout) as box:
            yield Mailbox(box, address)
    except MailboxLoginError:
        raise MailboxError(f"The mail server {host} refuses the user or the password.") from None
    except MailboxFolderSelectError:
        raise MailboxError(f"The mail server {host} has no folder “{address.folder}” for this user.") from None
    except (ImapToolsError, imaplib.IMAP4.error) as error:
        is_gone = isinstance(error, imaplib.IMAP4.abort)
        what = "has closed the connection" if is_gone else "refuses what the desk asks for"
        raise MailboxError(f"The mail server {host} {what}.") from error
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or "the other side speaks no TLS"
        raise MailboxError(f"There is no safe connection to the mail server {host}: {_in_words(why)}.") from error
    except TimeoutError as error:
        raise MailboxError(f"The mail server {host} does not answer.") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise MailboxError(f"The mail server {host} cannot be reached: {_in_words(why)}.") from error


@contextmanager
def _connection(address: MailboxAddress, timeout: float) -> Iterator["BaseMailBox"]:
    """Sign in; the library is loaded only when there is a mailbox to look into, since a start is to be quick."""
    from imap_tools.mailbox import MailBox, MailBoxUnencrypted  # noqa: PLC0415 - see above

    box: BaseMailBox
    if address.is_tls:
        trusted = ssl.create_default_context()
        box = MailBox(address.host, address.port, timeout=timeout, ssl_context=trusted)
    else:
        box = MailBoxUnencrypted(address.host, address.port, timeout=timeout)
    try:
        if address.starts_tls:
            box.client.starttls(ssl.create_default_context())
        is_plain = (address.user + address.password).isascii()
        (box.login if is_plain else box.login_utf8)(address.user, address.password, address.folder)
        yield box
        box.logout()
    finally:
        with suppress(OSError):
            box.client.shutdown()


def _require(answer: tuple[str, object], refusal: str) -> None:
    if answer[0] != "OK":
        raise MailboxError(refusal)


def _in_words(reason: str) -> str:
    """Return what a library says as the end of a sentence."""
    words = reason.replace("_", " ").strip().rstrip(".")
    return words[:1].lower() + words[1:] if words[1:2].islower() else words.lower()
