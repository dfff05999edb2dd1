"""
What stands beside every page, below its menu: ways to inbox, articles and help on the keys, who is here, the way out.

What the keys do, they do in the browser: `keyboard.js` listens to them as long as this is there.

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

_KEYS: Final = {
    "icon": "keyboard",
    "title": t("keys.title"),
    "keys": [
        ("N", t("keys.new_ticket")),
        ("/", t("keys.search")),
        ("R", t("keys.reply")),
        ("?", t("keys.help")),
        (t("keys.send_by"), t("keys.send")),
        (t("keys.leave_by"), t("keys.leave")),
    ],
    "areOn": t("keys.are_on"),
    "close": t("keys.close"),
}

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
            "keys": _KEYS,
        },
    }
    _mount(key=_KEY, data=packed(data), on_opened_change=_noted)


def _noted() -> None:
    """Declare that the page may be left; where to is decided when it runs."""
