"""Accounts."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select, tuple_

from ticketing.domain.people import PeopleQuery, Role, User
from ticketing.domain.queries import Page
from ticketing.storage.sql.collections import SqlCollection, place
from ticketing.storage.sql.conditions import SEPARATOR, contains
from ticketing.storage.sql.reading import in_batches
from ticketing.storage.sql.tables import users


class SqlUsers(SqlCollection[User]):
    """All accounts."""

    def any(self) -> bool:
        """Whether there is an account at all."""
        return self._connection.scalar(select(users.c.username).limit(1)) is not None

    def active_admins(self) -> int:
        """Return how many admins can sign in."""
        question = select(func.count()).where(users.c.active, users.c.role == Role.ADMIN.value)
        return self._connection.scalar(question) or 0

    def agent_names(self) -> dict[str, str]:
        """Return the display names of the active agents and admins, in their order."""
        return dict(self._connection.execute(_AGENTS).all())

    def search(self, query: PeopleQuery) -> Page[User]:
        """Return one page of accounts by display name."""
        behind = None if query.after is None else tuple_(*_BY_NAME) > place(query.after, *_BY_NAME)
        return self._page(query, *_wanted(query), order=_BY_NAME, behind=behind)

    def names(self, usernames: set[str]) -> dict[str, str]:
        """Return the display names of those that exist."""
        found = self._connection.execute(_NAMES, {"usernames": sorted(usernames)})
        return dict(found.all())

    def several(self, usernames: set[str]) -> list[User]:
        """Return copies of those that exist, in no order."""
        return self._documents(users.c.username.in_(sorted(usernames)), order=[]) if usernames else []

    def with_email(self, address: str) -> list[User]:
        """Return the accounts with this e-mail address, whatever its case, the oldest first."""
        email = address.casefold()
        is_theirs = users.c.folded.endswith(SEPARATOR + email, autoescape=True)
        found = self._documents(is_theirs, order=[]) if email else []
        return sorted(found, key=lambda user: (user.created_at, user.id))

    def stream(self) -> Iterator[User]:
        """Yield every account by username, read in batches."""
        return (User.model_validate_json(raw) for _, raw in in_batches(self._connection, users))

    def _columns(self, document: User) -> dict[str, Any]:
        return user_columns(document)


def user_columns(user: User) -> dict[str, Any]:
    """Return the row of an account."""
    return {
        "username": user.id,
        "role": user.role.value,
        "active": user.active,
        "display_name": user.display_name,
        "folded_name": user.display_name.casefold(),
        "folded": SEPARATOR.join([user.id, user.display_name, user.email or ""]).casefold(),
        "document": user.model_dump_json(exclude_none=True),
    }


_BY_NAME = (users.c.folded_name, users.c.username)
_NAMES = select(users.c.username, users.c.display_name).where(
    users.c.username.in_(bindparam("usernames", expanding=True))
)
_AGENTS = (
    select(users.c.username, users.c.display_name)
    .where(users.c.active, or_(users.c.role == Role.AGENT.value, users.c.role == Role.ADMIN.value))
    .order_by(*_BY_NAME)
)


def _wanted(query: PeopleQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.roles:
        found.append(users.c.role.in_(sorted(role.value for role in query.roles)))
    if query.active is not None:
        found.append(users.c.active.is_(query.active))
    if needle := query.needle:
        found.append(contains(users.c.folded, needle))
    return found
