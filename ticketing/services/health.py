"""How the desk is, for those who look after it."""

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, StoreHealth
from ticketing.figures import Figures, Summary
from ticketing.services.access import Gate


class Health:
    """What an admin should know about the store, and about this process."""

    def __init__(self, store: Store, gate: Gate, figures: Figures) -> None:
        self._store = store
        self._gate = gate
        self._figures = figures

    def of_store(self, actor: Actor) -> StoreHealth:
        """Look closely at the store, which takes longer than a page's other questions do."""
        self._require(actor)
        return self._store.health()

    def figures(self, actor: Actor) -> Summary:
        """Sum up what this process has counted of itself since it began."""
        self._require(actor)
        return self._figures.summary()

    def _require(self, actor: Actor) -> None:
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.SEE_HEALTH)
