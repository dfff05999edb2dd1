"""
All services, wired to one store: what is made of what.

What a desk at work never needs, such as the import from the original app, is loaded when it is first asked for: a
server is to be there at once.
"""

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ticketing.parts import Parts, admission, key_of, provider, reader, setup_of
from ticketing.services.access_tokens import AccessTokens
from ticketing.services.accounts import Accounts
from ticketing.services.addresses import Addresses
from ticketing.services.agents import Agents
from ticketing.services.anonymising import Anonymising
from ticketing.services.articles import Articles
from ticketing.services.attachments import Attachments
from ticketing.services.audit import Audit
from ticketing.services.bulk import Bulk
from ticketing.services.chores import Chores
from ticketing.services.cleaning import Cleaning
from ticketing.services.definitions import Definitions
from ticketing.services.drafts import Drafts
from ticketing.services.due_times import DueTimes
from ticketing.services.first_launch import FirstLaunch
from ticketing.services.front import Front
from ticketing.services.health import Health, Surroundings
from ticketing.services.inbox import Inbox
from ticketing.services.invitations import Invitations
from ticketing.services.live import Live
from ticketing.services.openid import OpenId
from ticketing.services.outbox import Outbox
from ticketing.services.password_resets import PasswordResets
from ticketing.services.preferences import Preferences
from ticketing.services.rating_links import RatingLinks
from ticketing.services.receiving import Receiving
from ticketing.services.recurring import Recurring
from ticketing.services.relations import Relations
from ticketing.services.repeating import Repeats
from ticketing.services.reports import Reports
from ticketing.services.retention import Retention
from ticketing.services.rules import Rules
from ticketing.services.second_factors import SecondFactors
from ticketing.services.sending import Sending
from ticketing.services.sessions import Sessions
from ticketing.services.similar import Similar
from ticketing.services.tickets import Tickets
from ticketing.services.tokens import Tokens
from ticketing.services.viewing import Viewing
from ticketing.services.watch_links import WatchLinks
from ticketing.services.watching import Watching
from ticketing.services.webhook_secrets import WebhookSecrets
from ticketing.services.webhook_sending import WebhookSending
from ticketing.services.webhooks import Webhooks
from ticketing.watching import watched

if TYPE_CHECKING:
    from ticketing.services.demonstration.demo import Demo
    from ticketing.services.moving.exports import Exports
    from ticketing.services.moving.imports import Imports
    from ticketing.services.moving.lists import Lists
    from ticketing.services.moving.personal import PersonalData
    from ticketing.services.moving.seeds import Seeds
    from ticketing.services.moving.settings_files import SettingsFiles


class Services:
    """The services of a desk, by name; what is done with those that are watched shows in its log and figures."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._let_people_in(parts)
        self._keep_tickets(parts)
        self._carry_mail(parts)
        self._connect_webhooks(parts)
        self._set_up(parts)
        self._look_after(parts)

    def _let_people_in(self, parts: Parts) -> None:
        """Wire what has to do with who people are."""
        settings, figures = parts.settings, parts.figures
        store, entrance, clock, gate = parts.store, parts.entrance, parts.clock, parts.gate
        passwords, throttle = parts.passwords, parts.throttle
        may_register = settings.agents_may_register_agents
        registration_open = settings.registration == "open"
        accounts = Accounts(
            store,
            clock,
            gate,
            passwords,
            throttle,
            authenticator=parts.authenticator,
            limits=settings.session_limits,
            registration_open=registration_open,
            entrance=entrance,
        )
        self.accounts = watched("accounts", accounts, figures)
        self.sessions = watched("sessions", Sessions(entrance, clock, gate, settings.session_limits), figures)
        self.viewing = watched("viewing", Viewing(store, clock, gate), figures)
        openid = OpenId(entrance, clock, gate, throttle, provider(settings), registration_open=registration_open)
        self.openid = watched("openid", openid, figures)
        issuer = urlsplit(settings.base_url or "").hostname or "Help desk"
        factors = SecondFactors(store, clock, gate, passwords, throttle, parts.authenticator, issuer)
        self.second_factors = watched("second_factors", factors, figures)
        key = key_of(settings, settings.token_key, settings.token_key_file)
        signing = AccessTokens(key, settings.base_url or "http://localhost")
        self.tokens = watched("tokens", Tokens(store, clock, gate, accounts, signing, entrance), figures)
        resets = PasswordResets(store, clock, passwords, throttle)
        self.password_resets = watched("password_resets", resets, figures)
        self.addresses = watched("addresses", Addresses(store, clock, gate, throttle), figures)
        agents = Agents(store, clock, gate, passwords, throttle, agents_may_register_agents=may_register)
        self.agents = watched("agents", agents, figures)
        invitations = Invitations(store, clock, gate, passwords, throttle, agents_may_register_agents=may_register)
        self.invitations = watched("invitations", invitations, figures)
        self.repeats = Repeats(store, clock, gate)
        self.anonymising = watched("anonymising", Anonymising(store, clock, gate), figures)
        self.first_launch = FirstLaunch(entrance, clock, passwords)

    def _keep_tickets(self, parts: Parts) -> None:
        """Wire what people do with tickets, and with what stands beside them."""
        store, clock, gate, figures = parts.store, parts.clock, parts.gate, parts.figures
        self._chores = Chores(store, clock, gate)
        tickets = Tickets(store, clock, gate, self._chores, tickets_per_hour=parts.settings.tickets_per_hour)
        self.tickets = watched("tickets", tickets, figures)
        relations = Relations(store, clock, gate)
        self.relations = watched("relations", relations, figures)
        self.bulk = watched("bulk", Bulk(store, clock, gate, relations), figures)
        attachments = Attachments(store, clock, gate, parts.largest_file, parts.scan)
        self.attachments = watched("attachments", attachments, figures)
        self.watching = watched("watching", Watching(store, clock, gate), figures)
        self.drafts = watched("drafts", Drafts(store, clock, gate), figures)
        self.inbox = watched("inbox", Inbox(store, clock, gate), figures)
        self.due_times = watched("due_times", DueTimes(store, clock, gate), figures)
        self.similar = watched("similar", Similar(store, gate), figures)
        self.live = watched("live", Live(store, clock, gate), figures)
        self.articles = watched("articles", Articles(store, clock, gate), figures)
        self.reports = watched("reports", Reports(store, clock, gate), figures)

    def _carry_mail(self, parts: Parts) -> None:
        """Wire what has to do with mail."""
        settings, figures = parts.settings, parts.figures
        store, clock, gate = parts.store, parts.clock, parts.gate
        self._sending = Sending(parts.entrance, clock)
        self.outbox = watched("outbox", Outbox(store, clock, gate), figures)
        self.rating_links = watched("rating_links", RatingLinks(store, clock), figures)
        self.watch_links = watched("watch_links", WatchLinks(store), figures)
        read, admits = reader(settings), admission(settings)
        receiving = Receiving(store, clock, gate, read, admits, largest=parts.largest_file, scan=parts.scan)
        self.receiving = watched("receiving", receiving, figures)

    def _connect_webhooks(self, parts: Parts) -> None:
        """Wire what has to do with webhooks."""
        settings, clock, secrets = parts.settings, parts.clock, WebhookSecrets(parts.key)
        self._webhook_sending = WebhookSending(parts.entrance, clock, secrets, settings.base_url or "")
        private = settings.private_webhooks
        webhooks = Webhooks(parts.store, clock, parts.gate, secrets, parts.post, private=private)
        self.webhooks = watched("webhooks", webhooks, parts.figures)

    def _set_up(self, parts: Parts) -> None:
        """Wire what people choose, for all or for themselves."""
        store, clock, gate, figures = parts.store, parts.clock, parts.gate, parts.figures
        self.definitions = watched("definitions", Definitions(store, clock, gate), figures)
        self.rules = watched("rules", Rules(store, clock, gate), figures)
        self.recurring = watched("recurring", Recurring(store, clock, gate), figures)
        self.retention = watched("retention", Retention(store, clock, gate), figures)
        self.front = watched("front", Front(store, clock, gate), figures)
        self.preferences = watched("preferences", Preferences(store, gate), figures)

    def _look_after(self, parts: Parts) -> None:
        """Wire what those who run the desk look at, and what tidies up."""
        store, clock, gate, figures = parts.store, parts.clock, parts.gate, parts.figures
        self.audit = watched("audit", Audit(store, clock, gate), figures)
        around = Surroundings(
            parts.place.permanence(),
            parts.look_at_storage,
            lambda: parts.backups.newest,
            parts.authenticator.find_key_id,
        )
        health = Health(store, clock, gate, setup_of(parts.settings), around, figures)
        self.health = watched("health", health, figures)
        self._cleaning = Cleaning(store, parts.far, clock) if parts.far else None

    @cached_property
    def seeds(self) -> "Seeds":
        """What comes in from the original app."""
        from ticketing.services.moving.seeds import Seeds  # noqa: PLC0415 - see above

        parts = self._parts
        return Seeds(parts.whole, parts.clock, parts.gate, parts.passwords)

    @cached_property
    def imports(self) -> "Imports":
        """What comes in from other help desks."""
        from ticketing.delivery.html_text import text_of  # noqa: PLC0415 - see above
        from ticketing.services.moving.imports import Imports  # noqa: PLC0415 - see above

        parts = self._parts
        store, clock, gate = parts.store, parts.clock, parts.gate
        imports = Imports(store, clock, gate, text_of, largest=parts.largest_file, scan=parts.scan)
        return watched("imports", imports, parts.figures)

    @cached_property
    def exports(self) -> "Exports":
        """What goes out for use elsewhere."""
        from ticketing.services.moving.exports import Exports  # noqa: PLC0415 - see above

        parts = self._parts
        return watched("exports", Exports(parts.store, parts.clock, parts.gate), parts.figures)

    @cached_property
    def lists(self) -> "Lists":
        """Lists of tickets to take along."""
        from ticketing.services.moving.lists import Lists  # noqa: PLC0415 - see above

        parts = self._parts
        return watched("lists", Lists(parts.store, parts.clock, parts.gate), parts.figures)

    @cached_property
    def personal_data(self) -> "PersonalData":
        """What is stored about people, to take along."""
        from ticketing.services.moving.personal import PersonalData  # noqa: PLC0415 - see above

        parts = self._parts
        return watched("personal_data", PersonalData(parts.store, parts.clock, parts.gate), parts.figures)

    @cached_property
    def settings_files(self) -> "SettingsFiles":
        """What is set up, as one file."""
        from ticketing.services.moving.settings_files import SettingsFiles  # noqa: PLC0415 - see above

        parts = self._parts
        return watched("settings_files", SettingsFiles(parts.store, parts.clock, parts.gate), parts.figures)

    @cached_property
    def demo(self) -> "Demo":
        """Invented people and tickets."""
        from ticketing.services.demonstration.demo import Demo  # noqa: PLC0415 - see above

        parts = self._parts
        return Demo(parts.whole, parts.clock, parts.gate, parts.passwords)
