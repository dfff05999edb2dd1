"""Banners: what everybody is told above each page."""

from datetime import datetime

import streamlit as st

from ticketing.domain.banners import LONGEST_BANNER, Banner, BannerLevel
from ticketing.domain.people import Actor
from ticketing.ui.session import desk
from ticketing.ui.setup.editor import Editor
from ticketing.ui.times import exact, zone
from ticketing.ui.wording import t


def _summary(_: Actor, banner: Banner) -> str:
    now = desk().clock()
    if banner.is_shown(now, signed_in=True):
        when = t("setup.banners.until", end=exact(banner.ends, zone())) if banner.ends else t("setup.banners.shown")
    elif banner.begins and banner.begins > now:
        when = t("setup.banners.from", begin=exact(banner.begins, zone()))
    else:
        when = t("setup.banners.over")
    return " · ".join((t(f"setup.banners.level.{banner.level}"), when, banner.text.partition("\n")[0]))


def _fields(_: Actor, banner: Banner | None) -> Banner:
    banner = banner or Banner(name="", text="")
    name = st.text_input(t("setup.name"), value=banner.name, help=t("setup.banners.name_help"), key="banner_name")
    text = st.text_area(t("setup.banners.text"), value=banner.text, max_chars=LONGEST_BANNER, key="banner_text")
    level = st.selectbox(
        t("setup.banners.level"),
        list(BannerLevel),
        list(BannerLevel).index(banner.level),
        format_func=lambda one: t(f"setup.banners.level.{one}"),
        key="banner_level",
    )
    begins = _moment("begins", banner.begins)
    ends = _moment("ends", banner.ends)
    signed_in_only = st.toggle(
        t("setup.banners.signed_in_only"), value=banner.signed_in_only, key="banner_signed_in_only"
    )
    return banner.model_copy(
        update={
            "name": name,
            "text": text,
            "level": level or banner.level,
            "begins": begins,
            "ends": ends,
            "signed_in_only": signed_in_only,
        }
    )


def _moment(field: str, before: datetime | None) -> datetime | None:
    """Let a moment be chosen by the visitor's own clock."""
    shown = before.astimezone(zone()).replace(tzinfo=None) if before else None
    chosen = st.datetime_input(t(f"setup.banners.{field}"), value=shown, key=f"banner_{field}")
    return before if chosen == shown else chosen and chosen.replace(tzinfo=zone())


EDITOR = Editor(Banner, "campaign", _summary, _fields)
