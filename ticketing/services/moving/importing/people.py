"""Who of another system is who here, within one transaction."""

from datetime import datetime
from itertools import takewhile
from typing import Final

from ticketing.domain.errors import TicketingError
from ticketing.domain.imports import BroughtPerson
from ticketing.domain.people import STAFF, Standing, User, clean_email
from ticketing.domain.received import usernames_for
from ticketing.domain.store import Transaction
from ticketing.services.access import is_taken

_NO_PASSWORD: Final = "!"  # noqa: S105 - no password has this hash


class People:
    """
    Finds accounts by e-mail addresses, and makes those that are missing; nobody can sign in with one of these.

    *known* are the usernames of those who were looked for before, by their keys; *run* is the import that makes the
    accounts. Where *keeps* is false it only says what would be made.
    """

    def __init__(self, tx: Transaction, known: dict[str, str], run: str, now: datetime, *, keeps: bool) -> None:
        self._tx = tx
        self._known = known
        self._run = run
        self._now = now
        self._keeps = keeps
        self._agents: dict[str, str] | None = None
        self._found: dict[str, User] = {}
        self.made = 0
        self.matched = 0

    def look_up(self, people: list[BroughtPerson]) -> None:
        """Find the accounts of these customers; before any is made, since each change makes the next question slow."""
        for person in people:
            if person.key not in self._known and person.key not in self._found and (user := self._owner(person)):
                self._found[person.key] = user

    def username(self, person: BroughtPerson, created_at: datetime) -> str:
        """Return the username of a customer, for whom an account is made if there is none."""
        if person.key not in self._known:
            self._known[person.key] = self._username(person, created_at)
        return self._known[person.key]

    def agent(self, person: BroughtPerson) -> str | None:
        """Return the agent of this desk who has the address; somebody else never becomes one."""
        if self._agents is None:
            staff = self._tx.users.several(set(self._tx.users.agent_names()))
            certain = (user for user in staff if user.email and user.standing is not Standing.UNCONFIRMED)
            self._agents = {(user.email or "").casefold(): user.id for user in certain}
        return self._agents.get(person.email.casefold()) if person.email else None

    def _username(self, person: BroughtPerson, created_at: datetime) -> str:
        if user := self._found.get(person.key):
            self.matched += 1
            return user.id
        self.made += 1
        names = usernames_for(person.email or person.name)
        username = next(name for name in names if not is_taken(self._tx, name))
        if self._keeps:
            self._tx.users.save(self._account(username, person, created_at))
        return username

    def _account(self, username: str, person: BroughtPerson, created_at: datetime) -> User:
        return User(
            id=username,
            display_name=person.shown,
            email=clean_email(person.email),
            password=_NO_PASSWORD,
            created_at=created_at,
            password_changed_at=self._now,
            brought_by=self._run,
        )

    def _owner(self, person: BroughtPerson) -> User | None:
        """Return the account that is certainly theirs: nobody gets somebody's tickets by typing their address."""
        if person.email:
            having = self._tx.users.with_email(person.email)
            ordered = sorted(having, key=lambda user: user.standing is not Standing.CONFIRMED)
            return next(filter(_is_certain, ordered), None)
        # One without an address is known by the name, to the import that has made it.
        for username in takewhile(lambda name: is_taken(self._tx, name), usernames_for(person.name)):
            user = self._tx.users.find(username)
            if user and user.brought_by == self._run and user.display_name == person.shown:
                return user
        return None


def fit(person: BroughtPerson) -> BroughtPerson:
    """Return somebody with an address that can be one, or with none; what is none may still be their name."""
    try:
        email = clean_email(person.email) or ""
    except TicketingError:
        email = ""
    return person.model_copy(update={"name": person.name or person.email, "email": email})


def _is_certain(user: User) -> bool:
    given = user.standing is Standing.GIVEN and (user.role in STAFF or user.password == _NO_PASSWORD)
    return user.standing is Standing.CONFIRMED or given
