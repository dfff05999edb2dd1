"""Sessions: who is signed in, in which browser, and how that ends."""

import hmac
import logging
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import HandOffError, PersonNotFoundError, SignedOutError, StorageError
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.second_factor import TRUSTED_FOR
from ticketing.domain.sign_in import (
    DEVICE_LIFETIME,
    HALF_SIGN_IN_LIFETIME,
    HAND_OFF_LIFETIME,
    SESSIONS_PER_PERSON,
    Device,
    HandOff,
    Session,
    SessionLimits,
    fingerprint,
)
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import A_MOMENT, Clock, Gate, reach_person

# What the audit log calls the object of what is done to an account.
ACCOUNT: Final = "account"
_SECRET_BYTES: Final = 32
_DESCRIPTION_LIMIT: Final = 200
_PEOPLE_PER_BROWSER: Final = 8
_DEVICE_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser keeps: the secret of its session, for how many seconds, and the secrets by which it is known."""

    username: str
    token: str
    device: str
    max_age: int


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session as others than its owner see it; `id` names it, and is neither its secret nor the hash of that."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    address: str
    description: str
    is_api: bool

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return what is shown of a session."""
        return cls(
            id=fingerprint("shown session", session.id),
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            address=session.address,
            description=session.description,
            is_api=session.is_api,
        )


class Sessions:
    """Turns a browser's secret into the person behind it, and lets people see and end sessions."""

    def __init__(self, store: Store, clock: Clock, gate: Gate, limits: SessionLimits) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._limits = limits

    def actor(self, token: str) -> Actor:
        """
        Return the person whose session this is, as they are now; raises SignedOutError.

        An admin who views the desk as somebody else is that person, with a `viewer`. Somebody who still has a one-time
        password is let in as `must_change_password`, and who has yet to set up a second factor as
        `must_set_up_second_factor`. That the session was used is written down at most once a minute; when that cannot
        be saved, the person stays signed in all the same.
        """
        now = self._clock()
        with self._store.read() as tx:
            session = tx.sessions.find(fingerprint(token))
            if session is None or session.is_api:
                raise SignedOutError
            claim = Actor(session.username, session.username, Role.USER, session.id)
            actor = self._viewing(tx, session, claim) or self._gate.admit(
                tx, claim, with_one_time_password=True, without_second_factor=True
            )
        if now >= session.last_seen_at + Session.SEEN_EVERY:
            self._remember_use(session.id, now)
        return actor

    def redeem(
        self, hand_off: str, *, browser: str, address: str = "", device: str | None = None, description: str = ""
    ) -> SignedIn:
        """
        Turn a hand-off into a session, once, in the browser in which the password was typed; raises HandOffError.

        A browser that the account does not know gets a new device secret and is known to it from then on. What it shows
        is never taken over, since somebody else may have put it there; those of other people it keeps.
        """
        now = self._clock()
        with self._store.write() as tx:
            found = tx.hand_offs.find(fingerprint(hand_off))
            if found:
                tx.hand_offs.remove(found.id)
            user = tx.users.find(found.username) if found else None
            usable = found and user and not found.code_wanted and _is_usable(found, user, browser, now)
            if usable and found and user:
                known = _remember_device(tx, user, device or "", now, is_trusted=found.trusts_browser)
                token = open_session(tx, user, self._limits, now, address, description)
                lifetime = self._limits.absolute(user.role)
                signed_in = SignedIn(user.id, token, known, int(lifetime.total_seconds()))
        if not usable:
            raise HandOffError
        return signed_in

    def sign_out(self, token: str) -> Session | None:
        """End the session of this secret and return it; that there is none is no error, and changes nothing."""
        with self._store.read() as tx:
            session = tx.sessions.find(fingerprint(token))
        if session is not None:
            with self._store.write() as tx:
                if tx.sessions.find(session.id) is None:
                    return None
                tx.sessions.remove(session.id)
                entry = AuditEntry(session.username, AuditAction.SIGNED_OUT, self._clock(), ACCOUNT, session.username)
                tx.audit.add(entry.from_where(session.username, session.address))
        return session

    def own(self, actor: Actor) -> list[Session]:
        """Return the person's live sessions, newest first; the present one has the id `actor.session`."""
        with self._store.read() as tx:
            me = self._myself(tx, actor)
            return self._alive(tx, me)

    def end(self, actor: Actor, session_id: str) -> None:
        """End one of the person's own sessions; a foreign one does not exist for them, and nothing happens."""
        with self._store.write() as tx:
            me = self._myself(tx, actor)
            session = tx.sessions.find(session_id)
            if session and session.username == me.id:
                tx.sessions.remove(session.id)
                log_account(tx, actor.username, AuditAction.SESSIONS_ENDED, me.id, self._clock(), sessions="one")

    def end_others(self, actor: Actor) -> None:
        """End all of the person's sessions but the present one."""
        with self._store.write() as tx:
            me = self._myself(tx, actor)
            for session in tx.sessions.of_user(me.id):
                if session.id != actor.session:
                    tx.sessions.remove(session.id)
            me.sign_in_version += 1
            tx.users.save(me)
            log_account(tx, actor.username, AuditAction.SESSIONS_ENDED, me.id, self._clock(), sessions="all others")

    def of_person(self, actor: Actor, username: str) -> list[ShownSession]:
        """Return the live sessions of somebody else, newest first."""
        with self._store.read() as tx:
            return [ShownSession.of(one) for one in self._alive(tx, self._looked_after(tx, actor, username))]

    def end_one_of(self, actor: Actor, username: str, session_id: str) -> None:
        """End the session of somebody else that is shown under this id; if there is none, nothing happens."""
        with self._store.write() as tx:
            user = self._looked_after(tx, actor, username)
            for session in tx.sessions.of_user(user.id):
                if ShownSession.of(session).id == session_id:
                    tx.sessions.remove(session.id)
                    log_account(tx, actor.username, AuditAction.SESSIONS_ENDED, user.id, self._clock(), sessions="one")

    def _viewing(self, tx: Transaction, session: Session, claim: Actor) -> Actor | None:
        """Return the person as whom the desk is viewed in this browser; None where it is by its owner."""
        viewed = session.viewed_at(self._clock())
        if not viewed:
            return None
        with suppress(SignedOutError):  # the account may be closed by now, or no admin's the own one
            return self._gate.admit(tx, replace(claim, username=viewed, viewer=claim.username))
        return None

    def _myself(self, tx: Transaction, actor: Actor) -> User:
        actor = self._gate.admit(tx, actor)
        me = tx.users.find(actor.username)
        if me is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, Action.END_OWN_SESSION, me)
        return me

    def _looked_after(self, tx: Transaction, actor: Actor, username: str) -> User:
        actor = self._gate.admit(tx, actor)
        user = reach_person(tx, actor, username)
        policy.require(actor, Action.END_ONE_SESSION, user)
        return user

    def _alive(self, tx: Transaction, user: User) -> list[Session]:
        now, idle_limit = self._clock(), self._limits.idle(user.role)
        return [one for one in tx.sessions.of_user(user.id) if one.is_alive(now, idle_limit)]

    def _remember_use(self, session_id: str, now: datetime) -> None:
        try:
            with self._store.write(patience=A_MOMENT) as tx:
                session = tx.sessions.find(session_id)
                if session and session.last_seen_at < now:
                    session.last_seen_at = now
                    tx.sessions.save(session)
        except StorageError as error:
            _log.warning("That a session was used could not be saved: %s", error)


def open_session(
    tx: Transaction,
    user: User,
    limits: SessionLimits,
    now: datetime,
    address: str,
    description: str,
    *,
    refresh: str = "",
) -> str:
    """
    Begin a session and return its secret: 256 bits, of which only the hash is stored.

    `refresh` is the secret of the first refresh token of a program. What has expired of the person's sessions goes, and
    beyond 50 live ones the oldest, of browsers and of programs each: no program ends a browser's.
    """
    alive: list[Session] = []
    for session in tx.sessions.of_user(user.id):
        is_beyond = session.is_api is bool(refresh) and len(alive) >= SESSIONS_PER_PERSON - 1
        if is_beyond or not session.is_alive(now, limits.idle(user.role)):
            tx.sessions.remove(session.id)
        elif session.is_api is bool(refresh):
            alive.append(session)
    token = new_secret()
    tx.sessions.save(
        Session(
            id=fingerprint(token),
            username=user.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + limits.absolute(user.role),
            address=address,
            description=description[:_DESCRIPTION_LIMIT],
            refresh_sha256=fingerprint(refresh) if refresh else "",
        )
    )
    facts = {"by": "api"} if refresh else {}
    tx.audit.add(AuditEntry(user.id, AuditAction.SIGNED_IN, now, ACCOUNT, user.id, facts, address))
    return token


def log_account(tx: Transaction, by: str, action: AuditAction, username: str, now: datetime, **facts: str) -> None:
    """Write into the audit log what somebody has done to an account."""
    tx.audit.add(AuditEntry(by, action, now, ACCOUNT, username, facts))


def begin_hand_off(tx: Transaction, user: User, browser: str, now: datetime, *, trusts_browser: bool = False) -> str:
    """Return the secret with which this browser, within 60 seconds and once, gets a session of this account."""
    secret = new_secret()
    tx.hand_offs.save(
        HandOff(
            id=fingerprint(secret),
            username=user.id,
            browser=fingerprint(browser),
            sign_in_version=user.sign_in_version,
            trusts_browser=trusts_browser,
            expires_at=now + HAND_OFF_LIFETIME,
        )
    )
    return secret


def begin_half_sign_in(tx: Transaction, user: User, browser: str, device: Device | None, now: datetime) -> str:
    """Return the ticket with which, within 5 minutes, a code of the second factor makes the sign-in whole."""
    secret = new_secret()
    tx.hand_offs.save(
        HandOff(
            id=_half_sign_in_id(secret),
            username=user.id,
            browser=fingerprint(browser),
            sign_in_version=user.sign_in_version,
            code_wanted=True,
            device=device.id if device else None,
            expires_at=now + HALF_SIGN_IN_LIFETIME,
        )
    )
    return secret


def find_half_sign_in(tx: Transaction, ticket: str, browser: str, now: datetime) -> tuple[HandOff, User]:
    """Return a half sign-in that still waits for its code, and whose it is; raises HandOffError."""
    found = tx.hand_offs.find(_half_sign_in_id(ticket))
    user = tx.users.find(found.username) if found else None
    same_browser = found is not None and hmac.compare_digest(found.browser, fingerprint(browser))
    if found is None or user is None or not same_browser or not found.code_wanted or not _still_holds(found, user, now):
        raise HandOffError
    return found, user


def end_all_sessions(tx: Transaction, user: User) -> None:
    """
    End every session of an account, every sign-in that is still on its way, and every API key.

    The caller saves the account.
    """
    for session in tx.sessions.of_user(user.id):
        tx.sessions.remove(session.id)
    for key in tx.api_keys.of_user(user.id):
        tx.api_keys.remove(key.id)
    user.sign_in_version += 1


def find_device(tx: Transaction, username: str, shown: str, now: datetime) -> Device | None:
    """Return the browser that shows these secrets, if the account has signed in there within a year."""
    found = (tx.devices.find(_device_id(username, secret)) for secret in _device_secrets(shown))
    return next((device for device in found if device and now < device.expires_at), None)


def _remember_device(tx: Transaction, user: User, shown: str, now: datetime, *, is_trusted: bool) -> str:
    """
    Note that the account knows this browser, and return what that shows from now on, the account's secret first.

    One that is trusted anew gets a new secret: whoever may have seen the old one is not trusted with it.
    """
    others = _device_secrets(shown)
    former = next((secret for secret in others if find_device(tx, user.id, secret, now)), None)
    own = new_secret() if former is None or is_trusted else former
    device = tx.devices.find(_device_id(user.id, own)) or Device(
        id=_device_id(user.id, own), username=user.id, expires_at=now
    )
    device.expires_at = now + DEVICE_LIFETIME
    if is_trusted:
        device.trusted_until, device.sign_in_version = now + TRUSTED_FOR, user.sign_in_version
    tx.devices.save(device)
    if former and former != own:
        tx.devices.remove(_device_id(user.id, former))
    return ".".join([own, *(secret for secret in others if secret not in {own, former})][:_PEOPLE_PER_BROWSER])


def _device_secrets(shown: str) -> list[str]:
    """Return the secrets in a browser's device cookie: one for each person who has signed in there."""
    parts = shown.split(".", _PEOPLE_PER_BROWSER)[:_PEOPLE_PER_BROWSER]
    return [part for part in parts if _DEVICE_SECRET.fullmatch(part)]


def _is_usable(hand_off: HandOff, user: User, browser: str, now: datetime) -> bool:
    same_browser = bool(browser) and hmac.compare_digest(hand_off.browser, fingerprint(browser))
    return same_browser and _still_holds(hand_off, user, now)


def _still_holds(hand_off: HandOff, user: User, now: datetime) -> bool:
    return now < hand_off.expires_at and user.active and hand_off.sign_in_version == user.sign_in_version


def _half_sign_in_id(ticket: str) -> str:
    """Return the id of a half sign-in, under which nobody finds a hand-off."""
    return fingerprint("half sign-in", ticket)


def _device_id(username: str, secret: str) -> str:
    return fingerprint("device", username, secret)


def new_secret() -> str:
    """Return a secret of 256 bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)
