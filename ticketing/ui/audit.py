"""The audit log: searched, leafed through, and taken along."""

from datetime import date, datetime, time, timedelta
from functools import partial
from html import escape
from typing import Final

import streamlit as st

from ticketing.domain.audit import AuditAction, AuditQuery, AuditRecord
from ticketing.domain.people import Actor
from ticketing.services.audit import Form
from ticketing.ui.feedback import shown_errors
from ticketing.ui.session import desk
from ticketing.ui.times import exact, zone
from ticketing.ui.wording import t

_PAGE_SIZE: Final = 50
# Before which record the page begins; it goes on being so when newer ones come in.
_BEFORE: Final = "audit_before"
_TEXT_LIMIT: Final = 80
_LINE: Final = "overflow-wrap:anywhere;margin-bottom:0.6rem"


def audit_log(actor: Actor) -> None:
    """Draw what was asked for of the log, the newest first, with the ways to older records and to a file."""
    query = _asked_for()
    with shown_errors():
        page = desk().audit.search(actor, query)
        if page.records:
            st.html("".join(map(_line, page.records)))
        else:
            st.info(t("audit.none"), icon=":material/history:")
        with st.container(horizontal=True, vertical_alignment="center"):
            if query.before is not None:
                st.button(  # noqa: TID251 - what a press does is done as soon as Streamlit has it
                    t("audit.newest"), key="audit_newest", icon=":material/first_page:", on_click=_begin_anew
                )
            if page.has_more:
                st.button(  # noqa: TID251 - the same
                    t("audit.older"),
                    key="audit_older",
                    icon=":material/chevron_right:",
                    on_click=partial(_go_before, page.records[-1].number),
                )
            for form in Form:
                _offer(actor, query.model_copy(update={"before": None}), form)


def _asked_for() -> AuditQuery:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.text_input(t("audit.actor"), key="audit_actor", max_chars=_TEXT_LIMIT, on_change=_begin_anew)
        what = st.selectbox(
            t("audit.action"),
            list(AuditAction),
            index=None,
            format_func=lambda action: t(f"audit.{action}"),
            placeholder=t("audit.any"),
            key="audit_action",
            on_change=_begin_anew,
        )
        to_what = st.text_input(
            t("audit.object"),
            key="audit_object",
            max_chars=_TEXT_LIMIT,
            placeholder=t("audit.object_example"),
            on_change=_begin_anew,
        )
        first = st.date_input(t("audit.first"), value=None, key="audit_first", on_change=_begin_anew)
        last = st.date_input(t("audit.last"), value=None, key="audit_last", on_change=_begin_anew)
    return AuditQuery(
        actor=who,
        action=what,
        object=to_what,
        since=_midnight(first),
        until=_midnight(last + timedelta(days=1)) if last else None,
        before=st.session_state.get(_BEFORE),
        size=_PAGE_SIZE,
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), zone()) if day else None


def _begin_anew() -> None:
    st.session_state.pop(_BEFORE, None)


def _go_before(number: int) -> None:
    st.session_state[_BEFORE] = number


def _offer(actor: Actor, query: AuditQuery, form: Form) -> None:
    st.download_button(
        t(f"audit.as_{form}"),
        data=lambda: "".join(desk().audit.export(actor, query, form)),
        file_name=f"audit-{desk().clock():%Y-%m-%d}.{form}",
        mime=form.media_type,
        key=f"audit_{form}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _line(record: AuditRecord) -> str:
    """Return a record as HTML: what was done and by whom, and below it when, from where and how."""
    who, what = record.actor or t("audit.nobody"), t(f"audit.{record.action}")
    to_what = "" if record.object == record.actor else record.object
    head = " · ".join(filter(None, (f"<b>{escape(what)}</b>", escape(who), escape(to_what))))
    facts = [f"{name.replace('_', ' ')}: {fact}" for name, fact in record.facts.items()]
    below = [f"#{record.number}", exact(record.at, zone()), record.address, *facts]
    told = escape(" · ".join(filter(None, below)))
    return f'<div style="{_LINE}">{head}<br><span style="opacity:0.75;font-size:0.875rem">{told}</span></div>'
