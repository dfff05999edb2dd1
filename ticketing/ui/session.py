"""
Who is here, and the ways in and out.

Who somebody is comes from the cookie of the present connection and nothing else, and it is looked up again each time.
Session state holds nothing about it: Streamlit lets everybody who knows a session's id resume it.
"""

from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from ticketing.desk import Desk, shared_desk
from ticketing.domain import policy
from ticketing.domain.browsers import (
    XSRF_COOKIE,
    browser_id,
    cookie_name,
    device_cookie_name,
    is_secure_origin,
    is_this_machine,
)
from ticketing.domain.errors import SignedOutError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.ui import bridge
from ticketing.ui.memory import forget_all_but, recall
from ticketing.ui.pages import ACCOUNT, BY_NAME, LOGIN, landing_page, safe_target
from ticketing.ui.wording import t

_TARGET = "next"


@dataclass(slots=True)
class Host:
    """Whether the host serves no HTTP routes, so that no cookie can be set, and then the token of who is here."""

    is_without_routes: bool = False
    token: str | None = None


def desk() -> Desk:
    """Return the desk of this process."""
    return shared_desk()


def visitor() -> Actor | None:
    """Return who is looking at this page right now; None for somebody who isn't signed in."""
    _enter_by_the_router()
    token = _token()
    if not token:
        return None
    try:
        return desk().sessions.actor(token)
    except SignedOutError:
        return None


def session_has_ended() -> bool:
    """Tell of a visitor who isn't signed in whether their browser still shows a session that is no more."""
    return _token() is not None


def require_actor(*, may_be_half_in: bool = False) -> Actor:
    """
    Return who is looking at this page, or leave it: to the login page, and back here afterwards.

    Somebody who has yet to choose a password or to set up two-step sign-in is led to the account page to do so; that
    page itself passes *may_be_half_in*.
    """
    actor = visitor()
    if actor is None:
        ask_to_sign_in()
    if actor.is_half_in and not may_be_half_in:
        go_to(ACCOUNT)
    return actor


def require_agent() -> Actor:
    """Return the agent who is looking at this page; for anybody else there is no such page."""
    actor = require_actor()
    if not policy.may(actor, Action.SEE_ALL_TICKETS):
        not_found()
    return actor


def require_admin() -> Actor:
    """Return the admin who is looking at this page; for anybody else there is no such page."""
    actor = require_actor()
    if not policy.may(actor, Action.SEE_HEALTH):
        not_found()
    return actor


def ask_to_sign_in() -> NoReturn:
    """Leave this page: the router runs again, sees that nobody is signed in and shows the login page."""
    st.rerun()


def show_login() -> NoReturn:
    """Show the login page, which leads back to the page and query first asked for."""
    asked_for = safe_target(_asked_for())
    go_to(LOGIN, **({_TARGET: asked_for} if asked_for else {}))


def target() -> str:
    """Return where to go after signing in: a path of this site below its root, "" for the start page."""
    _enter_by_the_router()
    return safe_target(st.query_params.get(_TARGET))


def sign_out() -> NoReturn:
    """End the session here and now, take the cookie away and go to the login page."""
    if token := _token():
        desk().sessions.sign_out(token)
    if without_routes():
        forget_all_but()
        st.rerun()
    bridge.carry_out(LOGIN)
    st.stop()


def go_to(name: str, **query: str) -> NoReturn:
    """Show another page, in this session."""
    st.switch_page(BY_NAME[name].registered(visitor()), query_params=query)


def go_home() -> NoReturn:
    """Show the page first asked for, or else the one where this person begins."""
    actor = visitor()
    if actor is None:
        show_login()
    name, _, query = target().partition("?")
    if not name or not BY_NAME[name].is_for(actor):
        name, query = landing_page(actor), ""
    go_to(name, **dict(parse_qsl(query)))


def go_to_ticket(number: int) -> NoReturn:
    """Show a ticket."""
    go_to("ticket", id=str(number))


def not_found() -> NoReturn:
    """Say the one thing that is said of what doesn't exist and of what isn't the visitor's to see; end the page."""
    st.title(t("not_found.title"))
    st.info(t("not_found.text"), icon=":material/search_off:")
    actor = visitor()
    if actor is not None:
        st.page_link(BY_NAME[landing_page(actor)].registered(actor), label=t("not_found.home"))
    st.stop()


def browser() -> str:
    """Return the mark of this browser, to which a sign-in that begins here is bound."""
    return browser_id(_cookie(XSRF_COOKIE))


def device() -> str | None:
    """Return what this browser was given at an earlier sign-in, to be known again."""
    return _cookie(device_cookie_name(desk().settings.cookie_name, secure=_is_secure()))


def user_agent() -> str:
    """Return how the browser describes itself, "" if it doesn't."""
    return _header("User-Agent")


def host() -> str:
    """Return the name and port by which the browser asked for the desk."""
    return _header("Host")


def origin() -> str:
    """Return the origin of the page, as the browser gave it when it opened the WebSocket; "" if it didn't."""
    return _header("Origin")


def forwarded_for() -> str:
    """Return what proxies say about where the visitor came from; whether to believe it is another matter."""
    return _header("X-Forwarded-For")


def address() -> str:
    """Return the visitor's network address, "" where it isn't known."""
    found = st.context.ip_address
    return found if isinstance(found, str) else ""


def is_served() -> bool:
    """
    Tell whether this visitor may see the desk at all: a demo stays on its own machine.

    The guard sees to that as well, but for a host that runs the pages only; there it is known as far as Streamlit knows
    addresses.
    """
    settings = desk().settings
    if not settings.demo or settings.demo_anywhere:
        return True
    name = urlsplit(f"//{host()}").hostname
    return all(is_this_machine(known) for known in (address(), name) if known)


def without_routes() -> bool:
    """Tell whether this host serves the pages only: then a sign-in lasts as long as its tab."""
    return recall(Host).is_without_routes


def keep_without_routes(token: str) -> None:
    """Remember who is here on a host where no cookie can be set, and nothing of who was."""
    # A click may end the run at each step, so the token comes first.
    recall(Host).token = token
    forget_others()


def forget_others(*kept: type) -> None:
    """Forget all that this Streamlit session knows but who is here, and what is *kept*."""
    forget_all_but(Host, *kept)


def note_missing_routes() -> None:
    """Remember that this host runs the pages as a plain script."""
    recall(Host).is_without_routes = True


def _enter_by_the_router() -> None:
    """
    Start over through the router if Streamlit runs a file of the pages folder by itself.

    It does so on a host that runs our entry file as a plain script, until the first visitor has come in by the root.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def _token() -> str | None:
    host = recall(Host)
    if host.is_without_routes:
        return host.token
    return _cookie(cookie_name(desk().settings.cookie_name, secure=_is_secure()))


def _cookie(name: str) -> str | None:
    value = st.context.cookies.get(name)
    return value if isinstance(value, str) and value else None


def _header(name: str) -> str:
    value = st.context.headers.get(name)
    return value if isinstance(value, str) else ""


def _is_secure() -> bool:
    return is_secure_origin(origin())


def _asked_for() -> str:
    """Return page and query of this run as "ticket?id=12"; the path is the browser's word, and only a name of ours."""
    url = st.context.url
    name = urlsplit(url).path.rpartition("/")[2] if isinstance(url, str) else ""
    return f"{name}?{urlencode(st.query_params.to_dict())}"
