"""What an admin is told about how the desk is, and what helps."""

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.findings import Finding, Level
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.services.diagnosis import Visit
from ticketing.ui.session import address, desk, forwarded_for, host, origin
from ticketing.ui.text import plain
from ticketing.ui.wording import t

_BOXES = {
    Level.PROBLEM: (st.error, "error"),
    Level.WARNING: (st.warning, "warning"),
    Level.NOTE: (st.info, "info"),
}


def warn_of_throw_away(actor: Actor) -> None:
    """Warn an admin on the page at hand, whichever it is, while all would be lost at the next restart."""
    found = desk().health.throw_away
    if found and policy.may(actor, Action.SEE_HEALTH):
        st.warning(_told(found), icon=":material/warning:")


def health_notes(actor: Actor) -> None:
    """Draw a warning for each thing that is wrong with the store; nothing for who may not see it."""
    if not policy.may(actor, Action.SEE_HEALTH):
        return
    for found in desk().health.of_store(actor):
        st.warning(_told(found), icon=":material/build:")


def health_report(actor: Actor) -> None:
    """Draw all that is found: in a box what should be known, the gravest first, and in a list what is well."""
    visit = Visit(host=host(), origin=origin(), address=address(), forwarded_for=forwarded_for())
    findings = desk().health.findings(actor, visit)
    if not any(found.level.is_bad for found in findings):
        st.success(t("health.well"), icon=":material/check_circle:")
    for found in findings:
        if found.level is not Level.OK:
            draw, icon = _BOXES[found.level]
            draw(_told(found), icon=f":material/{icon}:")
    with st.container(gap="xsmall"):
        for found in findings:
            if found.level is Level.OK:
                st.markdown(f":material/check: {_told(found)}")
    _figures(actor)


def _figures(actor: Actor) -> None:
    """Sum up what this process has counted since it began."""
    figures = desk().health.figures(actor)
    st.caption(
        t(
            "health.figures",
            sessions=figures.sessions,
            runs=figures.runs,
            reads=figures.reads.count,
            read_ms=1000 * figures.reads.mean,
            writes=figures.writes.count,
            write_ms=1000 * figures.writes.mean,
        )
    )


def _told(found: Finding) -> str:
    """Return what was found, with what helps on a line of its own."""
    return f"{plain(found.says)}  \n:small[{plain(found.fix)}]" if found.fix else plain(found.says)
