"""Second factors: people set up their app, get recovery codes, and say what else is to end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction
from ticketing.domain.errors import (
    InvalidInputError,
    NoSecondFactorError,
    PersonNotFoundError,
    SecondFactorSetUpError,
    WrongCodeError,
)
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import Actor, User
from ticketing.domain.policy import Action
from ticketing.domain.second_factor import ProposedFactor, SecondFactor
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate
from ticketing.services.accounts import verify
from ticketing.services.authenticator import (
    Authenticator,
    hash_recovery_code,
    new_recovery_codes,
    takes_recovery_code,
)
from ticketing.services.outbox import tell_of_account
from ticketing.services.passwords import Passwords
from ticketing.services.sessions import log_account
from ticketing.services.throttle import Booking, Throttle


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    What an app is told to show codes from now on: a secret to type, or an address in a picture.

    `takes_password`: whether the account has one, which is asked for besides.
    """

    secret: str
    address: str
    takes_password: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """What a person may know of their second factor, which is on; in how many browsers the password is enough."""

    since: datetime
    recovery_codes_left: int
    trusted_browsers: int
    takes_password: bool = True


class SecondFactors:
    """What one can do about one's own second factor; `issuer` is what an app calls this desk."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        passwords: Passwords,
        throttle: Throttle,
        authenticator: Authenticator,
        issuer: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._passwords = passwords
        self._throttle = throttle
        self._authenticator = authenticator
        self._issuer = issuer

    def status(self, actor: Actor) -> Status | None:
        """Return what there is to know about the actor's second factor, None if it is not on."""
        now = self._clock()
        with self._store.read() as tx:
            _, user = self._myself(tx, actor)
            factor = user.second_factor
            trusted = sum(device.is_trusted_by(user, now) for device in tx.devices.of_user(user.id))
        return Status(factor.since, len(factor.recovery), trusted, user.has_password) if factor else None

    def propose(self, actor: Actor) -> Proposal:
        """Return what the actor's app is to be told; the same as before within an hour and this session."""
        now = self._clock()
        with self._store.read() as tx:
            actor, user = self._myself(tx, actor)
        proposed = _find_proposed(user, actor, now)
        if proposed is None:
            fresh = self._authenticator.propose(actor.session or "", now)
            with self._store.write() as tx:
                actor, user = self._myself(tx, actor)
                proposed = user.proposed_factor = _find_proposed(user, actor, now) or fresh
                tx.users.save(user)
        address = self._authenticator.address(proposed, user.id, self._issuer)
        return Proposal(self._authenticator.secret(proposed), address, user.has_password)

    def turn_on(self, actor: Actor, password: str, code: str) -> list[str]:
        """
        Turn on what was proposed, which takes the password and a code of the app, and end all other sessions.

        Returns the recovery codes, which nobody can look up later.
        """
        confirmed = self._confirm(actor, password)
        now, codes = self._clock(), new_recovery_codes()

        def turn(tx: Transaction, actor: Actor, user: User) -> bool:
            proposed = _find_proposed(user, actor, now)
            if proposed is None:
                raise NoSecondFactorError
            factor = self._authenticator.turned_on(proposed, code, now)
            if factor is None:
                return False
            user.second_factor, user.proposed_factor = factor, None
            _hand_out(user, factor, codes)
            for session in tx.sessions.of_user(user.id):
                if session.id != actor.session:
                    tx.sessions.remove(session.id)
            user.sign_in_version += 1
            tell_of_account(tx, user.id, AccountMail.SECOND_FACTOR_ON, user.id, now)
            log_account(tx, user.id, AuditAction.SECOND_FACTOR_ON, user.id, now)
            return True

        self._with_code(actor, turn, confirmed)
        return codes

    def renew_recovery_codes(self, actor: Actor, code: str) -> list[str]:
        """Return new recovery codes, which takes a code of the app; those before are worth nothing any more."""
        now, codes = self._clock(), new_recovery_codes()

        def renew(tx: Transaction, _actor: Actor, user: User) -> bool:
            factor = _require(user)
            if not self._authenticator.takes(user, code, now):
                return False
            _hand_out(user, factor, codes)
            log_account(tx, user.id, AuditAction.RECOVERY_CODES_RENEWED, user.id, now)
            return True

        self._with_code(actor, renew)
        return codes

    def turn_off(self, actor: Actor, password: str, code: str) -> None:
        """Let the password alone sign the actor in, which takes it and a code of the app or a recovery code."""
        confirmed = self._confirm(actor, password)
        now = self._clock()

        def turn(tx: Transaction, _actor: Actor, user: User) -> bool:
            _require(user)
            if not takes_recovery_code(user, code) and not self._authenticator.takes(user, code, now):
                return False
            user.second_factor = None
            user.sign_in_version += 1
            tell_of_account(tx, user.id, AccountMail.SECOND_FACTOR_OFF, user.id, now)
            log_account(tx, user.id, AuditAction.SECOND_FACTOR_OFF, user.id, now)
            return True

        self._with_code(actor, turn, confirmed)

    def forget_browsers(self, actor: Actor) -> None:
        """Ask for a code again in all browsers where the password was enough."""
        with self._store.write() as tx:
            _, user = self._myself(tx, actor)
            user.sign_in_version += 1
            tx.users.save(user)
            log_account(tx, user.id, AuditAction.BROWSERS_FORGOTTEN, user.id, self._clock())

    def _confirm(self, actor: Actor, password: str) -> Booking | None:
        """
        Return the try with which the actor has proven their present password; raises InvalidInputError.

        None for an account without one, of which there is nothing to prove but the session.
        """
        with self._store.write() as tx:
            actor, user = self._myself(tx, actor)
            if not user.has_password:
                return None
            booking = self._throttle.book_confirmation(tx, actor.session or "")
        if not verify(self._store, self._passwords, password, user.password, booking):
            raise InvalidInputError("Present password", "The present password is wrong.")
        return booking

    def _with_code(
        self, actor: Actor, deed: Callable[[Transaction, Actor, User], bool], confirmed: Booking | None = None
    ) -> None:
        """Do what takes a code, in one transaction with counting the try; *deed* tells whether the code was right."""
        with self._store.write() as tx:
            actor, user = self._myself(tx, actor)
            if confirmed:
                confirmed.confirm(tx)
            booking = self._throttle.book_code(tx, user.id, actor.session)
            is_right = deed(tx, actor, user)
            if is_right:
                booking.take_back(tx)
                tx.users.save(user)
        if not is_right:
            raise WrongCodeError

    def _myself(self, tx: Transaction, actor: Actor) -> tuple[Actor, User]:
        actor = self._gate.admit(tx, actor, without_second_factor=True)
        user = tx.users.find(actor.username)
        if user is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, Action.SET_UP_SECOND_FACTOR, user)
        return actor, user


def _find_proposed(user: User, actor: Actor, now: datetime) -> ProposedFactor | None:
    """Return what this session was proposed within the hour; raises SecondFactorSetUpError where one is on."""
    if user.second_factor:
        raise SecondFactorSetUpError
    proposed = user.proposed_factor
    is_good = proposed is not None and proposed.session == actor.session and now < proposed.expires_at
    return proposed if is_good else None


def _require(user: User) -> SecondFactor:
    if user.second_factor is None:
        raise NoSecondFactorError
    return user.second_factor


def _hand_out(user: User, factor: SecondFactor, codes: list[str]) -> None:
    factor.recovery = [hash_recovery_code(user, code) for code in codes]
