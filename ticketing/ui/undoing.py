"""
What a person can take back: the last change that one click of theirs made on the ticket before them.

The head of the ticket offers it until the next deed or another page. The way back is an ordinary change of the same
fields, held against what the deed left there; it is in the history like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ticketing.domain import policy
from ticketing.domain.custom_fields import key_in
from ticketing.domain.errors import RefusedError, StaleEditError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.snoozes import Snooze
from ticketing.domain.statuses import TRANSITIONS, StatusCategory
from ticketing.domain.tickets import SNOOZED, SYSTEM, Event, Ticket, TicketEdit
from ticketing.ui.session import desk
from ticketing.ui.wording import t

_PREFIX = "undo_"


@dataclass(slots=True)
class Undo:
    """The way back from one change; its place in the ticket's history tells it from any other."""

    number: int
    place: int
    what: str  # the word for what comes back
    way: Callable[[Actor], Ticket]
    was_taken: bool = False

    @property
    def action(self) -> str:
        """The name under which the head of the ticket offers it."""
        return f"{_PREFIX}{self.place}"


@dataclass(slots=True)
class LastDeed:
    """What this visitor did last at the address where they are, if it can be taken back."""

    place: str = ""
    undo: Undo | None = None

    def arrive(self, place: str) -> None:
        """Note where the visitor is now; what was done elsewhere is taken back no more."""
        if place != self.place:
            self.place, self.undo = place, None

    def lead_to(self, undo: Undo) -> None:
        """Keep what can be taken back on the ticket to which the deed itself leads."""
        self.place, self.undo = f"ticket?id={undo.number}", undo

    def undo_on(self, number: int) -> Undo | None:
        """Return what can be taken back on a ticket."""
        undo = self.undo
        return undo if undo and undo.number == number and not undo.was_taken else None

    def take_back(self, actor: Actor, number: int, action: str) -> str:
        """Go the way back, which a second click does not do again, and return the sentence that confirms it."""
        undo = self.undo
        if undo is None or (undo.number, undo.action) != (number, action):
            raise RefusedError(t("ticket.undo_is_over"))
        try:
            if not undo.was_taken:
                undo.way(actor)
        except StaleEditError as error:
            self.undo = None
            raise RefusedError(t("ticket.undo_is_stale", field=error.field, value=error.theirs)) from error
        undo.was_taken = True
        return t("ticket.undone", what=undo.what)


def is_undo(action: str) -> bool:
    """Tell whether an action of a ticket's head is to take something back."""
    return action.startswith(_PREFIX)


def undo_of(actor: Actor, before: Ticket, after: Ticket) -> Undo | None:
    """Return the way back from what the actor has just changed; None where nothing was changed or no arrow leads."""
    steps = after.events[len(before.events) :]
    if not _came_of(actor, steps):
        return None
    number, field, slept = after.number, steps[0].field, before.snoozed
    if field == SNOOZED:  # it was on hold before as well, to which no change of a field leads back
        return None
    if field == "status" and before.status not in TRANSITIONS[after.status]:
        return None
    if field == "status" and after.status.category is StatusCategory.DONE:  # from where every arrow leads to open
        action, way = Action.REOPEN, partial(desk().tickets.reopen, number=number, seen=after.status)
    elif field == "status" and slept is not None:
        action, way = Action.EDIT_TICKET, _back_to_sleep(slept, after)
    else:
        action, way = Action.EDIT_TICKET, _edit_back(before, after, field)
    return Undo(number, len(after.events), _word(actor, field), way) if policy.may(actor, action, after) else None


def _back_to_sleep(slept: Snooze, after: Ticket) -> "partial[Ticket]":
    sleep = partial(desk().tickets.snooze, number=after.number, until=slept.until, seen=after.status)
    return partial(sleep, wakes_on_reply=slept.wakes_on_reply)


def _word(actor: Actor, field: str) -> str:
    """Return how a field is called, which of a custom one is its label."""
    if (key := key_in(field)) is None:
        return t(f"field.{field}").lower()
    return next((custom.name for custom in desk().tickets.fields(actor) if custom.id == key), key)


def _came_of(actor: Actor, steps: Sequence[Event]) -> bool:
    """Whether the actor began these steps, and took all of them but for what the ticket's team dealt then."""
    theirs = [step for step in steps if (step.field, step.by) != ("assignee", SYSTEM)]
    return bool(theirs) and theirs[0] is steps[0] and all(step.by == actor.username for step in theirs)


def _edit_back(before: Ticket, after: Ticket, field: str) -> "partial[Ticket]":
    """Return what sets a field to what it was, and what belongs to it: as what it was done, to whom it was dealt."""
    if (key := key_in(field)) is not None:
        edit, seen = (TicketEdit(fields={key: ticket.field_value(key)}) for ticket in (before, after))
        return partial(desk().tickets.edit, number=after.number, edit=edit, seen=seen)
    fields = [field, "resolution"] if field == "status" and before.resolution else [field]
    fields += ["assignee"] if field == "team" else []
    edit, seen = (TicketEdit(**{field: getattr(ticket, field) for field in fields}) for ticket in (before, after))
    return partial(desk().tickets.edit, number=after.number, edit=edit, seen=seen)
