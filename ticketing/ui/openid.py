"""Signing in by an OpenID provider, as people see it: the button below the password, and what the account opens by."""

from urllib.parse import urlencode, urlsplit

import streamlit as st

from ticketing.domain.people import Actor
from ticketing.services.openid import WaysIn
from ticketing.ui import bridge
from ticketing.ui.feedback import say_after_rerun, shown_errors
from ticketing.ui.session import address, browser, desk, target, without_routes
from ticketing.ui.text import plain
from ticketing.ui.times import ago
from ticketing.ui.wording import t

_WIDTH = 560
_DECLINED = "declined"


def offer_sign_in_elsewhere() -> None:
    """Draw the way to the provider, if this desk has one and the browser can come back from there."""
    name = _provider()
    if name is None:
        return
    if _DECLINED in st.query_params:
        st.info(t("elsewhere.declined", name=plain(name)), icon=":material/info:")
    if st.button(t("elsewhere.sign_in", name=plain(name)), key="elsewhere", width="stretch", icon=":material/login:"):
        bridge.lead_to(f"oidc/start?{urlencode({'next': target()})}")


def offer_first_password(actor: Actor) -> None:
    """Draw how somebody gets a password who has none, which is by mail: nobody else may give them one."""
    st.info(t("elsewhere.no_password"), icon=":material/key:")
    if desk().password_resets.are_offered and st.button(t("elsewhere.choose_password"), key="choose_password"):
        with shown_errors():
            desk().password_resets.ask(actor.username, address=address())
            say_after_rerun(t("elsewhere.link_sent"))
            st.rerun()


def ways_in(actor: Actor, ways: WaysIn) -> None:
    """Draw by what else than a password the account opens, and how that is changed."""
    name = _provider()
    if name is None and not ways.identities:
        return
    with st.container(width=_WIDTH):
        st.subheader(t("elsewhere.title"), anchor=False)
        for identity in ways.identities:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                where = urlsplit(identity.issuer).hostname or ""
                st.text(t("elsewhere.linked", where=where, ago=ago(identity.created_at, desk().clock())))
                if st.button(t("elsewhere.unlink"), key=f"unlink_{identity.id[:12]}"):
                    _unlink(actor, identity.id)
        if name and st.button(t("elsewhere.link", name=plain(name)), key="link_account", icon=":material/link:"):
            with shown_errors():
                bridge.lead_to(desk().openid.begin_linking(actor, browser=browser(), address=address()))


def _unlink(actor: Actor, identity: str) -> None:
    with shown_errors():
        desk().openid.unlink(actor, identity)
        say_after_rerun(t("elsewhere.unlinked"))
        st.rerun()


def _provider() -> str | None:
    return None if without_routes() else desk().openid.provider_name
