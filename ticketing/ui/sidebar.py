"""
What stands beside every page, below its menu: the ways to the inbox and to the articles, who is here, and the way out.

But for the way out it is one element, since each element of Streamlit's costs a run as much as twenty rows of a list.
"""

from typing import Final

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.ui import session
from ticketing.ui.forms import button
from ticketing.ui.notices import count_unread, open_inbox
from ticketing.ui.packing import component, packed, reported
from ticketing.ui.pages import ARTICLES, BY_NAME, INBOX
from ticketing.ui.wording import t

_KEY: Final = "sidebar"

_mount = component("sidebar")


def sidebar(actor: Actor, page: str) -> None:
    """Draw it beside the page of this name."""
    with st.sidebar:
        _draw(actor, page)
        if button(t("sidebar.sign_out"), key="sign_out", type="tertiary", icon=":material/logout:"):
            session.sign_out()


def _draw(actor: Actor, page: str) -> None:
    """Draw the ways and who is here, and go where a press leads; the line to the desk keeps the unread up to date."""
    opened = reported(_KEY, "opened")
    if opened == INBOX:
        open_inbox()
    if opened == ARTICLES:
        session.go_to(ARTICLES)
    offered = [way for way in (BY_NAME[INBOX], BY_NAME[ARTICLES]) if way.is_for(actor)]
    ways = {way.name: (way.icon, way.title) for way in offered}
    data = {
        "ways": ways,
        "here": page,
        "unread": count_unread(actor) if INBOX in ways else 0,
        "person": actor.display_name,
        "words": {
            "inbox": t("page.inbox"),
            "unread": t("inbox.link_unread", n="{n}"),
            "news": t("inbox.news", n="{n}"),
            "person": t("sidebar.signed_in", name="{name}", role=t(f"role.{actor.role}")),
        },
    }
    _mount(key=_KEY, data=packed(data), on_opened_change=_noted)


def _noted() -> None:
    """Declare that the page may be left; where to is decided when it runs."""
