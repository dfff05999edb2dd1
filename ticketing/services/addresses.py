"""
E-mail addresses of accounts: whoever enters one shows, by a link that is sent there, that it is theirs.

Until then the address gets nothing but that link. Nobody is told whether others have an address: it may be entered by
several, and is confirmed by one of them, who reads what is sent there.
"""

from datetime import datetime
from typing import NamedTuple

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction, changed
from ticketing.domain.errors import AddressTakenError, NothingToConfirmError, ThrottledError
from ticketing.domain.mail_links import Purpose
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import Actor, Standing, User
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate
from ticketing.services.mail_links import look_behind, use_link
from ticketing.services.outbox import links_go_out, tell_of_account
from ticketing.services.sessions import log_account
from ticketing.services.throttle import Throttle


class Claimed(NamedTuple):
    """An address, and the account in which it stands."""

    address: str
    username: str


class Addresses:
    """What one can do about an address: have the link sent again, and follow it."""

    def __init__(self, store: Store, clock: Clock, gate: Gate, throttle: Throttle) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._throttle = throttle

    def can_be_confirmed(self, actor: Actor) -> bool:
        """Whether the actor has an address to which a link can be sent, and whose it is is not known."""
        with self._store.read() as tx:
            return _is_to_confirm(tx, self._myself(tx, actor))

    def send_link(self, actor: Actor) -> None:
        """Send the link to the actor's address once more; raises NothingToConfirmError and ThrottledError."""
        with self._store.write() as tx:
            user = self._myself(tx, actor)
            if not _is_to_confirm(tx, user):
                raise NothingToConfirmError
            _queue_link(tx, self._throttle, user, self._clock())

    def look(self, token: str) -> Claimed:
        """Return what a link asks about, and leave it as it is; raises MailLinkError."""
        with self._store.read() as tx:
            user = look_behind(tx, Purpose.CONFIRM, token, self._clock())
            return Claimed(user.email or "", user.id)

    def confirm(self, token: str) -> Claimed:
        """Note that the address is the account's; raises MailLinkError, and AddressTakenError if it is another's."""
        with self._store.write() as tx:
            user = use_link(tx, Purpose.CONFIRM, token, self._clock())
            if belongs_to_another(tx, user):
                raise AddressTakenError
            user.put_address(user.email, Standing.CONFIRMED)
            tx.users.save(user)
            log_account(tx, user.id, AuditAction.ADDRESS_CONFIRMED, user.id, self._clock(), way="link in a mail")
            return Claimed(user.email or "", user.id)

    def _myself(self, tx: Transaction, actor: Actor) -> User:
        actor = self._gate.admit(tx, actor)
        user = tx.users.find(actor.username)
        policy.require(actor, Action.EDIT_OWN_PROFILE, user)
        if user is None:
            raise NothingToConfirmError
        return user


def change_address(tx: Transaction, throttle: Throttle, user: User, address: str | None, now: datetime) -> None:
    """Enter another address into an account that has been there; on record is what is known of it, and not itself."""
    former, is_same = _known_of(user), (user.email or "").casefold() == (address or "").casefold()
    enter_address(tx, throttle, user, address, now)
    if not is_same:
        log_account(tx, user.id, AuditAction.ADDRESS_CHANGED, user.id, now, address=changed(former, _known_of(user)))


def enter_address(tx: Transaction, throttle: Throttle, user: User, address: str | None, now: datetime) -> None:
    """
    Put the address that a person has typed into their account, which is not saved here.

    Where the desk can mail links, it is unconfirmed until its link was followed; the former one is told that it was
    changed.
    """
    if address and user.has_address(address):
        user.email = address
        return
    former, asks = user.reachable_at, links_go_out(tx)
    user.put_address(address, Standing.UNCONFIRMED if asks else Standing.GIVEN)
    if former:
        tell_of_account(tx, user.id, AccountMail.ADDRESS_CHANGED, user.id, now, to=former)
    ask_to_confirm(tx, throttle, user, now)


def ask_to_confirm(tx: Transaction, throttle: Throttle, user: User, now: datetime) -> None:
    """Send a link to the account's address if that is to be confirmed and has not had too many of late."""
    if not _is_to_confirm(tx, user):
        return
    try:
        _queue_link(tx, throttle, user, now)
    except ThrottledError:  # they can have it sent later
        return


def owners(tx: Transaction, address: str) -> list[User]:
    """
    Return the accounts whose address it is: one that has confirmed it before others, active ones before the rest.

    One in which it was typed and not confirmed does not count.
    """
    having = [user for user in tx.users.with_email(address) if user.standing is not Standing.UNCONFIRMED]
    return sorted(having, key=lambda user: (user.standing is not Standing.CONFIRMED, not user.active))


def belongs_to_another(tx: Transaction, user: User) -> bool:
    """Whether the account's address is confirmed for another account."""
    others = tx.users.with_email(user.email or "")
    return any(other.standing is Standing.CONFIRMED and other.id != user.id for other in others)


def _known_of(user: User) -> str | None:
    return user.standing.value if user.email else None


def _is_to_confirm(tx: Transaction, user: User) -> bool:
    is_known = user.standing is Standing.CONFIRMED and not user.comes_back
    return bool(user.email) and not is_known and links_go_out(tx)


def _queue_link(tx: Transaction, throttle: Throttle, user: User, now: datetime) -> None:
    address = user.email or ""
    throttle.count_link(tx, Purpose.CONFIRM, address, user.id)
    tell_of_account(tx, user.id, AccountMail.CONFIRM_ADDRESS, user.id, now, to=address)
