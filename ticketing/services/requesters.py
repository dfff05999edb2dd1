"""Who is meant by what an agent types, and the accounts of those for whom agents open tickets."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from ticketing.domain.errors import EmailError, PersonNotFoundError, SeveralPeopleError
from ticketing.domain.people import PeopleQuery, User, clean_email
from ticketing.domain.queries import needle_of
from ticketing.domain.received import name_shown, usernames_for
from ticketing.domain.store import Transaction
from ticketing.domain.text import NAME_LIMIT, WHO_LIMIT, clean_line
from ticketing.services.access import is_taken
from ticketing.services.accounts import add_account
from ticketing.services.addresses import owners

NO_PASSWORD: Final = "!"  # noqa: S105 - no password has this hash
# As mail programs write whom a message is for: Carla Diaz <carla@example.org>.
_WITH_ADDRESS: Final = re.compile(r'"?(?P<name>[^<>"]*)"?\s*<(?P<address>[^<>]+)>')
_PAGE: Final = 200


def person_meant(tx: Transaction, typed: str) -> User:
    """
    Return whose username, address or whole display name it is; whoever cannot sign in is as good as nobody.

    Raises PersonNotFoundError, and SeveralPeopleError where a name is that of several.
    """
    who = typed.strip()
    meant = owners(tx, who) if "@" in who else [tx.users.find(who.casefold())]
    if found := next((user for user in meant if user and user.active), None):
        return found
    called = list(_called(tx, who))
    if len(called) > 1:
        raise SeveralPeopleError(who, [user.id for user in called])
    if not called:
        raise PersonNotFoundError(who)
    return called[0]


def requester_meant(tx: Transaction, typed: str, now: datetime, *, by: str) -> User:
    """
    Return for whom an agent opens a ticket: whom `person_meant` returns, or a newcomer, who gets an account.

    A newcomer is whoever's address no account has; their name may stand before it: Carla Diaz <carla@example.org>.
    """
    who = clean_line("Requester", typed, WHO_LIMIT)
    written = _WITH_ADDRESS.fullmatch(who)
    name, address = (written["name"].strip(), written["address"].strip()) if written else ("", who)
    if "@" not in address:
        return person_meant(tx, who)
    if owners(tx, address):
        return person_meant(tx, address)
    return newcomer(tx, address, name, now, by=by)


def newcomer(tx: Transaction, typed: str, name: str, now: datetime, *, by: str = "") -> User:
    """Make an account for an address, in which nobody can sign in until it is given a password; raises EmailError."""
    address = clean_email(typed)
    if address is None:
        raise EmailError
    user = User(
        id=next(each for each in usernames_for(address) if not is_taken(tx, each)),
        display_name=name_shown(address, name),
        email=address,
        password=NO_PASSWORD,
        created_at=now,
        password_changed_at=now,
    )
    add_account(tx, user, by=by or user.id)
    return user


def _called(tx: Transaction, name: str) -> Iterator[User]:
    """Yield the active accounts that are shown under exactly this name, in whatever case."""
    needle = needle_of(name)
    if not 0 < len(needle) <= NAME_LIMIT:
        return
    number, pages = 1, 1
    while number <= pages:
        found = tx.users.search(PeopleQuery(text=name, active=True, page=number, size=_PAGE))
        yield from (user for user in found.items if needle_of(user.display_name) == needle)
        number, pages = number + 1, found.pages
