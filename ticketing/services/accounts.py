"""Accounts: register, prove who one is, and change one's own name, e-mail and password."""

from dataclasses import dataclass
from datetime import datetime

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import (
    BlankError,
    BusyError,
    CodeWantedError,
    InvalidInputError,
    PasswordMismatchError,
    PersonNotFoundError,
    RegistrationClosedError,
    ThrottledError,
    UsernameTakenError,
    WeakPasswordError,
    WrongCodeError,
    WrongCredentialsError,
)
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import (
    RESERVED_USERNAMES,
    Actor,
    Person,
    User,
    clean_display_name,
    clean_email,
    username_key,
)
from ticketing.domain.policy import Action
from ticketing.domain.sign_in import Device, SessionLimits, fingerprint
from ticketing.domain.store import Store, Transaction
from ticketing.domain.text import is_blank
from ticketing.services.access import Clock, Gate, find_user, is_taken
from ticketing.services.addresses import change_address, enter_address
from ticketing.services.authenticator import Authenticator, takes_recovery_code
from ticketing.services.outbox import tell_of_account
from ticketing.services.passwords import Passwords, check_new, same_password
from ticketing.services.refusals import Refusals
from ticketing.services.sessions import (
    ACCOUNT,
    begin_half_sign_in,
    begin_hand_off,
    end_all_sessions,
    find_device,
    find_half_sign_in,
    log_account,
    open_session,
)
from ticketing.services.throttle import Booking, Throttle

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class _Proof:
    """A right password, as it was a moment ago; `rehashed` when what is stored has become too weak."""

    user: User
    booking: Booking
    rehashed: str | None
    device: Device | None


class Accounts:
    """
    What one can do about one's own account. Passwords are hashed and compared outside of any transaction.

    *entrance* is the store as signing in goes by it, which it does also while nothing else may be changed.
    """

    def __init__(  # noqa: PLR0913 - what each sign-in takes, and by which door it goes
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        passwords: Passwords,
        throttle: Throttle,
        *,
        authenticator: Authenticator,
        limits: SessionLimits,
        registration_open: bool = True,
        entrance: Store | None = None,
    ) -> None:
        self._store = store
        self._entrance = entrance or store
        self._clock = clock
        self._gate = gate
        self._passwords = passwords
        self._throttle = throttle
        self._authenticator = authenticator
        self._registration_open = registration_open
        self._refusals = Refusals(store, clock)
        self._limits = limits

    def register(
        self,
        username: str,
        display_name: str,
        password: str,
        confirmation: str,
        email: str = "",
        *,
        address: str = LOOPBACK,
    ) -> Person:
        """Make an account for anybody who asks, always as a user."""
        user = self._newcomer(username, display_name, password, confirmation, email, address)
        with self._store.write() as tx:
            self._add(tx, user, email, address)
        return Person.of(user)

    def register_browser(
        self,
        username: str,
        display_name: str,
        password: str,
        confirmation: str,
        email: str = "",
        *,
        address: str = LOOPBACK,
        browser: str,
    ) -> str:
        """Make an account as `register` does, and return the secret of a hand-off with which this browser signs in."""
        user = self._newcomer(username, display_name, password, confirmation, email, address)
        user.last_sign_in_at = user.created_at
        with self._store.write() as tx:
            self._add(tx, user, email, address)
            return begin_hand_off(tx, user, browser, self._clock())

    def sign_in(
        self,
        username: str,
        password: str,
        address: str = LOOPBACK,
        *,
        device: str | None = None,
        description: str = "",
        refresh: str = "",
    ) -> str:
        """
        Return the secret of a new session; of a program's, given the secret of its first refresh token.

        Unknown name, deactivated account and wrong password read the same and take the same time. Raises
        WrongCredentialsError, and ThrottledError or BusyError when there is too much of it. Where the account has a
        second factor it raises CodeWantedError, whose ticket `finish_sign_in` takes; a `device` that is trusted goes
        without. A program chooses no password and sets up no second factor: where it must, it raises
        MustChangePasswordError and MustSetUpSecondFactorError.
        """
        proof = self._prove(username, password, address, device)
        now = self._clock()
        with self._entrance.write() as tx:
            user, ticket = _accept(tx, proof, "", now)
            token = "" if ticket else self._open_session(tx, user, now, address, description, refresh)
        if ticket:
            raise CodeWantedError(ticket)
        return token

    def finish_sign_in(
        self, ticket: str, code: str, address: str = LOOPBACK, *, description: str = "", refresh: str = ""
    ) -> str:
        """
        Return the secret of a new session, for the ticket of `sign_in` and a code of the app or a recovery code.

        A wrong code leaves the ticket as it is for another try; the right one uses it up, and itself. Raises
        WrongCodeError, ThrottledError, or HandOffError for a ticket that is not or no longer good; and refuses programs
        as `sign_in` does.
        """
        now = self._clock()
        with self._entrance.write() as tx:
            user = self._take_code(tx, ticket, code, "", now)
            token = self._open_session(tx, user, now, address, description, refresh) if user else ""
        if not token:
            raise self._wrong_code(ticket, "", address)
        return token

    def sign_in_browser(
        self, username: str, password: str, *, address: str = LOOPBACK, browser: str, device: str | None = None
    ) -> str:
        """
        Return the secret of a hand-off, with which the browser then gets its session; refuses as `sign_in` does.

        `browser` stands for the browser in which the password was typed; in no other one the secret is worth anything,
        nor is the ticket of a CodeWantedError, which `finish_sign_in_browser` takes.
        """
        proof = self._prove(username, password, address, device)
        now = self._clock()
        with self._entrance.write() as tx:
            user, ticket = _accept(tx, proof, browser, now)
            hand_off = "" if ticket else begin_hand_off(tx, user, browser, now)
        if ticket:
            raise CodeWantedError(ticket)
        return hand_off

    def finish_sign_in_browser(self, ticket: str, code: str, *, browser: str, trust: bool = False) -> str:
        """
        Return the secret of a hand-off as `finish_sign_in` does the one of a session.

        With `trust`, the password alone is enough in this browser for 30 days.
        """
        now = self._clock()
        with self._entrance.write() as tx:
            user = self._take_code(tx, ticket, code, browser, now)
            hand_off = begin_hand_off(tx, user, browser, now, trusts_browser=trust) if user else ""
        if not hand_off:
            raise self._wrong_code(ticket, browser)
        return hand_off

    def change_password(self, actor: Actor, current: str, new: str, confirmation: str, *, browser: str) -> str:
        """
        Change the actor's own password, which takes the present one, and end all of their sessions.

        Returns the secret of a hand-off with which this browser stays signed in. It is what one can do with a one-time
        password, and what one must.
        """
        with self._store.write() as tx:
            actor, user = self._myself(tx, actor, Action.CHANGE_OWN_PASSWORD, half_in=True)
            check_pair(new, confirmation)
            check_new(new, role=user.role, username=user.id, display_name=user.display_name, email=user.email)
            if same_password(new, current):
                raise WeakPasswordError("The new password is the present one. Please choose another one.")
            booking = self._throttle.book_confirmation(tx, actor.session or "")
        if not verify(self._store, self._passwords, current, user.password, booking):
            raise InvalidInputError("Present password", "The present password is wrong.")
        hashed = self._passwords.hash(new)
        now = self._clock()
        with self._store.write() as tx:
            actor, latest = self._myself(tx, actor, Action.CHANGE_OWN_PASSWORD, half_in=True)
            latest.set_password(hashed, now, one_time=False)
            end_all_sessions(tx, latest)
            tx.users.save(latest)
            tell_of_account(tx, latest.id, AccountMail.PASSWORD_CHANGED, latest.id, now)
            log_account(tx, latest.id, AuditAction.PASSWORD_CHANGED, latest.id, now)
            return begin_hand_off(tx, latest, browser, now)

    def profile(self, actor: Actor) -> Person:
        """Return the actor's own account."""
        with self._store.read() as tx:
            _, user = self._myself(tx, actor, Action.EDIT_OWN_PROFILE)
            return Person.of(user)

    def change_profile(self, actor: Actor, display_name: str, email: str, password: str = "") -> Person:
        """
        Change the actor's own display name and e-mail address, which is to be confirmed; a blank one means none.

        Another address takes the present password, since forgotten passwords are mailed to it; an account without one
        has nothing to prove but its session. Raises InvalidInputError and ThrottledError for a wrong password.
        """
        shown, mail = clean_display_name(display_name), clean_email(email)
        confirmed = self._confirm_address(actor, mail, password)
        with self._store.write() as tx:
            _, user = self._myself(tx, actor, Action.EDIT_OWN_PROFILE)
            if confirmed:
                confirmed.take_back(tx)
            user.display_name = shown
            change_address(tx, self._throttle, user, mail, self._clock())
            tx.users.save(user)
        return Person.of(user)

    def _confirm_address(self, actor: Actor, address: str | None, password: str) -> Booking | None:
        """Return the try with which the actor has proven that it is them who wants another address, if it is one."""
        with self._store.read() as tx:
            actor, user = self._myself(tx, actor, Action.EDIT_OWN_PROFILE)
        if not user.has_password or (address or "").casefold() == (user.email or "").casefold():
            return None
        if not password:
            raise BlankError("Present password")
        with self._store.write() as tx:
            self._myself(tx, actor, Action.EDIT_OWN_PROFILE)
            booking = self._throttle.book_confirmation(tx, actor.session or actor.key or "")
        if not verify(self._store, self._passwords, password, user.password, booking):
            raise InvalidInputError("Present password", "The present password is wrong.")
        return booking

    def _newcomer(
        self, username: str, display_name: str, password: str, confirmation: str, email: str, address: str
    ) -> User:
        if not self._registration_open:
            raise RegistrationClosedError
        name, shown, mail = clean_identity(username, display_name, email)
        check_pair(password, confirmation)
        check_new(password, username=name, display_name=shown, email=mail)
        with self._store.write() as tx:
            self._throttle.count_registration(tx, address)
            taken = is_taken(tx, name)
        if taken:
            raise UsernameTakenError(name, perhaps_by_oneself=True)
        hashed = self._passwords.hash(password)
        now = self._clock()
        return User(id=name, display_name=shown, password=hashed, created_at=now, password_changed_at=now)

    def _add(self, tx: Transaction, user: User, email: str, address: str) -> None:
        """Keep an account that somebody has made for themselves, with the address that they have typed."""
        enter_address(tx, self._throttle, user, clean_email(email), user.created_at)
        add_account(tx, user, by=user.id, address=address)

    def _prove(self, username: str, password: str, address: str, device: str | None) -> _Proof:
        try:
            return self._proven(username, password, address, device)
        except (WrongCredentialsError, ThrottledError) as error:
            self._refusals.note_sign_in(username, address, error)
            raise

    def _proven(self, username: str, password: str, address: str, device: str | None) -> _Proof:
        with self._entrance.write() as tx:
            user = find_user(tx, username)
            known = find_device(tx, user.id, device, self._clock()) if user and device else None
            booking = self._throttle.book_sign_in(tx, username, address, known.id if known else None)
        right = verify(self._entrance, self._passwords, password, user.password if user else None, booking)
        if not right or user is None or not user.active:
            raise WrongCredentialsError
        weak = self._passwords.needs_rehash(user.password)
        return _Proof(user, booking, self._passwords.hash(password) if weak else None, known)

    def _open_session(
        self, tx: Transaction, user: User, now: datetime, address: str, description: str, refresh: str
    ) -> str:
        token = open_session(tx, user, self._limits, now, address, description, refresh=refresh)
        if refresh:
            self._gate.admit(tx, Actor(user.id, user.display_name, user.role, fingerprint(token)))
        return token

    def _take_code(self, tx: Transaction, ticket: str, code: str, browser: str, now: datetime) -> User | None:
        """Return who has shown a right code with their ticket, which is used up then; None for a wrong code."""
        found, user = find_half_sign_in(tx, ticket, browser, now)
        booking = self._throttle.book_code(tx, user.id, found.device)
        if takes_recovery_code(user, code):
            tell_of_account(tx, user.id, AccountMail.RECOVERY_CODE_USED, user.id, now)
            log_account(tx, user.id, AuditAction.RECOVERY_CODE_USED, user.id, now)
        elif not self._authenticator.takes(user, code, now):
            return None
        booking.take_back(tx)
        tx.hand_offs.remove(found.id)
        user.last_sign_in_at = now
        tx.users.save(user)
        return user

    def _wrong_code(self, ticket: str, browser: str, address: str = "") -> WrongCodeError:
        """Return the refusal of a wrong code, which is on record as that of a wrong password is."""
        with self._store.read() as tx:
            _, user = find_half_sign_in(tx, ticket, browser, self._clock())
        error = WrongCodeError()
        self._refusals.note_sign_in(user.id, address, error)
        return error

    def _myself(self, tx: Transaction, actor: Actor, action: Action, *, half_in: bool = False) -> tuple[Actor, User]:
        actor = self._gate.admit(tx, actor, with_one_time_password=half_in, without_second_factor=half_in)
        user = tx.users.find(actor.username)
        if user is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, action, user)
        return actor, user


def clean_identity(username: str, display_name: str, email: str) -> tuple[str, str, str | None]:
    """Return canonical username, display name and e-mail address as they are stored; raises what is wrong with them."""
    if is_blank(username):
        raise BlankError("Username")
    name = username_key(username)
    if name in RESERVED_USERNAMES:
        raise UsernameTakenError(name)
    return name, clean_display_name(display_name), clean_email(email)


def add_account(tx: Transaction, user: User, *, by: str, address: str = "") -> None:
    """Save a new account; raises UsernameTakenError when there is one of this name, however it is written."""
    if is_taken(tx, user.id):
        raise UsernameTakenError(user.id)
    tx.users.save(user)
    facts = {"role": user.role.value} | ({"address": user.standing.value} if user.email else {})
    tx.audit.add(AuditEntry(by, AuditAction.REGISTERED, user.created_at, ACCOUNT, user.id, facts, address))


def remove_account(tx: Transaction, username: str) -> None:
    """Take an account away, and all that is kept for it alone: nobody is to come by it who gets that name later."""
    for owned in (tx.sessions, tx.devices, tx.api_keys, tx.identities, tx.uploads, tx.drafts, tx.notices):
        for document in owned.of_user(username):
            owned.remove(document.id)
    tx.users.remove(username)


def verify(store: Store, passwords: Passwords, password: str, stored: str | None, booking: Booking) -> bool:
    """Compare; a password that could not be looked at for lack of a place does not count as a try."""
    try:
        return passwords.verify(password, stored)
    except BusyError:
        with store.write() as tx:
            booking.take_back(tx)
        raise


def check_pair(password: str, confirmation: str) -> None:
    """Raise what is wrong with a password that was typed twice."""
    if is_blank(password):
        raise BlankError("Password")
    if password != confirmation:
        raise PasswordMismatchError


def _accept(tx: Transaction, proof: _Proof, browser: str, now: datetime) -> tuple[User, str | None]:
    """
    Return the account of a proof that still holds: nothing has ended its sign-ins since the password was read.

    Beside it comes the ticket of a half sign-in where a code is wanted, too.
    """
    user = tx.users.find(proof.user.id)
    if user is None or not user.active or user.sign_in_version != proof.user.sign_in_version:
        raise WrongCredentialsError
    proof.booking.confirm(tx)
    if proof.rehashed and user.password == proof.user.password:
        user.password = proof.rehashed
    ticket = let_in(tx, user, browser, proof.device, now)
    tx.users.save(user)
    return user, ticket


def let_in(tx: Transaction, user: User, browser: str, device: Device | None, now: datetime) -> str | None:
    """
    Note that somebody has proven who they are; the caller saves the account.

    Where a code is wanted, too, it is noted only when that comes: then this returns the ticket of a half sign-in.
    """
    if user.second_factor and not (device and device.is_trusted_by(user, now)):
        return begin_half_sign_in(tx, user, browser, device, now)
    user.last_sign_in_at = now
    return None
