"""
When targets are due and why: reckoned by hand for an office in London, open on weekdays from 9 to 17.

Clocks went forward on 29 March 2026; Good Friday was 3 April 2026, Easter Monday the 6th.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bank_holidays import ENGLAND_AND_WALES
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.deadlines import Deadline, SlaState, Standing, Target
from ticketing.domain.due_times import Step, StepKind, explain, is_judged, sla_of
from ticketing.domain.merging import merge, unmerge
from ticketing.domain.opening_hours import ALWAYS_OPEN, parse_holidays, parse_hours
from ticketing.domain.people import Actor, Role
from ticketing.domain.sla import SlaPolicy, SlaRule, SlaRules
from ticketing.domain.statuses import Status, TicketCategory
from ticketing.domain.tickets import DESK, Ticket

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LONDON = ZoneInfo("Europe/London")
OFFICE = BusinessCalendar(
    id="office",
    name="Office",
    version=1,
    zone="Europe/London",
    hours=(parse_hours("09:00-17:00"),) * 5 + ((), ()),
    holidays=parse_holidays(ENGLAND_AND_WALES),
)
ALWAYS = BusinessCalendar(id="always", name="Around the clock", version=1, zone="Europe/London", hours=ALWAYS_OPEN)
CARLA = Actor("carla", "Carla Colani", Role.USER)
ADA = Actor("ada", "Ada Albers", Role.AGENT)


def at(local: str) -> datetime:
    """Return a moment that the clocks of London show."""
    return datetime.fromisoformat(local).replace(tzinfo=LONDON).astimezone(UTC)


def opened(local: str) -> Ticket:
    """Return Carla's ticket, opened when the clocks of London showed this."""
    return Ticket.open(1, "carla", "No dial tone", "The line is dead.", TicketCategory.NETWORK, at(local))


def policy(**fields: Any) -> SlaPolicy:
    """Return a policy by the office's hours."""
    return SlaPolicy.model_validate({"id": "gold", "name": "Gold", "version": 3, "calendar": "office"} | fields)


def rules(**fields: Any) -> SlaRules:
    """Return rules of one policy."""
    return SlaRules([policy(**fields)], [OFFICE, ALWAYS])


def state(ticket: Ticket, **fields: Any) -> SlaState:
    """Return the deadlines of a ticket by a policy."""
    found = sla_of(ticket, rules(**fields))
    assert found is not None
    return found


def resolution(ticket: Ticket, hours: float = 8, **fields: Any) -> Deadline:
    """Return the deadline for a ticket to be solved."""
    found = state(ticket, resolution=hours * HOUR, **fields).resolution
    assert found is not None
    return found


def test_a_ticket_is_due_in_open_time_and_keeps_what_made_it(ticket: Ticket) -> None:
    ticket = opened("2026-03-30 16:30")

    kept = state(ticket, first_response=4 * HOUR, resolution=16 * HOUR)

    assert kept.first_response == Deadline(due_at=at("2026-03-31 12:30"), warn_at=at("2026-03-31 11:30"))
    assert kept.resolution == Deadline(due_at=at("2026-04-01 16:30"), warn_at=at("2026-04-01 15:30"))
    assert kept.next_response is None
    assert (kept.due_at, kept.warn_at) == (at("2026-03-31 12:30"), at("2026-03-31 11:30"))
    assert (kept.policy, kept.policy_name, kept.policy_version) == ("gold", "Gold", 3)
    assert (kept.calendar, kept.calendar_version, kept.paused_since) == ("office", 1, None)


def test_without_a_policy_that_fits_nothing_is_due() -> None:
    ticket = opened("2026-03-30 16:30")

    assert sla_of(ticket, SlaRules([], [OFFICE])) is None
    assert sla_of(ticket, rules(resolution=HOUR, priorities=("urgent",))) is None


def test_the_first_public_answer_of_an_agent_meets_the_first_response() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.note(ADA, "Looks bad.", at("2026-03-30 10:30"))
    ticket.reply(CARLA, "Hello?", at("2026-03-30 11:00"))
    assert state(ticket, first_response=2 * HOUR).due_at == at("2026-03-30 12:00")

    ticket.reply(ADA, "We are on it.", at("2026-03-30 12:00"))

    kept = state(ticket, first_response=2 * HOUR)
    assert kept.first_response == Deadline(due_at=at("2026-03-30 12:00"), met_at=at("2026-03-30 12:00"))
    assert kept.due_at is None
    assert kept.attainment(at("2026-04-30 12:00")) == {Target.FIRST_RESPONSE: True}


def test_an_answer_that_comes_too_late_is_a_breach_for_ever() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.reply(ADA, "We are on it.", at("2026-03-30 12:00") + timedelta(microseconds=1))

    kept = state(ticket, first_response=2 * HOUR)

    assert kept.first_response is not None
    assert kept.first_response.standing(at("2026-03-30 09:00")) is Standing.BREACHED
    assert kept.attainment(at("2026-03-30 09:00")) == {Target.FIRST_RESPONSE: False}


def test_what_the_desk_says_by_itself_is_no_answer() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.reply(DESK, "We have got your message.", at("2026-03-30 10:00"))

    assert state(ticket, first_response=2 * HOUR).due_at == at("2026-03-30 12:00")


def test_what_an_agent_writes_down_for_the_requester_is_no_answer() -> None:
    former = opened("2026-03-27 10:00")
    former.close(ADA, at("2026-03-27 11:00"))
    ticket = former.follow_up(2, ADA, "Still dead", "She rang.", TicketCategory.NETWORK, at("2026-03-30 10:00"))

    assert state(ticket, first_response=2 * HOUR).due_at == at("2026-03-30 12:00")


def test_what_a_merge_has_copied_is_neither_question_nor_answer_here() -> None:
    other, ticket = opened("2026-03-27 10:00"), opened("2026-03-30 10:00")
    other.id, other.requester = "2", "oskar"
    other.reply(ADA, "On it.", at("2026-03-27 11:00"))
    other.reply(Actor("oskar", "Oskar", Role.USER), "Any news?", at("2026-03-30 10:30"))

    merge(other, ticket, ADA, at("2026-03-30 11:00"))

    assert state(ticket, first_response=4 * HOUR, next_response=HOUR).due_at == at("2026-03-30 14:00")
    assert state(ticket, next_response=HOUR).next_response is None
    assert state(other, next_response=HOUR, resolution=8 * HOUR).due_at is None

    unmerge(other, ticket, ADA, at("2026-03-30 12:00"))

    assert state(other, next_response=HOUR).due_at == at("2026-03-30 12:30")  # half an hour was left


def test_the_next_response_is_due_from_the_oldest_message_that_nobody_has_answered() -> None:
    ticket = opened("2026-03-30 09:00")
    ticket.reply(CARLA, "Hello?", at("2026-03-30 09:30"))
    assert state(ticket, next_response=2 * HOUR).next_response is None

    ticket.reply(ADA, "On it.", at("2026-03-30 10:00"))
    assert state(ticket, next_response=2 * HOUR).next_response is None

    ticket.reply(CARLA, "Any news?", at("2026-03-30 11:00"))
    ticket.reply(CARLA, "Hello?", at("2026-03-30 12:30"))
    assert state(ticket, next_response=2 * HOUR).due_at == at("2026-03-30 13:00")

    ticket.reply(ADA, "Soon.", at("2026-03-30 12:45"))
    met = Deadline(due_at=at("2026-03-30 13:00"), met_at=at("2026-03-30 12:45"))
    assert state(ticket, next_response=2 * HOUR).next_response == met


def test_one_late_answer_among_several_is_a_breach() -> None:
    ticket = opened("2026-03-30 09:00")
    for who, text, when in (
        (ADA, "On it.", "09:10"),
        (CARLA, "Any news?", "09:20"),
        (ADA, "Not yet.", "12:00"),
        (CARLA, "And now?", "12:10"),
        (ADA, "Now.", "12:20"),
    ):
        ticket.reply(who, text, at(f"2026-03-30 {when}"))

    kept = state(ticket, next_response=2 * HOUR)

    assert kept.late_replies == 1
    assert kept.next_response is not None
    assert kept.next_response.standing(at("2026-03-31 12:00")) is Standing.MET
    assert kept.attainment(at("2026-03-31 12:00")) == {Target.NEXT_RESPONSE: False}


def test_while_a_ticket_waits_for_its_requester_no_clock_runs() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.change_status(ADA, Status.PENDING, at("2026-03-30 12:00"))

    kept = state(ticket, first_response=HOUR, resolution=8 * HOUR)
    assert kept.resolution == Deadline(left=6 * HOUR)
    assert kept.resolution.standing(at("2026-06-30 12:00")) is Standing.PAUSED
    assert kept.first_response is not None
    assert kept.first_response.standing(at("2026-03-30 12:00")) is Standing.BREACHED  # it was due before
    assert (kept.due_at, kept.warn_at, kept.paused_since) == (None, None, at("2026-03-30 12:00"))

    ticket.reply(CARLA, "It is the grey one.", at("2026-04-01 09:00"))
    kept = state(ticket, first_response=HOUR, resolution=8 * HOUR)
    assert kept.resolution == Deadline(due_at=at("2026-04-01 15:00"), warn_at=at("2026-04-01 14:00"))
    assert (kept.due_at, kept.paused_since) == (at("2026-03-30 11:00"), None)


def test_one_pause_after_another_is_one_pause() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.change_status(ADA, Status.PENDING, at("2026-03-30 11:00"))
    ticket.change_status(ADA, Status.ON_HOLD, at("2026-03-30 13:00"))

    assert state(ticket, resolution=8 * HOUR).paused_since == at("2026-03-30 11:00")


def test_a_policy_says_in_which_statuses_its_clocks_pause() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.change_status(ADA, Status.ON_HOLD, at("2026-03-30 11:00"))

    assert resolution(ticket, paused=("pending",)).due_at == at("2026-03-31 10:00")
    assert resolution(ticket, paused=("on_hold",)).left == 7 * HOUR


def test_a_ticket_that_is_done_is_met_and_one_that_is_reopened_goes_on() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.change_status(ADA, Status.RESOLVED, at("2026-03-30 15:00"))
    met = Deadline(due_at=at("2026-03-31 10:00"), met_at=at("2026-03-30 15:00"))
    assert resolution(ticket) == met
    assert state(ticket, resolution=8 * HOUR).due_at is None
    ticket.lapse()
    assert resolution(ticket) == met

    ticket.reopen(ADA, at("2026-04-08 10:00"))

    assert resolution(ticket) == Deadline(due_at=at("2026-04-08 13:00"), warn_at=at("2026-04-08 12:00"))


def test_what_is_done_keeps_what_it_was_judged_by() -> None:
    ticket = opened("2026-03-30 10:00")
    assert not is_judged(ticket)
    ticket.sla = state(ticket, resolution=8 * HOUR)
    assert not is_judged(ticket)

    ticket.change_status(ADA, Status.RESOLVED, at("2026-03-30 15:00"))
    assert not is_judged(ticket)
    ticket.sla = state(ticket, resolution=8 * HOUR)
    assert is_judged(ticket)
    ticket.lapse()
    assert is_judged(ticket)

    ticket.reopen(ADA, at("2026-04-08 10:00"))
    ticket.close(ADA, at("2026-04-08 11:00"))
    assert not is_judged(ticket)


def test_what_was_done_before_anything_was_promised_is_never_judged() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.close(ADA, at("2026-03-30 11:00"))

    assert is_judged(ticket)


def test_what_is_done_without_an_answer_has_neither_met_the_response_nor_missed_it() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.close(CARLA, at("2026-03-30 10:30"))

    kept = state(ticket, first_response=HOUR, resolution=8 * HOUR)

    assert kept.attainment(at("2026-06-30 10:00")) == {Target.RESOLUTION: True}


def test_what_is_open_yet_is_neither_met_nor_missed_until_it_is_late() -> None:
    kept = state(opened("2026-03-30 10:00"), first_response=HOUR)

    assert kept.attainment(at("2026-03-30 11:00")) == {}
    assert kept.attainment(at("2026-03-30 11:01")) == {Target.FIRST_RESPONSE: False}


def test_the_warning_comes_at_once_if_it_is_longer_than_the_target() -> None:
    kept = state(opened("2026-03-30 18:00"), first_response=HOUR, warning=2 * HOUR)

    assert (kept.warn_at, kept.due_at) == (at("2026-03-30 18:00"), at("2026-03-31 10:00"))


def test_a_day_around_the_clock_is_24_hours_when_clocks_are_changed() -> None:
    ticket = opened("2026-10-24 12:00")

    assert resolution(ticket, 24, calendar="always").due_at == at("2026-10-25 11:00")


# Why


def test_each_step_to_a_due_time_is_told() -> None:
    ticket = opened("2026-04-02 16:30")
    rule = SlaRule(policy(first_response=4 * HOUR), OFFICE)

    assert explain(ticket, rule, Target.FIRST_RESPONSE) == [
        Step(StepKind.BEGAN, at("2026-04-02 16:30")),
        Step(StepKind.OPEN, at("2026-04-02 16:30"), at("2026-04-03"), 30 * MINUTE),
        Step(StepKind.HOLIDAY, at("2026-04-03"), at("2026-04-04"), name="Good Friday"),
        Step(StepKind.CLOSED, at("2026-04-04"), at("2026-04-06")),
        Step(StepKind.HOLIDAY, at("2026-04-06"), at("2026-04-07"), name="Easter Monday"),
        Step(StepKind.OPEN, at("2026-04-07"), at("2026-04-07 12:30"), 210 * MINUTE),
        Step(StepKind.DUE, at("2026-04-07 12:30")),
    ]


def test_pauses_are_told_and_whole_days_alike_are_one_step() -> None:
    ticket = opened("2026-03-06 18:00")
    ticket.change_status(ADA, Status.PENDING, at("2026-03-13 12:00"))
    rule = SlaRule(policy(resolution=40 * HOUR), OFFICE)
    before = [
        Step(StepKind.BEGAN, at("2026-03-06 18:00")),
        Step(StepKind.CLOSED, at("2026-03-06 18:00"), at("2026-03-09")),
        Step(StepKind.OPEN, at("2026-03-09"), at("2026-03-13"), 32 * HOUR),
        Step(StepKind.OPEN, at("2026-03-13"), at("2026-03-13 12:00"), 3 * HOUR),
    ]
    assert explain(ticket, rule, Target.RESOLUTION) == [
        *before,
        Step(StepKind.PAUSED, at("2026-03-13 12:00"), name="pending"),
        Step(StepKind.LEFT, at("2026-03-13 12:00"), time=5 * HOUR),
    ]

    ticket.reply(CARLA, "It is the grey one.", at("2026-03-16 08:00"))

    assert explain(ticket, rule, Target.RESOLUTION) == [
        *before,
        Step(StepKind.PAUSED, at("2026-03-13 12:00"), at("2026-03-16 08:00"), name="pending"),
        Step(StepKind.OPEN, at("2026-03-16 08:00"), at("2026-03-16 14:00"), 5 * HOUR),
        Step(StepKind.DUE, at("2026-03-16 14:00")),
    ]


def test_there_is_nothing_to_tell_of_what_nobody_promised() -> None:
    rule = SlaRule(policy(first_response=HOUR, next_response=HOUR), OFFICE)

    assert explain(opened("2026-03-30 10:00"), rule, Target.RESOLUTION) == []
    assert explain(opened("2026-03-30 10:00"), rule, Target.NEXT_RESPONSE) == []


def test_the_rule_that_made_a_deadline_is_found_until_it_is_changed() -> None:
    ticket = opened("2026-03-30 10:00")
    kept = state(ticket, resolution=HOUR)

    rule = rules(resolution=HOUR).rule_of(kept)

    assert rule is not None
    assert (rule.policy.name, rule.calendar) == ("Gold", OFFICE)
    assert rules(resolution=HOUR, version=4).rule_of(kept) is None
    assert rules(resolution=HOUR, removed=True).rule_of(kept) is None
    later = OFFICE.model_copy(update={"version": 2})
    assert SlaRules([policy(resolution=HOUR)], [later]).rule_of(kept) is None


# Clocks that go wrong


def test_a_clock_that_ran_backwards_is_taken_to_have_stood_still() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.change_status(ADA, Status.PENDING, at("2026-03-30 12:00"))
    ticket.change_status(ADA, Status.OPEN, at("2026-03-30 11:00"))
    assert resolution(ticket).due_at == at("2026-03-31 10:00")

    ticket.reply(ADA, "On it.", at("2026-03-29 23:00"))

    assert state(ticket, first_response=HOUR).attainment(at("2026-03-31")) == {Target.FIRST_RESPONSE: True}


def test_a_clock_that_jumped_to_the_end_of_time_is_no_endless_work() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.change_status(ADA, Status.PENDING, datetime(9999, 12, 31, tzinfo=UTC))
    assert resolution(ticket).due_at == at("2026-03-31 10:00")
    ticket.change_status(ADA, Status.OPEN, at("2026-03-30 11:00"))

    assert resolution(ticket).due_at == at("2026-03-31 10:00")
    ticket = opened("2026-03-30 10:00")
    ticket.opened_at = datetime(9999, 12, 31, tzinfo=UTC)
    assert sla_of(ticket, rules(resolution=HOUR)) is None


def test_a_time_zone_that_this_machine_does_not_know_leaves_a_ticket_without_due_times() -> None:
    lost = OFFICE.model_copy(update={"zone": "Mars/Olympus"})

    assert sla_of(opened("2026-03-30 10:00"), SlaRules([policy(resolution=HOUR)], [lost])) is None


ACTS = st.lists(st.tuples(st.sampled_from(["carla", "ada", *Status]), st.integers(-200, 3000)), max_size=12)


def played(acts: list[tuple[str, int]]) -> Ticket:
    """Return a ticket to which all of this has happened, each so many minutes after the one before."""
    ticket, now = opened("2026-03-27 15:00"), at("2026-03-27 15:00")
    for what, minutes in acts:
        now += minutes * MINUTE
        if what in {"carla", "ada"}:
            if ticket.status is not Status.CLOSED:
                ticket.reply(CARLA if what == "carla" else ADA, "Hello.", now)
        elif ticket.status.category.value == "done" and what == "open":
            ticket.reopen(ADA, now)
        elif ticket.status.category.value != "done" and what != ticket.status:
            ticket.change_status(ADA, Status(what), now)
    return ticket


@settings(deadline=None)
@given(ACTS, st.sampled_from([OFFICE, ALWAYS]), st.integers(1, 60))
def test_whatever_happened_the_steps_add_up_to_the_target(
    acts: list[tuple[str, int]], calendar: BusinessCalendar, hours: int
) -> None:
    ticket = played(acts)
    made = policy(
        first_response=hours * HOUR, next_response=hours * HOUR, resolution=hours * HOUR, calendar=calendar.id
    )

    kept = state(ticket, **made.targets, calendar=calendar.id)

    for target, deadline in kept.deadlines.items():
        steps = explain(ticket, SlaRule(made, calendar), target)
        counted = [step.time for step in steps if step.kind in {StepKind.OPEN, StepKind.LEFT}]
        assert sum(counted, timedelta(0)) == hours * HOUR
        last = steps[-1]
        assert (last.start if last.kind is StepKind.DUE else None) == deadline.due_at
        assert all(earlier.start <= later.start for earlier, later in pairwise(steps))
        assert deadline.warn_at is None or (deadline.due_at is not None and deadline.warn_at <= deadline.due_at)


@settings(deadline=None)
@given(ACTS)
def test_whether_reckoned_at_each_change_or_once_at_the_end_it_is_the_same(acts: list[tuple[str, int]]) -> None:
    made = rules(first_response=HOUR, next_response=2 * HOUR, resolution=8 * HOUR)
    ticket = opened("2026-03-27 15:00")
    for count in range(len(acts) + 1):
        ticket = played(acts[:count])
        ticket.sla = sla_of(ticket, made)
    read = Ticket.model_validate_json(ticket.model_dump_json(exclude_none=True))

    assert read.sla == sla_of(played(acts), made)
    assert sla_of(read, made) == read.sla


def test_a_requester_learns_nothing_of_it() -> None:
    ticket = opened("2026-03-30 10:00")
    ticket.sla = state(ticket, resolution=HOUR)

    shown = ticket.for_requester()

    assert shown.sla is None
    assert "gold" not in shown.model_dump_json().lower()
