"""
While the desk is being maintained, whoever does not look after it changes nothing.

There is one place that sees to it: every transaction of a service that writes comes by here before it is kept. What
lets people in does not, so that they can go on reading, nor does what is noted by the way, such as a draft.
"""

from ticketing.domain import policy
from ticketing.domain.errors import MaintenanceError
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action, Relation
from ticketing.domain.store import Store, Transaction

_CONSOLE = Actor.console().username


def present(tx: Transaction) -> Maintenance:
    """Return whether the desk is being maintained, and what people are told."""
    found: Maintenance
    (found,) = Maintenance.all_of(tx.definitions(Maintenance).all())
    return found


def is_closed(store: Store) -> bool:
    """Whether the desk is being maintained, so that what it does by itself waits."""
    with store.read() as tx:
        return present(tx).is_on


def require_open(tx: Transaction) -> None:
    """Raise MaintenanceError if the desk is being maintained by others than who acts in this transaction."""
    closed = present(tx)
    if closed.is_on and not _looks_after_it(tx):
        raise MaintenanceError(closed.message)


def _looks_after_it(tx: Transaction) -> bool:
    username, _ = tx.audit.acting
    if username == _CONSOLE:
        return True
    user = tx.users.find(username) if username else None
    return user is not None and policy.allows(user.role, Action.CHANGE_SETUP, Relation.DESK)
