"""Recurring tickets: what the desk opens by itself again and again, when, and how far it has come with that."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from pydantic import ConfigDict

from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.categories import references_to
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import TooManyTagsError
from ticketing.domain.people import username_key
from ticketing.domain.schedules import Schedule
from ticketing.domain.sources import Source
from ticketing.domain.statuses import GENERAL, Priority
from ticketing.domain.teams import Team
from ticketing.domain.text import TAGS_LIMIT, TITLE_LIMIT, Stored, clean_line, clean_tags, clean_text
from ticketing.domain.tickets import RECURRING, Ticket

# After a time in which the desk was down, of one recurring ticket; what is older was overtaken by these.
MOST_CAUGHT_UP: Final = 31


class Reason(StrEnum):
    """Why the desk has not opened a ticket that was planned."""

    NO_REQUESTER = "no_requester"
    TOO_LONG_AGO = "too_long_ago"


class PassedOver(Stored):
    """That some were not opened, the last time that this was so: how many, the last one planned for when, and why."""

    model_config = ConfigDict(frozen=True)

    reason: Reason
    times: int
    planned: datetime


class RecurringTicket(Definition):
    """
    A ticket that the desk opens by itself whenever its schedule comes round.

    `requester` and `assignee` are usernames, `team` is the id of one; without a team it is that of its category.

    How far the desk has come is nothing that anybody sets up, so no part of its content: everything that was planned up
    to the moment `through` is done, `latest` is the number of the ticket that was opened last, and `passed_over` tells
    what was not opened since it was last changed.
    """

    kind: ClassVar[str] = "recurring"
    is_long: ClassVar[bool] = True
    apart: ClassVar[frozenset[str]] = frozenset({"through", "latest", "passed_over"})

    title: str
    description: str
    requester: str
    category: str = GENERAL
    priority: Priority = Priority.NORMAL
    tags: tuple[str, ...] = ()
    team: str | None = None
    assignee: str | None = None
    schedule: Schedule
    skip_if_open: bool = False
    paused: bool = False
    through: datetime | None = None
    latest: int | None = None
    passed_over: PassedOver | None = None

    @property
    def rhythm(self) -> tuple[Schedule, bool, bool]:
        """When it comes round, and whether it rests."""
        return self.schedule, self.paused, self.removed

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError, or TooManyTagsError."""
        tags = tuple(clean_tags(list(self.tags)))
        if len(tags) > TAGS_LIMIT:
            raise TooManyTagsError(TAGS_LIMIT)
        cleaned = {
            "title": clean_line("Title", self.title, TITLE_LIMIT),
            "description": clean_text("Description", self.description),
            "requester": username_key(self.requester),
            "assignee": username_key(self.assignee) if self.assignee else None,
            "team": self.team or None,
            "tags": tags,
            "schedule": self.schedule.checked(),
        }
        return super().checked().model_copy(update=cleaned)

    def revised(self, before: Self | None, by: str, now: datetime) -> Self:
        """
        Return it as it is kept after *before*, with what has come of it meanwhile.

        Of a schedule that is new, changed or taken up again nothing counts as planned before now.
        """
        goes_on = before is not None and before.rhythm == self.rhythm
        through = before.through if before is not None and goes_on else now
        progress = {"through": through, "latest": before.latest if before else None, "passed_over": None}
        return super(RecurringTicket, self.model_copy(update=progress)).revised(before, by, now)

    def content(self) -> Mapping[str, Any]:
        """Return what was set up, each part of its schedule as a field of its own."""
        content = dict(super().content())
        schedule: Mapping[str, Any] = content.pop("schedule")
        return {**content, **schedule}

    def references(self) -> frozenset[tuple[str, str]]:
        """Return its team, its category, and the calendar of its schedule."""
        others = {(Team.kind, self.team or ""), (BusinessCalendar.kind, self.schedule.calendar)}
        return references_to([self.category]) | {(kind, key) for kind, key in others if key}

    def people(self) -> frozenset[str]:
        """Return for whom its tickets are opened, and to whom they are given."""
        return frozenset(filter(None, (self.requester, self.assignee)))

    def without(self, people: frozenset[str]) -> Self:
        """Return it without these people; without a requester it cannot be kept."""
        requester = "" if self.requester in people else self.requester
        assignee = None if self.assignee in people else self.assignee
        return self.model_copy(update={"requester": requester, "assignee": assignee})

    def planned(self, calendar: BusinessCalendar | None, now: datetime) -> list[datetime]:
        """Return the moments by now of which nothing has come yet, in order."""
        if self.removed or self.paused or self.through is None:
            return []
        return list(self.schedule.moments(calendar, self.through, now))

    def ticket(self, number: int, planned: datetime, now: datetime) -> Ticket:
        """Return the ticket that is opened for a moment; its history tells what it comes from."""
        ticket = Ticket.open(
            number, self.requester, self.title, self.description, self.category, now, source=Source.RULE
        )
        ticket.priority, ticket.tags = self.priority, list(self.tags)
        ticket.record_by_desk(RECURRING, self.said(planned), now)
        return ticket

    def said(self, planned: datetime) -> str:
        """Return which recurring ticket this is and for when it was planned, by its own clocks."""
        return f"{self.name}, planned for {self.schedule.said(planned)}"

    def after(self, planned: datetime, ticket: int | None = None) -> Self:
        """Return it after that moment, for which a ticket was opened if one is given."""
        return self.model_copy(update={"through": planned, "latest": ticket or self.latest})

    def passing_over(self, reason: Reason, times: int, planned: datetime) -> Self:
        """Return it after moments up to that one for which nothing was opened; those for one reason are added up."""
        before = self.passed_over
        if before is not None and before.reason is reason:
            times += before.times
        told = PassedOver(reason=reason, times=times, planned=planned)
        return self.model_copy(update={"through": planned, "passed_over": told})
