"""One change of many tickets: what is done to each of them, and how it is taken back."""

from datetime import datetime
from typing import Final

from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status, StatusCategory
from ticketing.domain.text import Typed
from ticketing.domain.tickets import Ticket, TicketEdit

MOST_AT_ONCE: Final = 500
NOTHING: Final = TicketEdit()
# What a bulk change can set, and its undo puts back.
_FIELDS: Final = ("status", "resolution", "priority", "category", "tags", "team", "assignee")


class BulkEdit(Typed):
    """
    What is to be done to each of the tickets; only what is given is touched.

    Tags are added and removed beside those that a ticket has. A reply is a public one; it comes before the change of
    status, so that a ticket can be answered and closed at once. To merge them all into one ticket goes alone.
    """

    edit: TicketEdit = NOTHING
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    reply: str = ""
    merge_into: int | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do."""
        asked = self.edit.model_fields_set or self.add_tags or self.remove_tags or self.reply
        return not asked and self.merge_into is None

    def edit_of(self, ticket: Ticket) -> TicketEdit:
        """Return which fields of a ticket are to be set to what."""
        if not (self.add_tags or self.remove_tags):
            return self.edit
        gone = {tag.casefold() for tag in self.remove_tags}
        tags = (*(tag for tag in ticket.tags if tag not in gone), *self.add_tags)
        return TicketEdit.model_validate({**self.edit.model_dump(exclude_unset=True), "tags": tags})


def state_of(ticket: Ticket) -> TicketEdit:
    """Return all of a ticket that a bulk change can set."""
    return TicketEdit(**{field: getattr(ticket, field) for field in _FIELDS})


def take_back(actor: Actor, ticket: Ticket, before: TicketEdit, now: datetime) -> None:
    """Put back what a bulk change has set."""
    if ticket.status.category is StatusCategory.DONE and ticket.status is not before.status:
        ticket.reopen(actor, now)
    present = state_of(ticket)
    given = {field for field in _FIELDS if getattr(present, field) != getattr(before, field)}
    if before.status not in {Status.RESOLVED, Status.CLOSED}:
        given -= {"resolution"}
    if given:
        ticket.edit(actor, TicketEdit(**{field: getattr(before, field) for field in given}), now)
