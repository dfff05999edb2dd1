"""How due times read: how much time is left, how urgent that is, and why it is so."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.deadlines import Deadline, Standing
from ticketing.domain.due_times import Step, StepKind
from ticketing.ui.wording import WORDING, t

_MOMENT = timedelta(microseconds=1)
_UNITS = ((timedelta(days=1), "days"), (timedelta(hours=1), "hours"), (timedelta(minutes=1), "minutes"))


class Urgency(NamedTuple):
    """How urgent something is: in words, with a sign and a colour that say the same."""

    word: str
    icon: str
    tone: Literal["gray", "green", "orange", "red"]


def urgency(due_at: datetime, warn_at: datetime | None, now: datetime) -> Urgency:
    """Return how urgent it is that something is done by then."""
    if now > due_at:
        return Urgency(t("due.overdue", time=span(now - due_at)), "error", "red")
    is_near = warn_at is not None and now >= warn_at
    return Urgency(t("due.in", time=span(due_at - now)), "schedule" if is_near else "", "orange" if is_near else "gray")


def standing(deadline: Deadline, now: datetime) -> Urgency:
    """Return how things stand with a target."""
    stands = deadline.standing(now)
    if stands is Standing.PAUSED:
        return Urgency(t("due.paused", time=span(deadline.left or timedelta(0))), "pause_circle", "gray")
    if deadline.met_at is None and deadline.due_at is not None:
        return urgency(deadline.due_at, deadline.warn_at, now)
    if deadline.met_at is not None and deadline.due_at is not None and stands is Standing.BREACHED:
        return Urgency(t("due.met_late", time=span(deadline.met_at - deadline.due_at)), "error", "red")
    return Urgency(t("due.met"), "check_circle", "green")


def span(time: timedelta) -> str:
    """Return an amount of time in its largest full unit."""
    if time < timedelta(minutes=1):
        return t("due.moment")
    unit, word = next((unit, word) for unit, word in _UNITS if time >= unit)
    return t(f"duration.{word}", n=time // unit)


def told(step: Step, calendar: BusinessCalendar) -> str:
    """Return a step on the way to a due time as a line, by the clocks of the calendar."""
    first, last = _day(step.start, calendar), _day((step.end or step.start) - _MOMENT, calendar)
    days = first if first == last or step.end is None else t("due.days", first=first, last=last)
    match step.kind:
        case StepKind.BEGAN | StepKind.DUE:
            return t(f"due.step.{step.kind}", at=_moment(step.start, calendar))
        case StepKind.PAUSED:
            status = _word(f"status.{step.name}", step.name)
            since, until = (_moment(at, calendar) if at else t("due.now") for at in (step.start, step.end))
            return t("due.step.paused", since=since, until=until, status=status)
        case StepKind.LEFT:
            return t("due.step.left", time=counted(step.time))
        case StepKind.HOLIDAY:
            return t("due.step.holiday", days=days, name=step.name)
        case _:
            return t(f"due.step.{step.kind}", days=days, time=counted(step.time))


def counted(time: timedelta) -> str:
    """Return an amount of open time in hours and minutes, rounded so that two parts of a target add up."""
    parts = zip(divmod(round(time / timedelta(minutes=1)), 60), ("hours", "minutes"), strict=True)
    return " ".join(t(f"duration.{word}", n=number) for number, word in parts if number) or t("due.moment")


def _day(moment: datetime, calendar: BusinessCalendar) -> str:
    return f"{calendar.local(moment):%a %Y-%m-%d}"


def _moment(moment: datetime, calendar: BusinessCalendar) -> str:
    return f"{calendar.local(moment):%a %Y-%m-%d %H:%M}"


def _word(key: str, otherwise: str) -> str:
    return t(key) if key in WORDING else otherwise
