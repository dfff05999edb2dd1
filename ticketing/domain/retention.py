"""How long things are kept: rules by which the desk takes away by itself what nobody needs any more."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final, Self

from ticketing.domain.categories import references_to
from ticketing.domain.conditions import During, Moment
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.queries import Sort, TicketQuery, statuses_of
from ticketing.domain.statuses import StatusCategory

# How often it is looked whether anything is old enough.
LOOK_EVERY: Final = timedelta(hours=1)
MOST_DAYS: Final = 36_500
# Below this, people would still ask for what is gone.
FEWEST_DAYS: Final = 7


class Sweep(StrEnum):
    """
    What a rule is about.

    Tickets that are done are deleted with all that hangs on them. Requesters who neither signed in nor have a ticket in
    which anything happened are made anonymous, unless one of theirs is not done. Of mails that went out or came in, the
    record and the original go.
    """

    TICKETS = "tickets"
    PEOPLE = "people"
    MAILS = "mails"


class RetentionRule(Definition):
    """
    After how many `days` which things go.

    `category` is that of tickets, "" for all of them; it says nothing of other things. A rule does nothing until it is
    `enabled`.
    """

    kind: ClassVar[str] = "retention"

    sweep: Sweep = Sweep.TICKETS
    days: int = 730
    category: str = ""
    enabled: bool = False

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError."""
        if not FEWEST_DAYS <= self.days <= MOST_DAYS:
            raise InvalidInputError("Days", f"Things are kept for {FEWEST_DAYS} to {MOST_DAYS:,} days.")
        category = self.category if self.sweep is Sweep.TICKETS else ""
        return super().checked().model_copy(update={"category": category})

    def references(self) -> frozenset[tuple[str, str]]:
        """Return the category whose tickets it is about."""
        return references_to([self.category] if self.category else [])

    def brought_in(self, before: Self | None) -> Self:
        """Return it as a file puts it in the place of *before*: what nobody has rehearsed here stays off."""
        return self.model_copy(update={"enabled": before is not None and before.enabled})

    @property
    def is_on(self) -> bool:
        """Whether it is followed."""
        return self.enabled and not self.removed

    def before(self, now: datetime) -> datetime:
        """Return since when nothing must have happened."""
        return now - timedelta(days=self.days)

    def tickets(self, now: datetime) -> TicketQuery:
        """Return which tickets are old enough, the oldest first."""
        return TicketQuery(
            statuses=statuses_of(StatusCategory.DONE),
            categories=frozenset({self.category} if self.category else ()),
            conditions=(During(Moment.RESOLVED, until=self.before(now)),),
            sort=Sort.OLDEST,
        )
