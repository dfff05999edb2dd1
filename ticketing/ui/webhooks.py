"""Webhooks: the list of them, the form, and all that can be done about one."""

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from ticketing.domain.errors import DefinitionNotFoundError, StaleDefinitionError
from ticketing.domain.people import Actor
from ticketing.domain.text import NAME_LIMIT, QUERY_LIMIT
from ticketing.domain.webhooks import Answer, Webhook, WebhookEvent
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button, submit_button
from ticketing.ui.layout import head_below_people, way_back
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to, not_found
from ticketing.ui.text import plain
from ticketing.ui.tickets import Tone
from ticketing.ui.times import ago
from ticketing.ui.webhook_ledger import webhook_ledger
from ticketing.ui.wording import t

PAGE = "webhooks"
NEW = "new"
_WIDTH = 640
_SECOND_TEST_AFTER = 2  # seconds; who has mended the other side wants another one


@dataclass(slots=True)
class _Shown:
    """What the visitor was shown of webhooks, by their ids: versions, secrets not put away yet, answers to tests."""

    versions: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)


def look_after_webhooks(actor: Actor, key: str) -> None:
    """Draw what the address asks for: all webhooks, or one of them."""
    with shown_errors():
        if key:
            _draw_one(actor, None if key == NEW else _asked_for(actor, key))
        else:
            _draw_list(actor)


def _asked_for(actor: Actor, key: str) -> Webhook:
    try:
        webhook = desk().webhooks.get(actor, key)
    except DefinitionNotFoundError:
        not_found()
    return webhook if not webhook.removed else not_found()


def _draw_list(actor: Actor) -> None:
    recall(_Shown).versions.clear()
    head_below_people(t("page.webhooks"))
    st.caption(t("webhook.about"))
    webhooks = desk().webhooks.all(actor)
    for webhook in webhooks:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", border=True):
            with st.container(gap="xxsmall", width="content"):
                with st.container(horizontal=True, vertical_alignment="center"):
                    _badge(webhook)
                    st.markdown(f"**{plain(webhook.name)}**", width="content")
                st.caption(plain(_course(webhook)))
            if button(t("webhook.open"), key=f"open_{webhook.id}"):
                go_to(PAGE, id=webhook.id)
    if not webhooks:
        st.info(t("webhook.none"), icon=":material/webhook:")
    if button(t("webhook.new"), key="new", type="primary", icon=":material/add:"):
        go_to(PAGE, id=NEW)


def _badge(webhook: Webhook) -> None:
    state, tone = _state(webhook)
    st.badge(t(f"webhook.state_{state}"), color=tone)


def _state(webhook: Webhook) -> tuple[str, Tone]:
    if not webhook.is_on:
        return ("turned_off", "red") if webhook.course.turned_off else ("off", "gray")
    return ("failing", "orange") if webhook.is_failing else ("on", "green")


def _course(webhook: Webhook) -> str:
    """Return how it fares, in a line."""
    now, course = desk().clock(), webhook.course
    told = (
        t("webhook.last", says=course.says, ago=ago(course.tried_at, now)) if course.tried_at else t("webhook.unused")
    )
    since = t("webhook.failing_since", ago=ago(course.failing_since, now)) if course.failing_since else ""
    missed = t("webhook.missed", n=course.missed) if course.missed else ""
    return " · ".join(filter(None, (told, since, missed)))


def _draw_one(actor: Actor, webhook: Webhook | None) -> None:
    way_back(PAGE, t("page.webhooks"))
    st.title(plain(webhook.name) if webhook else t("webhook.new"), anchor=False)
    if webhook:
        with st.container(horizontal=True, vertical_alignment="center"):
            _badge(webhook)
            st.caption(plain(_course(webhook)), width="content")
        _draw_secret(webhook)
        _draw_deeds(actor, webhook)
    _draw_form(actor, webhook)
    if webhook:
        webhook_ledger(actor, webhook)
        if button(t("webhook.remove"), key="remove", icon=":material/delete:"):
            _keep(lambda: desk().webhooks.remove(actor, webhook.id, webhook.version), t("webhook.removed"), webhook)


def _draw_secret(webhook: Webhook) -> None:
    """Show a secret that was just made; when it was put away nobody can look it up any more."""
    secrets = recall(_Shown).secrets
    if secret := secrets.get(webhook.id):
        with st.container(border=True, width=_WIDTH):
            st.markdown(t("webhook.secret"))
            st.code(secret, language=None, wrap_lines=True)
            if button(t("webhook.secret_kept"), key="secret_kept", type="primary"):
                del secrets[webhook.id]
                st.rerun()


def _draw_deeds(actor: Actor, webhook: Webhook) -> None:
    with st.container(horizontal=True):
        if button(t("webhook.test"), key="test", icon=":material/send:"):
            answer = _tested(actor, webhook)
            said = t("webhook.tested", says=answer.says, n=answer.milliseconds)
            if answer.is_taken:
                st.success(plain(said), icon=":material/check_circle:")
            else:
                st.error(plain(said), icon=":material/error:")
        if button(t("webhook.renew"), key="renew", icon=":material/key:", help=t("webhook.renew_help")):
            secrets = recall(_Shown).secrets

            def renew() -> None:
                secrets[webhook.id] = desk().webhooks.renew_secret(actor, webhook.id)

            once(form_key("renew_secret", webhook.id), renew)
            st.rerun()


def _tested(actor: Actor, webhook: Webhook) -> Answer:
    """Test it, which may take ten seconds; the run of a second click shows the same answer."""
    answers = recall(_Shown).answers

    def test() -> None:
        answers[webhook.id] = desk().webhooks.test(actor, webhook.id)

    once(form_key("test", webhook.id), test, within=_SECOND_TEST_AFTER)
    return answers[webhook.id]


def _draw_form(actor: Actor, before: Webhook | None) -> None:
    webhook, shown = before or Webhook(name=""), recall(_Shown)
    form = f"webhook_{webhook.id or NEW}"
    with st.form(form, width=_WIDTH):
        wanted = _fields(webhook)
        submitted = submit_button(t("webhook.save" if before else "webhook.create"), key="save")
    version = shown.versions.setdefault(webhook.id, webhook.version)
    if not submitted:
        return
    wanted = wanted.model_copy(update={"version": version})
    if before:
        _keep(lambda: desk().webhooks.change(actor, wanted), t("webhook.saved", name=wanted.name), wanted)
    else:
        _create(actor, wanted)


def _fields(webhook: Webhook) -> Webhook:
    typed = {
        "name": st.text_input(t("webhook.name"), value=webhook.name, max_chars=NAME_LIMIT, key="webhook_name"),
        "url": st.text_input(t("webhook.url"), value=webhook.url, help=t("webhook.url_help"), key="webhook_url"),
        "events": tuple(
            st.multiselect(
                t("webhook.events"),
                list(WebhookEvent),
                list(webhook.events),
                format_func=str,
                placeholder=t("webhook.events_hint"),
                key="webhook_events",
            )
        ),
        "query": st.text_input(
            t("webhook.query"),
            value=webhook.query,
            max_chars=QUERY_LIMIT,
            help=t("webhook.query_help"),
            key="webhook_query",
        ),
        "with_notes": st.checkbox(
            t("webhook.with_notes"), webhook.with_notes, help=t("webhook.with_notes_help"), key="webhook_notes"
        ),
        "active": st.checkbox(t("webhook.active"), webhook.active, key="webhook_active"),
    }
    return webhook.model_copy(update=typed)


def _create(actor: Actor, wanted: Webhook) -> None:
    made, secrets = recall(_Made), recall(_Shown).secrets

    def deed() -> None:
        created = desk().webhooks.create(actor, wanted)
        made.key = created.webhook.id
        secrets[created.webhook.id] = created.secret

    once(form_key(PAGE, NEW, wanted.model_dump_json()), deed)
    go_to(PAGE, id=made.key)


@dataclass(slots=True)
class _Made:
    """The webhook that was made last, for the run of a second click."""

    key: str = ""


def _keep(change: Callable[[], Webhook], sentence: str, webhook: Webhook) -> None:
    """Do it and go back to the list; who was shown an older version is told, and can then decide anew."""
    flash, shown = next_flash(), recall(_Shown)

    def deed() -> None:
        change()
        flash.say(sentence)

    try:
        once(form_key(PAGE, webhook.id, sentence, webhook.model_dump_json(exclude={"history", "course"})), deed)
    except StaleDefinitionError:
        shown.versions.pop(webhook.id, None)
        raise
    go_to(PAGE)
