"""What a canned reply comes to when an agent uses it on a ticket."""

from dataclasses import dataclass

from ticketing.domain import policy
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import Changes
from ticketing.domain.errors import DefinitionNotFoundError, StaleCannedReplyError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.access import is_assignable
from ticketing.services.definitions import reach_definition


@dataclass(frozen=True, slots=True)
class Applied:
    """
    The ticket after a canned reply was used on it.

    `passed_over` is the username of whom it was to be given to, if they do not work on tickets any more: then the
    assignee was left as it was. It is told once; for a request that is repeated nobody was passed over again.
    """

    ticket: Ticket
    passed_over: str | None


def reach_canned_reply(tx: Transaction, actor: Actor, key: str, version: int | None) -> CannedReply:
    """
    Fetch a canned reply to use it.

    Raises DefinitionNotFoundError, also for one that was removed, or StaleCannedReplyError for another version.
    """
    policy.require(actor, Action.SEE_SETUP)
    canned = reach_definition(tx, actor, CannedReply, key)
    if canned.removed:
        raise DefinitionNotFoundError
    if version not in {None, canned.version}:
        raise StaleCannedReplyError(canned.name)
    return canned


def changes_of(tx: Transaction, actor: Actor, canned: CannedReply) -> tuple[Changes, str | None]:
    """Return its changes without an assignee who does not work on tickets any more, and who that is, if anybody."""
    assignee = canned.changes.given_to(actor)
    if assignee is None or is_assignable(tx, assignee):
        return canned.changes, None
    return canned.changes.model_copy(update={"assignee": None}), assignee
