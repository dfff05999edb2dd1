"""
The desk: its services and what goes on by itself. Whatever comes in, by page, HTTP or command line, ends here.

What its services are made of is in `parts`, and how they are put together in `wiring`. What delivers is loaded when
it is first asked for: a server is to be there at once.
"""

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ticketing.background import Worker
from ticketing.domain.errors import SettingsError, StorageError
from ticketing.domain.findings import Finding, Level
from ticketing.domain.outbox import read_sender
from ticketing.domain.people import Actor
from ticketing.domain.store import FarFiles
from ticketing.logs import write_log
from ticketing.parts import Parts
from ticketing.services.access import Clock
from ticketing.services.cleaning import Cleaning
from ticketing.services.maintenance import is_closed
from ticketing.services.outbox import set_route
from ticketing.settings import Settings, read_settings
from ticketing.storage.backups import ScheduledBackups
from ticketing.storage.opening import open_store
from ticketing.storage.place import Place
from ticketing.storage.url_files import open_files
from ticketing.storage.whole import WholeStore
from ticketing.wiring import Services

if TYPE_CHECKING:
    from ticketing.delivery.dispatcher import Dispatcher
    from ticketing.delivery.mailbox import Fetcher
    from ticketing.delivery.webhook_dispatcher import WebhookDispatcher

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


class Desk(Services):
    """All that one can do, in one object; make it with `open_desk`."""

    def __init__(
        self,
        settings: Settings,
        whole: WholeStore,
        clock: Clock = utc_now,
        password_rounds: int = 12,
        far: FarFiles | None = None,
    ) -> None:
        parts = Parts(settings, whole, clock, password_rounds, far)
        super().__init__(parts)
        self.settings = settings
        self.store = whole
        self.clock = clock
        self.figures = parts.figures
        self.one_view, self.no_view = whole.one_view, whole.no_view

    def scheduled_backups(self) -> ScheduledBackups | None:
        """Return what makes backups in the background as the settings ask for them; None if they don't."""
        every = self.settings.backup_every
        if every is None or self.settings.demo:
            return None
        return ScheduledBackups(self.store, self._parts.backups, every, self.clock)

    def catch_up(self) -> list[str]:
        """Do all that is due by itself, now, unless it is to wait; return the names of the chores that failed."""
        if is_closed(self.store):
            return []
        failed = [*self._chores.do_all(), *self._clean()]
        if dispatcher := self.dispatcher():
            dispatcher.drain()
        if webhooks := self.webhook_dispatcher():
            webhooks.drain()
        fetcher = self.fetcher()
        return [*failed, "Fetching mail"] if fetcher and fetcher.fetch() else failed

    def _clean(self) -> list[str]:
        """Clean up where files are kept elsewhere; return the name of that if it failed."""
        try:
            if self._cleaning:
                self._cleaning.look()
        except StorageError as error:
            log.warning("%s had to wait: %s", Cleaning.name, error)
            return [Cleaning.name]
        return []

    def workers(self) -> list[Worker]:
        """Return what goes on beside the visitors while this desk is served."""
        found = [Worker("chores", self._chores.look)]
        if self._cleaning:
            found.append(Worker("cleaning", self._cleaning.look))
        if backups := self.scheduled_backups():
            found.append(Worker("backups", backups.look))
        if dispatcher := self.dispatcher():
            found.append(dispatcher)
        if webhooks := self.webhook_dispatcher():
            found.append(webhooks)
        return [*found, *filter(None, (self.fetcher(),))]

    def fetcher(self) -> "Fetcher | None":
        """Return what fetches mail in the background, or at once; None where there is no mailbox."""
        url = self.settings.imap_url
        if url is None or self.settings.demo:
            return None
        from ticketing.delivery.mailbox import Fetcher, MailboxAddress  # noqa: PLC0415 - see above

        return Fetcher(MailboxAddress.read(url.get_secret_value()), self.receiving.take, self.receiving.note_fetch)

    def dispatcher(self) -> "Dispatcher | None":
        """Return what sends mails in the background, or at once; None if none leave this desk."""
        server, sender = self.settings.smtp_server, self.settings.mail_from
        if server is None or sender is None:
            return None
        from ticketing.delivery.dispatcher import Dispatcher  # noqa: PLC0415 - see above

        return Dispatcher(self._sending, server, read_sender(sender), self.settings.base_url)

    def webhook_dispatcher(self) -> "WebhookDispatcher | None":
        """Return what posts to webhooks in the background, or at once; None at a demo."""
        if self.settings.demo:
            return None
        from ticketing.delivery.webhook import Poster  # noqa: PLC0415 - see above
        from ticketing.delivery.webhook_dispatcher import WebhookDispatcher  # noqa: PLC0415 - see above

        return WebhookDispatcher(self._webhook_sending, Poster(private=self.settings.private_webhooks))

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def open_desk(settings: Settings | None = None, *, clock: Clock = utc_now, password_rounds: int = 12) -> Desk:
    """
    Open the store that the settings name, with a first account if it has none, and return the desk over it.

    Raises SettingsError or StorageError with a sentence that says what to do. `password_rounds` is the cost of bcrypt.
    """
    settings = settings or read_settings()
    far = open_files(settings.files_address)
    desk = Desk(settings, open_store(settings.store_url, files=far), clock, password_rounds, far)
    try:
        make_ready(desk)
    except BaseException:
        desk.close()
        raise
    return desk


def make_ready(desk: Desk) -> None:
    """See to it that somebody can sign in, that nobody can whose password everybody knows, and that mails go out."""
    settings = desk.settings
    if settings.smtp_server is not None:
        set_route(desk.store, is_open=True, has_links=settings.base_url is not None)
    if settings.demo:
        if settings.is_public and not settings.demo_anywhere:
            raise SettingsError("A demo is for this machine alone: leave TICKETING_BASE_URL out.")
        desk.demo.ensure()
        return
    if desk.first_launch.is_of_a_demo:
        raise SettingsError("This data directory holds a demo. Start it with --demo, or choose another directory.")
    secret = settings.admin_password.get_secret_value() if settings.admin_password else None
    one_time_password = desk.first_launch.ensure(settings.base_url if settings.is_public else None, secret)
    if one_time_password:
        log.warning("First account: support_agent, one-time password: %s (shown once)", one_time_password)


def examine(settings: Settings) -> list[Finding]:
    """
    Look at a desk from the command line without changing it; that it cannot be opened is a finding as well.

    Of a store that cannot be opened nothing is called well.
    """
    try:
        far = open_files(settings.files_address)
        desk = Desk(settings, open_store(settings.store_url, read_only=True, files=far), far=far)
        try:
            return desk.health.findings(Actor.console())
        finally:
            desk.close()
    except StorageError as error:
        fix = "See to that first; what can be known only then is left out here."
        place = Place.of(settings.store_url)
        around = [finding for finding in (place.permanence(), *place.look()) if finding.level is not Level.OK]
        return [Finding(Level.PROBLEM, "files", str(error), fix), *around]


_opening = threading.Lock()
_shared: Desk | None = None
_in_background: list[Worker] = []


def shared_desk() -> Desk:
    """Return this process' desk, opened when first asked for; from then on it does what is due by itself."""
    global _shared  # noqa: PLW0603 - one store per process: its locks and memory are the process' own
    if _shared is not None:  # each call and each socket asks several times: they are not to wait for each other
        return _shared
    with _opening:
        if _shared is None:
            settings = read_settings()
            write_log(settings.log_format)
            _shared = open_desk(settings)
            if fleeting := _shared.health.throw_away:
                log.warning("%s %s", fleeting.says, fleeting.fix)
            if _shared.settings.smtp_server is None:
                set_route(_shared.store, is_open=False)
            _in_background.extend(_shared.workers())
            for worker in _in_background:
                worker.start()
        return _shared


def close_shared_desk() -> None:
    """Close this process' desk if it is open; the next request for it opens it again."""
    global _shared
    with _opening:
        while _in_background:
            _in_background.pop().stop()
        if _shared is not None:
            closing, _shared = _shared, None
            closing.close()
