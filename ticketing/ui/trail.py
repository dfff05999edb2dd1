"""
The list that a person came from, and which of its tickets comes next.

It is the list as they saw it: an answer that moves its ticket to another place in there changes nothing of what comes
next. What has left the list since, as when a colleague was quicker, is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ticketing.domain import policy
from ticketing.domain.conditions import Numbered
from ticketing.domain.filters import Filters, own
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.ui.feedback import next_flash
from ticketing.ui.filters import asker_of
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to, go_to_ticket, require_actor
from ticketing.ui.wording import t


@dataclass(slots=True)
class Trail:
    """The list that a visitor saw last: its page, what it was narrowed to, and its tickets in their order."""

    page: str = ""
    filters: Filters = field(default_factory=Filters)
    is_own: bool = False
    numbers: Sequence[int] = ()

    def after(self, number: int) -> Sequence[int] | None:
        """Return what comes after a ticket, None if the list does not have that one."""
        return self.numbers[self.numbers.index(number) + 1 :] if number in self.numbers else None


def note_list(page: str, filters: Filters, numbers: Sequence[int], *, is_own: bool) -> None:
    """Note which tickets a list shows, of which one is about to be opened."""
    trail = recall(Trail)
    trail.page, trail.filters, trail.is_own, trail.numbers = page, filters, is_own, numbers


def way_on(actor: Actor, number: int) -> str:
    """Return the word for the way on from a ticket, "" where there is none: it is for agents who came from a list."""
    after = recall(Trail).after(number)
    if after is None or not policy.may(actor, Action.SEE_ALL_TICKETS):
        return ""
    return t("composer.then_next") if after else t("composer.then_list")


def go_on(number: int) -> None:
    """Go to the next ticket of the list or back to it, and say once more what was saved in the one before."""
    actor, trail = require_actor(), recall(Trail)
    if not way_on(actor, number):
        return
    following = _still_in(actor, trail, trail.after(number) or ())
    if following is None:
        next_flash().say_further(t("composer.was_last", label=f"T-{number}"))
        go_to(trail.page)
    next_flash().say_further(t("composer.went_on", label=f"T-{number}"))
    go_to_ticket(following)


def _still_in(actor: Actor, trail: Trail, numbers: Sequence[int]) -> int | None:
    """Return the first of these that the list has still, and the actor may see."""
    if not numbers:
        return None
    query = trail.filters.query(asker_of(actor))
    among = (*query.conditions, Numbered(frozenset(numbers)))
    query = query.model_copy(update={"conditions": among, "page": 1, "size": len(numbers)})
    found = desk().tickets.search(actor, own(actor, query) if trail.is_own else query)
    there = {ticket.number for ticket in found.items}
    return next((number for number in numbers if number in there), None)
