"""How the desk's files are, for those who look after them."""

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, StoreHealth
from ticketing.services.access import Gate


class Health:
    """What an admin should know about the store."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def of_store(self, actor: Actor) -> StoreHealth:
        """Look closely at the store, which takes longer than a page's other questions do."""
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.SEE_HEALTH)
        return self._store.health()
