"""What an admin is told about the desk's files, and what to do about it; nothing while all is well."""

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.wording import t

_NAMED = 3


def health_notes(actor: Actor) -> None:
    """Draw a warning for each thing that is not as it should be."""
    if not policy.may(actor, Action.SEE_HEALTH):
        return
    health = desk().health.of_store(actor)
    if health.trouble:
        _warn(t("health.trouble", trouble=health.trouble))
    if health.compaction_fails:
        _warn(t("health.compaction"))
    if health.torn:
        names = ", ".join(health.torn[:_NAMED])
        _warn(t("health.torn", names=names if len(health.torn) <= _NAMED else f"{names} …"))


def _warn(text: str) -> None:
    st.warning(plain(text), icon=":material/build:")
