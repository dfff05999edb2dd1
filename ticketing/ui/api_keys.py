"""API keys as people see them: on the account page their own, on the people page those of somebody they look after."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.api_keys import MOST_DAYS, ApiKey
from ticketing.domain.people import Actor
from ticketing.domain.scopes import Scope
from ticketing.domain.text import NAME_LIMIT
from ticketing.ui.deeds import carry_out, form_key, once
from ticketing.ui.feedback import shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.memory import recall
from ticketing.ui.session import desk
from ticketing.ui.text import plain
from ticketing.ui.times import ago, zone
from ticketing.ui.wording import t

_WIDTH = 560
_DAYS = (30, 90, 180, MOST_DAYS)
_USUAL_DAYS = 90


@dataclass(slots=True)
class _Fresh:
    """A key that was made a moment ago, until the person says that they have kept it."""

    key: str = ""


def own_keys(actor: Actor) -> None:
    """Draw the person's keys, and the form for another one."""
    with st.container(width=_WIDTH):
        if recall(_Fresh).key:
            _show_once()
        else:
            st.write(t("keys.explained"))
            list_keys(actor, desk().tokens.keys(actor))
            _draw_form(actor)


def list_keys(actor: Actor, keys: list[ApiKey]) -> None:
    """Draw keys, each with the way to revoke it."""
    now = desk().clock()
    for key in keys:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
            with st.container(width="content", gap=None):
                st.text(key.name)
                st.caption(_described(key, now))
            if button(t("keys.revoke"), key=f"revoke_{key.id[:12]}"):
                carry_out(partial(desk().tokens.revoke_key, actor, key.id), t("keys.revoked"))


def _described(key: ApiKey, now: datetime) -> str:
    used = t("keys.used", ago=ago(key.last_used_at, now)) if key.last_used_at else t("keys.unused")
    end = t("keys.ends", date=f"{key.expires_at.astimezone(zone()):%Y-%m-%d}")
    return " · ".join(filter(None, (", ".join(key.scopes), used, plain(key.address), end)))


def _draw_form(actor: Actor) -> None:
    with st.form("api_key"):
        st.markdown(f"**{t('keys.new')}**")
        name = st.text_input(t("keys.name"), max_chars=NAME_LIMIT, key="key_name", help=t("keys.name_help"))
        useful = [scope for scope in Scope if scope in policy.scopes_of(actor.role)]
        chosen = [scope for scope in useful if _offer(scope)]
        days = st.selectbox(
            t("keys.days"),
            _DAYS,
            index=_DAYS.index(_USUAL_DAYS),
            format_func=lambda days: t("keys.so_many_days", n=days),
            key="key_days",
        )
        submitted = submit_button(t("keys.create"), key="create_key")
    if submitted:
        with shown_errors():
            _create(actor, name, chosen, days or _USUAL_DAYS)


def _offer(scope: Scope) -> bool:
    return st.checkbox(t(f"keys.{scope}"), value=scope is Scope.READ, key=f"scope_{scope}")


def _create(actor: Actor, name: str, scopes: list[Scope], days: int) -> None:
    """Keep the new key for the run that shows it."""
    fresh = recall(_Fresh)

    def create() -> None:
        fresh.key = desk().tokens.create_key(actor, name, scopes, days)

    once(form_key("api_key", name, *scopes, str(days)), create)
    st.rerun()


def _show_once() -> None:
    st.success(t("keys.created"), icon=":material/key:")
    st.code(recall(_Fresh).key, language=None, wrap_lines=True)
    if button(t("keys.kept"), key="key_kept", type="primary"):
        recall(_Fresh).key = ""
        st.rerun()
