"""Viewing the desk as somebody else: the way in, what is said on every page meanwhile, and the way back."""

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor, Person
from ticketing.domain.policy import Action
from ticketing.ui import bridge
from ticketing.ui.feedback import shown_errors
from ticketing.ui.forms import button
from ticketing.ui.session import desk, forget_others, go_home, go_to, without_routes
from ticketing.ui.text import plain
from ticketing.ui.wording import t

_PEOPLE = "agent_admin"


def offer_view(actor: Actor, person: Person) -> None:
    """Offer to view the desk as this person does."""
    if not (person.active and policy.may(actor, Action.VIEW_AS, person)):
        return
    if button(t("viewing.begin"), key="view_as", icon=":material/visibility:", width="stretch"):
        desk().viewing.begin(actor, person.username)
        if without_routes():
            forget_others()
            go_home()
        bridge.lead_to("./")
        st.stop()


def tell_of_view(actor: Actor) -> None:
    """Say whose desk is shown while it isn't the visitor's own, and lead back."""
    if not actor.viewer:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="viewing"):
        st.warning(t("viewing.told", name=plain(actor.display_name)), icon=":material/visibility:")
        is_over = button(t("viewing.end"), key="end_view", icon=":material/visibility_off:")
    if is_over:
        with shown_errors():
            desk().viewing.end(actor)
        if without_routes():
            forget_others()
            go_to(_PEOPLE, person=actor.username)
        bridge.lead_to(f"{_PEOPLE}?person={actor.username}")
        st.stop()
