"""The parts of the account and sign-in pages."""

from urllib.parse import urlencode

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.notifications import Mailed, NoticeKind, kinds_for
from ticketing.domain.people import Actor, Person, Standing
from ticketing.domain.policy import Action
from ticketing.ui.arrival import sign_in_by
from ticketing.ui.deeds import carry_out, form_key
from ticketing.ui.feedback import shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.pages import BY_NAME
from ticketing.ui.passwords import password_field
from ticketing.ui.session import browser, desk, session_has_ended, without_routes
from ticketing.ui.wording import t

_FORM_WIDTH = 560


def explain_sign_in() -> None:
    """Say what a visitor must know before they sign in: with which password, and how long it lasts on this host."""
    if desk().settings.demo:
        st.info(t("login.demo"), icon=":material/science:")
    elif desk().first_launch.is_waiting:
        st.info(t("login.first_launch"), icon=":material/key:")
    elif session_has_ended():
        st.info(t("login.session_ended"), icon=":material/logout:")
    if without_routes():
        st.warning(t("login.without_routes"), icon=":material/info:")


def offer_registration() -> None:
    """Draw the way to the registration, if this desk has one."""
    if desk().settings.registration == "open":
        st.page_link(BY_NAME["register"].registered(None), label=t("login.no_account"))


def offer_password_reset() -> None:
    """Draw the way to a new password in the place of a forgotten one, if this desk can mail a link."""
    if desk().password_resets.are_offered and not without_routes():
        st.page_link(BY_NAME["reset_password"].registered(None), label=t("login.forgot"))


def profile_form(actor: Actor) -> None:
    """Draw name and e-mail to be changed."""
    me = desk().accounts.profile(actor)
    with st.form("profile", width=_FORM_WIDTH):
        st.text_input(t("field.username"), value=me.username, disabled=True)
        display_name = st.text_input(t("field.display_name"), value=me.display_name, key="display_name")
        email = st.text_input(
            t("field.email_optional"), value=me.email or "", key="email", type="email", autocomplete="email"
        )
        password = ""
        if me.has_password:
            password = password_field(
                t("account.password_for_address"),
                key="profile_password",
                autocomplete="current-password",
                help=t("account.password_for_address.help"),
            )
        submitted = submit_button(t("account.save_profile"), key="save_profile")
    if submitted:
        carry_out(
            lambda: desk().accounts.change_profile(actor, display_name, email, password), t("account.profile_saved")
        )
    if me.email:
        with st.container(width=_FORM_WIDTH):
            _tell_of_address(actor, me)


def _tell_of_address(actor: Actor, me: Person) -> None:
    """Say whether the address is known to be the person's, and offer the link that shows it."""
    can_be_confirmed = desk().addresses.can_be_confirmed(actor)
    if me.comes_back:
        st.warning(t("account.comes_back"), icon=":material/unsubscribe:")
    elif me.standing is Standing.CONFIRMED:
        st.caption(f":material/verified: {t('account.confirmed')}")
    elif can_be_confirmed:
        told = "account.not_confirmed" if me.standing is Standing.UNCONFIRMED else "account.given"
        st.info(t(told), icon=":material/mail:")
    if can_be_confirmed and button(t("account.send_link"), key="send_link", icon=":material/forward_to_inbox:"):
        key = form_key("send_link", me.email or "")
        carry_out(lambda: desk().addresses.send_link(actor), t("account.link_sent"), key=key)


def password_form(actor: Actor) -> None:
    """Draw the change of password; afterwards this browser alone is signed in, with a new session."""
    with st.form("password", width=_FORM_WIDTH):
        current = password_field(t("account.current_password"), key="current", autocomplete="current-password")
        new = password_field(
            t("account.new_password"), key="new", autocomplete="new-password", help=t("register.password_help")
        )
        confirmation = password_field(t("field.confirmation"), key="confirmation", autocomplete="new-password")
        submitted = submit_button(t("account.save_password"), key="save_password")
    if submitted:
        with shown_errors():
            here = browser()
            sign_in_by(
                form_key("password", current, new, confirmation),
                lambda: desk().accounts.change_password(actor, current, new, confirmation, browser=here),
            )


def mail_form(actor: Actor) -> None:
    """Draw how the person wants what they are told by mail, each kind for itself."""
    is_agent = policy.may(actor, Action.BE_ASSIGNED)
    mail = desk().preferences.mail(actor)
    st.caption(t("mail.explained"))
    if not desk().accounts.profile(actor).email:
        st.info(t("mail.no_address"), icon=":material/mail:")
    with st.form("mail", width=_FORM_WIDTH):
        kinds = kinds_for(is_agent=is_agent)
        chosen = {kind: _choose_mail(kind, mail.of(kind, is_agent=is_agent)) for kind in kinds}
        submitted = submit_button(t("mail.save"), key="save_mail")
    if submitted:
        carry_out(lambda: desk().preferences.want_by_mail(actor, chosen), t("mail.saved"))


def _choose_mail(kind: NoticeKind, present: Mailed) -> Mailed:
    ways = list(Mailed)
    label, place = t(f"mail.{kind}"), ways.index(present)
    chosen = st.selectbox(label, ways, index=place, format_func=lambda way: t(f"mail.{way}"), key=f"mail_{kind}")
    return chosen or present


def own_data(actor: Actor) -> None:
    """Draw the way to take along what is stored about the person."""
    st.caption(t("account.data_explained"))
    offer_data(actor.username)


def offer_data(username: str) -> None:
    """Draw the way to take along what is stored about somebody, which takes our own routes."""
    if without_routes():
        st.info(t("account.data_without_routes"), icon=":material/info:")
        return
    address = f"personal_data?{urlencode({'person': username})}"
    st.link_button(t("account.take_data"), address, icon=":material/download:")
