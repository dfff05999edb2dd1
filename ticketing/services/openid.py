"""
Sign-in by an OpenID provider: a browser goes there and comes back, and the account is found that this opens.

The first time it is one that a signed-in person links, or a requester's whose confirmed address the provider vouches
for, or, where anybody may register, a new one. An agent's account is never found by an address: whoever runs the
provider would make themselves an agent by it.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction
from ticketing.domain.errors import (
    AuthenticationError,
    HandOffError,
    IdentityTakenError,
    LastWayInError,
    NoAccountError,
    NoProviderError,
    OnlyLookingError,
    PersonNotFoundError,
    ProviderDeclinedError,
    ProviderDistrustedError,
    ThrottledError,
)
from ticketing.domain.openid import REQUEST_LIFETIME, Answer, Identity, Proven, SignInRequest
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import STAFF, Actor, Role, Standing, User
from ticketing.domain.policy import Action
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate, is_taken
from ticketing.services.accounts import LOOPBACK, add_account, let_in
from ticketing.services.addresses import enter_address
from ticketing.services.outbox import tell_of_account
from ticketing.services.refusals import Refusals
from ticketing.services.sessions import begin_hand_off, find_device, log_account, new_secret
from ticketing.services.throttle import Throttle

_TARGET_LIMIT: Final = 500


class Provider(Protocol):
    """An OpenID provider; what is asked of it goes over the network."""

    name: str
    issuer: str

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser is to go; raises ProviderUnreachableError."""

    def prove(self, code: str, nonce: str, verifier: str, now: datetime) -> Proven:
        """Return whom a code stands for; raises ProviderUnreachableError and ProviderDistrustedError."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    Somebody who is back from the provider, and where they were going.

    `hand_off` gets the browser its session; where a code is wanted beside, it is the `ticket` that takes it. Somebody
    who has linked their account has their session already.
    """

    target: str = ""
    hand_off: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class WaysIn:
    """By what one's own account opens: identities, the oldest first, and whether there is a password."""

    identities: tuple[Identity, ...]
    has_password: bool


class OpenId:
    """Signing in by a provider, and linking one's account with it; without a provider there is neither."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        throttle: Throttle,
        provider: Provider | None,
        *,
        registration_open: bool = True,
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._throttle = throttle
        self._known = provider
        self._registration_open = registration_open
        self._refusals = Refusals(store, clock)

    @property
    def provider_name(self) -> str | None:
        """What the provider is called; None if there is none."""
        return self._known.name if self._known else None

    def begin(self, target: str, *, browser: str, address: str = LOOPBACK) -> str:
        """
        Return where a browser is to go to sign in; from there it comes back to be led to *target*.

        `browser` stands for the one that is to come back, and only in that one its answer counts. Raises
        NoProviderError, ProviderUnreachableError, ThrottledError, and HandOffError for a browser without a mark.
        """
        return self._send(target, browser, address, None)

    def begin_linking(self, actor: Actor, *, browser: str, address: str = LOOPBACK) -> str:
        """
        Return where the actor's browser is to go so that their account is linked; raises as `begin` does.

        Raises OnlyLookingError as well.
        """
        with self._store.read() as tx:
            actor, _ = self._myself(tx, actor)
        if actor.viewer:
            raise OnlyLookingError  # what is noted for the way to the provider has nobody acting
        return self._send("account", browser, address, actor)

    def finish(self, answer: Answer, *, browser: str, address: str = LOOPBACK, device: str | None = None) -> Arrival:
        """
        Take what a browser has brought back, once, and sign in or link whom the provider proves it to be.

        Raises HandOffError, ProviderDeclinedError, ProviderDistrustedError, ProviderUnreachableError, NoAccountError,
        ThrottledError for too many new accounts, and IdentityTakenError.
        """
        provider, username = self._require_provider(), ""
        try:
            request = self._take(answer.state, browser)
            username = request.username
            proven = self._prove(provider, request, answer)
            with self._store.write() as tx:
                if request.username:
                    self._link_own(tx, request, proven)
                    return Arrival(request.target)
                return self._sign_in(tx, request, proven, browser, address, device)
        except (AuthenticationError, IdentityTakenError, ThrottledError) as error:
            self._refusals.note_sign_in(username, address, error)
            raise

    def own(self, actor: Actor) -> WaysIn:
        """Return by what the actor's account opens."""
        with self._store.read() as tx:
            _, me = self._myself(tx, actor)
            found = sorted(tx.identities.of_user(me.id), key=lambda identity: identity.created_at)
        return WaysIn(tuple(found), me.has_password)

    def unlink(self, actor: Actor, identity: str) -> None:
        """
        Let one of the actor's identities open nothing any more; a foreign one does not exist for them.

        Raises LastWayInError where nothing else opens the account.
        """
        with self._store.write() as tx:
            actor, me = self._myself(tx, actor)
            found = tx.identities.find(identity)
            if found is None or found.username != me.id:
                return
            if not me.has_password and len(tx.identities.of_user(me.id)) == 1:
                raise LastWayInError
            tx.identities.remove(found.id)
            log_account(tx, me.id, AuditAction.IDENTITY_UNLINKED, me.id, self._clock(), issuer=found.issuer)

    def _require_provider(self) -> Provider:
        if self._known is None:
            raise NoProviderError
        return self._known

    def _send(self, target: str, browser: str, address: str, actor: Actor | None) -> str:
        provider, now = self._require_provider(), self._clock()
        if not browser:
            raise HandOffError
        state, nonce, verifier = new_secret(), new_secret(), new_secret()
        request = SignInRequest(
            id=fingerprint(state),
            browser=fingerprint(browser),
            nonce=nonce,
            verifier=verifier,
            target=target[:_TARGET_LIMIT],
            username=actor.username if actor else "",
            session=(actor.session or "") if actor else "",
            expires_at=now + REQUEST_LIFETIME,
        )
        with self._store.write() as tx:
            self._throttle.count_elsewhere(tx, address)
            tx.sign_in_requests.save(request)
        return provider.address(state, nonce, verifier)

    def _take(self, state: str, browser: str) -> SignInRequest:
        """
        Return what a browser was sent with, which is used up by that; raises HandOffError.

        What another browser shows is left as it is, for that in which it began.
        """
        with self._store.write() as tx:
            found = tx.sign_in_requests.find(fingerprint(state))
            if found is None or not browser or not hmac.compare_digest(found.browser, fingerprint(browser)):
                raise HandOffError
            tx.sign_in_requests.remove(found.id)
        if self._clock() >= found.expires_at:
            raise HandOffError
        return found

    def _prove(self, provider: Provider, request: SignInRequest, answer: Answer) -> Proven:
        if answer.issuer and answer.issuer != provider.issuer:  # RFC 9207
            raise ProviderDistrustedError(provider.name)
        if answer.error or not answer.code:
            raise ProviderDeclinedError(provider.name)
        return provider.prove(answer.code, request.nonce, request.verifier, self._clock())

    def _sign_in(
        self, tx: Transaction, request: SignInRequest, proven: Proven, browser: str, address: str, device: str | None
    ) -> Arrival:
        now, known = self._clock(), tx.identities.find(proven.id)
        user = tx.users.find(known.username) if known else self._meet(tx, proven, address, now)
        if user is None or not user.active:
            raise NoAccountError(self._require_provider().name)
        found = find_device(tx, user.id, device, now) if device else None
        ticket = let_in(tx, user, browser, found, now)
        hand_off = "" if ticket else begin_hand_off(tx, user, browser, now)
        tx.users.save(user)
        return Arrival(request.target, hand_off, ticket or "")

    def _link_own(self, tx: Transaction, request: SignInRequest, proven: Proven) -> None:
        claim = Actor(request.username, request.username, Role.USER, request.session)
        _, me = self._myself(tx, claim)
        known = tx.identities.find(proven.id)
        if known and known.username != me.id:
            raise IdentityTakenError(self._require_provider().name)
        if known is None:
            _link(tx, me, proven, self._clock())

    def _meet(self, tx: Transaction, proven: Proven, address: str, now: datetime) -> User | None:
        """Link the account of somebody who comes for the first time, or a new one; None where there is neither."""
        having = tx.users.with_email(proven.verified_address or "")
        confirmed = next((user for user in having if user.standing is Standing.CONFIRMED), None)
        if confirmed is None:
            return self._register(tx, proven, address, now) if self._registration_open else None
        if confirmed.role in STAFF:
            return None
        _link(tx, confirmed, proven, now)
        return confirmed

    def _register(self, tx: Transaction, proven: Proven, address: str, now: datetime) -> User | None:
        """Make an account without a password; None if so many have that name that there is none left."""
        self._throttle.count_registration(tx, address)
        username = next((name for name in proven.usernames() if not is_taken(tx, name)), None)
        if username is None:
            return None
        shown = proven.display_name(username)
        user = User(id=username, display_name=shown, password="", created_at=now, password_changed_at=now)
        if proven.verified_address:
            user.put_address(proven.verified_address, Standing.CONFIRMED)
        else:
            enter_address(tx, self._throttle, user, proven.address, now)
        add_account(tx, user, by=user.id, address=address)
        _keep(tx, user, proven, now)
        return user

    def _myself(self, tx: Transaction, actor: Actor) -> tuple[Actor, User]:
        actor = self._gate.admit(tx, actor)
        me = tx.users.find(actor.username)
        if me is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, Action.LINK_IDENTITY, me)
        return actor, me


def _link(tx: Transaction, user: User, proven: Proven, now: datetime) -> None:
    """Let somebody at the provider open an account that there is, of which its owner is told."""
    _keep(tx, user, proven, now)
    tell_of_account(tx, user.id, AccountMail.IDENTITY_LINKED, user.id, now)


def _keep(tx: Transaction, user: User, proven: Proven, now: datetime) -> None:
    tx.identities.save(Identity(id=proven.id, username=user.id, issuer=proven.issuer, created_at=now))
    log_account(tx, user.id, AuditAction.IDENTITY_LINKED, user.id, now, issuer=proven.issuer)
