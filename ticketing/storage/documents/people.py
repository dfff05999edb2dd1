"""Accounts and their sessions."""

from bisect import bisect_right
from collections.abc import Iterator

from ticketing.domain.people import Named, PeopleQuery, Role, User
from ticketing.domain.queries import Page
from ticketing.domain.sign_in import Session
from ticketing.storage.documents.collections import DocumentCollection, OwnedDocuments
from ticketing.storage.documents.rows import PersonRow
from ticketing.storage.documents.state import USERS


class Users(DocumentCollection[User]):
    """All accounts."""

    def any(self) -> bool:
        """Whether there is an account at all."""
        with self._pending.applied(USERS) as state:
            return bool(state.people)

    def active_admins(self) -> int:
        """Return how many admins can sign in."""
        with self._pending.applied(USERS) as state:
            return sum(person.role is Role.ADMIN for person in state.staff())

    def agent_names(self) -> dict[str, str]:
        """Return the display names of the active agents and admins, in their order."""
        with self._pending.applied(USERS) as state:
            return {person.username: person.display_name for person in state.staff()}

    def search(self, query: PeopleQuery) -> Page[User]:
        """Return one page of accounts by display name."""
        with self._pending.applied(USERS) as state:
            found = [person for person in state.people_by_name() if _is_wanted(person, query)]
        first = query.first if query.after is None else bisect_right(found, query.after, key=_place) + query.first
        items = tuple(self._documents([person.username for person in found[first : first + query.size]]))
        return Page(items=items, total=len(found), page=query.page, size=query.size)

    def _documents(self, usernames: list[str]) -> list[User]:
        return [user for name in usernames if (user := self.find(name)) is not None]

    def names(self, usernames: set[str]) -> dict[str, str]:
        """Return the display names of those that exist."""
        with self._pending.applied(USERS) as state:
            return {name: state.people[name].display_name for name in usernames if name in state.people}

    def several(self, usernames: set[str]) -> list[User]:
        """Return copies of those that exist, in no order."""
        return self._documents(list(usernames))

    def with_email(self, address: str) -> list[User]:
        """Return the accounts with this e-mail address, whatever its case, the oldest first."""
        with self._pending.applied(USERS) as state:
            names = sorted(state.by_email.get(address.casefold(), ())) if address else []
        return sorted(self._documents(names), key=lambda user: user.created_at)

    def stream(self) -> Iterator[User]:
        """Yield every account by username."""
        for key in sorted(self._pending.keys(USERS)):
            if (user := self.find(key)) is not None:
                yield user


class Sessions(OwnedDocuments[Session]):
    """All sessions, by the hash of their secret."""

    def of_user(self, username: str) -> list[Session]:
        """Return the person's sessions, newest first; some may have expired."""
        by_id = sorted(super().of_user(username), key=lambda session: session.id)
        return sorted(by_id, key=lambda session: session.created_at, reverse=True)

    def several(self, keys: set[str]) -> list[Session]:
        """Return copies of those that exist, in no order."""
        return [session for key in keys if (session := self.find(key)) is not None]


def _place(person: PersonRow) -> Named:
    return Named(*person.order)


def _is_wanted(person: PersonRow, query: PeopleQuery) -> bool:
    if query.roles and person.role not in query.roles:
        return False
    if query.active is not None and person.active is not query.active:
        return False
    needle = query.needle
    return not needle or any(needle in text.casefold() for text in (person.username, person.display_name, person.email))
