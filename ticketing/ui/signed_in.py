"""Where people are signed in: on the account page their own sessions, on the people page those of somebody else."""

import re
from functools import partial

import streamlit as st

from ticketing.domain.people import Actor, Person
from ticketing.domain.sign_in import Session
from ticketing.services.sessions import ShownSession
from ticketing.ui.deeds import carry_out
from ticketing.ui.forms import button
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.times import ago
from ticketing.ui.wording import t

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def own_sessions(actor: Actor) -> None:
    """Draw where the person is signed in, each session with the way to end it."""
    sessions = desk().sessions.own(actor)
    for session in sessions:
        is_this = session.id == actor.session
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
            used = t("account.this_session") if is_this else _last_used(session)
            st.text(" · ".join((_place(session), used)), width="content")
            if not is_this and button(t("account.end_session"), key=f"end_{session.id[:12]}"):
                carry_out(partial(desk().sessions.end, actor, session.id), t("account.session_ended"))
    if len(sessions) > 1 and button(t("account.end_others"), key="end_others", icon=":material/logout:"):
        carry_out(lambda: desk().sessions.end_others(actor), t("account.others_ended"))


def sessions_of(actor: Actor, person: Person) -> None:
    """Draw a fold for the sessions of somebody else, each with the way to end it; they are read once it is open."""
    key = f"sessions_{person.username}"
    fold = st.expander(t("people.sessions"), key=key, icon=":material/devices:", on_change="rerun")
    if not fold.open:
        return
    with fold:
        sessions = desk().sessions.of_person(actor, person.username)
        for session in sessions:
            _draw(actor, person, session)
        if not sessions:
            st.caption(t("people.no_session"))


def _draw(actor: Actor, person: Person, session: ShownSession) -> None:
    begun = t("people.session_begun", ago=ago(session.created_at, desk().clock()))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
        with st.container(width="content", gap=None):
            st.text(_place(session))
            st.caption(f"{begun} · {_last_used(session)}")
        with st.popover(t("account.end_session"), key=f"ask_{session.id[:12]}"):
            st.write(t("people.end_session_explained", name=plain(person.display_name), place=plain(_place(session))))
            if button(t("people.end_session_now"), key=f"end_{session.id[:12]}", type="primary", width="stretch"):
                end = partial(desk().sessions.end_one_of, actor, person.username, session.id)
                carry_out(end, t("people.session_ended", name=person.display_name))


def _place(session: Session | ShownSession) -> str:
    """Return what is signed in and where, such as "Firefox, Windows · 192.0.2.1"."""
    what = t("account.program") if session.is_api else _device_name(session.description)
    return " · ".join(filter(None, (what, session.address)))


def _device_name(description: str) -> str:
    """Return browser and system out of a User-Agent header, such as "Firefox, Windows"."""
    found = [next((name for mark, name in kind if re.search(mark, description)), "") for kind in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)) or t("account.unknown_browser")


def _last_used(session: Session | ShownSession) -> str:
    return t("account.seen", ago=ago(session.last_seen_at, desk().clock()))
