"""Similar tickets: what somebody may have asked before."""

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.queries import TicketQuery, TicketSummary
from ticketing.domain.ranking import counted, ranked, words_of
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Gate

# So many words are looked for, the longest ones: they are seldom those that stand everywhere.
_WORDS = 8
_OF_EACH = 25
# What is offered unasked has to hold this part of what somebody has typed, by weight.
_APT = 0.4


class Similar:
    """What one can find out about tickets that resemble a text."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def own(self, actor: Actor, text: str, limit: int = 3) -> list[TicketSummary]:
        """Return the actor's own tickets that resemble the text in title or description, the likest first."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            found = _holding_a_word(tx, actor, text)
            tickets = [tx.tickets.find(number) for number in found]
        texts = [counted(ticket.title, ticket.description) for ticket in tickets if ticket is not None]
        summaries = list(found.values())
        return [summaries[place] for place, _ in ranked(text, texts, least=_APT)[:limit]]


def _holding_a_word(tx: Transaction, actor: Actor, text: str) -> dict[int, TicketSummary]:
    words = sorted(dict.fromkeys(words_of(text)), key=len, reverse=True)[:_WORDS]
    found: dict[int, TicketSummary] = {}
    for word in words:
        query = TicketQuery(requester=actor.username, needles=(word,), size=_OF_EACH)
        found |= {summary.number: summary for summary in tx.tickets.search(policy.audience(actor), query).items}
    return found
