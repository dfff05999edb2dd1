"""Signing in by an OpenID provider, as people see it: the button below the password, and what the account opens by."""

from functools import partial
from urllib.parse import urlencode, urlsplit

import streamlit as st

from ticketing.domain.openid import Identity
from ticketing.domain.people import Actor
from ticketing.ui import bridge
from ticketing.ui.account import password_form
from ticketing.ui.deeds import carry_out, form_key
from ticketing.ui.feedback import shown_errors
from ticketing.ui.forms import button
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
    if button(t("elsewhere.sign_in", name=plain(name)), key="elsewhere", width="stretch", icon=":material/login:"):
        bridge.lead_to(f"oidc/start?{urlencode({'next': target()})}")


def ways_in(actor: Actor) -> None:
    """Draw by what the account opens: a password, and whoever the person is elsewhere."""
    ways = desk().openid.own(actor)
    if ways.has_password:
        password_form(actor)
    else:
        _offer_first_password(actor)
    is_linked = desk().settings.oidc_issuer in {identity.issuer for identity in ways.identities}
    name = None if is_linked else _provider()
    if name is None and not ways.identities:
        return
    with st.container(width=_WIDTH):
        st.markdown(f"**{t('elsewhere.title')}**")
        for identity in ways.identities:
            _draw_identity(actor, identity)
        if name and button(t("elsewhere.link", name=plain(name)), key="link_account", icon=":material/link:"):
            with shown_errors():
                bridge.lead_to(desk().openid.begin_linking(actor, browser=browser(), address=address()))


def _offer_first_password(actor: Actor) -> None:
    """Draw how somebody gets a password who has none, which is by mail: nobody else may give them one."""
    st.info(t("elsewhere.no_password"), icon=":material/key:", width=_WIDTH)
    if desk().password_resets.are_offered and button(t("elsewhere.choose_password"), key="choose_password"):
        here = address()
        ask = partial(desk().password_resets.ask, actor.username, address=here)
        carry_out(ask, t("elsewhere.link_sent"), key=form_key("choose_password"))


def _draw_identity(actor: Actor, identity: Identity) -> None:
    where, when = urlsplit(identity.issuer).hostname or "", ago(identity.created_at, desk().clock())
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
        st.text(t("elsewhere.linked", where=where, ago=when), width="content")
        if button(t("elsewhere.unlink"), key=f"unlink_{identity.id[:12]}"):
            carry_out(lambda: desk().openid.unlink(actor, identity.id), t("elsewhere.unlinked"))


def _provider() -> str | None:
    return None if without_routes() else desk().openid.provider_name
