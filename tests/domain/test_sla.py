"""Policies: what they promise, for which tickets, and what of it is refused."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.deadlines import Target
from ticketing.domain.errors import BlankError, TargetError, TicketingError
from ticketing.domain.opening_hours import ALWAYS_OPEN
from ticketing.domain.sla import SlaPolicy, SlaRules, parse_duration, written
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.tickets import Ticket

HOUR = timedelta(hours=1)
ALWAYS = BusinessCalendar(id="always", name="Around the clock", zone="UTC", hours=ALWAYS_OPEN)


def policy(name: str = "Standard", **fields: Any) -> SlaPolicy:
    """Return a policy, of an id like its name."""
    values = {"id": name.lower(), "name": name, "calendar": "always", "resolution": 8 * HOUR}
    return SlaPolicy.model_validate(values | fields)


def holding(ticket: Ticket, *policies: SlaPolicy) -> str | None:
    """Return the name of the policy that holds for a ticket."""
    rule = SlaRules(policies, [ALWAYS]).rule_for(ticket)
    return rule.policy.name if rule else None


def test_the_first_policy_that_fits_holds_by_position_and_then_by_name(ticket: Ticket) -> None:
    assert holding(ticket, policy("Beta"), policy("Gamma"), policy("alpha", position=2)) == "Beta"
    assert holding(ticket, policy("Beta", position=2), policy("Alpha", position=2)) == "Alpha"
    assert holding(ticket) is None


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"priorities": (Priority.HIGH, Priority.URGENT)}, True),
        ({"priorities": (Priority.LOW,)}, False),
        ({"categories": (TicketCategory.NETWORK,)}, True),
        ({"categories": (TicketCategory.BILLING,)}, False),
        ({"categories": (TicketCategory.NETWORK,), "priorities": (Priority.LOW,)}, False),
        ({"teams": ("second-line", "network")}, True),
        ({"teams": ("first-line",)}, False),
    ],
)
def test_a_policy_fits_by_priority_category_and_team(ticket: Ticket, conditions: dict[str, Any], fits: bool) -> None:  # noqa: FBT001 - an expectation
    ticket.priority, ticket.team = Priority.HIGH, "network"

    assert (holding(ticket, policy(**conditions)) == "Standard") is fits


def test_a_policy_of_a_team_is_not_for_tickets_without_one(ticket: Ticket) -> None:
    assert holding(ticket, policy(teams=("network",))) is None


def test_a_policy_that_was_taken_away_or_has_no_calendar_holds_for_nothing(ticket: Ticket) -> None:
    rest = policy("Rest", position=9)

    assert holding(ticket, policy(removed=True), rest) == "Rest"
    assert holding(ticket, policy(calendar="gone"), rest) == "Rest"


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"resolution": None}, "Targets", "please set at least one target"),
        ({"first_response": timedelta(0)}, "First response", "First response takes from one minute to 2,000 open"),
        ({"next_response": -HOUR}, "Next response", "from one minute"),
        ({"resolution": 2001 * HOUR}, "Resolution", "from one minute to 2,000 open hours"),
        ({"warning": -HOUR}, "Warning", "some time before the target"),
        ({"warning": timedelta.max}, "Warning", "some time before the target"),
        ({"paused": (Status.PENDING, Status.OPEN)}, "Paused", "waits for somebody else"),
        ({"paused": (Status.CLOSED,)}, "Paused", "waits for somebody else"),
        ({"calendar": ""}, "Calendar", "choose the calendar"),
    ],
)
def test_what_cannot_be_promised_is_refused_with_a_sentence(fields: dict[str, Any], field: str, sentence: str) -> None:
    assert policy().checked() == policy()

    with pytest.raises(TargetError, match=sentence) as refused:
        policy(**fields).checked()

    assert refused.value.field == field


def test_a_policy_has_a_name() -> None:
    with pytest.raises(BlankError):
        policy(" ").checked()


def test_a_policy_is_read_back_as_it_was_written() -> None:
    made = policy(first_response=90 * timedelta(minutes=1), priorities=(Priority.HIGH,), warning=timedelta(minutes=5))

    assert SlaPolicy.model_validate_json(made.model_dump_json(exclude_none=True)) == made
    assert made.targets == {Target.FIRST_RESPONSE: 1.5 * HOUR, Target.RESOLUTION: 8 * HOUR}


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("4h", 240),
        ("90m", 90),
        (" 1d  2h ", 450 + 120),
        ("2d", 900),
        ("1D 2H 3M", 450 + 123),
        ("1h30m", 90),
        ("45 m", 45),
    ],
)
def test_open_time_is_read_in_business_days_hours_and_minutes(typed: str, minutes: int) -> None:
    assert parse_duration("Resolution", typed, 7.5 * HOUR) == timedelta(minutes=minutes)


@pytest.mark.parametrize("typed", ["", "  "])
def test_no_time_is_no_target(typed: str) -> None:
    assert parse_duration("Resolution", typed, 8 * HOUR) is None


@pytest.mark.parametrize(
    "typed", ["4", "h", "4 hours", "2h 1d", "-4h", "1.5h", "0h", "9999d", "4h\x00", " " * 9999 + "x"]
)
def test_what_is_no_open_time_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(TicketingError, match="Resolution") as refused:
        parse_duration("Resolution", typed, 8 * HOUR)

    assert getattr(refused.value, "field", "") == "Resolution"


@given(st.integers(1, 2000 * 60))
def test_open_time_is_read_as_it_is_written(minutes: int) -> None:
    duration = timedelta(minutes=minutes)

    assert parse_duration("Resolution", written(duration), 8 * HOUR) == duration


def test_the_history_of_a_policy_tells_times_as_people_write_them(now: datetime) -> None:
    before = policy().revised(None, "root", now)
    after = before.model_copy(update={"resolution": 1.5 * HOUR, "first_response": HOUR})

    _, *changes = after.revised(before, "root", now).history

    assert [(change.field, change.old, change.new) for change in changes] == [
        ("resolution", "8h", "1h 30m"),
        ("first_response", None, "1h"),
    ]
