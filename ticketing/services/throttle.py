"""
Throttle: how many tries the desk allows, in buckets that the store keeps.

    place          where a try comes from          limit
    account        any unknown device              5 failures, then waits of 2, 4, 8 ... seconds up to 15 minutes
    device         a device the account knows      the same, of its own; plus 30 tries a minute
    address        an unknown device               30 tries a minute, 10 failures a minute; an IPv6 /64 counts as one
    registration   an address                      30 accounts an hour
    ticket         a person who is no agent        60 tickets an hour, or what the operator set
    reply          a person who is no agent        twice as many replies
    mail           an e-mail address               20 mails an hour that get into tickets
    wish           an address                      20 wishes an hour for a new password
    elsewhere      an address                      30 sign-ins a minute that begin at a provider
    link           an e-mail address, an account   3 mails an hour with a link of one purpose
    refusal        a person, or an address         20 refusals an hour that are written down, and 10 a minute of all
    alarm          an account                      a mail a day to its owner, from 20 failures on
    confirmation   a session asking for its        as account
                   present password again
    code           an account, one of its          5 wrong codes of a second factor in 5 minutes
                   devices or sessions
    global         everybody together              so many passwords looked at at once, and a few seconds' patience for
                                                   a place (`passwords.Passwords`); kept by each process, not the store

Nobody can lock another person out: whatever strangers do fills the buckets of the account and of addresses, which a
known device does not look at. Every bucket empties itself. Keys are hashed, since people type passwords into the wrong
field. A try is written down as failed *before* the password is looked at and taken back when it was right: a hundred
guesses at the same moment are a hundred failures.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from ticketing.domain.errors import ThrottledError, UsernameError
from ticketing.domain.incoming import MAILS_PER_SENDER, WITHIN
from ticketing.domain.mail_links import LINKS_PER_HOUR, Purpose
from ticketing.domain.people import username_key
from ticketing.domain.sign_in import Attempts, fingerprint
from ticketing.domain.store import Transaction
from ticketing.services.access import Clock

FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)
MEMORY = timedelta(minutes=15)
TRIES_PER_MINUTE = 30
FAILURES_PER_MINUTE = 10
REGISTRATIONS_PER_HOUR = 30
WISHES_PER_HOUR = 20
TICKETS_PER_HOUR = 60
CODES = 5
CODES_WITHIN = timedelta(minutes=5)
# What the ids of their buckets begin with.
REFUSALS = "refusal-"
REFUSALS_PER_HOUR = 20
REFUSALS_PER_MINUTE = 10

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_NETWORK = 64
_KEPT_FAILURES = 20
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Booking:
    """One try, written down as failed until it proves right."""

    at: datetime
    account: str
    failures: str | None = None

    def confirm(self, tx: Transaction) -> None:
        """Empty the bucket of a try that proved right; of the failures from its address it takes back only itself."""
        tx.attempts.remove(self.account)
        if self.failures:
            _take_back(tx, self.failures, self.at)

    def take_back(self, tx: Transaction) -> None:
        """Forget this try, whose password was not looked at, and nothing else."""
        _take_back(tx, self.account, self.at)
        if self.failures:
            _take_back(tx, self.failures, self.at)


class Throttle:
    """Counts tries within the caller's transaction, so that all processes share the count and a restart keeps it."""

    def __init__(
        self,
        clock: Clock,
        *,
        registrations_per_hour: int = REGISTRATIONS_PER_HOUR,
        tickets_per_hour: int = TICKETS_PER_HOUR,
    ) -> None:
        self._clock = clock
        self._registrations_per_hour = registrations_per_hour
        self._tickets_per_hour = tickets_per_hour

    def book_sign_in(self, tx: Transaction, username: str, address: str, device: str | None) -> Booking:
        """
        Write down a try to sign in; raises ThrottledError, and then nothing is written.

        Whether the account exists makes no difference. `device` is the id of a device that the account knows.
        """
        now = self._clock()
        if device:
            self._count(tx, _key("tries", device), TRIES_PER_MINUTE, _MINUTE, now)
            self._fail(tx, _key("device", device), now)
            return Booking(now, _key("device", device))
        network = _network(address)
        self._count(tx, _key("tries", network), TRIES_PER_MINUTE, _MINUTE, now)
        self._fail(tx, _account(username), now)
        self._count(tx, _key("failures", network), FAILURES_PER_MINUTE, _MINUTE, now)
        return Booking(now, _account(username), _key("failures", network))

    def book_confirmation(self, tx: Transaction, session: str) -> Booking:
        """Write down a try of a signed-in person to prove their present password; raises ThrottledError."""
        key, now = _key("confirmation", session), self._clock()
        self._fail(tx, key, now)
        return Booking(now, key)

    def book_code(self, tx: Transaction, username: str, place: str | None = None) -> Booking:
        """
        Write down a try of a second factor; raises ThrottledError.

        `place` is the id of a device or a session that is the account's own: strangers don't use up what it may try.
        """
        key, now = _code(place or username), self._clock()
        self._count(tx, key, CODES, CODES_WITHIN, now)
        return Booking(now, key)

    def count_registration(self, tx: Transaction, address: str) -> None:
        """Count a registration from an address; raises ThrottledError."""
        key = _key("registration", _network(address))
        self._count(tx, key, self._registrations_per_hour, _HOUR, self._clock())

    def count_wish(self, tx: Transaction, address: str) -> None:
        """Count a wish for a new password from an address; raises ThrottledError."""
        self._count(tx, _key("wish", _network(address)), WISHES_PER_HOUR, _HOUR, self._clock())

    def count_ticket(self, tx: Transaction, username: str) -> None:
        """Count a ticket that a requester opens; raises ThrottledError."""
        self._count(tx, _key("ticket", username), self._tickets_per_hour, _HOUR, self._clock())

    def count_reply(self, tx: Transaction, username: str) -> None:
        """Count a reply of somebody on a requester's side; raises ThrottledError."""
        self._count(tx, _key("reply", username), 2 * self._tickets_per_hour, _HOUR, self._clock())

    def count_elsewhere(self, tx: Transaction, address: str) -> None:
        """Count a sign-in that begins at a provider; raises ThrottledError."""
        self._count(tx, _key("elsewhere", _network(address)), TRIES_PER_MINUTE, _MINUTE, self._clock())

    def count_mail(self, tx: Transaction, sender: str) -> None:
        """Count a mail from an address; raises ThrottledError."""
        self._count(tx, _key("mail", sender), MAILS_PER_SENDER, WITHIN, self._clock())

    def count_link(self, tx: Transaction, purpose: Purpose, address: str, username: str) -> None:
        """Count a mail with a link to an address, for an account; raises ThrottledError."""
        for key in (_key(purpose, address.casefold()), _key(f"{purpose} of", username)):
            self._count(tx, key, LINKS_PER_HOUR, _HOUR, self._clock())

    def count_refusal(self, tx: Transaction, kind: str, who: str) -> None:
        """Count a refusal of somebody, and of all; raises ThrottledError when it is not to be written down."""
        now = self._clock()
        self._count(tx, REFUSALS + _key(kind, _network(who)), REFUSALS_PER_HOUR, _HOUR, now)
        self._count(tx, REFUSALS + _key(kind, "of anybody"), REFUSALS_PER_MINUTE, _MINUTE, now)

    def is_alarming(self, tx: Transaction, username: str) -> bool:
        """Tell whether so many sign-ins from unknown devices have failed that an account's owner should know of it."""
        return len(_bucket(tx, _account(username), self._clock()).failures) >= _KEPT_FAILURES

    def count_alarm(self, tx: Transaction, username: str) -> None:
        """Count that an account's owner is told of it; raises ThrottledError if they were today."""
        self._count(tx, _key("alarm", username), 1, _DAY, self._clock())

    def wait(self, tx: Transaction, username: str) -> timedelta | None:
        """Return how long the longest wait at an account is, wherever its owner may sit; None if there is none."""
        now = self._clock()
        ends = (_bucket(tx, key, now).blocked_until for key in _all_of(tx, username))
        return max((end - now for end in ends if end and now < end), default=None)

    def clear(self, tx: Transaction, username: str) -> None:
        """Forget the failures at an account, from devices that it knows and from others."""
        for key in _all_of(tx, username):
            tx.attempts.remove(key)

    def _fail(self, tx: Transaction, key: str, now: datetime) -> None:
        """Add a failure to a bucket whose waits grow."""
        bucket = _bucket(tx, key, now)
        if bucket.blocked_until and now < bucket.blocked_until:
            raise ThrottledError(bucket.blocked_until - now)
        bucket.failures = [*bucket.failures, now][-_KEPT_FAILURES:]
        bucket.blocked_until = _blocked_until(bucket.failures)
        bucket.expires_at = (bucket.blocked_until or now) + MEMORY
        tx.attempts.save(bucket)

    def _count(self, tx: Transaction, key: str, limit: int, period: timedelta, now: datetime) -> None:
        """Add a try to a bucket that takes so many in a sliding period."""
        bucket = _bucket(tx, key, now)
        recent = [at for at in bucket.failures if at > now - period]
        if len(recent) >= limit:
            raise ThrottledError(recent[-limit] + period - now)
        bucket.failures = [*recent, now]
        bucket.expires_at = now + period
        tx.attempts.save(bucket)


def _bucket(tx: Transaction, key: str, now: datetime) -> Attempts:
    found = tx.attempts.find(key)
    return found if found and now < found.expires_at else Attempts(id=key, failures=[], expires_at=now)


def _blocked_until(failures: list[datetime]) -> datetime | None:
    beyond = len(failures) - FREE_FAILURES
    if beyond < 0:
        return None
    return failures[-1] + min(timedelta(seconds=2 ** (beyond + 1)), LONGEST_WAIT)


def _take_back(tx: Transaction, key: str, at: datetime) -> None:
    bucket = tx.attempts.find(key)
    if bucket is None or at not in bucket.failures:
        return
    bucket.failures.remove(at)
    bucket.blocked_until = _blocked_until(bucket.failures) if bucket.blocked_until else None
    if bucket.failures:
        tx.attempts.save(bucket)
    else:
        tx.attempts.remove(key)


def _key(kind: str, what: str) -> str:
    return fingerprint("throttle", kind, what)


def _account(username: str) -> str:
    """Return the key of an account's bucket; what cannot be a username has a bucket as well."""
    try:
        return _key("account", username_key(username))
    except UsernameError:
        return _key("account", unicodedata.normalize("NFKC", username[:_LONGEST_NAME]).casefold().strip())


def _all_of(tx: Transaction, username: str) -> list[str]:
    """Return the keys of the buckets that can make the owner of an account wait."""
    devices = [device.id for device in tx.devices.of_user(username)]
    keys = [_account(username), *(_key("device", device) for device in devices)]
    return [*keys, *(_code(place) for place in (username, *devices))]


def _code(place: str) -> str:
    return _key("code", place)


def _network(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> _NETWORK << _NETWORK))
