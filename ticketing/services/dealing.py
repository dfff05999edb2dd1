"""How tickets reach teams and, by the rules of these, their members; always within the transaction of a change."""

from collections.abc import Sequence
from datetime import datetime

from ticketing.domain.errors import UnknownChoiceError
from ticketing.domain.policy import THE_DESK
from ticketing.domain.queries import View
from ticketing.domain.statuses import StatusCategory
from ticketing.domain.store import Transaction
from ticketing.domain.teams import Dealing, Team, least_loaded
from ticketing.domain.tickets import Ticket


def require_team(tx: Transaction, key: str) -> None:
    """Raise UnknownChoiceError unless tickets can be given to this team."""
    if not takes_tickets(tx, key):
        raise UnknownChoiceError("Team", key)


def takes_tickets(tx: Transaction, key: str) -> bool:
    """Whether tickets can be given to this team, which may not even exist."""
    return _find(tx, key) is not None


def route(tx: Transaction, ticket: Ticket, now: datetime) -> None:
    """Bring a new ticket to the team that takes its category, if there is one, and deal it."""
    for team in tx.definitions(Team).all():
        if ticket.category in team.categories and not team.removed:
            ticket.route(team.id, now)
            deal(tx, ticket, now)


def deal(tx: Transaction, ticket: Ticket, now: datetime, *, passing_over: str | None = None) -> None:
    """
    Give an unfinished ticket without an assignee to a member of its team, if the team's rule deals it.

    It goes to nobody who could not work on it, nor to whoever is passed over since they have just handed it on. Whose
    turn comes next is kept by the same transaction, so no other process takes the same turn.
    """
    team = _find(tx, ticket.team) if ticket.team and _waits(ticket) else None
    if team is None or team.dealing is Dealing.NONE:
        return
    active = tx.users.agent_names()
    present = [member for member in team.members if member in active and member != passing_over]
    if not present:
        return
    if team.dealing is Dealing.ROUND_ROBIN:
        member = team.next_in_turn(present)
        tx.definitions(Team).save(team.after_turn(member))
    else:
        member = least_loaded(_loads(tx, present, now))
    ticket.deal(member, now)


def _find(tx: Transaction, key: str) -> Team | None:
    team = tx.definitions(Team).find(key)
    return None if team is None or team.removed else team


def _waits(ticket: Ticket) -> bool:
    return ticket.assignee is None and ticket.status.category is not StatusCategory.DONE


def _loads(tx: Transaction, members: Sequence[str], now: datetime) -> dict[str, int]:
    """Return how many unfinished tickets each of them has."""
    counts = tx.tickets.counts(THE_DESK, [View.MINE.query(member, now) for member in members])
    return dict(zip(members, counts, strict=True))
