"""Which pages there are, and for whom each is."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.ui.wording import t

_FOLDER = Path(__file__).resolve().parents[2] / "pages"
_TARGET_LIMIT = 500


class Audience(Enum):
    """For whom a page is."""

    STRANGERS = "not signed in"
    EVERYBODY = "signed in"
    AGENTS = "working the queue"
    ADMINS = "looking after the desk"


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its name is the stem of its file and its path in the address."""

    name: str
    icon: str
    audience: Audience
    in_menu: bool = False

    @property
    def title(self) -> str:
        """What the page is called in the menu and in the browser's tab."""
        return t(f"page.{self.name}")

    def is_for(self, actor: Actor | None) -> bool:
        """Tell whether the page is offered to this visitor. This is the menu's business; services authorise."""
        if actor is None:
            return self.audience is Audience.STRANGERS
        if actor.is_half_in:
            return self.name == ACCOUNT
        if self.name == ACCOUNT and actor.viewer:
            return False  # what somebody signs in with is nothing to be looked at by others
        if self.audience is Audience.ADMINS:
            return policy.may(actor, Action.SEE_HEALTH)
        if self.audience is Audience.AGENTS:
            return policy.may(actor, Action.SEE_ALL_TICKETS)
        return self.audience is Audience.EVERYBODY

    def registered(self, actor: Actor | None) -> StreamlitPage:
        """Return it in the form in which Streamlit's navigation knows it."""
        return copy(_made(self, in_menu=self.in_menu and not (actor and actor.is_half_in)))


@lru_cache
def _made(page: Page, *, in_menu: bool) -> StreamlitPage:
    """
    Make it once: Streamlit would resolve the path of each page's file at each run.

    A run takes a copy, since Streamlit notes in it that it may be run now.
    """
    return st.Page(
        _FOLDER / f"{page.name}.py",
        title=page.title,
        icon=f":material/{page.icon}:",
        url_path=page.name,
        visibility="visible" if in_menu else "hidden",
    )


def stand_in(leads_on: Callable[[], NoReturn], name: str) -> StreamlitPage:
    """Return what stands at an address, out of sight, where there is no page for the visitor."""
    return copy(_stand_in(leads_on, name))


@lru_cache(maxsize=64)
def _stand_in(leads_on: Callable[[], NoReturn], name: str) -> StreamlitPage:
    at_the_root = name == AT_THE_ROOT
    address = None if at_the_root else name
    return st.Page(leads_on, title=t("app.name"), url_path=address, default=at_the_root, visibility="hidden")


AT_THE_ROOT = ""
LOGIN = "login"
ACCOUNT = "account"
DOCTOR = "doctor"
INBOX = "inbox"
ARTICLES = "articles"

PAGES = (
    Page("all_tickets", "inbox", Audience.AGENTS, in_menu=True),
    Page("my_tickets", "confirmation_number", Audience.EVERYBODY, in_menu=True),
    Page("new_ticket", "add", Audience.EVERYBODY, in_menu=True),
    Page("dashboard", "monitoring", Audience.AGENTS, in_menu=True),
    Page("reports", "bar_chart", Audience.AGENTS),
    Page("agent_admin", "group", Audience.AGENTS, in_menu=True),
    Page(DOCTOR, "stethoscope", Audience.ADMINS),
    Page("mail", "mail", Audience.ADMINS),
    Page("webhooks", "webhook", Audience.ADMINS),
    Page("audit", "history", Audience.ADMINS),
    Page("desk_setup", "tune", Audience.AGENTS),
    Page("bulk", "checklist", Audience.AGENTS),
    Page("ticket", "chat", Audience.EVERYBODY),
    Page(INBOX, "notifications", Audience.EVERYBODY),
    Page(ARTICLES, "menu_book", Audience.EVERYBODY),
    Page("article", "article", Audience.EVERYBODY),
    Page(ACCOUNT, "account_circle", Audience.EVERYBODY, in_menu=True),
    Page(LOGIN, "login", Audience.STRANGERS),
    Page("register", "person_add", Audience.STRANGERS),
    Page("reset_password", "key", Audience.STRANGERS),
)
BY_NAME = {page.name: page for page in PAGES}


def landing_page(actor: Actor) -> str:
    """Return the name of the page where a person begins."""
    if actor.is_half_in:
        return ACCOUNT
    return "all_tickets" if policy.may(actor, Action.SEE_ALL_TICKETS) else "my_tickets"


def safe_target(asked: str | None) -> str:
    """
    Return *asked*, such as "ticket?id=12", if it names a page for people who are signed in; else "", the start page.

    It is put together anew out of its parts, so nothing that a browser could take for another site comes through.
    """
    name, _, query = (asked or "")[:_TARGET_LIMIT].lstrip("/").partition("?")
    page = BY_NAME.get(name)
    if page is None or page.audience is Audience.STRANGERS:
        return ""
    query = urlencode(parse_qsl(query))
    return f"{name}?{query}" if query else name


def page(name: str) -> StreamlitPage:
    """Return a page for strangers in the form in which links want it."""
    return BY_NAME[name].registered(None)
