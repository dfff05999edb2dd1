"""
The form in which agents write an article.

It is held against the version that the person was shown when they came to it, so nobody overwrites what they have not
seen.
"""

from dataclasses import dataclass, field

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.errors import NotFoundError, StaleDefinitionError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.text import TEXT_LIMIT, TITLE_LIMIT
from ticketing.ui.categories import offered_categories
from ticketing.ui.conversation import AsItIs
from ticketing.ui.deeds import form_key, once
from ticketing.ui.feedback import next_flash, shown_errors
from ticketing.ui.forms import button, form_button, submit_button
from ticketing.ui.layout import way_back
from ticketing.ui.memory import recall
from ticketing.ui.session import desk, go_to, not_found
from ticketing.ui.text import to_html
from ticketing.ui.ticket import number_asked_for
from ticketing.ui.wording import t

LIST, ARTICLE = "articles", "article"
NEW = "new"


@dataclass(slots=True)
class _Written:
    """Which version of each article the visitor was shown in its form, and under which id each form was kept."""

    versions: dict[str, int] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)


def edit_article(actor: Actor, key: str, ticket: str) -> None:
    """Draw the form for an article, a new one, or one that comes of a ticket."""
    if not policy.may(actor, Action.WRITE_ARTICLE):
        not_found()
    with shown_errors():
        before = _draft(actor, key, ticket)
        way_back(LIST, t("page.articles"))
        st.title(t("articles.edit") if before.id else t("articles.new"), anchor=False)
        _draw_form(actor, before, key or f"{NEW}_{before.source}")


def _draft(actor: Actor, key: str, ticket: str) -> Article:
    """Return what the form begins with; what isn't there or isn't the actor's gets the same answer."""
    try:
        if ticket:
            return desk().articles.from_ticket(actor, number_asked_for("from"))
        return Article(name="") if key == NEW else desk().articles.get(actor, key).article
    except NotFoundError:
        not_found()


def _draw_form(actor: Actor, before: Article, form: str) -> None:
    version = recall(_Written).versions.setdefault(form, before.version)
    words = offered_categories(actor, [before.category])
    with st.form(f"article_{form}", width=760):
        name = st.text_input(
            t("field.title"), value=before.name, max_chars=2 * TITLE_LIMIT, key=f"article_title_{form}"
        )
        body = st.text_area(
            t("articles.text"),
            before.body,
            height=360,
            max_chars=2 * TEXT_LIMIT,
            help=t("articles.markdown"),
            key=f"article_body_{form}",
        )
        with st.container(horizontal=True):
            category = st.selectbox(
                t("field.category"),
                list(words),
                list(words).index(before.category),
                format_func=words.__getitem__,
                key=f"article_category_{form}",
            )
            visibility = st.selectbox(
                t("articles.visibility"),
                list(Visibility),
                list(Visibility).index(before.visibility),
                format_func=lambda choice: t(f"articles.for_{choice}"),
                key=f"article_visibility_{form}",
            )
        with st.container(horizontal=True):
            submitted = submit_button(t("setup.save"), key="save")
            previewed = form_button(t("articles.preview"), key="preview", icon=":material/visibility:")
    chosen = {"category": category or before.category, "visibility": visibility or before.visibility}
    wanted = before.model_copy(update={"name": name, "body": body, "version": version} | chosen)
    if submitted:
        keep(actor, wanted, t("setup.saved", name=name.strip()))
    if previewed:
        with st.container(border=True, width=760):
            st.html(AsItIs(f"<article>{to_html(wanted.body)}</article>"))
    if before.id and not before.removed and button(t("setup.remove"), key="remove", icon=":material/delete:"):
        gone = before.model_copy(update={"removed": True})
        keep(actor, gone, t("setup.is_removed", name=before.name))


def keep(actor: Actor, article: Article, sentence: str) -> None:
    """
    Keep it and show it, or what is left when it was taken away.

    Who was shown an older version is told, and can then decide anew.
    """
    flash, written = next_flash(), recall(_Written)
    key = form_key(ARTICLE, article.model_dump_json(exclude={"history"}))

    def deed() -> None:
        written.kept[key] = desk().articles.save(actor, article).id
        flash.say(sentence)

    with shown_errors():
        try:
            once(key, deed)
        except StaleDefinitionError:
            written.versions.pop(article.id, None)
            raise
        written.versions.clear()
        if article.removed:
            go_to(LIST)
        go_to(ARTICLE, id=written.kept[key])
