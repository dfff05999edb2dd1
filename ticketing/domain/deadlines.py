"""What a ticket keeps of the targets that hold for it: when each is due, when it was met, and which rule said so."""

from datetime import datetime, timedelta
from enum import StrEnum

from ticketing.domain.text import Stored


class Target(StrEnum):
    """What an SLA promises."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class Standing(StrEnum):
    """How things stand with a target."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


class Deadline(Stored):
    """
    When one target is due.

    While its clock is paused there is no such moment, but so much open time `left`. At `warn_at` it becomes urgent.
    """

    due_at: datetime | None = None
    warn_at: datetime | None = None
    met_at: datetime | None = None
    left: timedelta | None = None

    def standing(self, now: datetime) -> Standing:
        """Return how things stand at a moment; on the very moment it is due nothing is late yet."""
        if self.due_at is None:
            return Standing.PAUSED if self.met_at is None else Standing.MET
        if (self.met_at or now) > self.due_at:
            return Standing.BREACHED
        return Standing.RUNNING if self.met_at is None else Standing.MET


class SlaState(Stored):
    """
    The deadlines of a ticket, and what made them: policy and calendar by their ids and versions, and the policy's name.

    `due_at` is the earliest that is running, `late_replies` how many earlier requests were answered too late.
    """

    policy: str
    policy_name: str
    policy_version: int
    calendar: str
    calendar_version: int
    first_response: Deadline | None = None
    next_response: Deadline | None = None
    resolution: Deadline | None = None
    late_replies: int = 0
    done_at: datetime | None = None
    paused_since: datetime | None = None
    due_at: datetime | None = None
    warn_at: datetime | None = None

    @property
    def deadlines(self) -> dict[Target, Deadline]:
        """Return what there is a deadline for."""
        found = {target: getattr(self, target.value) for target in Target}
        return {target: deadline for target, deadline in found.items() if deadline is not None}

    def attainment(self, now: datetime) -> dict[Target, bool]:
        """
        Return which targets were met and which were not.

        Nothing is said of what is open yet, nor of an answer that nobody waited for any more when it was due.
        """
        standings = {target: deadline.standing(now) for target, deadline in self.deadlines.items()}
        if self.late_replies:
            standings[Target.NEXT_RESPONSE] = Standing.BREACHED
        decided = {Standing.MET: True, Standing.BREACHED: False}
        return {target: decided[standing] for target, standing in standings.items() if standing in decided}
