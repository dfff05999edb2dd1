"""What is known about a desk, judged: from figures and dates to findings. Nothing here looks anything up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from ticketing.domain.browsers import cookie_name, is_secure_origin, is_this_machine
from ticketing.domain.configuration import Configured
from ticketing.domain.findings import Finding, Level
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.outbox import Backlog, Outgoing
from ticketing.domain.people import User
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import MailFetch
from ticketing.domain.store import StoreHealth
from ticketing.domain.webhooks import Webhook

# Clocks of machines that are set by NTP differ by far less.
CLOCKS_DIFFER: Final = timedelta(seconds=10)
# A desk that makes backups looks every minute whether one is due, and takes a while to make it.
BACKUP_GRACE: Final = timedelta(hours=1)
# A desk that fetches mail notes every few minutes that it does.
MAIL_IS_STALE: Final = timedelta(minutes=30)
ONE_TIME_PASSWORDS_REST: Final = timedelta(days=7)
AGENTS_REST: Final = timedelta(days=90)
# By then, a mail has been tried several times.
MAILS_WAIT: Final = timedelta(minutes=30)
MAILS_FAIL: Final = timedelta(days=1)
# By then, a message was tried several times.
WEBHOOKS_FAIL: Final = timedelta(minutes=30)
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Setup:
    """What the settings say about the desk, as far as its health depends on it."""

    base_url: str | None = None
    is_public: bool = False
    cookie: str = "ticketing_session"
    backup_every: timedelta | None = None
    sends_mail: bool = False
    fetches_mail: bool = False
    demo: bool = False
    configured: tuple[Configured, ...] = ()

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the desk over https."""
        return (self.base_url or "").startswith("https://")


@dataclass(frozen=True, slots=True)
class Visit:
    """How somebody who looks at a page reached the desk: headers of their WebSocket, and the address they have."""

    host: str
    origin: str
    address: str = ""
    forwarded_for: str = ""


def files(health: StoreHealth) -> list[Finding]:
    """Judge what the store says of itself."""
    found = []
    if health.trouble:
        says = f"Something is wrong with the store. {health.trouble}"
        found.append(
            Finding(
                Level.PROBLEM,
                "files",
                says,
                "The log says more; “verify” checks all, “salvage” brings back what can be read, “restore” a backup.",
            )
        )
    if health.compaction_fails:
        says = "Tidying up the desk's files has failed and will be tried again. Nothing is lost, but the journal grows."
        found.append(Finding(Level.WARNING, "files", says, "See that there is room on the disk; the log says more."))
    if health.torn:
        says = (
            "A crash has left changes half written that nobody was told were saved. They were cut off the journal and "
            f"kept: {_named(health.torn)}."
        )
        fix = "Once you have looked at these files in the data directory, delete them."
        found.append(Finding(Level.WARNING, "files", says, fix))
    return found or [Finding(Level.OK, "files", "The store answers, and knows of no damage.")]


def maintenance(closed: Maintenance) -> list[Finding]:
    """Judge whether people can work."""
    if not closed.is_on:
        return []
    says = "The desk is being maintained: nobody but admins can change anything, and mail waits."
    fix = "Once you are done, turn it off in the set-up, or by “maintenance off”."
    return [Finding(Level.WARNING, "maintenance", says, fix)]


def schema(health: StoreHealth) -> list[Finding]:
    """Judge the tables of a database; other stores have none."""
    if health.schema is None:
        return []
    if health.schema_is_current:
        return [Finding(Level.OK, "tables", f"The tables are up to date ({health.schema}).")]
    says = f"The tables are not those of this version ({health.schema})."
    return [Finding(Level.PROBLEM, "tables", says, "Bring every process to the newest version and restart it.")]


def clocks(now: datetime, newest: datetime | None, server: datetime | None) -> list[Finding]:
    """Compare this machine's clock with the newest change in the store, and with the database's clock if it has one."""
    fix = "Have the clocks set by NTP, such as by “timedatectl set-ntp true”."
    if server is not None and abs(now - server) > CLOCKS_DIFFER:
        seconds = abs(now - server).total_seconds()
        return [
            Finding(Level.WARNING, "clock", f"This machine's clock and the database's differ by {seconds:,.0f} s.", fix)
        ]
    if newest is not None and newest > now + CLOCKS_DIFFER:
        says = f"By this machine's clock, the newest change in the store ({_written(newest)}) is still to come."
        return [Finding(Level.WARNING, "clock", says, fix)]
    others = "the store's newest change" if server is None else "the database's"
    return [Finding(Level.OK, "clock", f"This machine's clock agrees with {others}.")]


def backups(now: datetime, every: timedelta | None, newest: datetime | None, receipt: Receipt | None) -> list[Finding]:
    """Judge the age of the newest scheduled backup on this machine, and what the store says about the present one."""
    latest = f"the latest is of {_written(newest)}" if newest else "there is none yet"
    if every is None:
        says = f"No backups are scheduled{f'; {latest}' if newest else ''}. Those made by hand are not known here."
        return [
            Finding(Level.NOTE, "backups", says, "Set TICKETING_BACKUP_EVERY=24h, or run “backup FILE” every night.")
        ]
    if receipt is not None and receipt.failure:
        says = f"The last scheduled backup failed; {latest}. {receipt.failure}"
        return [Finding(Level.WARNING, "backups", says, "See to that: another one is tried within the hour.")]
    said = f"A backup is due every {_spoken(every)}, and {latest}"
    if newest is not None and now < newest + every + BACKUP_GRACE:
        return [Finding(Level.OK, "backups", f"{said}.")]
    if receipt is not None and now < receipt.expires_at:
        says = f"{said} here; one is made or in the making by a process that shares this store."
        return [Finding(Level.NOTE, "backups", says, "If there are several machines, look for it on the others.")]
    return [Finding(Level.WARNING, "backups", f"{said}.", "Let the desk run: it makes one soon after its start.")]


def address(setup: Setup, visit: Visit | None) -> list[Finding]:
    """Judge the public address, and how cookies travel."""
    return [_base_url(setup, visit), _cookies(setup, visit)]


def _base_url(setup: Setup, visit: Visit | None) -> Finding:
    fix = "Put a proxy with TLS in front, and set TICKETING_BASE_URL to its https address."
    name = urlsplit(f"//{visit.host}").hostname if visit else None
    if setup.base_url is None and name and not is_this_machine(name):
        says = f"You reach this desk as {name}, but TICKETING_BASE_URL is not set."
        return Finding(Level.WARNING, "address", says, fix)
    if setup.base_url is None:
        says = "TICKETING_BASE_URL is not set, which is right as long as this machine alone uses the desk."
        return Finding(Level.NOTE, "address", says, f"Before others do: {fix[0].lower()}{fix[1:]}")
    if setup.is_public and not setup.is_https:
        says = f"{setup.base_url} is without TLS: passwords and cookies can be read on their way."
        return Finding(Level.WARNING, "address", says, fix)
    return Finding(Level.OK, "address", f"People reach this desk at {setup.base_url}.")


def _cookies(setup: Setup, visit: Visit | None) -> Finding:
    if setup.is_https or (visit is not None and is_secure_origin(visit.origin)):
        name = cookie_name(setup.cookie, secure=True)
        return Finding(Level.OK, "cookies", f"The cookie {name} is Secure, HttpOnly and SameSite=Lax.")
    says = f"The cookie {setup.cookie} is HttpOnly and SameSite=Lax, but not Secure, which needs https."
    return Finding(Level.NOTE, "cookies", says, "Set TICKETING_BASE_URL to an https address when there is one.")


def connection(setup: Setup, visit: Visit) -> list[Finding]:
    """Judge what stands between the desk and a browser by what came with its WebSocket."""
    return [_proxy(setup, visit), _origin(setup, visit)]


def _proxy(setup: Setup, visit: Visit) -> Finding:
    named = [part.strip() for part in visit.forwarded_for.split(",") if part.strip()]
    shared = "so all visitors share one limit of sign-ins"
    if named and not _is_among(visit.address, named):
        says = f"A proxy says whose request it passes on, but is not believed, {shared}."
        fix = f"Set FORWARDED_ALLOW_IPS={visit.address or '127.0.0.1'} if this is the address of your proxy."
        return Finding(Level.WARNING, "proxy", says, fix)
    if named:
        return Finding(Level.OK, "proxy", "The proxy says whose request it passes on, and is believed.")
    if setup.is_https and visit.origin == origin_of(setup.base_url or ""):
        says = f"The proxy does not say whose request it passes on, {shared}."
        fix = "Have it send X-Forwarded-For; in nginx: proxy_set_header X-Forwarded-For $remote_addr;"
        return Finding(Level.WARNING, "proxy", says, fix)
    return Finding(Level.OK, "proxy", "You came without a proxy.")


def _is_among(address: str, named: list[str]) -> bool:
    """Whether the address is one of those named by a proxy; Streamlit tells none of browsers on this very machine."""
    return address in named if address else any(map(is_this_machine, named))


def _origin(setup: Setup, visit: Visit) -> Finding:
    if setup.base_url is None or visit.origin == origin_of(setup.base_url or ""):
        return Finding(
            Level.OK, "websocket", f"Your WebSocket came from {visit.origin or 'this machine'} and was taken."
        )
    says = f"Your WebSocket came from {visit.origin or 'this machine'}, past the public address."
    return Finding(Level.NOTE, "websocket", says, f"Look at this page at {setup.base_url} to have the proxy judged.")


def origin_of(base_url: str) -> str:
    """Return what browsers send as the Origin of pages at this address, which may have a path."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def accounts(now: datetime, staff: Sequence[User], setup: Setup) -> list[Finding]:
    """Judge the active agents and admins by how old their passwords and their last sign-ins are."""
    if setup.demo:
        says = "This is a demo, whose passwords everybody may know."
        return [Finding(Level.NOTE, "accounts", says, "Put nothing real into it.")]
    known = [user.username for user in staff if user.has_known_password]
    unused = [user.username for user in staff if _never_used_password(user, now)]
    away = [user.username for user in staff if _stays_away(user, now)]
    found = []
    if known:
        says = f"{_named(known)} still has the password that stands in the manual."
        level = Level.PROBLEM if setup.is_public else Level.WARNING
        found.append(Finding(level, "accounts", says, "Sign in with it and choose another, or deactivate the account."))
    if unused:
        says = f"One-time passwords that were never used in {ONE_TIME_PASSWORDS_REST.days} days: {_named(unused)}."
        found.append(Finding(Level.WARNING, "accounts", says, "Reset them under People, or deactivate these accounts."))
    if away:
        says = f"Not signed in for {AGENTS_REST.days} days: {_named(away)}."
        found.append(Finding(Level.NOTE, "accounts", says, "Deactivate those who have left."))
    says = "Every agent has a password of their own, and has been here lately."
    return found or [Finding(Level.OK, "accounts", says)]


def _never_used_password(user: User, now: datetime) -> bool:
    is_waiting = user.must_change_password and not user.has_known_password
    return is_waiting and user.password_changed_at < now - ONE_TIME_PASSWORDS_REST


def _stays_away(user: User, now: datetime) -> bool:
    may_come = not (user.must_change_password or user.invented)
    return may_come and (user.last_sign_in_at or user.created_at) < now - AGENTS_REST


def two_step(keys: Counter[str], present: str | None) -> list[Finding]:
    """Judge whether the key is here with which people have set up two-step sign-in; nothing where nobody has."""
    if not keys:
        return []
    refused = keys.total() - (keys[present] if present else 0)
    if not refused:
        return [Finding(Level.OK, "two-step", "The key of two-step sign-in is that with which people have set it up.")]
    is_gone = "another one than it was" if present else "missing or cannot be read"
    whose = "1 person" if refused == 1 else f"{refused:,} people"
    says = f"The key of two-step sign-in is {is_gone}: codes of {whose} are refused."
    fix = "Bring back second_factor.key, or TICKETING_SECOND_FACTOR_KEY. Recovery codes go on working meanwhile."
    return [Finding(Level.PROBLEM, "two-step", says, fix)]


def mail(now: datetime, setup: Setup, backlog: Backlog, failure: Outgoing | None) -> list[Finding]:
    """Judge whether mail is set up, how long the oldest has waited, and what the last one died of."""
    waits = f"{backlog.waiting:,} mails wait, the oldest since {_written(backlog.oldest)}" if backlog.oldest else ""
    if not setup.sends_mail:
        says = "Mail is not set up: people read answers here at the desk."
        found = [Finding(Level.NOTE, "mail", says, "Set TICKETING_SMTP_URL and TICKETING_MAIL_FROM; see docs/mail.md.")]
        return [Finding(Level.WARNING, "mail", f"{says} {waits} from before.", found[0].fix)] if waits else found
    if backlog.oldest is not None and now - backlog.oldest > MAILS_WAIT:
        fix = "Look at the page Mails, which says why; a desk that is not served sends them by “run-jobs”."
        return [Finding(Level.WARNING, "mail", f"{waits}.", fix)]
    if failure is not None and failure.at > now - MAILS_FAIL:
        says = f"A mail of {_written(failure.at)} failed: {failure.error}"
        return [Finding(Level.WARNING, "mail", says, "Look at the page Mails; from there it can be sent again.")]
    if setup.base_url is None:
        says = "Mails have no links: nobody can confirm an address, reset a password or, as an agent, answer by mail."
        return [Finding(Level.NOTE, "mail", says, "Set TICKETING_BASE_URL to the address of the desk.")]
    return [Finding(Level.OK, "mail", f"Mail is set up, and {waits or 'none waits'}.")]


def mail_in(now: datetime, fetch: MailFetch, *, is_set_up: bool) -> list[Finding]:
    """Judge how long ago the mailbox was looked into, if there is one."""
    if not is_set_up:
        return []
    latest = f"it was last fetched at {_written(fetch.fetched_at)}" if fetch.fetched_at else "none was ever fetched"
    if fetch.failure:
        fix = "See to that, or to TICKETING_IMAP_URL; nothing is lost meanwhile, and it is tried again by itself."
        return [Finding(Level.WARNING, "mail in", f"Mail does not come in, and {latest}. {fetch.failure}", fix)]
    if fetch.fetched_at is None or now - fetch.fetched_at > MAIL_IS_STALE:
        fix = "Let the desk run, or “run-jobs” every few minutes where hosts put it to sleep."
        return [Finding(Level.WARNING, "mail in", f"Nobody looks after mail that comes in: {latest}.", fix)]
    return [Finding(Level.OK, "mail in", f"Mail comes in; {latest}.")]


def webhooks(now: datetime, those: Sequence[Webhook]) -> list[Finding]:
    """Judge whether what is sent to webhooks arrives, if there are any."""
    present = [webhook for webhook in those if not webhook.removed]
    off = [webhook.name for webhook in present if webhook.course.turned_off and not webhook.active]
    failing = [webhook for webhook in present if webhook.is_on and _fails(webhook, now)]
    full = [webhook.name for webhook in present if webhook.course.missed]
    fix = "Look at the page Webhooks, which says why; “Send a test” tries it at once."
    found = []
    if off:
        says = f"Turned off, since nothing arrived for days: {_named(off)}."
        found.append(Finding(Level.WARNING, "webhooks", says, fix))
    for webhook in failing:
        says = f"Nothing arrives at {webhook.name}. {webhook.course.says}"
        found.append(Finding(Level.WARNING, "webhooks", says, fix))
    if full:
        says = f"More happened than could wait, and was not told: {_named(full)}."
        found.append(Finding(Level.WARNING, "webhooks", says, "Turn it off and on again when its receiver works."))
    return found or ([Finding(Level.OK, "webhooks", "What webhooks are told arrives.")] if present else [])


def _fails(webhook: Webhook, now: datetime) -> bool:
    since = webhook.course.failing_since
    return since is not None and now - since >= WEBHOOKS_FAIL


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _spoken(time: timedelta) -> str:
    hours = round(time / timedelta(hours=1))
    return f"{hours} h" if hours % 24 else f"{hours // 24} d"
