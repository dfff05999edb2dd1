"""
The desk: all services wired to one store. Whatever comes in, by page, HTTP or command line, ends here.

What a desk at work never needs, such as the import from the original app, is loaded when it is first asked for: a
server is to be there at once.
"""

import hashlib
import logging
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from ticketing.background import Worker
from ticketing.domain.attachments import GIGABYTE, MEGABYTE
from ticketing.domain.errors import SettingsError, StorageError
from ticketing.domain.findings import Finding, Level
from ticketing.domain.incoming import DeskMail, Incoming, address_of
from ticketing.domain.outbox import read_sender
from ticketing.domain.people import Actor
from ticketing.domain.received import Admission, UnknownSenders
from ticketing.domain.store import FarFiles, Store
from ticketing.domain.webhooks import Answer, Post
from ticketing.figures import Figures
from ticketing.logs import write_log
from ticketing.services.access import Clock, Gate
from ticketing.services.access_tokens import AccessTokens
from ticketing.services.accounts import Accounts
from ticketing.services.addresses import Addresses
from ticketing.services.agents import Agents
from ticketing.services.anonymising import Anonymising
from ticketing.services.articles import Articles
from ticketing.services.attachments import Attachments
from ticketing.services.audit import Audit
from ticketing.services.authenticator import Authenticator, Key
from ticketing.services.bulk import Bulk
from ticketing.services.chores import Chores
from ticketing.services.cleaning import Cleaning
from ticketing.services.definitions import Definitions
from ticketing.services.diagnosis import Setup
from ticketing.services.drafts import Drafts
from ticketing.services.due_times import DueTimes
from ticketing.services.first_launch import FirstLaunch
from ticketing.services.front import Front
from ticketing.services.health import Health, Surroundings
from ticketing.services.inbox import Inbox
from ticketing.services.invitations import Invitations
from ticketing.services.live import Live
from ticketing.services.maintenance import is_closed, require_open
from ticketing.services.openid import OpenId
from ticketing.services.outbox import Outbox, set_route
from ticketing.services.password_resets import PasswordResets
from ticketing.services.passwords import Passwords
from ticketing.services.preferences import Preferences
from ticketing.services.rating_links import RatingLinks
from ticketing.services.receiving import Receiving
from ticketing.services.recurring import Recurring
from ticketing.services.refusals import Refusals
from ticketing.services.relations import Relations
from ticketing.services.reports import Reports
from ticketing.services.retention import Retention
from ticketing.services.room import Room
from ticketing.services.rules import Rules
from ticketing.services.second_factors import SecondFactors
from ticketing.services.sending import Sending
from ticketing.services.sessions import Sessions
from ticketing.services.similar import Similar
from ticketing.services.throttle import Throttle
from ticketing.services.tickets import Tickets
from ticketing.services.tokens import Tokens
from ticketing.services.viewing import Viewing
from ticketing.services.watch_links import WatchLinks
from ticketing.services.watching import Watching
from ticketing.services.webhook_secrets import WebhookSecrets
from ticketing.services.webhook_sending import WebhookSending
from ticketing.services.webhooks import Webhooks
from ticketing.settings import Settings, read_settings
from ticketing.storage.backups import BackupFolder, ScheduledBackups
from ticketing.storage.keys import KEY_BYTES, GivenKey, KeyFile
from ticketing.storage.opening import open_store
from ticketing.storage.place import Place
from ticketing.storage.url_files import look as look_at_files
from ticketing.storage.url_files import open_files
from ticketing.storage.whole import WholeStore
from ticketing.watching import WatchedStore, watched

if TYPE_CHECKING:
    from ticketing.delivery.clamd import Scanner
    from ticketing.delivery.dispatcher import Dispatcher
    from ticketing.delivery.mailbox import Fetcher
    from ticketing.delivery.openid import OpenIdProvider
    from ticketing.delivery.webhook_dispatcher import WebhookDispatcher
    from ticketing.services.demonstration.demo import Demo
    from ticketing.services.moving.exports import Exports
    from ticketing.services.moving.imports import Imports
    from ticketing.services.moving.lists import Lists
    from ticketing.services.moving.personal import PersonalData
    from ticketing.services.moving.seeds import Seeds
    from ticketing.services.moving.settings_files import SettingsFiles

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


class Desk:
    """All that one can do, in one object; make it with `open_desk`."""

    def __init__(
        self,
        settings: Settings,
        whole: WholeStore,
        clock: Clock = utc_now,
        password_rounds: int = 12,
        far: FarFiles | None = None,
    ) -> None:
        self.settings = settings
        self.store = whole
        self.clock = clock
        self.figures = figures = Figures()
        self.one_view, self.no_view = whole.one_view, whole.no_view
        denied = Refusals(whole, clock).note_denial
        self._store = store = WatchedStore(whole, figures, denied, require_open)
        self._entrance = WatchedStore(whole, figures, denied)  # for what goes on while the desk is being maintained
        self._scanner = _scanner(settings)
        self._room = Room(store, clock, settings.max_files_gb * GIGABYTE) if settings.max_files_gb else None
        self._gate = gate = Gate(clock, settings.session_limits, second_factor_of=settings.second_factor_of)
        self._passwords = Passwords(rounds=password_rounds)
        self._key = _key(settings, settings.second_factor_key, settings.key_file)
        self._let_people_in(store, self._entrance)
        self._connect_mail(store)
        self._connect_webhooks(store)
        self._chores = chores = Chores(store, clock, gate)
        tickets = Tickets(store, clock, gate, chores, tickets_per_hour=settings.tickets_per_hour)
        self.tickets = watched("tickets", tickets, figures)
        self.watching = watched("watching", Watching(store, clock, gate), figures)
        self.drafts = watched("drafts", Drafts(store, clock, gate), figures)
        self.inbox = watched("inbox", Inbox(store, clock, gate), figures)
        self.due_times = watched("due_times", DueTimes(store, clock, gate), figures)
        self.definitions = watched("definitions", Definitions(store, clock, gate), figures)
        self.recurring = watched("recurring", Recurring(store, clock, gate), figures)
        self.preferences = watched("preferences", Preferences(store, gate), figures)
        relations = Relations(store, clock, gate)
        self.relations = watched("relations", relations, figures)
        self.bulk = watched("bulk", Bulk(store, clock, gate, relations), figures)
        self.retention = watched("retention", Retention(store, clock, gate), figures)
        self.rules = watched("rules", Rules(store, clock, gate), figures)
        self.reports = watched("reports", Reports(store, clock, gate), figures)
        self.audit = watched("audit", Audit(store, clock, gate), figures)
        self.articles = watched("articles", Articles(store, clock, gate), figures)
        attachments = Attachments(store, clock, gate, settings.max_upload_mb * MEGABYTE, self._scan)
        self.attachments = watched("attachments", attachments, figures)
        self.similar = watched("similar", Similar(store, gate), figures)
        self.live = watched("live", Live(store, clock, gate), figures)
        self._cleaning = Cleaning(store, far, clock) if far else None
        self._backups = BackupFolder(settings.backup_folder.absolute(), settings.backup_keep)
        storage = Place.of(settings.store_url)
        around = Surroundings(
            storage.permanence(),
            lambda: [*storage.look(), *self._look_at_files(far)],
            lambda: self._backups.newest,
            self._authenticator.find_key_id,
        )
        health = Health(store, clock, gate, _setup(settings), around, figures)
        self.health = watched("health", health, figures)
        self.front = watched("front", Front(store, clock, gate), figures)

    def _let_people_in(self, store: Store, entrance: Store) -> None:
        """Wire what has to do with who people are."""
        settings, clock, gate, passwords, figures = self.settings, self.clock, self._gate, self._passwords, self.figures
        throttle, limits = Throttle(clock), settings.session_limits
        self._authenticator = authenticator = Authenticator(self._key)
        accounts = Accounts(
            store,
            clock,
            gate,
            passwords,
            throttle,
            authenticator=authenticator,
            limits=limits,
            registration_open=settings.registration == "open",
            entrance=entrance,
        )
        issuer = urlsplit(settings.base_url or "").hostname or "Help desk"
        factors = SecondFactors(store, clock, gate, passwords, throttle, authenticator, issuer)
        agents = Agents(
            store, clock, gate, passwords, throttle, agents_may_register_agents=settings.agents_may_register_agents
        )
        signing = AccessTokens(
            _key(settings, settings.token_key, settings.token_key_file), settings.base_url or "http://localhost"
        )
        tokens = Tokens(store, clock, gate, accounts, signing, entrance)
        self.tokens = watched("tokens", tokens, figures)
        self.accounts = watched("accounts", accounts, figures)
        self.addresses = watched("addresses", Addresses(store, clock, gate, throttle), figures)
        resets = PasswordResets(store, clock, passwords, throttle)
        self.password_resets = watched("password_resets", resets, figures)
        self.sessions = watched("sessions", Sessions(entrance, clock, gate, limits), figures)
        self.viewing = watched("viewing", Viewing(store, clock, gate), figures)
        self.agents = watched("agents", agents, figures)
        invitations = Invitations(
            store, clock, gate, passwords, throttle, agents_may_register_agents=settings.agents_may_register_agents
        )
        self.invitations = watched("invitations", invitations, figures)
        self.second_factors = watched("second_factors", factors, figures)
        self.anonymising = watched("anonymising", Anonymising(store, clock, gate), figures)
        self.first_launch = FirstLaunch(entrance, clock, passwords)
        provider, registration_open = _provider(settings), settings.registration == "open"
        openid = OpenId(entrance, clock, gate, throttle, provider, registration_open=registration_open)
        self.openid = watched("openid", openid, figures)

    def _connect_mail(self, store: Store) -> None:
        """Wire what has to do with mail."""
        settings, clock, gate, figures = self.settings, self.clock, self._gate, self.figures
        self._sending = Sending(self._entrance, clock)
        self.outbox = watched("outbox", Outbox(store, clock, gate), figures)
        self.rating_links = watched("rating_links", RatingLinks(store, clock), figures)
        self.watch_links = watched("watch_links", WatchLinks(store), figures)
        largest = settings.max_upload_mb * MEGABYTE
        receiving = Receiving(
            store, clock, gate, _reader(settings), _admission(settings), largest=largest, scan=self._scan
        )
        self.receiving = watched("receiving", receiving, figures)

    def _connect_webhooks(self, store: Store) -> None:
        """Wire what has to do with webhooks."""
        settings, clock, secrets = self.settings, self.clock, WebhookSecrets(self._key)
        self._webhook_sending = WebhookSending(self._entrance, clock, secrets, settings.base_url or "")
        webhooks = Webhooks(store, clock, self._gate, secrets, self._post, private=settings.private_webhooks)
        self.webhooks = watched("webhooks", webhooks, self.figures)

    def _post(self, post: Post) -> Answer:
        """Post a message to a webhook; from a demo, whose passwords everybody knows, nothing goes out."""
        if self.settings.demo:
            return Answer(0, "A demo sends nothing.")
        from ticketing.delivery.webhook import Poster  # noqa: PLC0415 - see above

        return Poster(private=self.settings.private_webhooks).post(post)

    @cached_property
    def seeds(self) -> "Seeds":
        """What comes in from the original app."""
        from ticketing.services.moving.seeds import Seeds  # noqa: PLC0415 - see above

        return Seeds(self.store, self.clock, self._gate, self._passwords)

    @cached_property
    def imports(self) -> "Imports":
        """What comes in from other help desks."""
        from ticketing.delivery.html_text import text_of  # noqa: PLC0415 - see above
        from ticketing.services.moving.imports import Imports  # noqa: PLC0415 - see above

        largest = self.settings.max_upload_mb * MEGABYTE
        return Imports(self._store, self.clock, self._gate, text_of, largest=largest, scan=self._scan)

    @cached_property
    def exports(self) -> "Exports":
        """What goes out for use elsewhere."""
        from ticketing.services.moving.exports import Exports  # noqa: PLC0415 - see above

        return Exports(self._store, self.clock, self._gate)

    @cached_property
    def lists(self) -> "Lists":
        """Lists of tickets to take along."""
        from ticketing.services.moving.lists import Lists  # noqa: PLC0415 - see above

        return Lists(self._store, self.clock, self._gate)

    @cached_property
    def personal_data(self) -> "PersonalData":
        """What is stored about people, to take along."""
        from ticketing.services.moving.personal import PersonalData  # noqa: PLC0415 - see above

        return PersonalData(self._store, self.clock, self._gate)

    @cached_property
    def settings_files(self) -> "SettingsFiles":
        """What is set up, as one file."""
        from ticketing.services.moving.settings_files import SettingsFiles  # noqa: PLC0415 - see above

        return SettingsFiles(self._store, self.clock, self._gate)

    @cached_property
    def demo(self) -> "Demo":
        """Invented people and tickets."""
        from ticketing.services.demonstration.demo import Demo  # noqa: PLC0415 - see above

        return Demo(self.store, self.clock, self._gate, self._passwords)

    def scheduled_backups(self) -> ScheduledBackups | None:
        """Return what makes backups in the background as the settings ask for them; None if they don't."""
        every = self.settings.backup_every
        if every is None or self.settings.demo:
            return None
        return ScheduledBackups(self.store, self._backups, every, self.clock)

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

    def _scan(self, name: str, content: Iterable[bytes]) -> Iterable[bytes]:
        """Return what is in a file that comes in, of this name, once nothing speaks against it."""
        checked = self._scanner.over(name, content) if self._scanner else content
        return self._room.over(name, checked) if self._room else checked

    def webhook_dispatcher(self) -> "WebhookDispatcher | None":
        """Return what posts to webhooks in the background, or at once; None at a demo."""
        if self.settings.demo:
            return None
        from ticketing.delivery.webhook import Poster  # noqa: PLC0415 - see above
        from ticketing.delivery.webhook_dispatcher import WebhookDispatcher  # noqa: PLC0415 - see above

        return WebhookDispatcher(self._webhook_sending, Poster(private=self.settings.private_webhooks))

    def _look_at_files(self, far: FarFiles | None) -> list[Finding]:
        """Look at what else files depend on."""
        found = [look_at_files(far, self.clock())] if far else []
        found += [self._room.look()] if self._room else []
        return [*found, self._scanner.look()] if self._scanner else found

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def _setup(settings: Settings) -> Setup:
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


def _key(settings: Settings, given: SecretStr | None, file: Path) -> Key:
    """Return a key that is given or in a file; what keeps nothing keeps no key either."""
    if given:
        return GivenKey(hashlib.sha256(given.get_secret_value().encode()).digest())
    return GivenKey(secrets.token_bytes(KEY_BYTES)) if settings.store_url == "memory:" else KeyFile(file)


def _admission(settings: Settings) -> Admission:
    unknown = UnknownSenders(settings.mail_unknown_senders)
    return Admission(
        unknown, settings.mail_allowed_senders or (), settings.mail_denied_senders or (), _own_addresses(settings)
    )


def _own_addresses(settings: Settings) -> frozenset[str]:
    """Return under which addresses the desk gets and sends mail, as far as it knows."""
    user = unquote(urlsplit(settings.imap_url.get_secret_value()).username or "") if settings.imap_url else ""
    _, sender = read_sender(settings.mail_from) if settings.mail_from else ("", "")
    return frozenset(filter(None, map(address_of, (user, sender))))


def _reader(settings: Settings) -> Callable[[bytes], Incoming]:
    """Return what reads mail; what that takes is loaded when the first one comes in."""
    _, sender = read_sender(settings.mail_from) if settings.mail_from else ("", "")
    own = _own_addresses(settings)

    def read(raw: bytes) -> Incoming:
        from ticketing.delivery.mails import in_ascii  # noqa: PLC0415 - see above
        from ticketing.delivery.reading import read_mail  # noqa: PLC0415 - see above

        host = in_ascii(sender).rpartition("@")[2]
        return read_mail(raw, DeskMail(own, host, settings.mail_checked_by or ""))

    return read


def _provider(settings: Settings) -> "OpenIdProvider | None":
    """Return the OpenID provider by which people sign in; None where there is none, as at every demo."""
    issuer, client_id, secret = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
    if issuer is None or client_id is None or settings.demo:
        return None
    from ticketing.delivery.openid import OpenIdProvider  # noqa: PLC0415 - see above

    shown = secret.get_secret_value() if secret else None
    return OpenIdProvider(issuer, client_id, shown, settings.oidc_name, f"{settings.base_url}/oidc/callback")


def _scanner(settings: Settings) -> "Scanner | None":
    """Return what looks for viruses; None where nobody does."""
    if settings.clamd_url is None:
        return None
    from ticketing.delivery.clamd import ClamdAddress, Scanner  # noqa: PLC0415 - see above

    return Scanner(ClamdAddress.read(settings.clamd_url), required=settings.clamd_required)


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
    global _shared  # noqa: PLW0603 - see shared_desk
    with _opening:
        while _in_background:
            _in_background.pop().stop()
        if _shared is not None:
            _shared.close()
            _shared = None
