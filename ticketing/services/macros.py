"""What a canned reply comes to when an agent uses it on a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass

from ticketing.domain import policy
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import NOBODY, Changes
from ticketing.domain.errors import DefinitionNotFoundError, StaleCannedReplyError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Transaction
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Ticket
from ticketing.services.access import is_assignable
from ticketing.services.dealing import takes_tickets
from ticketing.services.definitions import reach_definition


@dataclass(frozen=True, slots=True)
class Applied:
    """
    The ticket after a canned reply was used on it.

    `passed_over` names by their fields, `assignee` and `team`, whom it was to be given to and who takes no tickets any
    more: then the field was left as it was. It is told once; a request that is repeated passes nobody over again.
    """

    ticket: Ticket
    passed_over: Mapping[str, str]


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


def possible(tx: Transaction, actor: Actor, changes: Changes) -> tuple[Changes, Mapping[str, str]]:
    """Return changes but for an assignee or a team that takes no tickets any more, and the names of these."""
    passed_over = {}
    assignee, team = changes.given_to(actor), changes.team
    if assignee is not None and not is_assignable(tx, assignee):
        passed_over["assignee"] = assignee
    if team not in {None, NOBODY} and not takes_tickets(tx, team):
        found = tx.definitions(Team).find(team)
        passed_over["team"] = found.name if found else team
    return changes.model_copy(update=dict.fromkeys(passed_over)), passed_over
