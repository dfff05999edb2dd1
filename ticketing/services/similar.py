"""Similar tickets: what somebody may have asked before, and what several may have asked at once."""

from collections.abc import Iterable

from ticketing.domain import policy
from ticketing.domain.conditions import AnyOf, Holding, Titled
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import TicketQuery, TicketSummary, statuses_of
from ticketing.domain.ranking import Counted, counted, ranked, words_of
from ticketing.domain.statuses import StatusCategory
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Gate, reach

# So many words are looked for, the longest ones: they are seldom those that stand everywhere.
_WORDS = 8
# So many of those that share a word are looked at, the latest ones, and the best of these more closely.
_LATEST = 100
_CLOSELY = 10
# This part of what it is held against has to be in a similar ticket, by weight: more where it is offered unasked.
_APT = 0.3
_ALIKE = 0.1

Found = dict[int, TicketSummary]


class Similar:
    """What one can find out about tickets that resemble a text or another ticket."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def own(self, actor: Actor, text: str, limit: int = 3) -> list[TicketSummary]:
        """Return the actor's own tickets that resemble the text in title or description, the likest first."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            a_word = AnyOf(tuple(map(Holding, _telling(text))))
            found = _search(tx, actor, TicketQuery(requester=actor.username, conditions=(a_word,), size=_LATEST))
            return _likest(text, found.values(), _texts_of(tx, actor, found.values()), _APT)[:limit]

    def to(self, actor: Actor, number: int, limit: int = 5) -> list[TicketSummary]:
        """
        Return tickets that may be about the same matter, the likest first; raises TicketNotFoundError.

        They share words of its title, and are not done or of the same requester.
        """
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.SEE_ALL_TICKETS)
            ticket = reach(tx, actor, number)
            words = _telling(ticket.title)
            if not words:
                return []
            titled = Titled(frozenset(words))
            unfinished = statuses_of(StatusCategory.OPEN, StatusCategory.PAUSED)
            found = _search(tx, actor, TicketQuery(statuses=unfinished, conditions=(titled,), size=_LATEST))
            found |= _search(tx, actor, TicketQuery(requester=ticket.requester, conditions=(titled,), size=_LATEST))
            found.pop(number, None)
            titles = [counted(summary.title, "") for summary in found.values()]
            best = _likest(ticket.title, found.values(), titles, _ALIKE)[:_CLOSELY]
            question = f"{ticket.title} {ticket.description}"
            return _likest(question, best, _texts_of(tx, actor, best))[:limit]


def _telling(text: str) -> list[str]:
    return sorted(dict.fromkeys(words_of(text)), key=len, reverse=True)[:_WORDS]


def _search(tx: Transaction, actor: Actor, query: TicketQuery) -> Found:
    return {summary.number: summary for summary in tx.tickets.search(policy.audience(actor), query).items}


def _texts_of(tx: Transaction, actor: Actor, found: Iterable[TicketSummary]) -> list[Counted]:
    titles = {summary.number: summary.title for summary in found}
    descriptions = tx.tickets.descriptions(policy.audience(actor), list(titles))
    return [counted(title, descriptions.get(number, "")) for number, title in titles.items()]


def _likest(text: str, found: Iterable[TicketSummary], texts: list[Counted], least: float = 0.0) -> list[TicketSummary]:
    summaries = list(found)
    return [summaries[place] for place, _ in ranked(text, texts, least=least)]
