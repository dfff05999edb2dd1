"""The two gates that every service method passes: who acts, looked up now, and the way from a number to a ticket."""

from collections.abc import Callable
from datetime import datetime

from ticketing.domain import policy
from ticketing.domain.anonymising import Anonymisation, hash_of_name
from ticketing.domain.api_keys import ApiKey
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import (
    MustChangePasswordError,
    MustSetUpSecondFactorError,
    PersonNotFoundError,
    SignedOutError,
    TicketNotFoundError,
    UsernameError,
)
from ticketing.domain.people import Actor, Role, User, username_key
from ticketing.domain.policy import Relation
from ticketing.domain.sign_in import Session, SessionLimits
from ticketing.domain.sources import Source
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket

Clock = Callable[[], datetime]
# Seconds that a reader's page waits to note something by the way, such as what was read.
A_MOMENT = 0.1


class Gate:
    """Lets in who still is who they were, and says as what; from some roles it wants a second factor."""

    def __init__(self, clock: Clock, limits: SessionLimits, *, second_factor_of: frozenset[Role] = frozenset()) -> None:
        self._clock = clock
        self._limits = limits
        self._second_factor_of = second_factor_of

    def admit(
        self,
        tx: Transaction,
        actor: Actor,
        *,
        with_one_time_password: bool = False,
        without_second_factor: bool = False,
    ) -> Actor:
        """
        Return the actor as they are at this moment: present role, live session or API key.

        A page may hold an actor from before a sign-out or a change of role; what was rendered then can be replayed by
        any client. Raises SignedOutError, and unless the call is open to one-time passwords and to those who have yet
        to set up a second factor, MustChangePasswordError and MustSetUpSecondFactorError.
        """
        if actor.at_console:
            tx.audit.acts(actor.username, "")
            return actor
        shown = tx.api_keys.find(actor.key) if actor.key else tx.sessions.find(actor.session or "")
        if shown is None or shown.username != actor.signed_in_as:
            raise SignedOutError
        user = tx.users.find(shown.username)
        if user is None or not user.active or not self._is_alive(shown, user):
            raise SignedOutError
        if user.must_change_password and not with_one_time_password:
            raise MustChangePasswordError
        lacks_factor = user.second_factor is None and user.role in self._second_factor_of
        if lacks_factor and not without_second_factor:
            raise MustSetUpSecondFactorError
        tx.audit.acts(user.id, actor.address or shown.address, only_looks=actor.viewer is not None)
        admitted = Actor(
            user.id,
            user.display_name,
            user.role,
            actor.session,
            user.must_change_password,
            must_set_up_second_factor=lacks_factor,
            key=actor.key,
            scopes=frozenset(shown.scopes) if isinstance(shown, ApiKey) else None,
            address=actor.address,
            source=Source.API if isinstance(shown, ApiKey) or shown.is_api else Source.UI,
        )
        return self._as_viewed(tx, admitted, shown, actor.username) if actor.viewer else admitted

    def _as_viewed(self, tx: Transaction, admin: Actor, shown: Session | ApiKey, username: str) -> Actor:
        """Return the person as whom an admin views the desk, as long as they do and may; raises SignedOutError."""
        is_viewed = isinstance(shown, Session) and shown.viewed_at(self._clock()) == username
        user = tx.users.find(username) if is_viewed else None
        if user is None or not user.active or not policy.may(admin, policy.Action.VIEW_AS, user):
            raise SignedOutError
        return Actor(user.id, user.display_name, user.role, admin.session, address=admin.address, viewer=admin.username)

    def _is_alive(self, shown: Session | ApiKey, user: User) -> bool:
        now = self._clock()
        return shown.is_alive(now, self._limits.idle(user.role)) if isinstance(shown, Session) else shown.is_alive(now)


def reach(tx: Transaction, actor: Actor, number: int) -> Ticket:
    """
    Fetch a ticket that *actor* may see.

    A ticket that exists and isn't the actor's reads the same as one that doesn't exist, so numbers give nothing away.
    """
    ticket = tx.tickets.find(number, policy.audience(actor))
    if ticket is None or not policy.may(actor, policy.Action.VIEW_TICKET, ticket):
        raise TicketNotFoundError(number)
    return ticket


def log_export(tx: Transaction, actor: Actor, what: str, now: datetime, **facts: str) -> None:
    """Write into the audit log that somebody takes a copy of something along."""
    tx.audit.add(AuditEntry(actor.username, AuditAction.EXPORTED, now, "export", what, facts))


def find_user(tx: Transaction, username: str) -> User | None:
    """Return the account of this name, however it is written, or None."""
    try:
        return tx.users.find(username_key(username))
    except UsernameError:
        return None


def is_taken(tx: Transaction, username: str) -> bool:
    """Whether this is somebody's username, or was that of somebody who is anonymous by now: nobody else gets it."""
    was = hash_of_name(username)
    return tx.users.find(username) is not None or any(one.was == was for one in tx.definitions(Anonymisation).all())


def reach_person(tx: Transaction, actor: Actor, username: str) -> User:
    """
    Fetch an account that the actor may see; raises PersonNotFoundError.

    For those who may not see accounts none exists, so that nobody learns from a refusal who has one.
    """
    user = find_user(tx, username)
    if user is None or not policy.may(actor, policy.Action.SEE_PEOPLE):
        raise PersonNotFoundError(username)
    return user


def is_assignable(tx: Transaction, username: str) -> bool:
    """Whether a ticket can be given to this person, who may not even exist."""
    user = tx.users.find(username)
    return user is not None and user.active and policy.allows(user.role, policy.Action.BE_ASSIGNED, Relation.DESK)
