"""One intention, one transaction: how often each public method of each service writes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import UTC, date, time, timedelta
from io import BytesIO
from pathlib import Path

import pyotp
import pytest
from pydantic import SecretStr

from tests.openid_provider import CLIENT, SECRET, Provider
from tests.services.conftest import PASSWORD, Clock, arriving, public
from ticketing.desk import Desk
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.audit import AuditQuery
from ticketing.domain.bulk import BulkEdit
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.deliveries import Delivery, DeliveryQuery
from ticketing.domain.errors import CodeWantedError
from ticketing.domain.imports import System
from ticketing.domain.links import LinkKind
from ticketing.domain.mail_links import Purpose
from ticketing.domain.notifications import Mailed, NoticeKind
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.outbox import Outcome, Outgoing, OutgoingQuery, Result
from ticketing.domain.people import Actor, PeopleQuery, Role, Standing
from ticketing.domain.preferences import Column
from ticketing.domain.queries import TicketQuery, View
from ticketing.domain.rating_links import RatingLink
from ticketing.domain.received import ReceivedQuery
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.reports import Cell, Metric, ReportQuery
from ticketing.domain.retention import RetentionRule
from ticketing.domain.rules import Rule
from ticketing.domain.saved_views import SavedView
from ticketing.domain.schedules import Repeats, Schedule
from ticketing.domain.scopes import Scope
from ticketing.domain.settings_files import Plan
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Status
from ticketing.domain.teams import Team
from ticketing.domain.tickets import TicketEdit
from ticketing.domain.watch_links import WatchLink
from ticketing.domain.webhooks import Webhook, WebhookEvent
from ticketing.services.attachments import Tidying
from ticketing.services.audit import Form as AuditForm
from ticketing.services.digests import Digests
from ticketing.services.mail_keys import mail_key
from ticketing.services.mail_links import make_link
from ticketing.services.moving.lists import Form
from ticketing.services.moving.seeds import SeedPlan
from ticketing.services.outbox import set_route
from ticketing.services.passwords import Passwords
from ticketing.settings import Settings
from ticketing.storage.documents.repositories import DocumentTransaction
from ticketing.storage.files import utc_now
from ticketing.storage.memory import MemoryStore

CONSOLE = Actor.console()
ANOTHER = "four dry umbrellas"
ALL = TicketQuery()
WORDS = TicketQuery(needles=("dial",))
OPENED = NoticeKind.OPENED
WEBHOOK = Webhook(name="CRM", url="https://127.0.0.1/", events=(WebhookEvent.OPENED,))
DAY = ReportQuery(date(2031, 5, 6), date(2031, 5, 6), UTC)


class CountedStore(MemoryStore):
    """A store that counts how often somebody wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[DocumentTransaction]:
        """Count one more."""
        self.writes += 1
        with super().write(patience) as tx:
            yield tx

    def again(self) -> "CountedStore":
        """Return a store that holds the same."""
        store = CountedStore()
        store.put(self.copy())
        for content in self._beside.hashes():
            store.files.put(self.files.read(content), utc_now())
        return store


class Scene:
    """
    A desk where all can be done, and one where nobody has been.

    Ticket 1 is open and has a reply, ticket 2 is closed, ticket 3 stayed resolved for eight days, ticket 4 is merged
    into ticket 2, the last two are Carla's: one sleeps, one is closed. Oskar's account is deactivated.

    To set it takes as long as twenty deeds: each test has the same scene `again`, and what it does there shows nowhere.
    """

    desk: Desk
    empty_desk: Desk

    def __init__(self, folder: Path, provider: Provider) -> None:
        store, clock = CountedStore(), Clock()
        arrives = arriving(store, clock, Passwords(rounds=4), SessionLimits())
        self._provider, provider.clock = provider, clock
        self._settings = Settings(
            storage_url="memory:",
            base_url="http://localhost",
            second_factor_key=SecretStr("a key for second factors, of any length"),
            token_key=SecretStr("a key for the tokens of programs, of any length"),
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=SecretStr(SECRET),
        )
        self.open(store, clock)
        for title in ("Open", "Closed", "Resolved", "Merged"):
            self.desk.tickets.open(CONSOLE, title, "Help!")
        self.reply = self.desk.tickets.reply(CONSOLE, 1, "And another thing.").messages[-1]
        self.desk.relations.merge(CONSOLE, 4, 2)
        self.desk.tickets.close(CONSOLE, 2)
        self.calendar = self.desk.definitions.save(
            CONSOLE, BusinessCalendar(name="Always", zone="UTC", hours=ALWAYS_OPEN)
        )
        article = Article(name="VPN", body="Dial in.", visibility=Visibility.PUBLIC)
        self.article = self.desk.articles.save(CONSOLE, article)
        self.team = self.desk.definitions.save(CONSOLE, Team(name="Second line"))
        self.view = self.desk.definitions.save(CONSOLE, SavedView(name="VPN", query="tag:vpn"))
        self.macro = self.desk.definitions.save(CONSOLE, CannedReply(name="Greeting", text="Hello"))
        self.desk.tickets.edit(CONSOLE, 3, TicketEdit(status=Status.RESOLVED))
        clock.advance(timedelta(days=8))
        self.ada, self.root = arrives("ada", Role.AGENT), arrives("root", Role.ADMIN)
        self.carla = arrives("carla")
        self.desk.agents.deactivate(CONSOLE, arrives("oskar").username)
        self.asleep = self.desk.tickets.open(self.carla, "Asleep", "Help!").number
        self.desk.tickets.snooze(CONSOLE, self.asleep, clock() + timedelta(days=1))
        self.rated = self.desk.tickets.open(self.carla, "Rated", "Help!").number
        self.desk.tickets.close(CONSOLE, self.rated)
        self.file = self.desk.attachments.put(CONSOLE, "screen.png", [b"A picture."])
        self.desk.tickets.reply(CONSOLE, 1, "See here.", files=[self.file.id])
        self.invitation = self.desk.invitations.invite(CONSOLE, "Nora", "nora@example.org").token
        self._put_mails(store, clock)
        self._make_webhook(store, clock)
        self.desk.accounts.change_profile(self.ada, "Ada", "ada@example.org", PASSWORD)
        set_route(store, is_open=True, has_links=True)
        self._set_up_phones()
        self.token = self.desk.accounts.sign_in("carla", PASSWORD)
        clock.advance(timedelta(minutes=2))  # so that it is worth noting that the session is used
        self.granted = self.desk.tokens.issue("carla", PASSWORD)
        self.desk.tokens.create_key(self.ada, "Reports", {Scope.READ}, 90)
        self.api_key = self.desk.tokens.keys(self.ada)[0].id
        self.hand_off = self.desk.accounts.sign_in_browser("carla", PASSWORD, browser="b")
        self._type_passwords()
        self._visit(provider)
        self._tag()
        self.mail = self.desk.receiving.take(b"From: nora@example.net\n\nHelp!")
        self.latest = self.desk.tickets.reply(self.ada, 1, "I come.").messages[-1]
        self.exported = self.desk.settings_files.export(CONSOLE)
        imported = self.desk.imports.apply(CONSOLE, self.export(1), "tickets.json", System.ZAMMAD)
        self.imported = imported.id
        self.seed = folder
        (folder / "users.json").write_text(json.dumps({"bert": {"password": "x", "role": "user"}}), "utf-8")
        (folder / "tickets.json").write_text("{}", "utf-8")
        self._codes = dict(provider.codes)

    def _put_mails(self, store: CountedStore, clock: Clock) -> None:
        """Put a mail that failed and links for Carla into the store."""
        now = clock()
        mail = Outgoing(id="failed", username="carla", kind="replied", at=now, due_at=now, expires_at=now)
        mail.settle(Outcome(Result.REFUSED), now)
        with store.write() as tx:
            tx.outgoing.save(mail)
            self.mail_key = mail_key(tx)
            person = tx.users.find("carla")
            assert person is not None
            person.put_address("carla@example.org", Standing.CONFIRMED)
            tx.users.save(person)
            self.confirmation = str(make_link(tx, Purpose.CONFIRM, person, clock() + timedelta(minutes=2)))
            self.reset = str(make_link(tx, Purpose.RESET, person, clock() + timedelta(minutes=2)))
            Tidying().do_some(tx, clock())
            Digests().do_some(tx, clock())  # so that one chore alone is left for whoever looks

    def _make_webhook(self, store: CountedStore, clock: Clock) -> None:
        """Make a webhook to which nothing ever gets, and a delivery that failed."""
        self.webhook = self.desk.webhooks.create(CONSOLE, WEBHOOK).webhook
        delivery = Delivery.test(self.webhook.id, "failed", "root", clock())
        delivery.settle(Outcome(Result.REFUSED), clock())
        with store.write() as tx:
            tx.deliveries.save(delivery)

    def _set_up_phones(self) -> None:
        """Turn on root's second factor, and propose one to Carla."""
        self.phone = pyotp.TOTP(self.desk.second_factors.propose(self.root).secret)
        self.desk.second_factors.turn_on(self.root, PASSWORD, self.code)
        self.carlas_phone = pyotp.TOTP(self.desk.second_factors.propose(self.carla).secret)

    def _tag(self) -> None:
        """Change several tickets, and remember it for Ada."""
        self.done = self.desk.bulk.apply(CONSOLE, [1], BulkEdit(add_tags=("printer",)))
        self.remembered = self.desk.bulk.remember(self.ada, self.done) or ""

    def _type_passwords(self) -> None:
        """Sign root in by halves."""
        with pytest.raises(CodeWantedError) as wanted:
            self.desk.accounts.sign_in("root", PASSWORD)
        self.ticket = wanted.value.ticket
        with pytest.raises(CodeWantedError) as wanted:
            self.desk.accounts.sign_in_browser("root", PASSWORD, browser="b")
        self.browser_ticket = wanted.value.ticket

    def _visit(self, provider: Provider) -> None:
        """Link Ada's account, and let somebody come back from the provider whose answer was not looked at."""
        openid = self.desk.openid
        openid.finish(provider.consent(openid.begin_linking(self.ada, browser="b")), browser="b")
        self.identity = openid.own(self.ada).identities[0].id
        self.answer = provider.consent(openid.begin("", browser="b"))

    def open(self, store: CountedStore, clock: Clock) -> None:
        """Open the desks."""
        self.store = store
        self._stores = store, CountedStore()
        self.desk, self.empty_desk = (Desk(self._settings, one, clock, 4) for one in self._stores)

    def again(self) -> "Scene":
        """Return the same scene, at which nobody has done anything yet."""
        scene = copy(self)
        scene.open(self.store.again(), Clock(self.desk.clock()))
        self._provider.clock, self._provider.codes = scene.desk.clock, dict(self._codes)
        return scene

    @property
    def code(self) -> str:
        """What root's phone shows."""
        return self.phone.at(self.desk.clock())

    @property
    def carlas_code(self) -> str:
        """What Carla's phone shows, who has not turned it on."""
        return self.carlas_phone.at(self.desk.clock())

    @property
    def notice(self) -> str:
        """The id of something that Carla was told."""
        return self.desk.inbox.own(self.carla).items[0].notice.id

    @property
    def rating_token(self) -> str:
        """What stands in the link by which Carla says whether her ticket is solved."""
        link = RatingLink.of(self.mail_key, self.desk.tickets.get(CONSOLE, self.rated))
        assert link is not None
        return link.token

    @property
    def watch_token(self) -> str:
        """What stands in the link by which Carla stops watching her ticket."""
        return WatchLink.of(self.mail_key, self.desk.tickets.get(CONSOLE, self.asleep), "carla").token

    @property
    def policy(self) -> SlaPolicy:
        """What could be promised."""
        return SlaPolicy(name="Gold", calendar=self.calendar.id, resolution=timedelta(hours=1))

    @property
    def recurring(self) -> RecurringTicket:
        """What could be opened again and again."""
        daily = Schedule(repeats=Repeats.DAYS, first=date(2031, 5, 6), at=time(9), zone="UTC")
        return RecurringTicket(name="Daily", title="Check", description="All.", requester="carla", schedule=daily)

    @property
    def rule(self) -> Rule:
        """What could be done with new tickets."""
        return Rule(name="Acknowledge", reply="We have got it.")

    @property
    def plan(self) -> SeedPlan:
        """What an import of the original app's files would do."""
        return self.desk.seeds.plan(CONSOLE, self.seed)

    def export(self, number: int) -> BytesIO:
        """Return a ticket as Zammad gives it."""
        ticket = {"number": str(number), "customer": "gesa@example.net", "created_at": "2031-01-01T00:00:00Z"}
        return BytesIO(json.dumps(ticket).encode())

    @property
    def import_(self) -> Plan:
        """What an import of a settings file would do."""
        raw = self.exported.replace("Second line", "Back office").encode()
        return self.desk.settings_files.plan(CONSOLE, raw)

    def writes(self, deed: Callable[["Scene"], object]) -> int:
        """Do something, and return how many transactions it wrote in."""
        before = self._written()
        result = deed(self)
        if isinstance(result, Iterator):
            list(result)
        return self._written() - before

    def _written(self) -> int:
        return sum(store.writes for store in self._stores)


Deeds = dict[str, Callable[[Scene], object]]

ONCE: Deeds = {
    "accounts.finish_sign_in": lambda on: on.desk.accounts.finish_sign_in(on.ticket, on.code),
    "accounts.finish_sign_in_browser": (
        lambda on: on.desk.accounts.finish_sign_in_browser(on.browser_ticket, on.code, browser="b")
    ),
    "exports.seed": lambda on: on.desk.exports.seed(on.root),
    "exports.json_lines": lambda on: on.desk.exports.json_lines(CONSOLE),
    "exports.table": lambda on: on.desk.exports.table(on.root),
    "personal_data.export": lambda on: on.desk.personal_data.export(on.root, "carla"),
    "lists.export": lambda on: on.desk.lists.export(on.ada, ALL, Form.JSON),
    "reports.table": lambda on: on.desk.reports.table(on.ada, DAY),
    "settings_files.export": lambda on: on.desk.settings_files.export(on.root),
    "audit.export": lambda on: on.desk.audit.export(on.root, AuditQuery(), AuditForm.CSV),
    "accounts.change_profile": lambda on: on.desk.accounts.change_profile(on.carla, "Carla R.", "carla@example.org"),
    "openid.begin": lambda on: on.desk.openid.begin("", browser="b"),
    "openid.begin_linking": lambda on: on.desk.openid.begin_linking(on.carla, browser="b"),
    "openid.unlink": lambda on: on.desk.openid.unlink(on.ada, on.identity),
    "addresses.send_link": lambda on: on.desk.addresses.send_link(on.ada),
    "addresses.confirm": lambda on: on.desk.addresses.confirm(on.confirmation),
    "password_resets.ask": lambda on: on.desk.password_resets.ask("carla"),
    "password_resets.choose": lambda on: on.desk.password_resets.choose(on.reset, ANOTHER, ANOTHER),
    "agents.register_agent": lambda on: on.desk.agents.register_agent(on.ada, "bert", "Bert"),
    "invitations.invite": lambda on: on.desk.invitations.invite(on.ada, "Bert", "bert@example.org"),
    "invitations.send_again": lambda on: on.desk.invitations.send_again(on.ada, "nora"),
    "invitations.take_back": lambda on: on.desk.invitations.take_back(on.ada, "nora"),
    "invitations.accept": lambda on: on.desk.invitations.accept(on.invitation, ANOTHER, ANOTHER),
    "agents.turn_off_second_factor": lambda on: on.desk.agents.turn_off_second_factor(CONSOLE, "root"),
    "agents.deactivate": lambda on: on.desk.agents.deactivate(on.root, "carla"),
    "agents.reactivate": lambda on: on.desk.agents.reactivate(on.root, "oskar"),
    "agents.reset_password": lambda on: on.desk.agents.reset_password(on.root, "carla"),
    "agents.end_sessions": lambda on: on.desk.agents.end_sessions(on.root, "carla"),
    "agents.lift_wait": lambda on: on.desk.agents.lift_wait(on.root, "carla"),
    "agents.change_role": lambda on: on.desk.agents.change_role(on.root, "carla", Role.AGENT),
    "agents.create_agent": lambda on: on.desk.agents.create_agent(CONSOLE, "bert", ANOTHER),
    "agents.set_password": lambda on: on.desk.agents.set_password(CONSOLE, "carla", ANOTHER),
    "bulk.apply": lambda on: on.desk.bulk.apply(on.ada, [1], BulkEdit(add_tags=("vpn",)), key="k"),
    "bulk.undo": lambda on: on.desk.bulk.undo(on.ada, on.done, key="k"),
    "bulk.remember": lambda on: on.desk.bulk.remember(on.ada, on.done),
    "articles.save": lambda on: on.desk.articles.save(on.ada, Article(name="Reset", body="Press it.")),
    "articles.remove": lambda on: on.desk.articles.remove(on.ada, on.article.id, on.article.version),
    "articles.vote": lambda on: on.desk.articles.vote(on.carla, on.article.id, helpful=True),
    "definitions.save": lambda on: on.desk.definitions.save(on.root, Team(name="First line")),
    "definitions.remove": lambda on: on.desk.definitions.remove(on.root, Team, on.team.id, on.team.version),
    "demo.ensure": lambda on: on.empty_desk.demo.ensure(),
    "demo.fill": lambda on: on.empty_desk.demo.fill(CONSOLE, 30, 1),  # of many thousands, each two thousand are one
    "first_launch.ensure": lambda on: on.empty_desk.first_launch.ensure(),
    "relations.merge": lambda on: on.desk.relations.merge(on.ada, 1, 2, key="k"),
    "relations.unmerge": lambda on: on.desk.relations.unmerge(on.ada, 4, key="k"),
    "relations.link": lambda on: on.desk.relations.link(on.ada, 1, LinkKind.BLOCKS, 2, key="k"),
    "relations.unlink": lambda on: on.desk.relations.unlink(on.ada, 1, LinkKind.RELATED, 2, key="k"),
    "relations.split": lambda on: on.desk.relations.split(on.ada, 1, on.reply.mark, "Another matter", key="k"),
    "settings_files.apply": lambda on: on.desk.settings_files.apply(CONSOLE, on.import_),
    "seeds.apply": lambda on: on.desk.seeds.apply(CONSOLE, on.plan),
    "second_factors.forget_browsers": lambda on: on.desk.second_factors.forget_browsers(on.root),
    "second_factors.propose": lambda on: on.desk.second_factors.propose(on.ada),
    "second_factors.renew_recovery_codes": lambda on: on.desk.second_factors.renew_recovery_codes(on.root, on.code),
    "sessions.actor": lambda on: on.desk.sessions.actor(on.token),
    "sessions.redeem": lambda on: on.desk.sessions.redeem(on.hand_off, browser="b"),
    "sessions.sign_out": lambda on: on.desk.sessions.sign_out(on.token),
    "viewing.begin": lambda on: on.desk.viewing.begin(on.root, "ada"),
    "viewing.end": lambda on: on.desk.viewing.end(on.root),
    "sessions.end": lambda on: on.desk.sessions.end(on.carla, on.carla.session or ""),
    "sessions.end_one_of": lambda on: on.desk.sessions.end_one_of(
        on.root, "carla", on.desk.sessions.of_person(on.root, "carla")[0].id
    ),
    "sessions.end_others": lambda on: on.desk.sessions.end_others(on.carla),
    "front.dismiss": lambda on: on.desk.front.dismiss(on.carla, "news@1"),
    "inbox.read": lambda on: on.desk.inbox.read(on.carla, on.notice),
    "inbox.read_of_ticket": lambda on: on.desk.inbox.read_of_ticket(on.carla, on.asleep),
    "inbox.read_all": lambda on: on.desk.inbox.read_all(on.carla),
    "preferences.want_by_mail": lambda on: on.desk.preferences.want_by_mail(on.ada, {OPENED: Mailed.DAILY}),
    "preferences.begin_with": lambda on: on.desk.preferences.begin_with(on.ada, View.MINE),
    "preferences.begin_with_saved": lambda on: on.desk.preferences.begin_with_saved(on.ada, on.view.id),
    "preferences.show_columns": lambda on: on.desk.preferences.show_columns(on.ada, [Column.STATUS]),
    "tokens.renew": lambda on: on.desk.tokens.renew(on.granted.refresh),
    "tokens.revoke": lambda on: on.desk.tokens.revoke(on.granted.refresh),
    "tokens.create_key": lambda on: on.desk.tokens.create_key(on.ada, "Import", {Scope.READ}, 90),
    "tokens.revoke_key": lambda on: on.desk.tokens.revoke_key(on.ada, on.api_key),
    "tokens.rotate_signing_key": lambda on: on.desk.tokens.rotate_signing_key(CONSOLE),
    "tickets.open": lambda on: on.desk.tickets.open(on.ada, "Again", "Help!", follows=2, key="k"),
    "attachments.put": lambda on: on.desk.attachments.put(on.carla, "screen.png", [b"A picture."]),
    "tickets.reply": lambda on: on.desk.tickets.reply(on.ada, 1, "Hello", status=Status.PENDING, key="k"),
    "tickets.note": lambda on: on.desk.tickets.note(on.ada, 1, "Hm", key="k"),
    "tickets.edit": lambda on: on.desk.tickets.edit(on.ada, 1, TicketEdit(priority=Priority.HIGH), key="k"),
    "tickets.apply": lambda on: on.desk.tickets.apply(on.ada, 1, on.macro.id, "Hello", key="k"),
    "tickets.assign": lambda on: on.desk.tickets.assign(on.ada, 1, "ada", key="k"),
    "tickets.transfer": lambda on: on.desk.tickets.transfer(on.ada, 1, team=on.team.id, note="Yours", key="k"),
    "tickets.close": lambda on: on.desk.tickets.close(on.ada, 1, "Bye", key="k"),
    "tickets.reopen": lambda on: on.desk.tickets.reopen(on.ada, 2, key="k"),
    "tickets.snooze": lambda on: on.desk.tickets.snooze(on.ada, 1, on.desk.clock() + timedelta(hours=1), key="k"),
    "tickets.wake": lambda on: on.desk.tickets.wake(on.ada, on.asleep, key="k"),
    "rating_links.rate": lambda on: on.desk.rating_links.rate(on.rating_token, solved=True),
    "watch_links.stop": lambda on: on.desk.watch_links.stop(on.watch_token),
    "watch_links.watch": lambda on: on.desk.watch_links.watch(on.watch_token),
    "watching.watch": lambda on: on.desk.watching.watch(on.ada, 1),
    "watching.stop": lambda on: on.desk.watching.stop(on.carla, on.asleep),
    "watching.add": lambda on: on.desk.watching.add(on.ada, 1, "root", key="k"),
    "watching.make_requester": lambda on: on.desk.watching.make_requester(on.ada, 1, "root", key="k"),
    "watching.remove": lambda on: on.desk.watching.remove(on.ada, 1, "root", key="k"),
    "tickets.rate": lambda on: on.desk.tickets.rate(on.carla, on.rated, solved=True, key="k"),
    "tickets.take_back": lambda on: on.desk.tickets.take_back(on.ada, 1, on.latest.mark, key="k"),
    "outbox.send_again": lambda on: on.desk.outbox.send_again(on.root, "failed"),
    "webhooks.create": lambda on: on.desk.webhooks.create(on.root, WEBHOOK.model_copy(update={"name": "Chat"})),
    "webhooks.change": lambda on: on.desk.webhooks.change(on.root, on.webhook.model_copy(update={"name": "Chat"})),
    "webhooks.remove": lambda on: on.desk.webhooks.remove(on.root, on.webhook.id, on.webhook.version),
    "webhooks.renew_secret": lambda on: on.desk.webhooks.renew_secret(on.root, on.webhook.id),
    "webhooks.test": lambda on: on.desk.webhooks.test(on.root, on.webhook.id),
    "webhooks.send_again": lambda on: on.desk.webhooks.send_again(on.root, "msg_failed"),
    "receiving.take": lambda on: on.desk.receiving.take(b"From: carla@example.net\n\nHelp!"),
    "receiving.again": lambda on: on.desk.receiving.again(on.root, on.mail.id),
    "receiving.note_fetch": lambda on: on.desk.receiving.note_fetch(),
    "drafts.keep": lambda on: on.desk.drafts.keep(on.carla, 0, "title", "Half"),
    "tickets.mark_seen": lambda on: on.desk.tickets.mark_seen(on.ada, 1, 1),
    # Whoever looks first closes what has lapsed.
    "tickets.search": lambda on: on.desk.tickets.search(on.ada, ALL),
    "tickets.counts": lambda on: on.desk.tickets.counts(on.ada, {"all": ALL}),
}
# A password is hashed or compared for a quarter of a second, for which no other writer is to wait; the try is written
# down before that, so that a hundred guesses at the same moment are a hundred tries. So it is with what a browser
# brings back from a provider, which is asked about that over the network.
TWICE: Deeds = {
    "openid.finish": lambda on: on.desk.openid.finish(on.answer, browser="b"),
    "accounts.register": lambda on: on.desk.accounts.register("bert", "Bert", PASSWORD, PASSWORD),
    "accounts.register_browser": (
        lambda on: on.desk.accounts.register_browser("bert", "Bert", PASSWORD, PASSWORD, browser="b")
    ),
    "accounts.sign_in": lambda on: on.desk.accounts.sign_in("carla", PASSWORD),
    "accounts.sign_in_browser": lambda on: on.desk.accounts.sign_in_browser("carla", PASSWORD, browser="b"),
    "accounts.change_password": (
        lambda on: on.desk.accounts.change_password(on.carla, PASSWORD, ANOTHER, ANOTHER, browser="b")
    ),
    "tokens.issue": lambda on: on.desk.tokens.issue("carla", PASSWORD),
    "second_factors.turn_on": lambda on: on.desk.second_factors.turn_on(on.carla, PASSWORD, on.carlas_code),
    "second_factors.turn_off": lambda on: on.desk.second_factors.turn_off(on.root, PASSWORD, on.code),
}
# What may take long, so that others have their turns meanwhile.
IN_TURNS: Deeds = {
    "anonymising.anonymise": lambda on: on.desk.anonymising.anonymise(on.root, "carla"),
}
# Whatever is large is done some at a time: here there is one batch, of people another one, and what is on record.
BY_THE_BATCH: dict[str, tuple[int, Callable[[Scene], object]]] = {
    "imports.apply": (2, lambda on: on.desk.imports.apply(on.root, on.export(2), "2.json", System.ZAMMAD)),
    "imports.undo": (3, lambda on: on.desk.imports.undo(on.root, on.imported)),
}
NEVER: Deeds = {
    "anonymising.preview": lambda on: on.desk.anonymising.preview(on.root, "carla"),
    "anonymising.require": lambda on: on.desk.anonymising.require(on.root, "carla"),
    "watch_links.look": lambda on: on.desk.watch_links.look(on.watch_token),
    "second_factors.status": lambda on: on.desk.second_factors.status(on.root),
    "audit.search": lambda on: on.desk.audit.search(on.root, AuditQuery()),
    "rating_links.look": lambda on: on.desk.rating_links.look(on.rating_token),
    "addresses.can_be_confirmed": lambda on: on.desk.addresses.can_be_confirmed(on.carla),
    "addresses.look": lambda on: on.desk.addresses.look(on.confirmation),
    "password_resets.look": lambda on: on.desk.password_resets.look(on.reset),
    "openid.own": lambda on: on.desk.openid.own(on.carla),
    "openid.provider_name": lambda on: on.desk.openid.provider_name,
    "password_resets.are_offered": lambda on: on.desk.password_resets.are_offered,
    "accounts.profile": lambda on: on.desk.accounts.profile(on.carla),
    "invitations.may_invite": lambda on: on.desk.invitations.may_invite(on.ada),
    "invitations.expiry": lambda on: on.desk.invitations.expiry(on.ada, "nora"),
    "invitations.look": lambda on: on.desk.invitations.look(on.invitation),
    "agents.people": lambda on: on.desk.agents.people(on.root, PeopleQuery()),
    "agents.person": lambda on: on.desk.agents.person(on.root, "carla"),
    "agents.may_register": lambda on: on.desk.agents.may_register(on.ada),
    "agents.assignable": lambda on: on.desk.agents.assignable(on.ada),
    "agents.teams_of": lambda on: on.desk.agents.teams_of(on.ada, "ada"),
    "agents.wait": lambda on: on.desk.agents.wait(on.root, "carla"),
    "bulk.recall": lambda on: on.desk.bulk.recall(on.ada, on.remembered),
    "bulk.choose": lambda on: on.desk.bulk.choose(on.ada, ALL),
    "bulk.preview": lambda on: on.desk.bulk.preview(on.ada, [1, 2], BulkEdit(add_tags=("vpn",))),
    "articles.search": lambda on: on.desk.articles.search(on.carla, "vpn"),
    "articles.suggest": lambda on: on.desk.articles.suggest(on.carla, "vpn"),
    "articles.get": lambda on: on.desk.articles.get(on.carla, on.article.id),
    "articles.from_ticket": lambda on: on.desk.articles.from_ticket(on.ada, 2),
    "definitions.all": lambda on: on.desk.definitions.all(on.ada, Team),
    "definitions.get": lambda on: on.desk.definitions.get(on.ada, Team, on.team.id),
    "due_times.explained": lambda on: on.desk.due_times.explained(on.ada, 1),
    "due_times.rehearsed": lambda on: on.desk.due_times.rehearsed(on.root, on.policy),
    "attachments.expect": lambda on: on.desk.attachments.expect(on.carla, "screen.png", 10),
    "attachments.open": lambda on: list(on.desk.attachments.open(on.ada, on.file.id).read()),
    "first_launch.is_waiting": lambda on: on.desk.first_launch.is_waiting,
    "first_launch.is_of_a_demo": lambda on: on.desk.first_launch.is_of_a_demo,
    "health.findings": lambda on: on.desk.health.findings(on.root),
    "health.of_store": lambda on: on.desk.health.of_store(on.root),
    "health.figures": lambda on: on.desk.health.figures(on.root),
    "health.settings": lambda on: on.desk.health.settings(on.root),
    "front.look": lambda on: on.desk.front.look(on.carla),
    "front.outside": lambda on: on.desk.front.outside(),
    "front.branding": lambda on: on.desk.front.branding(),
    "health.throw_away": lambda on: on.desk.health.throw_away,
    "inbox.own": lambda on: on.desk.inbox.own(on.carla),
    "inbox.unread": lambda on: on.desk.inbox.unread(on.carla),
    "preferences.mail": lambda on: on.desk.preferences.mail(on.ada),
    "preferences.own": lambda on: on.desk.preferences.own(on.ada),
    "preferences.columns": lambda on: on.desk.preferences.columns(on.ada),
    "drafts.own": lambda on: on.desk.drafts.own(on.carla),
    "outbox.backlog": lambda on: on.desk.outbox.backlog(on.root),
    "outbox.ledger": lambda on: on.desk.outbox.ledger(on.root, OutgoingQuery()),
    "live.meet": lambda on: on.desk.live.meet([]),
    "live.pulse": lambda on: on.desk.live.pulse([1]),
    "live.standing": lambda on: on.desk.live.standing([on.carla, on.ada]),
    "live.stamp": lambda on: on.desk.live.stamp(on.carla),
    "live.is_told_who_is_there": lambda on: on.desk.live.is_told_who_is_there(on.ada),
    "receiving.search": lambda on: on.desk.receiving.search(on.root, ReceivedQuery()),
    "receiving.last_fetch": lambda on: on.desk.receiving.last_fetch(on.root),
    "receiving.original": lambda on: on.desk.receiving.original(on.root, on.mail.id),
    "recurring.upcoming": lambda on: on.desk.recurring.upcoming(on.root, on.recurring),
    "webhooks.all": lambda on: on.desk.webhooks.all(on.root),
    "webhooks.get": lambda on: on.desk.webhooks.get(on.root, on.webhook.id),
    "webhooks.ledger": lambda on: on.desk.webhooks.ledger(on.root, DeliveryQuery(webhook=on.webhook.id)),
    "webhooks.waiting": lambda on: on.desk.webhooks.waiting(on.root, on.webhook.id),
    "reports.overview": lambda on: on.desk.reports.overview(on.ada, DAY),
    "reports.behind": lambda on: on.desk.reports.behind(on.ada, DAY, Cell(Metric.CREATED)),
    "reports.titles": lambda on: on.desk.reports.titles(on.ada, [1]),
    "reports.names": lambda on: on.desk.reports.names(on.ada, ["ada"]),
    "repeats.look_up": lambda on: on.desk.repeats.look_up(on.ada, "k"),
    "retention.rehearsed": lambda on: on.desk.retention.rehearsed(on.root, RetentionRule(name="Old")),
    "rules.rehearsed": lambda on: on.desk.rules.rehearsed(on.root, on.rule),
    "settings_files.plan": lambda on: on.import_,
    "seeds.plan": lambda on: on.plan,
    "tokens.actor": lambda on: on.desk.tokens.actor(on.granted.access),
    "tokens.keys": lambda on: on.desk.tokens.keys(on.ada),
    "tokens.keys_of": lambda on: on.desk.tokens.keys_of(on.root, "ada"),
    "imports.all": lambda on: on.desk.imports.all(on.root),
    "imports.first": lambda on: on.desk.imports.first(on.root, on.export(2), System.ZAMMAD),
    "imports.look": lambda on: on.desk.imports.look(on.root, BytesIO(b"Subject,Created,From\n")),
    "imports.look_at_undoing": lambda on: on.desk.imports.look_at_undoing(on.root, on.imported),
    "imports.plan": lambda on: on.desk.imports.plan(on.root, on.export(2), System.ZAMMAD),
    "imports.require": lambda on: on.desk.imports.require(on.root),
    "sessions.of_person": lambda on: on.desk.sessions.of_person(on.root, "carla"),
    "sessions.own": lambda on: on.desk.sessions.own(on.carla),
    "similar.own": lambda on: on.desk.similar.own(on.carla, "Rated"),
    "similar.to": lambda on: on.desk.similar.to(on.ada, 1),
    "tickets.counts_of_late": lambda on: on.desk.tickets.counts_of_late(on.ada, {"words": WORDS}),
    "tickets.categories": lambda on: on.desk.tickets.categories(on.carla),
    "tickets.fields": lambda on: on.desk.tickets.fields(on.carla),
    "tickets.former": lambda on: on.desk.tickets.former(on.ada, 2),
    "tickets.get": lambda on: on.desk.tickets.get(on.ada, 3),
    "tickets.conversation": lambda on: on.desk.tickets.conversation(on.ada, 3),
}


@pytest.fixture(scope="module")
def first_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Provider() as provider:
        yield Scene(tmp_path_factory.mktemp("scene"), provider)


@pytest.fixture
def scene(first_scene: Scene) -> Scene:
    return first_scene.again()


def test_no_public_method_is_left_out(scene: Scene) -> None:
    assert sorted([*ONCE, *TWICE, *IN_TURNS, *BY_THE_BATCH, *NEVER]) == sorted(name for name, _ in public(scene.desk))


@pytest.mark.parametrize("name", ONCE)
def test_what_changes_something_does_it_in_one_transaction(scene: Scene, name: str) -> None:
    assert scene.writes(ONCE[name]) == 1


@pytest.mark.parametrize("name", TWICE)
def test_what_proves_or_makes_a_password_writes_before_it_and_after_it(scene: Scene, name: str) -> None:
    assert scene.writes(TWICE[name]) == 2


@pytest.mark.parametrize("name", IN_TURNS)
def test_what_may_take_long_is_done_in_turns(scene: Scene, name: str) -> None:
    assert scene.writes(IN_TURNS[name]) > 2


@pytest.mark.parametrize("name", BY_THE_BATCH)
def test_what_is_large_is_done_some_at_a_time(scene: Scene, name: str) -> None:
    written, deed = BY_THE_BATCH[name]

    assert scene.writes(deed) == written


@pytest.mark.parametrize("name", NEVER)
def test_what_only_looks_writes_nothing(scene: Scene, name: str) -> None:
    assert scene.writes(NEVER[name]) == 0
