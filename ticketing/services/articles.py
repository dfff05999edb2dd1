"""Articles: found, read, written and judged. Each method is one intention and one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from secrets import token_hex
from typing import Self

from ticketing.domain import policy
from ticketing.domain.articles import Article
from ticketing.domain.errors import DefinitionNotFoundError, StaleDefinitionError, TicketNotDoneError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.ranking import counted, ranked
from ticketing.domain.statuses import StatusCategory
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate, reach
from ticketing.services.definitions import log_setup

# What is offered unasked has to hold this part of what somebody has typed, by weight.
_APT = 0.4


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as one person may read it, their own vote, and for those who write articles how many helped."""

    article: Article
    updated_at: datetime
    vote: bool | None
    helpful: int = 0
    unhelpful: int = 0

    @classmethod
    def of(cls, article: Article, actor: Actor) -> Self:
        """Return what the actor may know of an article that they may read."""
        vote = article.vote_of(actor.username)
        if policy.may(actor, Action.WRITE_ARTICLE):
            return cls(article, article.updated_at, vote, len(article.helpful), len(article.unhelpful))
        return cls(article.for_reader(), article.updated_at, vote)


class Articles:
    """
    What one can do with articles.

    Agents write them; everybody who is signed in reads the public ones. One that somebody may not read is not there.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def search(
        self, actor: Actor, text: str = "", category: str | None = None, *, removed: bool = False
    ) -> list[Reading]:
        """Return the articles that the actor may read, those that answer the text best first; without one, by title."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            found = _readable(tx, actor)
        found = [one for one in found if one.removed is removed and category in {None, one.category}]
        return [Reading.of(one, actor) for one in (_best(text, found) if text.strip() else found)]

    def suggest(self, actor: Actor, text: str, limit: int = 3) -> list[Reading]:
        """Return public articles that may spare somebody the ticket that they are about to open."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            found = [one for one in _readable(tx, actor) if policy.relation_to_article(one) is policy.Relation.PUBLIC]
        return [Reading.of(one, actor) for one in _best(text, found, least=_APT)[:limit]]

    def get(self, actor: Actor, key: str) -> Reading:
        """Return one article; raises DefinitionNotFoundError."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            return Reading.of(_reach(tx, actor, key), actor)

    def save(self, actor: Actor, article: Article) -> Article:
        """
        Keep what the actor wrote, and return it as it is kept.

        One that is new has neither id nor version. Raises StaleDefinitionError if somebody changed it since the actor
        read it, and InvalidInputError.
        """
        now = self._clock()
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.WRITE_ARTICLE)
            before = _reach(tx, actor, article.id) if article.id else None
            if before is not None and before.version != article.version:
                raise StaleDefinitionError(before.name)
            votes = before or Article(name="")
            ours = {"owner": None, "helpful": votes.helpful, "unhelpful": votes.unhelpful}
            written = article.checked().model_copy(update={"id": article.id or token_hex(8)} | ours)
            saved = written.revised(before, actor.username, now)
            if saved is not before:
                tx.definitions(Article).save(saved)
                log_setup(tx, actor, before, saved, now)
            return saved

    def remove(self, actor: Actor, key: str, version: int) -> Article:
        """Take one away; `save` brings it back."""
        found = self.get(actor, key).article
        return self.save(actor, found.model_copy(update={"removed": True, "version": version}))

    def vote(self, actor: Actor, key: str, *, helpful: bool) -> Reading:
        """Say whether an article helped; who has said so before changes their mind."""
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            before = _reach(tx, actor, key)
            voted = before.voted(actor.username, helpful=helpful)
            if before.vote_of(actor.username) is not helpful:
                tx.definitions(Article).save(voted)
            return Reading.of(voted, actor)

    def from_ticket(self, actor: Actor, number: int) -> Article:
        """
        Return a draft of what solved a ticket, which is not kept yet: its title and the last public answer of an agent.

        Raises TicketNotDoneError.
        """
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.WRITE_ARTICLE)
            ticket = reach(tx, actor, number)
        if ticket.status.category is not StatusCategory.DONE:
            raise TicketNotDoneError(number)
        askers = {ticket.requester, *ticket.watchers}
        answers = [message.text for message in ticket.public_messages() if message.author not in askers]
        body = answers[-1] if answers else ""
        return Article(name=ticket.title, body=body, category=ticket.category, source=number)


def _readable(tx: Transaction, actor: Actor) -> list[Article]:
    return [one for one in tx.definitions(Article).all() if policy.may(actor, Action.READ_ARTICLE, one)]


def _reach(tx: Transaction, actor: Actor, key: str) -> Article:
    """Fetch what the actor may read; any other reads the same as what does not exist."""
    found = tx.definitions(Article).find(key)
    if found is None or not policy.may(actor, Action.READ_ARTICLE, found):
        raise DefinitionNotFoundError
    return found


def _best(text: str, articles: Sequence[Article], least: float = 0.0) -> list[Article]:
    texts = [_counted(one.name, one.body) for one in articles]
    return [articles[place] for place, _ in ranked(text, texts, least=least)]


# An article is counted once, not at each search.
_counted = lru_cache(maxsize=1024)(counted)
