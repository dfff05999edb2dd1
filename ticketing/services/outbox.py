"""The outbox: mails are queued with the change that they tell of, and admins see what has become of each."""

from collections.abc import Sequence
from datetime import datetime

from ticketing.domain import policy
from ticketing.domain.errors import MailNotFoundError
from ticketing.domain.incoming import Bounce
from ticketing.domain.notifications import Notice
from ticketing.domain.outbox import AccountMail, Backlog, MailRoute, MailState, Outgoing, OutgoingQuery
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate

_ROUTE = MailRoute(id=MailRoute.kind, name="Mails that go out")


class Outbox:
    """What admins can do about mails that go out."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def ledger(self, actor: Actor, query: OutgoingQuery) -> Page[Outgoing]:
        """Return one page of the mails of the last 30 days, the newest first."""
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.LOOK_AFTER_MAILS)
            return tx.outgoing.search(query)

    def backlog(self, actor: Actor) -> Backlog:
        """Return how many mails wait, and since when."""
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.LOOK_AFTER_MAILS)
            return tx.outgoing.backlog()

    def send_again(self, actor: Actor, mail_id: str) -> Outgoing:
        """Queue a mail once more; raises MailNotFoundError, and MailWaitsError for one that waits anyway."""
        with self._store.write() as tx:
            policy.require(self._gate.admit(tx, actor), Action.LOOK_AFTER_MAILS)
            mail = tx.outgoing.find(mail_id)
            if mail is None:
                raise MailNotFoundError
            mail.send_again(self._clock())
            tx.outgoing.save(mail)
        return mail


def queue(tx: Transaction, notices: Sequence[Notice], now: datetime) -> None:
    """Queue the mails of notices, each once however often; nothing where no mail leaves the desk."""
    if notices and _goes_out(tx):
        tx.outgoing.add([Outgoing.of(notice, now) for notice in notices])


def queue_digest(tx: Transaction, username: str, notices: Sequence[Notice], now: datetime) -> None:
    """Queue the mail that sums up what somebody has not read of a day; nothing where no mail leaves the desk."""
    if _goes_out(tx):
        tx.outgoing.save(Outgoing.digest(username, notices, now))


def tell_of_account(tx: Transaction, username: str, kind: AccountMail, by: str, now: datetime, *, to: str = "") -> None:
    """Queue a mail to somebody about their own account, at another address if need be; nothing where none goes out."""
    if _goes_out(tx):
        tx.outgoing.save(Outgoing.about_account(username, kind, by, now, to))


def note_bounce(tx: Transaction, bounce: Bounce, now: datetime) -> None:
    """
    Note that a mail came back, and that its address gives no mail any more if that was for good.

    Whose Message-ID it names is found by all of it: nobody but its recipient knows that, since it is signed.
    """
    mail = tx.outgoing.having_message_id(bounce.message_id)
    failures = sorted(bounce.failures, key=lambda failure: not failure.is_final)
    if mail is None or mail.state is not MailState.SENT or not failures or failures[0].is_delayed:
        return
    failure = failures[0]
    mail.come_back(f"It came back: {failure.says or failure.status or 'the other mail server could not deliver it.'}")
    tx.outgoing.save(mail)
    user = tx.users.find(mail.username)
    if failure.is_final and user is not None and user.has_address(mail.address):
        user.note_bounce(now)
        tx.users.save(user)


def set_route(store: Store, *, is_open: bool, has_links: bool = False) -> None:
    """Note for all processes that share the store whether mails leave this desk, and can lead to it."""
    wanted = _ROUTE.model_copy(update={"is_open": is_open, "has_links": has_links})
    with store.read() as tx:
        if _route(tx) == wanted:
            return
    with store.write() as tx:
        tx.definitions(MailRoute).save(wanted)


def links_go_out(tx: Transaction) -> bool:
    """Whether people can be mailed links to this desk."""
    route = _route(tx)
    return route.is_open and route.has_links


def _goes_out(tx: Transaction) -> bool:
    return _route(tx).is_open


def _route(tx: Transaction) -> MailRoute:
    return tx.definitions(MailRoute).find(MailRoute.kind) or _ROUTE
