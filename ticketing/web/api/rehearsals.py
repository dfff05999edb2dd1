"""What would come of a rule, a policy or a schedule, before it is kept; and what tickets can be put into."""

from datetime import datetime

from fastapi import APIRouter

from ticketing.domain.custom_fields import FieldType
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.retention import RetentionRule
from ticketing.domain.rules import Rule
from ticketing.domain.sla import SlaPolicy
from ticketing.web.api.calling import Who
from ticketing.web.api.relations import DueTimes
from ticketing.web.api.setup import input_of, read_input
from ticketing.web.api.words import Output

router = APIRouter(tags=["setup"])

RuleIn, SlaPolicyIn, RecurringTicketIn = (input_of(kind) for kind in (Rule, SlaPolicy, RecurringTicket))
RetentionRuleIn = input_of(RetentionRule)


class FollowingOut(Output):
    """A ticket on which a rule would have been followed, and when."""

    number: int
    title: str
    at: datetime


class RehearsalOut(Output):
    """How often a rule would have been followed within ninety days, and the latest of these."""

    times: int
    latest: list[FollowingOut]
    at_once: int


class SweepOut(Output):
    """How many things a rule of retention would take away now, and what the first of them are called."""

    total: int
    examples: list[str]


class CategoryChoice(Output):
    """A category that a new ticket can have."""

    id: str
    name: str


class FieldChoice(Output):
    """A custom field that the caller may fill in; without categories it is for all."""

    id: str
    name: str
    type: FieldType
    hint: str
    options: list[str]
    categories: list[str]
    required: bool


class TicketForm(Output):
    """What a new ticket can be put into."""

    categories: list[CategoryChoice]
    fields: list[FieldChoice]


@router.get("/ticket_form", tags=["tickets"])
def get_ticket_form(who: Who) -> TicketForm:
    """Return the categories and custom fields that the caller may use, as requesters see them too."""
    categories = [CategoryChoice.of(one) for one in who.desk.tickets.categories(who.actor) if not one.removed]
    return TicketForm(categories=categories, fields=[FieldChoice.of(one) for one in who.desk.tickets.fields(who.actor)])


@router.post("/rehearsals/rules")
def rehearse_rule(who: Who, body: RuleIn) -> RehearsalOut:  # type: ignore[valid-type]
    """Tell what would have come of a rule within the last ninety days."""
    return RehearsalOut.of(who.desk.rules.rehearsed(who.actor, read_input(Rule, body)))


@router.post("/rehearsals/sla_policies")
def rehearse_policy(who: Who, body: SlaPolicyIn) -> DueTimes | None:  # type: ignore[valid-type]
    """Tell when a ticket would be due that is opened now under such a policy."""
    return DueTimes.explained(who.desk.due_times.rehearsed(who.actor, read_input(SlaPolicy, body)))


@router.post("/rehearsals/recurring_tickets")
def upcoming_tickets(who: Who, body: RecurringTicketIn) -> list[datetime]:  # type: ignore[valid-type]
    """Tell when such a recurring ticket would come round next."""
    return who.desk.recurring.upcoming(who.actor, read_input(RecurringTicket, body))


@router.post("/rehearsals/retention_rules")
def rehearse_retention(who: Who, body: RetentionRuleIn) -> SweepOut:  # type: ignore[valid-type]
    """Tell what a rule of retention would take away at once."""
    return SweepOut.of(who.desk.retention.rehearsed(who.actor, read_input(RetentionRule, body)))
