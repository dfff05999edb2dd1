"""
A forgotten password: whoever reads what is sent to the confirmed address of an account may choose a new one.

Whoever asks is told the same, whether or not there is such an account, and it takes as long. The link holds for an
hour, once; all sessions end, and a mail tells of it.
"""

from ticketing.domain.audit import AuditAction
from ticketing.domain.errors import BlankError, InvalidInputError, ThrottledError, UsernameError
from ticketing.domain.mail_links import Purpose
from ticketing.domain.outbox import AccountMail
from ticketing.domain.people import Standing, User, clean_email, username_key
from ticketing.domain.store import Store, Transaction
from ticketing.domain.text import is_blank
from ticketing.services.access import Clock
from ticketing.services.accounts import LOOPBACK, check_pair
from ticketing.services.mail_links import look_behind, use_link
from ticketing.services.outbox import links_go_out, tell_of_account
from ticketing.services.passwords import Passwords, check_new
from ticketing.services.sessions import end_all_sessions, log_account
from ticketing.services.throttle import Throttle


class PasswordResets:
    """What one can do without the password of an account that is one's own."""

    def __init__(self, store: Store, clock: Clock, passwords: Passwords, throttle: Throttle) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._throttle = throttle

    @property
    def are_offered(self) -> bool:
        """Whether links can be mailed at all."""
        with self._store.read() as tx:
            return links_go_out(tx)

    def ask(self, name_or_address: str, *, address: str = LOOPBACK) -> None:
        """
        Mail a link to whoever has this name or e-mail address, and tell nobody whether there is such a person.

        `address` is where the wish comes from. Raises BlankError, and ThrottledError after too many wishes from there.
        """
        if is_blank(name_or_address):
            raise BlankError("Username or e-mail")
        with self._store.write() as tx:
            self._throttle.count_wish(tx, address)
            user = _find(tx, name_or_address)
            # Who is not there is counted like who is, so that it takes as long to find that out.
            who, mail = (user.id, user.email or "") if user else (name_or_address, name_or_address)
            try:
                self._throttle.count_link(tx, Purpose.RESET, mail, who)
            except ThrottledError:
                return
            if user and links_go_out(tx):
                tell_of_account(tx, who, AccountMail.RESET_PASSWORD, who, self._clock(), to=mail)

    def look(self, token: str) -> str:
        """Return whose password a link lets choose, and leave it as it is; raises MailLinkError."""
        with self._store.read() as tx:
            return look_behind(tx, Purpose.RESET, token, self._clock()).id

    def choose(self, token: str, new: str, confirmation: str) -> None:
        """
        Put a new password in the place of the forgotten one, and end all sessions and what holds up a sign-in.

        Raises MailLinkError; and, with the link left as it is, what is wrong with the password, and BusyError.
        """
        with self._store.read() as tx:
            user = look_behind(tx, Purpose.RESET, token, self._clock())
        check_pair(new, confirmation)
        check_new(new, role=user.role, username=user.id, display_name=user.display_name, email=user.email)
        hashed = self._passwords.hash(new)
        with self._store.write() as tx:
            now = self._clock()
            user = use_link(tx, Purpose.RESET, token, now)
            user.set_password(hashed, now, one_time=False)
            end_all_sessions(tx, user)
            self._throttle.clear(tx, user.id)
            tx.users.save(user)
            tell_of_account(tx, user.id, AccountMail.PASSWORD_CHANGED, user.id, now)
            log_account(tx, user.id, AuditAction.PASSWORD_RESET, user.id, now, way="link in a mail")


def _find(tx: Transaction, typed: str) -> User | None:
    """Return whose name or address was typed, if the address of the account is confirmed."""
    try:
        named = tx.users.find(username_key(typed))
    except UsernameError:
        named = None
    try:
        having = tx.users.with_email(clean_email(typed) or "")
    except InvalidInputError:
        having = []
    found = [named] if named else having
    return next((user for user in found if _can_be_written_to(user)), None)


def _can_be_written_to(user: User) -> bool:
    return user.active and user.standing is Standing.CONFIRMED and user.reachable_at is not None
