"""Merging one ticket into another at a click, with the way back."""

from typing import NoReturn

from ticketing.domain.merging import new_readers
from ticketing.domain.people import Actor
from ticketing.domain.tickets import Ticket
from ticketing.ui.deeds import form_key
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.memory import recall
from ticketing.ui.related import undo_of_merge
from ticketing.ui.session import desk, go_to, go_to_ticket
from ticketing.ui.undoing import LastDeed
from ticketing.ui.wording import t


def merge(actor: Actor, source: Ticket, target: Ticket) -> NoReturn:
    """Merge one ticket into another, lead there, and offer the way back."""
    last, flash = recall(LastDeed), next_flash()  # a second click may end this run once the merge is made
    key = form_key("merge", source.id, target.id, str(source.version))
    merged = desk().relations.merge(actor, source.number, target.number, key=key)
    last.lead_to(undo_of_merge(source, merged))
    flash.say(t("ticket.was_merged", label=source.label, into=target.label))
    go_to_ticket(target.number)


def merge_or_ask(actor: Actor, number: int, into: int) -> None:
    """
    Merge a ticket into another one at a click, which can be undone.

    Where somebody would read more than before, which nothing takes back, the way leads to the page that says so.
    """
    with shown_errors():
        source, target = (desk().tickets.get(actor, each) for each in (number, into))
        if new_readers(source, target) or new_readers(target, source):
            go_to("ticket", id=source.id, relate="merge", into=str(into))
        merge(actor, source, target)
