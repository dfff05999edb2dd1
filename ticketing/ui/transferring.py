"""
Handing a ticket on: a form beside its conversation, opened by a click in the head, with a note for whoever gets it.

What is sent is held against what the person saw when they opened the form: whom a colleague has given the ticket
meanwhile, nobody takes it from by accident.
"""

from dataclasses import dataclass, field

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.errors import StaleEditError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.statuses import Status
from ticketing.domain.teams import Dealing, Team
from ticketing.domain.text import TEXT_LIMIT
from ticketing.domain.tickets import Ticket, TicketEdit
from ticketing.services.tickets import Conversation
from ticketing.ui.deeds import form_key, once
from ticketing.ui.draft import keep_typed
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import form_button, submit_button
from ticketing.ui.memory import recall
from ticketing.ui.session import desk
from ticketing.ui.undoing import LastDeed, undo_of
from ticketing.ui.wording import t

_FORM = "transfer_form"
_NONE = ""


@dataclass(slots=True)
class Transfer:
    """The ticket that this visitor is about to hand on, as it was when they began; number 0 is none."""

    number: int = 0
    steps: int = 0
    seen: TicketEdit = field(default_factory=TicketEdit)

    def begin(self, ticket: Ticket) -> None:
        """Open the form of a ticket, or hold it against the ticket as it is now."""
        self.number, self.steps = ticket.number, ticket.steps
        self.seen = TicketEdit(team=ticket.team, assignee=ticket.assignee)

    def end(self) -> None:
        """Close the form."""
        self.number = 0


def can_transfer(actor: Actor, ticket: Ticket) -> bool:
    """Whether this person could hand the ticket on now."""
    may = policy.may(actor, Action.EDIT_TICKET, ticket) and policy.may(actor, Action.WRITE_NOTE, ticket)
    return may and ticket.status is not Status.CLOSED


def transfer_form(actor: Actor, conversation: Conversation) -> bool:
    """Draw the form if it was opened, and do what it sends; tell whether it is there."""
    transfer, ticket = recall(Transfer), conversation.ticket
    if transfer.number != ticket.number or not can_transfer(actor, ticket):
        return False
    with st.container(border=True, key="transfer"):
        st.markdown(f"**{t('transfer.title')}**")
        team = _choose_team(conversation)
        with st.form(_FORM, border=False):
            assignee = _choose_assignee(desk().agents.assignable(actor), team)
            note = st.text_area(
                t("transfer.note"), max_chars=2 * TEXT_LIMIT, key="transfer_note", placeholder=t("transfer.note_hint")
            )
            with st.container(horizontal=True):
                submitted = submit_button(t("transfer.submit"), key="transfer_submit")
                cancelled = form_button(t("transfer.cancel"), key="transfer_cancel")
        own = sum(message.author == actor.username for message in ticket.messages)
        keep_typed(f"{actor.username} {ticket.number} {own}", "transfer_note")
        if submitted:
            _hand_on(actor, conversation, TicketEdit(team=team.id if team else None, assignee=assignee or None), note)
    if cancelled:
        transfer.end()
        st.rerun()
    return True


def _choose_team(conversation: Conversation) -> Team | None:
    """Ask for the team outside the form, since whom one can choose there depends on it."""
    teams = {team.id: team for team in conversation.teams if not team.removed}
    if not teams:
        return None
    keys = [_NONE, *teams]
    present = conversation.ticket.team or _NONE
    chosen = st.selectbox(
        t("field.team"),
        keys,
        keys.index(present) if present in keys else 0,
        format_func=lambda key: teams[key].name if key else t("ticket.no_team"),
        key="transfer_team",
    )
    return teams.get(chosen or _NONE)


def _choose_assignee(names: dict[str, str], team: Team | None) -> str | None:
    members = [name for name in team.members if name in names] if team else list(names)
    by_rule = t(f"transfer.to.{team.dealing if team else Dealing.NONE}")
    return st.selectbox(
        t("transfer.to"),
        [_NONE, *members],
        format_func=lambda name: names[name] if name else by_rule,
        key=f"transfer_to_{team.id if team else _NONE}",
    )


def _hand_on(actor: Actor, conversation: Conversation, to: TicketEdit, note: str) -> None:
    transfer, last, flash, before = recall(Transfer), recall(LastDeed), next_flash(), conversation.ticket
    number, seen = before.number, transfer.seen
    key = form_key("transfer", str(number), str(transfer.steps), to.team or _NONE, to.assignee or _NONE, note)

    def deed() -> None:
        after = desk().tickets.transfer(
            actor, number, team=to.team, assignee=to.assignee, note=note, seen=seen, key=key
        )
        last.undo = undo_of(actor, before, after)
        transfer.end()
        flash.say(_who_has(actor, after, conversation))

    with shown_errors():
        try:
            once(key, deed)
        except StaleEditError:
            transfer.begin(before)
            raise
        st.rerun()


def _who_has(actor: Actor, ticket: Ticket, conversation: Conversation) -> str:
    if ticket.assignee:
        names = desk().agents.assignable(actor)
        return t("transfer.has_it", name=names.get(ticket.assignee, ticket.assignee))
    if ticket.team:
        return t("transfer.waits", team=conversation.team_name(ticket.team))
    return t("transfer.nobody_has_it")
