"""SLA policies: what is promised for which tickets, within how much of a calendar's open time."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final, NamedTuple, Self

from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.categories import references_to
from ticketing.domain.deadlines import SlaState, Target
from ticketing.domain.definitions import Definition, by_name
from ticketing.domain.errors import TargetError
from ticketing.domain.statuses import Priority, Status, StatusCategory
from ticketing.domain.teams import Team
from ticketing.domain.text import printable
from ticketing.domain.tickets import Ticket

LONGEST: Final = timedelta(hours=2000)  # about a year of working hours

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_PARTS: Final = re.compile(r"(?:([0-9]{1,4}) ?d)? ?(?:([0-9]{1,5}) ?h)? ?(?:([0-9]{1,6}) ?m)?", re.IGNORECASE)
MAY_PAUSE: Final = [status for status in Status if status.category is StatusCategory.PAUSED]


class SlaPolicy(Definition):
    """
    What is promised for tickets of some priorities, categories and teams; an empty tuple is all of them.

    Of several policies the first that fits a ticket holds, by `position` and then by name. `calendar` and `teams` are
    ids. A target of None is none; targets and the `warning` before them are open time of the calendar. In `paused`
    statuses no clock runs.
    """

    kind: ClassVar[str] = "sla"

    position: int = 1
    calendar: str = ""
    priorities: tuple[Priority, ...] = ()
    categories: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    first_response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None
    paused: tuple[Status, ...] = tuple(MAY_PAUSE)
    warning: timedelta = _HOUR

    @property
    def targets(self) -> dict[Target, timedelta]:
        """Return what is promised."""
        found = {target: getattr(self, target.value) for target in Target}
        return {target: duration for target, duration in found.items() if duration is not None}

    def fits(self, ticket: Ticket) -> bool:
        """Whether it is meant for such tickets."""
        return (
            (not self.priorities or ticket.priority in self.priorities)
            and (not self.categories or ticket.category in self.categories)
            and (not self.teams or ticket.team in self.teams)
        )

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError."""
        if not self.targets:
            raise TargetError("Targets", "A policy promises something: please set at least one target.")
        for target, duration in self.targets.items():
            _require_possible(_field(target), duration)
        if not timedelta(0) <= self.warning <= LONGEST:
            raise TargetError("Warning", "The warning comes some time before the target, or no time.")
        if not set(self.paused) <= set(MAY_PAUSE):
            raise TargetError("Paused", "Clocks can be paused only while a ticket waits for somebody else.")
        if not self.calendar:
            raise TargetError("Calendar", "Please choose the calendar by whose hours the targets are counted.")
        return super().checked()

    def content(self) -> Mapping[str, Any]:
        """Return what was set up, with amounts of time as people write them."""
        times = self.targets | {"warning": self.warning}
        return {**super().content(), **{name: written(time) for name, time in times.items()}}

    def references(self) -> frozenset[tuple[str, str]]:
        """Return its calendar, and the teams and categories for whose tickets it is."""
        teams = ((Team.kind, team) for team in self.teams)
        return frozenset([(BusinessCalendar.kind, self.calendar), *teams]) | references_to(self.categories)


class SlaRule(NamedTuple):
    """A policy with its calendar."""

    policy: SlaPolicy
    calendar: BusinessCalendar


class CatchingUp(Definition):
    """
    How far the desk has come with reckoning all due times anew since its rules were changed.

    `rules` is the mark of those by which it does so; `reached` the number up to which it is done, None for all.
    """

    kind: ClassVar[str] = "due_times"
    is_settings: ClassVar[bool] = False

    rules: str = ""
    reached: int | None = None


class SlaRules:
    """All policies in their order; one without a calendar that is known holds for nothing."""

    def __init__(self, policies: Sequence[SlaPolicy], calendars: Sequence[BusinessCalendar]) -> None:
        known = {calendar.id: calendar for calendar in calendars}
        self._rules = [
            SlaRule(policy, known[policy.calendar])
            for policy in sorted(policies, key=lambda one: (one.position, *by_name(one)))
            if not policy.removed and policy.calendar in known
        ]

    @property
    def mark(self) -> str:
        """What tells these rules from those before a change: "" if there are none."""
        return " ".join(
            f"{policy}.{version}@{calendar}.{of}" for policy, version, calendar, of in map(_mark, self._rules)
        )

    def rule_for(self, ticket: Ticket) -> SlaRule | None:
        """Return the one that holds for a ticket."""
        return next((rule for rule in self._rules if rule.policy.fits(ticket)), None)

    def rule_of(self, state: SlaState) -> SlaRule | None:
        """Return the one that made the deadlines of a ticket; None once it was changed or taken away."""
        made_by = (state.policy, state.policy_version, state.calendar, state.calendar_version)
        return next((rule for rule in self._rules if _mark(rule) == made_by), None)


def parse_duration(field: str, typed: str, business_day: timedelta) -> timedelta | None:
    """
    Read an amount of open time such as 4h, 1d 2h or 90m; nothing is None. Raises TargetError.

    A day is a business day of the calendar: how long that is, is fixed when it is read.
    """
    if not typed.strip():
        return None
    found = _PARTS.fullmatch(" ".join(typed.split()))
    if not found:
        raise TargetError(field, f"{field} “{printable(typed)[:40]}” is no time; write it as 4h, 1d 2h or 90m.")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    duration = days * business_day + hours * _HOUR + minutes * _MINUTE
    _require_possible(field, duration)
    return duration


def written(duration: timedelta | None) -> str:
    """Return an amount of open time as `parse_duration` reads it, without days: 4h, 1h 30m, 45m."""
    hours, minutes = divmod((duration or timedelta(0)) // _MINUTE, 60)
    return " ".join(f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m")) if number)


def _mark(rule: SlaRule) -> tuple[str, int, str, int]:
    return (rule.policy.id, rule.policy.version, rule.calendar.id, rule.calendar.version)


def _field(target: Target) -> str:
    return target.value.replace("_", " ").capitalize()


def _require_possible(field: str, duration: timedelta) -> None:
    if not _MINUTE <= duration <= LONGEST:
        raise TargetError(field, f"{field} takes from one minute to {LONGEST // _HOUR:,} open hours.")
