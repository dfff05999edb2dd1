"""
What the services of a desk are made of, as its settings ask for it.

What not every desk needs at once, such as what reads mail, is loaded when it is first asked for: a server is to be
there at once.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from ticketing.domain.attachments import GIGABYTE, MEGABYTE
from ticketing.domain.findings import Finding
from ticketing.domain.incoming import DeskMail, Incoming, address_of
from ticketing.domain.outbox import read_sender
from ticketing.domain.received import Admission, UnknownSenders
from ticketing.domain.store import FarFiles
from ticketing.domain.webhooks import Answer, Post
from ticketing.figures import Figures
from ticketing.services.access import Clock, Gate
from ticketing.services.authenticator import Authenticator, Key
from ticketing.services.diagnosis import Setup
from ticketing.services.maintenance import require_open
from ticketing.services.passwords import Passwords
from ticketing.services.refusals import Refusals
from ticketing.services.repeating import note_done
from ticketing.services.room import Room
from ticketing.services.throttle import Throttle
from ticketing.settings import Settings
from ticketing.storage.backups import BackupFolder
from ticketing.storage.keys import KEY_BYTES, GivenKey, KeyFile
from ticketing.storage.place import Place
from ticketing.storage.url_files import look as look_at_files
from ticketing.storage.whole import WholeStore
from ticketing.watching import WatchedStore

if TYPE_CHECKING:
    from ticketing.delivery.clamd import Scanner
    from ticketing.delivery.openid import OpenIdProvider


class Parts:
    """
    What several services share: the watched store, who is let in, the keys, and what looks at files.

    `entrance` is the store for what goes on while the desk is being maintained. `password_rounds` is the cost of
    bcrypt.
    """

    def __init__(
        self, settings: Settings, whole: WholeStore, clock: Clock, password_rounds: int, far: FarFiles | None
    ) -> None:
        self.settings = settings
        self.whole = whole
        self.clock = clock
        self.far = far
        self.figures = Figures()
        denied = Refusals(whole, clock).note_denial
        self.store = WatchedStore(whole, self.figures, denied, require_open, note_done)
        self.entrance = WatchedStore(whole, self.figures, denied, note_done)
        self.gate = Gate(clock, settings.session_limits, second_factor_of=settings.second_factor_of)
        self.passwords = Passwords(rounds=password_rounds)
        self.throttle = Throttle(clock)
        self.key = key_of(settings, settings.second_factor_key, settings.key_file)
        self.authenticator = Authenticator(self.key)
        self.place = Place.of(settings.store_url)
        self.backups = BackupFolder(settings.backup_folder.absolute(), settings.backup_keep)
        self.largest_file = settings.max_upload_mb * MEGABYTE
        self._room = Room(self.store, clock, settings.max_files_gb * GIGABYTE) if settings.max_files_gb else None
        self._scanner = _scanner(settings)

    def scan(self, name: str, content: Iterable[bytes]) -> Iterable[bytes]:
        """Return what is in a file that comes in, of this name, once nothing speaks against it."""
        checked = self._scanner.over(name, content) if self._scanner else content
        return self._room.over(name, checked) if self._room else checked

    def look_at_storage(self) -> list[Finding]:
        """Look at where things are kept, and at what files depend on besides."""
        found = self.place.look()
        found += [look_at_files(self.far, self.clock())] if self.far else []
        found += [self._room.look()] if self._room else []
        return [*found, self._scanner.look()] if self._scanner else found

    def post(self, post: Post) -> Answer:
        """Post a message to a webhook; from a demo, whose passwords everybody knows, nothing goes out."""
        if self.settings.demo:
            return Answer(0, "A demo sends nothing.")
        from ticketing.delivery.webhook import Poster  # noqa: PLC0415 - see above

        return Poster(private=self.settings.private_webhooks).post(post)


def setup_of(settings: Settings) -> Setup:
    """Return what is told of a setup to those who run the desk."""
    return Setup(
        base_url=settings.base_url,
        is_public=settings.is_public,
        cookie=settings.cookie_name,
        backup_every=settings.backup_every,
        sends_mail=settings.smtp_server is not None,
        fetches_mail=settings.imap_url is not None,
        demo=settings.demo,
        configured=settings.configured(),
    )


def key_of(settings: Settings, given: SecretStr | None, file: Path) -> Key:
    """Return a key that is given or in a file; what keeps nothing keeps no key either."""
    if given:
        return GivenKey(hashlib.sha256(given.get_secret_value().encode()).digest())
    return GivenKey(secrets.token_bytes(KEY_BYTES)) if settings.store_url == "memory:" else KeyFile(file)


def admission(settings: Settings) -> Admission:
    """Return whose mail is taken."""
    unknown = UnknownSenders(settings.mail_unknown_senders)
    return Admission(
        unknown, settings.mail_allowed_senders or (), settings.mail_denied_senders or (), _own_addresses(settings)
    )


def reader(settings: Settings) -> Callable[[bytes], Incoming]:
    """Return what reads mail; what that takes is loaded when the first one comes in."""
    _, sender = read_sender(settings.mail_from) if settings.mail_from else ("", "")
    own = _own_addresses(settings)

    def read(raw: bytes) -> Incoming:
        from ticketing.delivery.mails import in_ascii  # noqa: PLC0415 - see above
        from ticketing.delivery.reading import read_mail  # noqa: PLC0415 - see above

        host = in_ascii(sender).rpartition("@")[2]
        return read_mail(raw, DeskMail(own, host, settings.mail_checked_by or ""))

    return read


def provider(settings: Settings) -> "OpenIdProvider | None":
    """Return the OpenID provider by which people sign in; None where there is none, as at every demo."""
    issuer, client_id, secret = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
    if issuer is None or client_id is None or settings.demo:
        return None
    from ticketing.delivery.openid import OpenIdProvider  # noqa: PLC0415 - see above

    shown = secret.get_secret_value() if secret else None
    return OpenIdProvider(issuer, client_id, shown, settings.oidc_name, f"{settings.base_url}/oidc/callback")


def _own_addresses(settings: Settings) -> frozenset[str]:
    """Return under which addresses the desk gets and sends mail, as far as it knows."""
    user = unquote(urlsplit(settings.imap_url.get_secret_value()).username or "") if settings.imap_url else ""
    _, sender = read_sender(settings.mail_from) if settings.mail_from else ("", "")
    return frozenset(filter(None, map(address_of, (user, sender))))


def _scanner(settings: Settings) -> "Scanner | None":
    """Return what looks for viruses; None where nobody does."""
    if settings.clamd_url is None:
        return None
    from ticketing.delivery.clamd import ClamdAddress, Scanner  # noqa: PLC0415 - see above

    return Scanner(ClamdAddress.read(settings.clamd_url), required=settings.clamd_required)
