"""`/articles`: what answers questions before they are asked."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from ticketing.domain.articles import Article, Visibility
from ticketing.domain.statuses import GENERAL
from ticketing.domain.text import SEARCH_LIMIT
from ticketing.services.articles import Reading
from ticketing.web.api.calling import Caller, VersionRequired, Who, etag
from ticketing.web.api.repeating import ONCE, Route
from ticketing.web.api.words import PLAIN, Id, Input, Number, Output, Text, TicketNumber, Title, Word, YesOrNo

router = APIRouter(route_class=Route, tags=["articles"])

Looked = Annotated[str, Query(max_length=SEARCH_LIMIT, pattern=PLAIN)]


class ArticleIn(Input):
    """An article as it is written; requesters read those that are public."""

    name: Title
    body: Text
    category: Id = GENERAL
    visibility: Visibility = Visibility.DRAFT
    source: TicketNumber | None = None


class Vote(Input):
    """Whether it helped."""

    helpful: YesOrNo


class ArticleDraft(Output):
    """What an article begins with that is made of a ticket; it is not kept."""

    name: str
    body: str
    category: str
    source: int | None


class ArticleOut(Output):
    """An article as the caller may read it; how many it has helped, and its version, are for agents."""

    id: str
    name: str
    body: str
    category: str
    visibility: Visibility
    removed: bool
    version: Annotated[int | None, Field(description="For `If-Match`.")]
    updated_at: datetime
    vote: bool | None
    helpful: int
    unhelpful: int

    @classmethod
    def read(cls, reading: Reading, who: Caller) -> "ArticleOut":
        """Return what is told of an article to its reader."""
        told = {name: getattr(reading, name) for name in ("updated_at", "vote", "helpful", "unhelpful")}
        kept = {name: getattr(reading.article, name) for name in ("id", "name", "body", "category", "visibility")}
        version = reading.article.version if who.actor.is_agent else None
        return cls(**told, **kept, removed=reading.article.removed, version=version)


@router.get("/articles")
def list_articles(
    who: Who,
    text: Looked = "",
    category: Annotated[str | None, Query(max_length=80, pattern=PLAIN)] = None,
    removed: bool = False,  # noqa: FBT001, FBT002 - a parameter of an address
) -> list[ArticleOut]:
    """List the articles that the caller may read, those that answer the text best first."""
    found = who.desk.articles.search(who.actor, text, category, removed=removed)
    return [ArticleOut.read(reading, who) for reading in found]


@router.get("/suggested_articles")
def suggest_articles(who: Who, text: Looked = "") -> list[ArticleOut]:
    """List public articles that may spare somebody the ticket that they are about to open."""
    return [ArticleOut.read(reading, who) for reading in who.desk.articles.suggest(who.actor, text)]


@router.post("/articles", status_code=201, dependencies=ONCE)
def write_article(who: Who, body: ArticleIn, response: Response) -> ArticleOut:
    """Write an article."""
    return _saved(who, Article(**body.model_dump()), response)


@router.get("/articles/{key}")
def get_article(who: Who, key: Word, response: Response) -> ArticleOut:
    """Return one article."""
    return _told(who, who.desk.articles.get(who.actor, key), response)


@router.put("/articles/{key}", dependencies=ONCE)
def change_article(who: Who, key: Word, version: VersionRequired, body: ArticleIn, response: Response) -> ArticleOut:
    """Change an article, or bring back one that was taken away."""
    before = who.desk.articles.get(who.actor, key).article
    changes = body.model_dump() | {"version": version, "removed": False}
    return _saved(who, before.model_copy(update=changes), response)


@router.delete("/articles/{key}", status_code=204, dependencies=ONCE)
def remove_article(who: Who, key: Word, version: VersionRequired) -> None:
    """Take an article away."""
    who.desk.articles.remove(who.actor, key, version)


@router.put("/articles/{key}/vote", dependencies=ONCE)
def vote_on_article(who: Who, key: Word, body: Vote, response: Response) -> ArticleOut:
    """Say whether an article helped."""
    return _told(who, who.desk.articles.vote(who.actor, key, helpful=body.helpful), response)


@router.get("/tickets/{number}/article")
def draft_article(who: Who, number: Number) -> ArticleDraft:
    """Return a draft of what solved a ticket; it is not kept."""
    return ArticleDraft.of(who.desk.articles.from_ticket(who.actor, number))


def _saved(who: Caller, article: Article, response: Response) -> ArticleOut:
    saved = who.desk.articles.save(who.actor, article)
    return _told(who, who.desk.articles.get(who.actor, saved.id), response)


def _told(who: Caller, reading: Reading, response: Response) -> ArticleOut:
    if who.actor.is_agent:
        response.headers.update(etag(reading.article.version))
    return ArticleOut.read(reading, who)
