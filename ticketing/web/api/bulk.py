"""`/bulk`: one change of many tickets, seen before it is made and taken back for a moment."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from ticketing.domain.bulk import MOST_AT_ONCE, NOTHING, BulkEdit
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.text import QUERY_LIMIT
from ticketing.domain.tickets import TicketEdit
from ticketing.services.bulk import Outcome
from ticketing.web.api.calling import Caller, Key, Who
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.tickets import TicketPatch, asked
from ticketing.web.api.words import PLAIN, Input, Output, Tags, Text, TicketNumber

router = APIRouter(route_class=Route, prefix="/bulk", tags=["bulk"])


class BulkIn(Input):
    """
    What is done to which tickets, given by their numbers or by a query, at most 500.

    Tags are added and removed beside those that a ticket has; to merge them all into one ticket goes alone.
    """

    numbers: Annotated[tuple[TicketNumber, ...], Field(max_length=MOST_AT_ONCE)] = ()
    q: Annotated[str | None, Field(max_length=QUERY_LIMIT, pattern=PLAIN)] = None
    set: TicketPatch | None = None
    add_tags: Tags = ()
    remove_tags: Tags = ()
    reply: Text | None = None
    merge_into: TicketNumber | None = None

    @property
    def change(self) -> BulkEdit:
        """What is to be done; raises InvalidInputError for nothing."""
        change = BulkEdit(
            edit=TicketEdit.model_validate(self.set.model_dump(exclude_unset=True)) if self.set else NOTHING,
            add_tags=self.add_tags,
            remove_tags=self.remove_tags,
            reply=self.reply or "",
            merge_into=self.merge_into,
        )
        if change.is_nothing:
            raise InvalidInputError("Set", "There is nothing to do. Say what is to be set, or added.")
        return change

    def chosen(self, who: Caller) -> list[int]:
        """Return the numbers of the tickets; raises QueryError and TooManyTicketsError."""
        if self.q is None:
            return list(self.numbers)
        return [*self.numbers, *who.desk.bulk.choose(who.actor, asked(who, self.q))]


class OutcomeOut(Output):
    """What becomes of one ticket: whether it is changed, or the sentence by which it is refused."""

    number: int
    title: str
    refusal: str
    is_changed: bool

    @classmethod
    def all_of(cls, outcomes: list[Outcome]) -> "list[OutcomeOut]":
        """Return what is told of all of them."""
        return [cls.of(outcome) for outcome in outcomes]


class BulkOut(Output):
    """What became of each ticket; by `id` it can be taken back `until` then, null is for nothing to take back."""

    id: str | None
    until: datetime
    outcomes: list[OutcomeOut]


@router.post("/preview")
def preview_bulk(who: Who, body: BulkIn) -> list[OutcomeOut]:
    """Tell what a change would do to each ticket; nothing is done."""
    return OutcomeOut.all_of(who.desk.bulk.preview(who.actor, body.chosen(who), body.change))


@router.post("/apply", dependencies=ONCE)
def apply_bulk(who: Who, key: Key, body: BulkIn) -> BulkOut:
    """Make a change: what one ticket refuses keeps nothing from the others."""
    result = who.desk.bulk.apply(who.actor, body.chosen(who), body.change, key=key)
    bulk_id = who.desk.bulk.remember(who.actor, result)
    return BulkOut(id=bulk_id, until=result.until, outcomes=OutcomeOut.all_of(list(result.outcomes)))


@router.post("/{bulk_id}/undo", dependencies=ONCE)
def undo_bulk(who: Who, key: Key, bulk_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")]) -> list[OutcomeOut]:
    """Take a change back that the caller has made within 30 seconds, where nobody has changed the ticket since."""
    result = who.desk.bulk.recall(who.actor, bulk_id)
    return OutcomeOut.all_of(list(who.desk.bulk.undo(who.actor, result, key=key)))
