"""Articles where one answers: those that fit what one looks for, and what of one goes into a message."""

from typing import Final

from ticketing.domain.articles import Article, Visibility
from ticketing.domain.errors import DefinitionNotFoundError
from ticketing.domain.people import Actor
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.domain.tickets import MessageKind
from ticketing.ui.session import desk, origin
from ticketing.ui.wording import t

_MOST: Final = 20
# For whom an article may be that goes into a message: into a reply only what its readers may read.
_FIT: Final = {
    MessageKind.REPLY: {Visibility.PUBLIC},
    MessageKind.NOTE: {Visibility.PUBLIC, Visibility.INTERNAL},
}


def article_words() -> dict[str, str]:
    """Return the words around them."""
    names = ("open", "search", "none", "manage", "text", "insert", "back")
    return {name: t(f"article_picker.{name}") for name in names}


def asked_of_articles(actor: Actor, what: str, kind: str, about: str) -> dict[str, object]:
    """Answer a composer that asks for articles for a kind of message, by words, or for one of them by its id."""
    fit = _FIT[MessageKind(kind)]
    if what == "articles":
        found = [one for one in _matching(actor, about) if one.visibility in fit][:_MOST]
        return {"articles": [(one.id, one.name, t(f"articles.{one.visibility}")) for one in found]}
    try:
        chosen = desk().articles.get(actor, about).article
    except DefinitionNotFoundError:
        return {}
    return {"chosen": _shown(chosen)} if chosen.visibility in fit and not chosen.removed else {}


def article_address(article: Article) -> str:
    """Return where an article is to be read, for those who read of it elsewhere."""
    return f"{desk().settings.base_url or origin()}/article?id={article.id}"


def _matching(actor: Actor, text: str) -> list[Article]:
    """Return articles in whose titles all that is typed so far stands, then those that answer it."""
    text = text[:SEARCH_LIMIT]
    words = text.casefold().split()
    titled = [
        one.article
        for one in desk().articles.search(actor)
        if all(word in one.article.name.casefold() for word in words)
    ]
    answering = [one.article for one in desk().articles.search(actor, text)] if words else []
    return list({one.id: one for one in (*titled, *answering)}.values())


def _shown(article: Article) -> dict[str, object]:
    """Return what an article says, and the line that leads to it."""
    return {
        "id": article.id,
        "name": article.name,
        "text": article.body,
        "link": t("article_picker.line", title=article.name, address=article_address(article)),
        "changes": [],
        "warning": "",
    }
