"""
When the targets of a ticket are due, and why.

All of it follows from the ticket's messages and events, its policy and its calendar, never from the present moment: it
can be reckoned again at any time, and a clock that was set back or forward changes nothing. A clock that ran backwards
while something was written down is taken to have stood still.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from ticketing.domain.calendars import BusinessCalendar, OpenHours, business_time
from ticketing.domain.deadlines import Deadline, SlaState, Standing, Target
from ticketing.domain.errors import CalendarError, NeverOpenError
from ticketing.domain.sla import SlaPolicy, SlaRule, SlaRules
from ticketing.domain.sources import Source
from ticketing.domain.statuses import Status, StatusCategory
from ticketing.domain.tickets import MessageKind, Ticket

_NOTHING: Final = timedelta(0)
_DAY: Final = timedelta(days=1)
_DONE: Final = frozenset(status for status in Status if status.category is StatusCategory.DONE)


class Pause(NamedTuple):
    """A time in which no clock runs, and the status that it began with; one without an end goes on."""

    start: datetime
    end: datetime | None
    status: str


class StepKind(StrEnum):
    """What a step on the way to a due time is."""

    BEGAN = "began"
    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    PAUSED = "paused"
    DUE = "due"
    LEFT = "left"


class Step(NamedTuple):
    """
    One step on the way to a due time, on one day or on several alike.

    `time` is the open time that it counts, or that is left; `name` that of a holiday, or of the status of a pause. A
    pause that goes on has no `end`.
    """

    kind: StepKind
    start: datetime
    end: datetime | None = None
    time: timedelta = _NOTHING
    name: str = ""


class _Wait(NamedTuple):
    """Something that the requester waits for: since when, until when."""

    since: datetime
    met_at: datetime | None


class _Stretch(NamedTuple):
    """A stretch of time in which a clock ran, and for how much open time, or in which it was paused."""

    start: datetime
    end: datetime | None
    ran: timedelta = _NOTHING
    pause: Pause | None = None


def sla_of(ticket: Ticket, rules: SlaRules) -> SlaState | None:
    """Return the deadlines of a ticket by the first policy that fits; None without one that can be reckoned with."""
    rule = rules.rule_for(ticket)
    try:
        return None if rule is None else _state(ticket, rule)
    except (CalendarError, NeverOpenError):  # as of a time zone that this machine doesn't know
        return None


def is_judged(ticket: Ticket) -> bool:
    """Whether it is done, and what was promised when that came is not to be changed any more."""
    since = _done_since(ticket)
    return since is not None and (ticket.sla is None or ticket.sla.done_at == since)


def awaited(ticket: Ticket) -> str | None:
    """Return what tells the next that is due of a ticket from all else that ever was; None while nothing is."""
    if ticket.sla is None or ticket.sla.due_at is None:
        return None
    running = {target: one for target, one in ticket.sla.deadlines.items() if one.met_at is None}
    target = next(target for target, one in running.items() if one.due_at == ticket.sla.due_at)
    waits = _waits(ticket, target)
    return f"{target} {waits[-1].since.isoformat()}" if waits else None


def explain(ticket: Ticket, rule: SlaRule, target: Target) -> list[Step]:
    """Return the steps that lead to when a target is due, or to how much time is left; none without such a target."""
    waits = _waits(ticket, target)
    duration = rule.policy.targets.get(target)
    if duration is None or not waits:
        return []
    wait = waits[-1]
    steps = [Step(StepKind.BEGAN, wait.since)]
    left = duration
    for stretch in _walk(OpenHours(rule.calendar), wait, duration, _pauses(ticket, rule.policy)):
        left -= stretch.ran
        if stretch.pause is not None:
            steps.append(Step(StepKind.PAUSED, stretch.start, stretch.end, name=stretch.pause.status))
        elif stretch.end is not None:  # pragma: no branch - nothing but a pause goes on without an end
            steps += _joined(rule.calendar, _days(rule.calendar, stretch.start, stretch.end))
    end = steps[-1].end
    return [*steps, Step(StepKind.LEFT, steps[-1].start, time=left) if end is None else Step(StepKind.DUE, end)]


def _state(ticket: Ticket, rule: SlaRule) -> SlaState:
    policy, calendar = rule
    pauses, hours = _pauses(ticket, policy), OpenHours(calendar)
    deadlines = {
        target: [_deadline(policy, hours, target, wait, pauses) for wait in _waits(ticket, target)]
        for target in policy.targets
    }
    latest = {target.value: found[-1] for target, found in deadlines.items() if found}
    paused_since = pauses[-1].start if pauses and pauses[-1].end is None else None
    due_at, warn_at = _next(latest.values()) if paused_since is None else (None, None)
    return SlaState(
        policy=policy.id,
        policy_name=policy.name,
        policy_version=policy.version,
        calendar=calendar.id,
        calendar_version=calendar.version,
        late_replies=sum(map(_was_late, deadlines.get(Target.NEXT_RESPONSE, [])[:-1])),
        done_at=_done_since(ticket),
        paused_since=paused_since,
        due_at=due_at,
        warn_at=warn_at,
        **latest,
    )


def _next(deadlines: Iterable[Deadline]) -> tuple[datetime | None, datetime | None]:
    """Return when the next of those that run is due, and when that becomes urgent."""
    running = ((one.due_at, one.warn_at) for one in deadlines if one.due_at is not None and one.met_at is None)
    return min(running, default=(None, None))


def _deadline(policy: SlaPolicy, hours: OpenHours, target: Target, wait: _Wait, pauses: Sequence[Pause]) -> Deadline:
    duration = policy.targets[target]
    stretches = list(_walk(hours, wait, duration, pauses))
    due_at = stretches[-1].end
    if wait.met_at is not None:
        return Deadline(due_at=due_at, met_at=wait.met_at)
    if due_at is None:
        return Deadline(left=duration - sum((stretch.ran for stretch in stretches), _NOTHING))
    *_, warned = _walk(hours, wait, duration - policy.warning, pauses)
    return Deadline(due_at=due_at, warn_at=warned.end)


def _was_late(deadline: Deadline) -> bool:
    return deadline.met_at is not None and deadline.standing(deadline.met_at) is Standing.BREACHED


def _walk(hours: OpenHours, wait: _Wait, duration: timedelta, pauses: Iterable[Pause]) -> Iterator[_Stretch]:
    """Yield how a clock runs and pauses until so much open time has passed, or for ever in a pause without an end."""
    now, rest = wait.since, duration
    for pause in pauses:
        is_over = pause.end is not None and pause.end <= now
        if is_over or (wait.met_at is not None and pause.start >= wait.met_at):
            continue
        if hours.after(now, rest) <= pause.start:
            break
        if now < pause.start:
            ran = hours.between(now, pause.start)
            yield _Stretch(now, pause.start, ran)
            rest -= ran
        yield _Stretch(max(now, pause.start), pause.end, pause=pause)
        if pause.end is None:
            return
        now = pause.end
    yield _Stretch(now, hours.after(now, rest), rest)


def _waits(ticket: Ticket, target: Target) -> list[_Wait]:
    """Return what the requester has waited for and waits for, of the kind that a target is about, in order."""
    match target:
        case Target.FIRST_RESPONSE:
            return [_Wait(ticket.opened_at, next((at for at, is_answer in talk(ticket) if is_answer), None))]
        case Target.NEXT_RESPONSE:
            return _requests(ticket)
        case _:
            return [_Wait(ticket.opened_at, _done_since(ticket))]


def _requests(ticket: Ticket) -> list[_Wait]:
    """Return since when what was asked after the first answer was waiting, and until when."""
    waits: list[_Wait] = []
    was_answered, asked_at = False, None
    for at, is_answer in talk(ticket):
        if is_answer:
            if asked_at is not None:
                waits.append(_Wait(asked_at, at))
            was_answered, asked_at = True, None
        elif was_answered and asked_at is None:
            asked_at = at
    return waits if asked_at is None else [*waits, _Wait(asked_at, None)]


def talk(ticket: Ticket) -> Iterator[tuple[datetime, bool]]:
    """
    Yield when each public message after the description was written, and whether it answers the requester's side.

    What a merge has copied here was said in another ticket.
    """
    asking, now = {ticket.requester, *ticket.watchers}, ticket.opened_at
    _, *later = (message for message in ticket.messages if message.origin is None)
    for message in later:
        if message.kind is MessageKind.REPLY and message.source is not Source.RULE:
            now = max(now, message.at)
            yield now, message.author not in asking


def _done_since(ticket: Ticket) -> datetime | None:
    since: datetime | None = None
    for status, at in _statuses(ticket):
        since = (since or at) if status in _DONE else None
    return since


def _pauses(ticket: Ticket, policy: SlaPolicy) -> list[Pause]:
    """Return when the clocks stood still: while the ticket was in a paused status, or done."""
    pauses: list[Pause] = []
    statuses = _statuses(ticket)
    ends = [*(at for _, at in statuses[1:]), None]
    for (status, start), end in zip(statuses, ends, strict=True):
        if status in policy.paused or status in _DONE:
            if pauses and pauses[-1].end == start:
                pauses[-1] = pauses[-1]._replace(end=end)
            else:
                pauses.append(Pause(start, end, status))
    return pauses


def _statuses(ticket: Ticket) -> list[tuple[str, datetime]]:
    """Return each status that the ticket had, and since when."""
    changes = [event for event in ticket.events if event.field == "status"]
    statuses: list[tuple[str, datetime]] = [((changes and changes[0].old) or ticket.status, ticket.opened_at)]
    for change in changes:
        statuses.append((change.new or ticket.status, max(statuses[-1][1], change.at)))
    return statuses


def _days(calendar: BusinessCalendar, start: datetime, end: datetime) -> Iterator[Step]:
    """Yield what each day from *start* to *end* adds to the open time, or why it adds nothing."""
    day = calendar.local(start).date()
    while (begins := max(start, calendar.midnight(day))) < end:
        ends = min(end, calendar.midnight(day + _DAY))
        counted = business_time(calendar, begins, ends)
        if counted:
            yield Step(StepKind.OPEN, begins, ends, counted)
        elif (holiday := calendar.holiday_on(day)) and calendar.hours[day.weekday()]:
            yield Step(StepKind.HOLIDAY, begins, ends, name=holiday)
        else:
            yield Step(StepKind.CLOSED, begins, ends)
        day += _DAY


def _joined(calendar: BusinessCalendar, days: Iterable[Step]) -> list[Step]:
    """Make one step of closed days that follow each other, and of whole days that are open."""
    steps: list[Step] = []
    for day in days:
        if steps and _are_alike(calendar, steps[-1], day):
            steps[-1] = steps[-1]._replace(end=day.end, time=steps[-1].time + day.time)
        else:
            steps.append(day)
    return steps


def _are_alike(calendar: BusinessCalendar, before: Step, day: Step) -> bool:
    if before.kind is not day.kind:
        return False
    return day.kind is StepKind.CLOSED or (
        day.kind is StepKind.OPEN and _is_midnight(calendar, before.start) and _is_midnight(calendar, day.end)
    )


def _is_midnight(calendar: BusinessCalendar, moment: datetime | None) -> bool:
    return moment is not None and moment == calendar.midnight(calendar.local(moment).date())
