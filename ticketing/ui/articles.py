"""What the desk knows: the list of articles, one of them to be read and judged, and its older versions."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from ticketing.domain import policy
from ticketing.domain.articles import Article, ArticleVersion, Visibility
from ticketing.domain.errors import DefinitionNotFoundError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.services.articles import Reading
from ticketing.ui.article_editor import ARTICLE, LIST, NEW, keep
from ticketing.ui.article_picker import article_address
from ticketing.ui.categories import category_names
from ticketing.ui.conversation import AsItIs
from ticketing.ui.deeds import carry_out
from ticketing.ui.forms import button
from ticketing.ui.layout import way_back
from ticketing.ui.pages import BY_NAME
from ticketing.ui.session import desk, go_to, not_found
from ticketing.ui.text import plain, to_html
from ticketing.ui.times import ago, exact, zone
from ticketing.ui.wording import t

_PAGE_SIZE = 25
_ICONS = {Visibility.DRAFT: "edit_note", Visibility.INTERNAL: "lock", Visibility.PUBLIC: "public"}


def article_link(actor: Actor, article: Article) -> None:
    """Draw the way to an article."""
    page = BY_NAME[ARTICLE].registered(actor)
    st.page_link(page, label=plain(article.name), icon=":material/article:", query_params={"id": article.id})


def article_list(actor: Actor) -> None:
    """Draw the articles that the person may read, as far as they answer what was looked for."""
    writes = policy.may(actor, Action.WRITE_ARTICLE)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page_head"):
        st.title(t("page.articles"), width="content", anchor=False)
        if writes and button(t("articles.new"), key="new_article", type="primary", icon=":material/add:"):
            go_to(ARTICLE, edit=NEW)
    words = category_names(actor)
    found = desk().articles.search(actor, *_asked_of_list(words))
    page = min(st.session_state.get("articles_page", 1), _pages(found))
    for reading in found[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]:
        with st.container(border=True, gap="xxsmall"):
            article_link(actor, reading.article)
            st.caption(_facts(reading, words, writes=writes))
    if not found:
        st.info(t("articles.none"), icon=":material/article:")
    if _pages(found) > 1:
        st.pagination(_pages(found), key="articles_page", max_visible_pages=5)
    if writes:
        _offer_to_bring_back(actor)


def _asked_of_list(categories: Mapping[str, str]) -> tuple[str, str | None]:
    with st.container(horizontal=True):
        text = st.text_input(
            t("articles.search"),
            key="article_search",
            type="search",
            max_chars=SEARCH_LIMIT,
            placeholder=t("articles.search"),
            label_visibility="collapsed",
            width=360,
        )
        category = st.selectbox(
            t("field.category"),
            list(categories),
            index=None,
            format_func=categories.__getitem__,
            placeholder=t("articles.any_category"),
            key="article_categories",
            label_visibility="collapsed",
            width=200,
        )
    return text or "", category


def _pages(found: list[Reading]) -> int:
    return max(1, -(-len(found) // _PAGE_SIZE))


def _facts(reading: Reading, categories: Mapping[str, str], *, writes: bool) -> str:
    article = reading.article
    category = plain(categories.get(article.category, article.category))
    facts = [category, t("articles.updated", ago=ago(reading.updated_at, desk().clock()))]
    if writes:
        facts.insert(1, f":material/{_ICONS[article.visibility]}: {t(f'articles.{article.visibility}')}")
    if reading.helpful or reading.unhelpful:
        facts.append(t("articles.votes", helpful=reading.helpful, unhelpful=reading.unhelpful))
    return " · ".join(facts)


def _offer_to_bring_back(actor: Actor) -> None:
    removed = [reading.article for reading in desk().articles.search(actor, removed=True)]
    if not removed:
        return
    with st.expander(t("setup.removed", n=len(removed)), icon=":material/delete:"):
        for one in removed:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.markdown(plain(one.name))
                if button(t("setup.bring_back"), key=f"bring_back_{one.id}"):
                    keep(actor, one.model_copy(update={"removed": False}), t("setup.is_back", name=one.name))


def _asked_for(actor: Actor, key: str) -> Reading:
    try:
        return desk().articles.get(actor, key)
    except DefinitionNotFoundError:
        not_found()


def article_page(actor: Actor, key: str) -> None:
    """Draw an article, the question whether it helped, and for those who write articles its older versions."""
    reading = _asked_for(actor, key)
    article, writes = reading.article, policy.may(actor, Action.WRITE_ARTICLE)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
        way_back(LIST, t("page.articles"))
        if writes and button(t("setup.edit"), key="edit_article", type="tertiary", icon=":material/edit:"):
            go_to(ARTICLE, edit=article.id)
    with st.container(width=760):
        st.title(plain(article.name), anchor=False)
        st.caption(_facts(reading, category_names(actor), writes=writes))
        _draw_text(article)
        _ask_whether_helpful(actor, reading)
        if writes:
            _draw_link(article)
            _draw_versions(actor, article)


def _draw_text(article: Article) -> None:
    st.html(AsItIs(f"<article>{to_html(article.body)}</article>"))


def _ask_whether_helpful(actor: Actor, reading: Reading) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(t("articles.question"), width="content")
        for helpful, name in ((True, "yes"), (False, "no")):
            chosen = reading.vote is helpful
            word = t(f"articles.{name}_chosen") if chosen else t(f"articles.{name}")
            icon = ":material/check:" if chosen else None
            if button(word, key=f"helpful_{name}", icon=icon, disabled=chosen):
                carry_out(partial(desk().articles.vote, actor, reading.article.id, helpful=helpful), "")


def _draw_link(article: Article) -> None:
    with st.expander(t("articles.link"), icon=":material/link:"):
        st.code(article_address(article), language=None)


def _draw_versions(actor: Actor, article: Article) -> None:
    versions = article.versions()
    if len(versions) == 1:
        return
    with st.expander(t("setup.history"), icon=":material/history:"):
        chosen = st.selectbox(
            t("articles.version"),
            range(1, len(versions)),
            format_func=lambda place: _name_of(versions[place]),
            key=f"article_version_{article.id}",
        )
        version = versions[chosen or 1]
        st.markdown(f"**{plain(version.article.name)}**")
        _draw_text(version.article)
        # Another button for each version, since the press is of the one that was shown.
        if button(t("articles.bring_back"), key=f"bring_back_version_{len(versions) - (chosen or 1)}"):
            back = version.article.model_copy(update={"version": article.version})
            keep(actor, back, t("articles.is_back"))


def _name_of(version: ArticleVersion) -> str:
    return plain(t("setup.change", by=version.by, at=exact(version.at, zone())))
