"""The first launch: how the first admin gets in, and nobody else."""

from typing import Final

from ticketing.domain.audit import AuditAction
from ticketing.domain.people import Role, User
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import SYSTEM
from ticketing.services.access import Clock
from ticketing.services.agents import one_time_password
from ticketing.services.passwords import Passwords, check_new
from ticketing.services.sessions import end_all_sessions, log_account

FIRST_USERNAME: Final = "support_agent"
KNOWN_PASSWORD: Final = "supportpass"  # noqa: S105 - it stands in the manual, and opens nothing but the choice of another

_FIRST_NAME: Final = "Support agent"


class FirstLaunch:
    """
    Makes the first account when there is none.

    Its password is the operator's own, if there is one. Else, at a desk that only this machine reaches, it is the one
    in the manual, good for nothing but choosing another; at a public desk one that is generated, told once, and to be
    changed as well. An account with the known password, left over from before, gets the password that is due now.
    """

    def __init__(self, store: Store, clock: Clock, passwords: Passwords) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords

    def ensure(self, base_url: str | None = None, admin_password: str | None = None) -> str | None:
        """
        Make the first account if it is needed, and return a generated one-time password, to be told in the log.

        `base_url` is the address under which other machines reach the desk, None if it is for this machine only;
        `admin_password` is the operator's own, which is kept to the rules for admins and need not be changed.
        When accounts cannot be read this raises, and makes none: a damaged store never opens the desk to anybody.
        """
        known = not base_url and not admin_password
        with self._store.read() as tx:
            if not _is_needed(tx, known=known):
                return None
        generated = None if known or admin_password else one_time_password()
        if admin_password:
            check_new(admin_password, role=Role.ADMIN, username=FIRST_USERNAME, display_name=_FIRST_NAME)
        hashed = self._passwords.hash(admin_password or generated or KNOWN_PASSWORD)
        with self._store.write() as tx:
            if not _is_needed(tx, known=known):
                return None
            self._save(tx, hashed, one_time=not admin_password, known=known)
        return generated

    @property
    def is_waiting(self) -> bool:
        """Whether the known password still opens the first account, so that the login page may say so."""
        with self._store.read() as tx:
            first = _left_over(tx)
        return first is not None and first.active

    @property
    def is_of_a_demo(self) -> bool:
        """Whether the store holds a demo, to which everybody knows the passwords."""
        with self._store.read() as tx:
            return holds_demo(tx)

    def _save(self, tx: Transaction, hashed: str, *, one_time: bool, known: bool) -> None:
        now = self._clock()
        first = tx.users.find(FIRST_USERNAME) or User(
            id=FIRST_USERNAME,
            display_name=_FIRST_NAME,
            role=Role.ADMIN,
            password=hashed,
            created_at=now,
            password_changed_at=now,
        )
        first.set_password(hashed, now, one_time=one_time)
        first.has_known_password = known
        end_all_sessions(tx, first)
        is_new = tx.users.find(FIRST_USERNAME) is None
        tx.users.save(first)
        action = AuditAction.REGISTERED if is_new else AuditAction.PASSWORD_RESET
        log_account(tx, SYSTEM, action, FIRST_USERNAME, now, role=first.role.value)


def holds_demo(tx: Transaction) -> bool:
    """Tell a demo by its first account, whose mark nobody can change."""
    first = tx.users.find(FIRST_USERNAME)
    return first is not None and first.invented


def _is_needed(tx: Transaction, *, known: bool) -> bool:
    return not tx.users.any() or (not known and _left_over(tx) is not None)


def _left_over(tx: Transaction) -> User | None:
    """Return the first account if it still has the known password; deactivated, it might come back with it."""
    first = tx.users.find(FIRST_USERNAME)
    return first if first and first.has_known_password else None
