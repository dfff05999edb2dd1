"""How an invented desk is set up before the first ticket: so that a demo shows each thing that can be set up."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from ticketing.domain.articles import Article, Visibility
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.categories import Category
from ticketing.domain.changes import ME, Changes
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.definitions import Definition
from ticketing.domain.opening_hours import parse_holidays, parse_hours
from ticketing.domain.people import Actor
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.rules import Rule, Trigger
from ticketing.domain.saved_views import SavedView
from ticketing.domain.schedules import Schedule, Weekday
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.statuses import Priority, Resolution, Status, TicketCategory
from ticketing.domain.teams import Dealing, Team
from ticketing.services.demonstration import texts

_HOLIDAYS: Final = "01-01 New Year's Day\n12-25 Christmas Day\n12-26 Boxing Day"
_CALENDAR: Final = BusinessCalendar(
    id="office-hours",
    name="Office hours",
    zone="UTC",
    hours=(*[parse_hours("08:00-18:00")] * 5, (), ()),
    holidays=parse_holidays(_HOLIDAYS),
)
_POLICIES: Final = (
    SlaPolicy(
        id="pressing",
        name="Pressing matters",
        calendar=_CALENDAR.id,
        priorities=(Priority.HIGH, Priority.URGENT),
        first_response=timedelta(hours=4),
        next_response=timedelta(hours=8),
        resolution=timedelta(hours=30),
    ),
    SlaPolicy(
        id="everything-else",
        name="Everything else",
        position=2,
        calendar=_CALENDAR.id,
        first_response=timedelta(hours=8),
        next_response=timedelta(hours=16),
        resolution=timedelta(hours=80),
    ),
)
_FIELD: Final = CustomField(
    id="inventory-number",
    name="Inventory number",
    hint="It stands on the label, such as IT-0412",
    categories=(TicketCategory.HARDWARE,),
)
_VIEWS: Final = (
    SavedView(id="vpn-and-wi-fi", name="VPN and Wi-Fi", query="tag:vpn,wifi -status:closed"),
    SavedView(id="pressing", name="Pressing", query="priority>=high status:open sort:-priority"),
)


_CANNED_REPLIES: Final = (
    CannedReply(
        id="mine-now",
        name="Mine now",
        text="Dear {{ requester.name }},\n\nI am looking into it and will write today.\n\n{{ agent.name }}",
        changes=Changes(assignee=ME),
    ),
    CannedReply(
        id="tell-us-more",
        name="Please tell us more",
        text="Dear {{ requester.name }},\n\nwhat did you do right before, and what did you see then? A picture helps.",
        changes=Changes(status=Status.PENDING),
    ),
    CannedReply(
        id="waits-for-supplier",
        name="Waits for the supplier",
        text="The part for “{{ ticket.title }}” is on order. We write as soon as it is here.",
        categories=(TicketCategory.HARDWARE,),
        changes=Changes(status=Status.ON_HOLD, add_tags=("supplier",)),
    ),
    CannedReply(
        id="to-accounting",
        name="Give it to accounting",
        changes=Changes(team="accounting", category=TicketCategory.BILLING),
    ),
)


_RULES: Final = (
    Rule(
        id="received",
        name="Say that it has come in",
        enabled=True,
        reply="Dear {{ requester.name }},\n\nwe have {{ ticket.label }}, and will answer within a working day.",
    ),
    Rule(
        id="no-answer",
        name="Close what nobody answers",
        trigger=Trigger.TIME,
        query="status:pending updated:>14d",
        changes=Changes(status=Status.CLOSED, resolution=Resolution.NO_RESPONSE),
        reply="Dear {{ requester.name }},\n\nwe close this for now. Should it come back, please reopen it.",
    ),
)


def set_up(agents: Sequence[Actor], readers: Sequence[Actor], since: datetime, now: datetime) -> list[Definition]:
    """
    Return all that is set up at a desk with such agents since then; *readers* have found the articles helpful.

    What recurs does so from now on.
    """
    by = agents[-1].username
    made = [one.checked().revised(None, by, since) for one in _definitions([agent.username for agent in agents])]
    recurring = _recurring(by, now).checked().revised(None, by, now)
    return [*made, recurring, *_articles([reader.username for reader in readers], by, since)]


def _definitions(agents: Sequence[str]) -> Iterator[Definition]:
    yield _CALENDAR
    yield from _teams(agents)
    yield from _POLICIES
    yield _FIELD
    yield from _VIEWS
    yield from _CANNED_REPLIES
    yield from _RULES
    yield Category(id="training", name="Training", position=65)


def _recurring(by: str, now: datetime) -> RecurringTicket:
    schedule = Schedule(weekdays=(Weekday.MONDAY,), first=now.date(), at=time(8), zone="UTC", calendar=_CALENDAR.id)
    return RecurringTicket(
        id="test-the-backup",
        name="Test the backup",
        title="Bring one file back from the backup",
        description="Any file of last week will do. Write down how long it took.",
        requester=by,
        category=TicketCategory.SOFTWARE,
        tags=("backup",),
        schedule=schedule,
        skip_if_open=True,
    )


def _teams(agents: Sequence[str]) -> Iterator[Team]:
    yield Team(
        id="technicians",
        name="Technicians",
        members=(*agents[:3], agents[-1]),
        dealing=Dealing.LEAST_LOADED,
        categories=(TicketCategory.HARDWARE, TicketCategory.NETWORK, TicketCategory.SOFTWARE),
    )
    yield Team(
        id="front-desk",
        name="Front desk",
        members=(*agents[3:5], agents[-1]),
        dealing=Dealing.ROUND_ROBIN,
        categories=(TicketCategory.ACCOUNT, TicketCategory.GENERAL, TicketCategory.OTHER),
    )
    yield Team(id="accounting", name="Accounting", members=tuple(agents[4:6]), categories=(TicketCategory.BILLING,))


def _articles(readers: Sequence[str], by: str, since: datetime) -> Iterator[Article]:
    """Yield articles that were drafts for a day; some readers have said of the public ones that they helped."""
    for place, (key, (category, visibility, title, body)) in enumerate(texts.ARTICLES.items()):
        draft = Article(id=key, name=title, category=category, body=body).checked().revised(None, by, since)
        article = draft.model_copy(update={"visibility": visibility})
        article = article.revised(draft, by, since + timedelta(days=1))
        if visibility is Visibility.PUBLIC:
            article = article.model_copy(update={"helpful": tuple(readers[: 3 * place + 2])})
        yield article
