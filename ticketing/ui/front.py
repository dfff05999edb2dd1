"""What stands around every page: the desk's name, picture and colour, its banners, and that it is being maintained."""

import base64
from html import escape
from urllib.parse import urlsplit

import streamlit as st

from ticketing.components import has_address
from ticketing.domain import policy
from ticketing.domain.banners import Banner, BannerLevel
from ticketing.domain.branding import Branding, contrast
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.services.front import Look
from ticketing.services.pictures import MEDIA_TYPE
from ticketing.ui.deeds import carry_out
from ticketing.ui.forms import button
from ticketing.ui.pictures import named_logo, picture
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.wording import t

_BOXES = {BannerLevel.INFO: (st.info, "campaign"), BannerLevel.WARNING: (st.warning, "warning")}
# What WCAG 2.2 asks of a sign that is seen beside a page's ground (1.4.11); the grounds are those of both themes.
_LEAST_OF_SIGNS = 3
_GROUNDS = ("#f8f9fd", "#0b0d12")
_QUIET = "#767c8c"
# Streamlit's own buttons that do something, and by the variables, which go through into them, those of our components.
_STYLE = """<style>
:root {{ --accent: {accent}; --on-accent: {text}; --beside-accent: {shade}; }}
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"] {{
  background: {accent}; border-color: {accent}; color: {text}; }}
[data-testid="stBaseButton-primary"]:is(:hover, :active), [data-testid="stBaseButton-primaryFormSubmit"]:is(:hover,
:active) {{ background: color-mix(in srgb, {accent} 88%, {shade}); border-color: {accent}; color: {text}; }}
[data-testid="stSidebar"] {{ border-top: 4px solid {accent}; }}
</style>"""


def dress(branding: Branding, page_title: str) -> None:
    """Give a page the desk's picture, colour and name; what is the desk's own from the beginning takes nothing."""
    shown = _logo(branding)
    is_own = branding.logo or branding.is_renamed
    st.logo(shown, icon_image=shown if is_own else picture("icon.png"), size="large")
    if branding.accent:
        st.html(_style(branding))
    if branding.is_renamed:
        st.set_page_config(page_title=f"{page_title} · {branding.name}")


def announce(actor: Actor | None, look: Look) -> None:
    """Say what the desk announces, the gravest first; who has read a piece of news can put it away."""
    if look.closed:
        is_theirs = actor is not None and policy.may(actor, Action.CHANGE_SETUP)
        st.warning(plain(t("front.closed_to_others") if is_theirs else look.closed), icon=":material/engineering:")
    for banner in look.banners:
        _draw_banner(actor, banner)


def sample(branding: Branding) -> None:
    """Show what a page would have of it."""
    with st.container(border=True):
        st.image(_logo(branding), width=200)
        if branding.accent:
            told = escape(t("setup.branding.sample", ratio=contrast(branding.accent, branding.text_on_accent)))
            style = f"background:{branding.accent};color:{branding.text_on_accent};padding:0.5rem 0.9rem"
            st.html(f'<span style="{style};border-radius:0.5rem">{told}</span>')


def _draw_banner(actor: Actor | None, banner: Banner) -> None:
    draw, icon = _BOXES[banner.level]
    lines = [plain(line) for line in banner.text.splitlines() if line.strip()]
    draw("  \n".join(lines), icon=f":material/{icon}:")
    if actor is None or not banner.can_be_dismissed:
        return
    if button(t("front.dismiss"), key=f"dismiss_{banner.id}", type="tertiary", icon=":material/close:"):
        carry_out(lambda: desk().front.dismiss(actor, banner.mark), "")


def _style(branding: Branding) -> str:
    text = branding.text_on_accent
    return _STYLE.format(accent=branding.accent, text=text, shade="#000" if text == "#ffffff" else "#fff")


def _logo(branding: Branding) -> str:
    """Return where the picture is to be had, or the picture itself where we have no addresses."""
    if not branding.logo:
        return named_logo(branding.name, _of_signs(branding)) if branding.is_renamed else picture("logo.svg")
    url = st.context.url
    here = urlsplit(url) if has_address() and isinstance(url, str) else None
    if here and here.netloc:
        return f"{here.scheme}://{here.netloc}/logo?v={branding.logo_mark}"
    return f"data:{MEDIA_TYPE};base64,{base64.b64encode(branding.picture).decode()}"


def _of_signs(branding: Branding) -> str:
    """Return the colour of a name beside the sign of the desk, which is to be read on both themes."""
    accent = branding.accent
    is_seen = accent and all(contrast(accent, ground) >= _LEAST_OF_SIGNS for ground in _GROUNDS)
    return accent if accent and is_seen else _QUIET
