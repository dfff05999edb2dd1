"""Making somebody anonymous, for admins: what would be changed, place by place, and then the deed."""

from contextlib import suppress
from dataclasses import dataclass, field
from html import escape

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from ticketing.domain.anonymising import Place
from ticketing.domain.people import Actor
from ticketing.services.anonymising import Preview
from ticketing.ui.deeds import form_key, is_done, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import form_button
from ticketing.ui.layout import way_back
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to
from ticketing.ui.text import displayable, plain
from ticketing.ui.wording import t

_PAGE_SIZE = 25


@dataclass(slots=True)
class _Shown:
    """Whose places the visitor looks at, and which of them they want to keep."""

    username: str = ""
    preview: Preview | None = None
    kept: set[str] = field(default_factory=set)


def anonymise_person(actor: Actor, username: str) -> None:
    """Draw what making somebody anonymous would change, each place in a text with a tick, and the way to do it."""
    if is_done(form_key("anonymise", username)):  # a second click finds no such account
        go_to("agent_admin")
    way_back("agent_admin", t("people.manage_title"), person=username)
    st.title(t("anonymise.title"), anchor=False)
    with shown_errors():
        shown = _looked_at(actor, username)
        preview = shown.preview
        assert preview is not None  # noqa: S101 - as it was just made
        name = plain(preview.person.display_name)
        st.markdown(t("anonymise.explained", name=name))
        st.markdown(t("anonymise.found", name=name, tickets=preview.tickets, places=len(preview.places)))
        _draw_places(shown, preview.places)
        _offer(actor, shown, name)


def _looked_at(actor: Actor, username: str) -> _Shown:
    """Return what was found when the visitor came here; looked for anew in each run it would take seconds."""
    shown = recall(_Shown)
    desk().anonymising.require(actor, username)
    if shown.username != username or shown.preview is None:
        with st.spinner(t("anonymise.looking")):
            preview = desk().anonymising.preview(actor, username)
        shown.username, shown.preview, shown.kept = username, preview, set()
    return shown


def _draw_places(shown: _Shown, places: tuple[Place, ...]) -> None:
    pages = max(1, -(-len(places) // _PAGE_SIZE))
    first = (min(st.session_state.get("places_page", 1), pages) - 1) * _PAGE_SIZE
    for place in places[first : first + _PAGE_SIZE]:
        _draw_place(shown, place)
    if pages > 1:
        st.pagination(pages, key="places_page", max_visible_pages=5)


def _draw_place(shown: _Shown, place: Place) -> None:
    key = f"place_{place.key}"

    def tick() -> None:
        (shown.kept.discard if st.session_state[key] else shown.kept.add)(place.key)

    with st.container(border=True, gap=None):
        where = t("anonymise.place", label=f"T-{place.ticket}", where=t(f"anonymise.in.{place.where}"))
        st.checkbox(where, place.key not in shown.kept, key=key, on_change=tick)
        before, found, after = (escape(displayable(part)) for part in (place.before, place.found, place.after))
        look = "overflow-wrap:anywhere;font-size:0.875rem;padding-left:1.75rem"
        st.html(f'<div style="{look}">{before}<mark>{found}</mark>{after}</div>')


def _offer(actor: Actor, shown: _Shown, name: str) -> None:
    username, flash = shown.username, next_flash()
    st.warning(t("anonymise.for_good", name=name), icon=":material/warning:")
    with st.form("anonymise", width=440, border=False):
        typed = st.text_input(t("anonymise.confirm", username=plain(username)), key="anonymise_confirm")
        submitted = form_button(t("anonymise.do"), type="primary", key="anonymise", icon=":material/person_off:")
    if not submitted:
        return
    if typed.strip() != username:
        st.error(t("anonymise.not_confirmed", username=plain(username)))
        return
    bar = st.progress(0.0, t("anonymise.under_way"))

    def progress(done: int, whole: int) -> None:
        with suppress(StopException):  # what a second click cuts short is not seen, and done all the same
            bar.progress(done / max(whole, 1), t("anonymise.under_way"))

    def deed() -> None:
        anonymous = desk().anonymising.anonymise(actor, username, frozenset(shown.kept), progress)
        shown.username, shown.preview = "", None
        flash.say(t("anonymise.done", name=anonymous.name))

    once(form_key("anonymise", username), deed)
    go_to("agent_admin")
