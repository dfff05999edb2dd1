"""
Putting a ticket to sleep: a form beside its conversation, opened by a click in the head.

What is sent is held against the status that the person saw when they opened the form.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.errors import StaleEditError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.snoozes import Nap
from ticketing.domain.statuses import UNFINISHED, Status
from ticketing.domain.tickets import Ticket
from ticketing.services.tickets import Conversation
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import form_button, submit_button
from ticketing.ui.memory import recall
from ticketing.ui.session import desk
from ticketing.ui.times import exact, zone
from ticketing.ui.undoing import LastDeed, undo_of
from ticketing.ui.wording import t

_FORM: Final = "snooze_form"
_OTHER: Final = "other"
_MORNING: Final = time(8)


@dataclass(slots=True)
class Snoozing:
    """The ticket that this visitor is about to put to sleep, as it was when they began; number 0 is none."""

    number: int = 0
    steps: int = 0
    seen: Status = Status.OPEN

    def begin(self, ticket: Ticket) -> None:
        """Open the form of a ticket, or hold it against the ticket as it is now."""
        self.number, self.steps, self.seen = ticket.number, ticket.steps, ticket.status

    def end(self) -> None:
        """Close the form."""
        self.number = 0


def can_snooze(actor: Actor, ticket: Ticket) -> bool:
    """Whether this person could put the ticket to sleep now."""
    return ticket.status in UNFINISHED and ticket.snoozed is None and policy.may(actor, Action.EDIT_TICKET, ticket)


def can_wake(actor: Actor, ticket: Ticket) -> bool:
    """Whether it sleeps, and this person could wake it."""
    return ticket.snoozed is not None and policy.may(actor, Action.EDIT_TICKET, ticket)


def asleep_until(ticket: Ticket) -> str:
    """Return until when a ticket sleeps, in words; nothing if it is awake."""
    snoozed = ticket.snoozed
    if snoozed is None:
        return ""
    return t("snooze.asleep" if snoozed.wakes_on_reply else "snooze.sound_asleep", until=exact(snoozed.until, zone()))


def snooze_form(actor: Actor, conversation: Conversation) -> None:
    """Draw the form if it was opened, and do what it sends."""
    snoozing, ticket = recall(Snoozing), conversation.ticket
    if snoozing.number != ticket.number or not can_snooze(actor, ticket):
        return
    with st.container(border=True, key="snooze"):
        st.markdown(f"**{t('snooze.title')}**")
        chosen = st.radio(
            t("snooze.until"),
            [*Nap, _OTHER],
            format_func=lambda nap: t(f"snooze.until.{nap}"),
            horizontal=True,
            key="snooze_until",
        )
        with st.form(_FORM, border=False):
            own = _another_time() if chosen == _OTHER else None
            wakes_on_reply = st.checkbox(t("snooze.wakes_on_reply"), value=True, key="snooze_wakes_on_reply")
            with st.container(horizontal=True):
                submitted = submit_button(t("snooze.submit"), key="snooze_submit")
                cancelled = form_button(t("snooze.cancel"), key="snooze_cancel")
        if submitted:
            until = own or Nap(chosen or Nap.LATER).ends(desk().clock(), zone())
            _put_to_sleep(actor, ticket, str(own or chosen), until, wakes_on_reply=wakes_on_reply)
    if cancelled:
        snoozing.end()
        st.rerun()


def _another_time() -> datetime:
    """Ask for a day and a time of the browser's zone, and return the moment."""
    today = desk().clock().astimezone(zone()).date()
    tomorrow = today + timedelta(days=1)
    with st.container(horizontal=True):
        day = st.date_input(t("snooze.day"), value=tomorrow, min_value=today, key="snooze_day")
        at = st.time_input(t("snooze.time"), value=_MORNING, key="snooze_time")
    return datetime.combine(day or tomorrow, at or _MORNING, zone()).astimezone(UTC)


def _put_to_sleep(actor: Actor, before: Ticket, chosen: str, until: datetime, *, wakes_on_reply: bool) -> None:
    """Do it once for what was chosen: until when that is may be another moment at a second click."""
    snoozing, last, flash = recall(Snoozing), recall(LastDeed), next_flash()
    key = form_key("snooze", before.id, str(snoozing.steps), chosen, str(wakes_on_reply))
    seen, where = snoozing.seen, zone()

    def deed() -> None:
        after = desk().tickets.snooze(actor, before.number, until, wakes_on_reply=wakes_on_reply, seen=seen, key=key)
        last.undo = undo_of(actor, before, after)
        snoozing.end()
        flash.say(t("snooze.done", until=exact(until, where)))

    with shown_errors():
        try:
            once(key, deed)
        except StaleEditError:
            snoozing.begin(before)
            raise
        st.rerun()
