"""Which custom fields somebody may know of, and whether what they change in them is what they saw."""

from collections.abc import Sequence

from ticketing.domain import policy
from ticketing.domain.custom_fields import PUBLIC, CustomField, FieldValue, in_order, value_in, words_of
from ticketing.domain.errors import StaleEditError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page, TicketSummary
from ticketing.domain.store import Transaction
from ticketing.domain.tickets import Ticket, TicketEdit


def fields_in(tx: Transaction, actor: Actor, ticket: Ticket) -> list[CustomField]:
    """Return the custom fields that the actor may know of; a requester needs them only where one has been filled in."""
    names = [*ticket.fields, *(event.field for event in ticket.events)]
    is_needed = policy.may(actor, Action.WRITE_NOTE, ticket) or any(name.startswith(PUBLIC) for name in names)
    return known_fields(tx, actor) if is_needed else []


def fields_to_fill_in(tx: Transaction, actor: Actor) -> list[CustomField]:
    """Return the custom fields that there are for the actor, in order."""
    return [field for field in known_fields(tx, actor) if not field.removed]


def known_fields(tx: Transaction, actor: Actor) -> list[CustomField]:
    """Return the custom fields in order: those that requesters fill in, to agents all that there ever were."""
    found = in_order(tx.definitions(CustomField).all())
    if policy.may(actor, Action.SEE_ALL_TICKETS):
        return found
    return [field for field in found if not (field.agents_only or field.removed)]


def with_values(tx: Transaction, actor: Actor, page: Page[TicketSummary], keys: Sequence[str]) -> Page[TicketSummary]:
    """Return the page with what its tickets have in the custom fields of these keys, as far as the actor may know."""
    known = {field.id for field in known_fields(tx, actor)}
    kept = tx.tickets.field_values(policy.audience(actor), [line.number for line in page.items])
    lines = [
        line._replace(values=tuple(value_in(kept[line.number], key) if key in known else None for key in keys))
        for line in page.items
    ]
    return page.model_copy(update={"items": tuple(lines)})


def require_fresh_fields(ticket: Ticket, edit: TicketEdit, seen: TicketEdit, custom: Sequence[CustomField]) -> None:
    """Hold the values against each other by what they say: how they are kept depends on what the field is now."""
    for field in custom:
        if field.id in (edit.fields or {}):
            versions = (ticket.field_value(field.id), (edit.fields or {})[field.id], (seen.fields or {}).get(field.id))
            present, wanted, was = map(_field_words, versions)
            if present not in {was, wanted}:
                raise StaleEditError(field.name, present, wanted)


def _field_words(value: FieldValue | None) -> str:
    return ", ".join(words_of(value)) if value not in (None, "", []) else "none"
