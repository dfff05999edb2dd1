"""Inviting people, and what becomes of invitations."""

from functools import partial

import streamlit as st

from ticketing.domain.people import Actor, Person, Role
from ticketing.services.invitations import Invited
from ticketing.ui.deeds import form_key, is_done, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.handing_over import hand_over, show_one_time_password
from ticketing.ui.layout import head_below_people
from ticketing.ui.session import desk, go_to, origin
from ticketing.ui.times import ago, exact, zone
from ticketing.ui.wording import t

_PAGE = "agent_admin"


def invite(actor: Actor) -> None:
    """Draw the form for an invitation, and afterwards the link to hand over where none is mailed."""
    head_below_people(t("people.invite"))
    if _showed_link():
        return
    st.caption(t("people.invite_explained" if desk().password_resets.are_offered else "people.invite_by_hand"))
    with st.form("invitation", width=440):
        display_name = st.text_input(t("field.display_name"), key="invited_display_name")
        email = st.text_input(t("field.email"), key="invited_email", type="email")
        username = st.text_input(t("people.invited_username"), key="invited_username")
        roles = [role for role in (Role.AGENT, Role.ADMIN, Role.USER) if desk().invitations.may_invite(actor, role)]
        role = st.selectbox(t("field.role"), roles, format_func=lambda role: t(f"role.{role}"), key="invited_role")
        submitted = submit_button(t("people.send_invitation"), key="send_invitation")
    if submitted:
        wanted = role or Role.AGENT
        with shown_errors():
            deed = partial(desk().invitations.invite, actor, display_name, email, username, role=wanted)
            _send("invitation", display_name, email, username, wanted, deed=deed)


def manage_invitation(actor: Actor, person: Person) -> None:
    """Draw what has become of an invitation, and what can be done about it."""
    if not desk().invitations.may_invite(actor, person.role):
        st.info(t("people.invited"), icon=":material/mail:")
        return
    ends, asked_at = desk().invitations.expiry(actor, person.username), person.invited_at
    since = ago(asked_at, desk().clock()) if asked_at else ""
    told = t("people.link_holds", ago=since, end=exact(ends, zone())) if ends else t("people.no_link", ago=since)
    st.info(told, icon=":material/mail:")
    if button(t("people.invite_again"), key="invite_again", icon=":material/forward_to_inbox:", width="stretch"):
        with shown_errors():
            deed = partial(desk().invitations.send_again, actor, person.username)
            _send("invite_again", person.username, deed=deed)
    if button(t("people.uninvite"), key="uninvite", icon=":material/person_remove:", width="stretch"):
        _take_back(actor, person)


def _send(form: str, *content: str, deed: partial[Invited]) -> None:
    """Invite once, however often it was pressed; then hand the link over, or go back to the list."""
    if not desk().password_resets.are_offered:
        hand_over(form, *content, deed=lambda: _link(deed()), told="people.hand_over_link")
        return
    flash = next_flash()

    def tell() -> None:
        flash.say(t("people.invitation_sent", name=deed().person.display_name))

    once(form_key(form, *content), tell)
    go_to(_PAGE)


def _link(invited: Invited) -> tuple[str, str]:
    base = desk().settings.base_url or origin()
    return invited.username, f"{base}/accept_invitation?t={invited.token}"


def _take_back(actor: Actor, person: Person) -> None:
    flash = next_flash()

    def deed() -> None:
        desk().invitations.take_back(actor, person.username)
        flash.say(t("people.uninvited", name=person.display_name))

    with shown_errors():
        once(_taking_back(person.username), deed)
        go_to(_PAGE)


def leave_if_taken_back(username: str) -> None:
    """Go back to the list if the visitor has just taken this invitation back: a second click finds no account."""
    if is_done(_taking_back(username)):
        go_to(_PAGE)


def _taking_back(username: str) -> str:
    return form_key("uninvite", username)


def _showed_link() -> bool:
    shown = show_one_time_password()
    if shown and button(t("people.noted"), key="noted", type="primary"):
        go_to(_PAGE)
    return shown
