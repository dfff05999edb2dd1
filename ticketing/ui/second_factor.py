"""Two-step sign-in as people see it: the code that is asked for, and the part of the account page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape

import streamlit as st

from ticketing.domain.errors import HandOffError
from ticketing.domain.people import Actor
from ticketing.services.second_factors import Status
from ticketing.ui.arrival import sign_in_with_code, start_over
from ticketing.ui.deeds import carry_out, form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.memory import recall
from ticketing.ui.packing import component, packed
from ticketing.ui.passwords import code_field, password_field
from ticketing.ui.session import desk, go_home, host, without_routes
from ticketing.ui.times import ago
from ticketing.ui.wording import t

_WIDTH = 560
_FEW = 3
_GROUP = 4
_mount = component("recovery_codes")


@dataclass(slots=True)
class _Paper:
    """Recovery codes that were made a moment ago, until the person says that they have kept them."""

    codes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Wish:
    """Whether the person has pressed the button to set it up."""

    is_there: bool = False


def code_form() -> None:
    """Draw the second step of signing in."""
    with st.form("code"):
        st.write(t("two_step.wanted"))
        code = code_field(t("two_step.code"), key="code", help=t("two_step.code_help"))
        trust = not without_routes() and st.checkbox(t("two_step.trust"), key="trust")
        submitted = submit_button(t("two_step.sign_in"), key="submit_code", width="stretch")
    if submitted:
        with shown_errors():
            try:
                sign_in_with_code(code, trust=trust)
            except HandOffError as error:
                next_flash().refuse(str(error))
                st.rerun()
    if button(t("two_step.start_over"), key="start_over", type="tertiary"):
        start_over()


def second_factor_form(actor: Actor) -> None:
    """Draw what the person can do about their second factor."""
    with st.container(width=_WIDTH):
        if codes := recall(_Paper).codes:
            _show_recovery_codes(actor, codes)
        elif status := desk().second_factors.status(actor):
            _draw_status(actor, status)
        elif actor.must_set_up_second_factor:
            st.info(t("two_step.due"), icon=":material/phonelink_lock:")
            _draw_set_up(actor)
        elif _wants_to_set_up():
            _draw_set_up(actor)


def is_showing_recovery_codes() -> bool:
    """Whether there are recovery codes on the account page that the person has not put away yet."""
    return bool(recall(_Paper).codes)


def _wants_to_set_up() -> bool:
    wish = recall(_Wish)
    st.write(t("two_step.explained"))
    if not wish.is_there and button(
        t("two_step.set_up"), key="set_up_two_step", type="primary", icon=":material/phonelink_lock:"
    ):
        wish.is_there = True
        st.rerun()
    return wish.is_there


def _draw_set_up(actor: Actor) -> None:
    proposal = desk().second_factors.propose(actor)
    st.write(t("two_step.scan"))
    _draw_picture(proposal.address)
    groups = [proposal.secret[start : start + _GROUP] for start in range(0, len(proposal.secret), _GROUP)]
    st.code(" ".join(groups), language=None, wrap_lines=True)
    with st.form("two_step"):
        st.write(t("two_step.confirm"))
        code = code_field(t("two_step.code"), key="new_code")
        password = _password("two_step_password") if proposal.takes_password else ""
        submitted = submit_button(t("two_step.turn_on"), key="turn_on")
    if submitted:
        with shown_errors():
            _make(form_key("turn_on", code, password), partial(desk().second_factors.turn_on, actor, password, code))


def _draw_picture(address: str) -> None:
    """Draw a QR code, which stands in the page itself; cameras want it dark on light, whatever the theme."""
    import segno  # noqa: PLC0415 - few visitors of few processes set up an app

    picture = segno.make(address, error="m").svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True)
    alt = t("two_step.picture")
    st.html(f'<img src="{escape(picture)}" alt="{escape(alt)}" width="220" height="220">')


def _draw_status(actor: Actor, status: Status) -> None:
    factors, left = desk().second_factors, status.recovery_codes_left
    st.write(t("two_step.on", ago=ago(status.since, desk().clock()), left=left))
    if left <= _FEW:
        st.warning(t("two_step.few_left", left=left), icon=":material/warning:")
    if status.trusted_browsers:
        st.write(t("two_step.browsers", n=status.trusted_browsers))
        if button(t("two_step.forget"), key="forget_browsers", icon=":material/devices_off:"):
            carry_out(lambda: factors.forget_browsers(actor), t("two_step.forgotten"))
    _draw_renewal(actor)
    _draw_turning_off(actor, status)


def _draw_renewal(actor: Actor) -> None:
    with st.form("renew_codes"):
        st.markdown(f"**{t('two_step.renew')}**")
        st.caption(t("two_step.renew_explained"))
        code = code_field(t("two_step.code"), key="renewing_code")
        submitted = submit_button(t("two_step.make"), key="renew")
    if submitted:
        with shown_errors():
            _make(form_key("renew", code), partial(desk().second_factors.renew_recovery_codes, actor, code))


def _draw_turning_off(actor: Actor, status: Status) -> None:
    with st.form("two_step_off"):
        st.markdown(f"**{t('two_step.turn_off')}**")
        st.caption(t("two_step.turn_off_explained"))
        code = code_field(t("two_step.code"), key="last_code", help=t("two_step.code_help"))
        password = _password("last_password") if status.takes_password else ""
        submitted = submit_button(t("two_step.turn_off"), key="turn_off")
    if submitted:
        wish = recall(_Wish)

        def turn_off() -> None:
            desk().second_factors.turn_off(actor, password, code)
            wish.is_there = False

        carry_out(turn_off, t("two_step.off"), key=form_key("turn_off", code, password))


def _password(key: str) -> str:
    return password_field(t("account.current_password"), key=key, autocomplete="current-password")


def _make(key: str, deed: Callable[[], list[str]]) -> None:
    """Keep the recovery codes that come of a deed, for the run that shows them."""
    paper = recall(_Paper)

    def make() -> None:
        paper.codes = tuple(deed())

    once(key, make)
    st.rerun()


def _show_recovery_codes(actor: Actor, codes: tuple[str, ...]) -> None:
    st.success(t("two_step.codes"), icon=":material/shield_lock:")
    head = t("two_step.file_text", username=actor.username, host=host())
    text = "\n".join([head, *codes, ""])
    file, download = t("two_step.file"), t("two_step.download")
    shown = {"codes": codes, "file": file, "text": text, "download": download}
    _mount(key="recovery_codes", data=packed(shown))
    if button(t("two_step.kept"), key="codes_kept", type="primary"):
        recall(_Paper).codes = ()
        go_home()
