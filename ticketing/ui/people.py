"""The people of the desk, for agents: register agents, look after accounts."""

from datetime import timedelta
from functools import partial
from html import escape
from math import ceil

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor, PeopleQuery, Person, Role, Standing
from ticketing.domain.policy import Action
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.ui.account import offer_data
from ticketing.ui.api_keys import list_keys
from ticketing.ui.deeds import carry_out, form_key
from ticketing.ui.feedback import shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.handing_over import hand_over, show_one_time_password, was_shown
from ticketing.ui.inviting import leave_if_taken_back, manage_invitation
from ticketing.ui.layout import head_below_people
from ticketing.ui.session import desk, go_to
from ticketing.ui.signed_in import sessions_of
from ticketing.ui.text import plain
from ticketing.ui.tickets import Tone
from ticketing.ui.times import ago
from ticketing.ui.viewing import offer_view
from ticketing.ui.wording import t

_PAGE_SIZE = 25
_MOST_AGENTS = 200  # a list has no longer pages
_A_MOMENT = timedelta(minutes=2)
_AGENTS = frozenset({Role.AGENT, Role.ADMIN})
_GROUPS = {
    "everybody": PeopleQuery(),
    "agents": PeopleQuery(roles=_AGENTS),
    "requesters": PeopleQuery(roles=frozenset({Role.USER})),
    "without_access": PeopleQuery(active=False),
}
# On a phone what is done about an account is as large as a finger.
_STYLE = """<style>
@media (max-width: 640px) {
  .st-key-manage_account :is([data-testid^="stBase"], [data-testid="stPopover"] button, summary),
  [data-testid="stPopoverBody"] [data-testid^="stBaseButton"] { min-height: 2.75rem; }
}
</style>"""
_ROLE_COLOURS: dict[Role, Tone] = {Role.USER: "gray", Role.AGENT: "blue", Role.ADMIN: "violet"}


def people_head(actor: Actor) -> None:
    """Draw the title, and the ways to the desk's health, to its mails and to a new agent for those who may go them."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page_head"):
        st.title(t("page.agent_admin"), width="content", anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if button(t("page.desk_setup"), key="set_up", type="tertiary", icon=":material/tune:"):
                go_to("desk_setup")
            if policy.may(actor, Action.SEE_HEALTH) and button(
                t("page.doctor"), key="look_at_health", type="tertiary", icon=":material/stethoscope:"
            ):
                go_to("doctor")
            if policy.may(actor, Action.LOOK_AFTER_MAILS) and button(
                t("page.mail"), key="look_at_mails", type="tertiary", icon=":material/mail:"
            ):
                go_to("mail")
            if policy.may(actor, Action.LOOK_AFTER_WEBHOOKS) and button(
                t("page.webhooks"), key="look_at_webhooks", type="tertiary", icon=":material/webhook:"
            ):
                go_to("webhooks")
            if policy.may(actor, Action.READ_AUDIT) and button(
                t("page.audit"), key="look_at_audit", type="tertiary", icon=":material/history:"
            ):
                go_to("audit")
            if desk().agents.may_register(actor):
                if button(t("people.register_agent"), key="register_agent", icon=":material/person_add:"):
                    go_to("agent_admin", new="agent")
                if button(t("people.invite"), key="invite", type="primary", icon=":material/mail:"):
                    go_to("agent_admin", new="invitation")


def people_list(actor: Actor) -> None:
    """Draw all accounts, filtered and paged, each with the way to manage it."""
    group = st.segmented_control(
        t("people.group"),
        list(_GROUPS),
        format_func=lambda name: t(f"people.{name}"),
        default="everybody",
        required=True,
        key="group",
        label_visibility="collapsed",
    )
    text = st.text_input(
        t("people.search"),
        key="people_search",
        type="search",
        max_chars=SEARCH_LIMIT,
        placeholder=t("people.search"),
        label_visibility="collapsed",
        width=360,
    )
    number = st.session_state.get("people_page", 1)
    query = _GROUPS[group].model_copy(update={"text": text or "", "page": number, "size": _PAGE_SIZE})
    page = desk().agents.people(actor, query)
    if not page.items and number > 1:
        page = desk().agents.people(actor, query.model_copy(update={"page": 1}))
    for person in page.items:
        _draw_person(actor, person)
    if not page.items:
        st.info(t("people.nobody"), icon=":material/group:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(t("people.count", n=page.total), width="content")
        if page.pages > 1:
            st.pagination(page.pages, key="people_page", max_visible_pages=5)


def _draw_person(actor: Actor, person: Person) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        _draw_names(person)
        st.badge(t(f"role.{person.role}"), color=_ROLE_COLOURS[person.role])
        _draw_state_of_address(person)
        if person.invited_at:
            st.badge(t("people.invited"), color="blue")
        elif not person.active:
            st.badge(t("people.inactive"), color="red")
        elif person.must_change_password:
            st.badge(t("people.password_due"), color="orange")
        if person.has_second_factor:
            st.badge(t("people.two_step"), color="green")
        if _manageable(actor, person):
            _offer_to_manage(person)


def _draw_state_of_address(person: Person) -> None:
    if person.comes_back:
        st.badge(t("people.comes_back"), color="orange")
    elif person.standing is Standing.UNCONFIRMED:
        st.badge(t("people.unconfirmed"), color="gray")


def _offer_to_manage(person: Person) -> None:
    if button(t("people.manage"), key=f"manage_{person.username}"):
        go_to("agent_admin", person=person.username)


def _draw_names(person: Person) -> None:
    last = person.last_sign_in_at
    seen = t("people.last_seen", ago=ago(last, desk().clock())) if last else t("people.never_seen")
    details = " · ".join(filter(None, (person.username, person.email, seen)))
    st.html(
        f'<div style="overflow-wrap:anywhere"><strong>{escape(person.display_name)}</strong><br>'
        f'<span style="opacity:0.75;font-size:0.875rem">{escape(details)}</span></div>'
    )


def _manageable(actor: Actor, person: Person) -> bool:
    if person.invited_at:
        return desk().invitations.may_invite(actor, person.role)
    actions = (Action.DEACTIVATE, Action.RESET_PASSWORD, Action.END_SESSIONS, Action.LIFT_WAIT, Action.CHANGE_ROLE)
    return any(policy.may(actor, action, person) for action in actions)


def register_agent(actor: Actor) -> None:
    """Draw the form for a new agent, and afterwards the one-time password to hand over."""
    head_below_people(t("people.register_agent"))
    if _showed_one_time_password():
        return
    _remind_of_newest_agent(actor)
    with st.form("new_agent", width=440):
        username = st.text_input(t("field.username"), key="new_username", help=t("register.username_help"))
        display_name = st.text_input(t("field.display_name"), key="new_display_name")
        email = st.text_input(t("field.email_optional"), key="new_email", type="email")
        roles = [Role.AGENT, Role.ADMIN] if policy.may(actor, Action.REGISTER_ADMIN) else [Role.AGENT]
        role = st.selectbox(t("field.role"), roles, format_func=lambda role: t(f"role.{role}"), key="new_role")
        submitted = submit_button(t("people.register"), key="submit_new_agent")
    if submitted:
        with shown_errors():
            deed = partial(_registered, actor, username, display_name, email, role or Role.AGENT)
            hand_over("new_agent", username, display_name, email, role or Role.AGENT, deed=deed)


def _remind_of_newest_agent(actor: Actor) -> None:
    """
    Say how the newest agent gets another one-time password, if this visitor may have made them and has seen none.

    Whoever reloads the page or loses the connection while an agent is registered would else not learn that it was done.
    """
    query = PeopleQuery(roles=_AGENTS, active=True, size=_MOST_AGENTS)
    newest = max(desk().agents.people(actor, query).items, key=lambda person: person.created_at)
    is_new = newest.last_sign_in_at is None and desk().clock() - newest.created_at < _A_MOMENT
    if not (newest.must_change_password and is_new) or was_shown(newest.username):
        return
    can_reset = policy.may(actor, Action.RESET_PASSWORD, newest)
    told = "people.just_registered" if can_reset else "people.just_registered_ask_admin"
    st.info(t(told, name=plain(newest.display_name)), icon=":material/key:")
    if can_reset:
        _offer_to_manage(newest)


def _registered(actor: Actor, username: str, display_name: str, email: str, role: Role) -> tuple[str, str]:
    account = desk().agents.register_agent(actor, username, display_name, email, role=role)
    return account.person.username, account.one_time_password


def manage_person(actor: Actor, username: str) -> None:
    """Draw what the actor may do about one account."""
    leave_if_taken_back(username)
    head_below_people(t("people.manage_title"))
    if _showed_one_time_password():
        return
    with shown_errors(), st.container(width=440, key="manage_account"):
        st.html(_STYLE)
        person = desk().agents.person(actor, username)
        _draw_names(person)
        _draw_state_of_address(person)
        draw = manage_invitation if person.invited_at else _draw_management
        draw(actor, person)


def _draw_management(actor: Actor, person: Person) -> None:
    agents = desk().agents
    username = person.username
    if policy.may(actor, Action.CHANGE_ROLE, person):
        role = st.selectbox(
            t("field.role"),
            list(Role),
            index=list(Role).index(person.role),
            format_func=lambda role: t(f"role.{role}"),
            key=f"role_{username}",
        )
        if (
            role is not None
            and role is not person.role
            and button(t("people.save_role"), key="save_role", type="primary")
        ):
            told = "people.joined_staff" if person.role is Role.USER else "people.role_saved"
            carry_out(lambda: agents.change_role(actor, username, role), t(told, name=person.display_name))
    if policy.may(actor, Action.RESET_PASSWORD, person) and _confirmed("reset_password", "key", person):
        with shown_errors():
            hand_over("reset_password", username, deed=lambda: (username, agents.reset_password(actor, username)))
    _draw_second_factor(actor, person)
    if policy.may(actor, Action.LIFT_WAIT, person) and (wait := agents.wait(actor, username)):
        st.warning(t("people.waits", minutes=ceil(wait / timedelta(minutes=1))), icon=":material/hourglass_top:")
        if _offer("lift_wait", "lock_open"):
            carry_out(lambda: agents.lift_wait(actor, username), t("people.wait_lifted", name=person.display_name))
    _draw_keys(actor, person)
    offer_view(actor, person)
    if policy.may(actor, Action.END_ONE_SESSION, person):
        sessions_of(actor, person)
    if policy.may(actor, Action.END_SESSIONS, person) and _confirmed("end_sessions", "logout", person):
        told = t("people.sessions_ended", name=person.display_name)
        key = form_key("end_sessions", person.model_dump_json())  # who has signed in since is another one
        carry_out(lambda: agents.end_sessions(actor, username), told, key=key)
    _draw_end(actor, person)
    if policy.may(actor, Action.EXPORT_PERSON, person):
        offer_data(username)
    if policy.may(actor, Action.ANONYMISE, person) and _offer("anonymise", "person_remove"):
        go_to("agent_admin", anonymise=username)


def _draw_end(actor: Actor, person: Person) -> None:
    """Draw how the account is closed to its owner, or opened again."""
    agents, username = desk().agents, person.username
    if policy.may(actor, Action.DEACTIVATE, person):
        if person.active and _offer("deactivate", "person_off"):
            carry_out(lambda: agents.deactivate(actor, username), t("people.deactivated", name=person.display_name))
        if not person.active and _offer("reactivate", "person_check"):
            carry_out(lambda: agents.reactivate(actor, username), t("people.reactivated", name=person.display_name))


def _draw_keys(actor: Actor, person: Person) -> None:
    if policy.may(actor, Action.REVOKE_KEYS, person) and (keys := desk().tokens.keys_of(actor, person.username)):
        st.markdown(f"**{t('people.keys')}**")
        list_keys(actor, keys)


def _draw_second_factor(actor: Actor, person: Person) -> None:
    if not (person.has_second_factor and policy.may(actor, Action.TURN_OFF_SECOND_FACTOR, person)):
        return
    if _confirmed("turn_off_two_step", "phonelink_erase", person):
        told = t("people.two_step_off", name=person.display_name)
        carry_out(lambda: desk().agents.turn_off_second_factor(actor, person.username), told)


def _offer(name: str, icon: str) -> bool:
    return button(t(f"people.{name}"), key=name, icon=f":material/{icon}:", width="stretch")


def _confirmed(name: str, icon: str, person: Person) -> bool:
    """Offer what cannot be taken back: a second click does it, beside what comes of it and for whom."""
    with st.popover(t(f"people.{name}"), icon=f":material/{icon}:", width="stretch"):
        st.write(t(f"people.{name}_explained", name=plain(person.display_name)))
        return button(t(f"people.{name}_now"), key=name, type="primary", width="stretch")


def _showed_one_time_password() -> bool:
    """Show the password that was made on this page, if one was, with the way on."""
    shown = show_one_time_password()
    if shown and button(t("people.noted"), key="noted", type="primary"):
        go_to("agent_admin")
    return shown
