"""Branding: the desk's name, logo and colour."""

import streamlit as st

from ticketing.domain.branding import Branding
from ticketing.domain.people import Actor
from ticketing.services.pictures import LARGEST_LOGO, logo
from ticketing.ui.feedback import shown_errors
from ticketing.ui.front import sample
from ticketing.ui.setup.editor import Editor
from ticketing.ui.wording import t


def _summary(_: Actor, branding: Branding) -> str:
    return branding.name


def _fields(_: Actor, branding: Branding | None) -> Branding:
    branding = branding or Branding(name=Branding.only)
    name = st.text_input(t("setup.branding.name"), value=branding.name, key="branding_name")
    given = st.file_uploader(t("setup.branding.logo"), key="branding_logo", max_upload_size=LARGEST_LOGO >> 20)
    is_plain = bool(branding.logo) and st.checkbox(t("setup.branding.without_logo"), key="branding_without_logo")
    accent = st.text_input(
        t("setup.branding.accent"),
        value=branding.accent or "",
        placeholder="#0b6e4f",
        help=t("setup.branding.accent_help"),
        key="branding_accent",
    )
    kept = None if is_plain else branding.logo
    picture = logo(given.getvalue()) if given else kept
    return branding.model_copy(update={"name": name, "logo": picture, "accent": accent.strip() or None})


def _preview(_: Actor, branding: Branding) -> None:
    with shown_errors():
        sample(branding.checked())


EDITOR = Editor(Branding, "palette", _summary, _fields, _preview)
