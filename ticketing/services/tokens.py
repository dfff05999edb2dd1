"""Tokens and API keys: programs sign in, stay signed in, and act on somebody's behalf."""

import hmac
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketing.domain import policy
from ticketing.domain.api_keys import KEY_PREFIX, KEYS_PER_PERSON, MOST_DAYS, ApiKey, id_of
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import (
    BlankError,
    CodeWantedError,
    InvalidInputError,
    KeyNotFoundError,
    NameTakenError,
    PersonNotFoundError,
    SignedOutError,
    StorageError,
    TokenRefusedError,
    TooManyKeysError,
    UnknownChoiceError,
)
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.scopes import Scope
from ticketing.domain.sign_in import Session, fingerprint
from ticketing.domain.store import Store, Transaction
from ticketing.domain.text import clean_name
from ticketing.domain.tokens import ACCESS_LIFETIME, RefreshToken, SigningKey
from ticketing.services.access import A_MOMENT, Clock, Gate
from ticketing.services.access_tokens import AccessTokens
from ticketing.services.accounts import Accounts
from ticketing.services.agents import find_person
from ticketing.services.outbox import tell_of_account
from ticketing.services.refusals import Refusals
from ticketing.services.sessions import ACCOUNT, log_account, new_secret

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a program gets that has signed in: what it shows with each call, and what gets it the next one."""

    username: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: int = int(ACCESS_LIFETIME.total_seconds())


class Tokens:
    """
    Lets programs in.

    The tokens of one sign-in belong to a session, so that whatever ends sessions ends them at their next use; API keys
    end with all sign-ins of an account, but not with one of them.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate, accounts: Accounts, signing: AccessTokens) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._accounts = accounts
        self._signing = signing
        self._refusals = Refusals(store, clock)

    def issue(
        self, username: str, password: str, *, code: str | None = None, address: str = "", description: str = ""
    ) -> Granted:
        """
        Sign a program in as the sign-in page does a person, with the same refusals.

        Raises CodeWantedError where a second factor is on and there is no code; and since programs choose no password
        and set up no second factor, MustChangePasswordError and MustSetUpSecondFactorError.
        """
        refresh, accounts = new_secret(), self._accounts
        try:
            family = accounts.sign_in(username, password, address, description=description, refresh=refresh)
        except CodeWantedError as wanted:
            if not code:
                raise
            family = accounts.finish_sign_in(wanted.ticket, code, address, description=description, refresh=refresh)
        token, key = RefreshToken(family, refresh), self._signing_key()
        with self._store.read() as tx:
            session = self._find_family(tx, token)
        return self._grant(key, session, token)

    def renew(self, refresh: str, *, address: str = "") -> Granted:
        """
        Return new tokens for a refresh token, which is used up by that; raises TokenRefusedError.

        One that comes a second time was stolen, or what it was exchanged for: nobody can tell which, so both end.
        """
        shown = RefreshToken.read(refresh)
        now = self._clock()
        with self._store.read() as tx:
            self._find_family(tx, shown)  # so that nobody waits for those who make tokens up
        key, fresh = self._signing_key(), shown._replace(secret=new_secret())
        with self._store.write() as tx:
            session = self._find_family(tx, shown)
            is_newest = hmac.compare_digest(session.refresh_sha256, fingerprint(shown.secret))
            if is_newest:
                self._admit(tx, Actor(session.username, "", Role.USER, session.id, address=address))
                session.refresh_sha256 = fingerprint(fresh.secret)
                session.last_seen_at, session.address = now, address
                tx.sessions.save(session)
            else:
                _end(tx, session, AuditAction.TOKEN_REUSED, now, address)
        if not is_newest:
            raise TokenRefusedError
        return self._grant(key, session, fresh)

    def revoke(self, refresh: str) -> None:
        """Sign a program out, which any of its refresh tokens does; that it is signed out already is no error."""
        try:
            shown = RefreshToken.read(refresh)
        except TokenRefusedError:
            return
        with self._store.read() as tx:
            session = tx.sessions.find(fingerprint(shown.family))
        if session is not None and session.is_api:
            with self._store.write() as tx:
                _end(tx, session, AuditAction.SIGNED_OUT, self._clock(), session.address)

    def actor(self, bearer: str, *, address: str = "") -> Actor:
        """
        Return the person on whose behalf a program acts, as they are now, by its access token or its API key.

        Raises TokenRefusedError, MustChangePasswordError and MustSetUpSecondFactorError. That one was not made here, or
        a key is no more, goes on record; that a token is over, or its session has ended, is what happens every day.
        """
        actor = self._by_key(bearer, address) if bearer.startswith(KEY_PREFIX) else self._by_token(bearer, address)
        if actor is None:
            self._refusals.note_token(address)
            raise TokenRefusedError
        return actor

    def create_key(self, actor: Actor, name: str, scopes: Iterable[Scope], days: int) -> str:
        """Make an API key that holds for so many days, at most 366, and return it: nobody can look it up later."""
        now, key = self._clock(), KEY_PREFIX + new_secret()
        wanted = frozenset(scopes)
        with self._store.write() as tx:
            actor, me = self._myself(tx, actor)
            found = [one for one in tx.api_keys.of_user(me.id) if one.is_alive(now)]
            made = ApiKey(
                id=id_of(key),
                username=me.id,
                name=_checked_name(name, found),
                scopes=_checked_scopes(wanted, me.role),
                created_at=now,
                expires_at=now + _checked_lifetime(days),
            )
            if len(found) >= KEYS_PER_PERSON:
                raise TooManyKeysError(KEYS_PER_PERSON)
            tx.api_keys.save(made)
            log_account(tx, me.id, AuditAction.KEY_CREATED, me.id, now, key=made.name, scopes=", ".join(made.scopes))
            tell_of_account(tx, me.id, AccountMail.KEY_CREATED, me.id, now)
        return key

    def keys(self, actor: Actor) -> list[ApiKey]:
        """Return the actor's own keys, the newest first."""
        with self._store.read() as tx:
            _, me = self._myself(tx, actor)
            return self._alive(tx, me)

    def keys_of(self, actor: Actor, username: str) -> list[ApiKey]:
        """Return somebody's keys, the newest first."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            user = find_person(tx, actor, username)
            policy.require(actor, Action.REVOKE_KEYS, user)
            return self._alive(tx, user)

    def revoke_key(self, actor: Actor, key_id: str) -> ApiKey:
        """End the key of this id, the actor's own or that of somebody they look after; raises KeyNotFoundError."""
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            found = tx.api_keys.find(key_id)
            owner = tx.users.find(found.username) if found else None
            if found is None or owner is None or not _may_revoke(actor, owner):
                raise KeyNotFoundError
            tx.api_keys.remove(found.id)
            log_account(tx, actor.username, AuditAction.KEY_REVOKED, owner.id, self._clock(), key=found.name)
        return found

    def rotate_signing_key(self, actor: Actor) -> None:
        """Sign access tokens with a new key, in all processes; those that are about are good until they are over."""
        self._signing.get_ready()
        now = self._clock()
        with self._store.write() as tx:
            policy.require(self._gate.admit(tx, actor), Action.ROTATE_SIGNING_KEY)
            self._signing.rotate(tx, now)
            log_account(tx, actor.username, AuditAction.SIGNING_KEY_ROTATED, "", now)

    def _signing_key(self) -> SigningKey:
        """Return the key that signs, made if there is none."""
        self._signing.get_ready()
        with self._store.read() as tx:
            found = self._signing.current(tx)
        if found is None:
            with self._store.write() as tx:
                found = self._signing.current(tx) or self._signing.make_key(tx, self._clock())
        return found

    def _grant(self, key: SigningKey, session: Session, token: RefreshToken) -> Granted:
        return Granted(session.username, self._signing.make(key, session, self._clock()), str(token))

    def _find_family(self, tx: Transaction, token: RefreshToken) -> Session:
        session = tx.sessions.find(fingerprint(token.family))
        if session is None or not session.is_api:
            raise TokenRefusedError
        return session

    def _by_token(self, bearer: str, address: str) -> Actor | None:
        now = self._clock()
        with self._store.read() as tx:
            claims = self._signing.read(tx, bearer, now)
            if claims is None:
                return None
            session = tx.sessions.find(claims.sid)
            if claims.are_over(now) or session is None or not session.is_api or session.username != claims.sub:
                raise TokenRefusedError
            return self._admit(tx, Actor(session.username, "", Role.USER, session.id, address=address))

    def _by_key(self, bearer: str, address: str) -> Actor | None:
        now = self._clock()
        with self._store.read() as tx:
            key = tx.api_keys.find(id_of(bearer))
            if key is None:
                return None
            actor = self._admit(tx, Actor(key.username, "", Role.USER, key=key.id, address=address))
        if key.is_to_be_noted(now):
            self._note_use(key.id, address, now)
        return actor

    def _admit(self, tx: Transaction, claim: Actor) -> Actor:
        """Return who acts as they are now; whoever is out is refused in the same words as a token that is none."""
        try:
            return self._gate.admit(tx, claim)
        except SignedOutError:
            raise TokenRefusedError from None

    def _note_use(self, key: str, address: str, now: datetime) -> None:
        try:
            with self._store.write(patience=A_MOMENT) as tx:
                found = tx.api_keys.find(key)
                if found and found.is_to_be_noted(now):
                    found.last_used_at, found.address = now, address
                    tx.api_keys.save(found)
        except StorageError as error:
            log.warning("That an API key was used could not be saved: %s", error)

    def _myself(self, tx: Transaction, actor: Actor) -> tuple[Actor, User]:
        actor = self._gate.admit(tx, actor)
        me = tx.users.find(actor.username)
        if me is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, Action.KEEP_KEYS, me)
        return actor, me

    def _alive(self, tx: Transaction, user: User) -> list[ApiKey]:
        now = self._clock()
        found = [key for key in tx.api_keys.of_user(user.id) if key.is_alive(now)]
        return sorted(found, key=lambda key: key.created_at, reverse=True)


def _end(tx: Transaction, session: Session, why: AuditAction, now: datetime, address: str) -> None:
    tx.sessions.remove(session.id)
    tx.audit.add(AuditEntry(session.username, why, now, ACCOUNT, session.username, address=address))


def _checked_name(name: str, others: Iterable[ApiKey]) -> str:
    clean = clean_name("Name", name)
    if clean.casefold() in {one.name.casefold() for one in others}:
        raise NameTakenError(clean)
    return clean


def _checked_scopes(scopes: frozenset[Scope], role: Role) -> tuple[Scope, ...]:
    """Return the scopes in their order; raises the refusal of none at all, and of one that gives the role nothing."""
    if not scopes:
        raise BlankError("Scopes")
    useless = scopes - policy.scopes_of(role)
    if useless:
        raise UnknownChoiceError("Scopes", min(useless))
    return tuple(scope for scope in Scope if scope in scopes)


def _checked_lifetime(days: int) -> timedelta:
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInputError("Days", f"An API key holds for 1 to {MOST_DAYS} days.")
    return timedelta(days=days)


def _may_revoke(actor: Actor, owner: User) -> bool:
    return policy.may(actor, Action.KEEP_KEYS, owner) or policy.may(actor, Action.REVOKE_KEYS, owner)
