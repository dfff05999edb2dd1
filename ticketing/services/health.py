"""How the desk is, for those who look after it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ticketing.domain import policy
from ticketing.domain.configuration import Configured
from ticketing.domain.findings import Finding, by_gravity
from ticketing.domain.outbox import MailState, OutgoingQuery
from ticketing.domain.people import Actor, PeopleQuery, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.queries import TicketQuery
from ticketing.domain.receipts import BACKUP_RECEIPT
from ticketing.domain.store import Store, Transaction
from ticketing.domain.webhooks import Webhook
from ticketing.figures import Figures, Summary
from ticketing.services import diagnosis, maintenance
from ticketing.services.access import Clock, Gate
from ticketing.services.diagnosis import Setup, Visit
from ticketing.services.receiving import latest_fetch


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What is around the store: in what it is kept, what else can be found out there, and its newest backup.

    `key_id` finds the mark of the key of two-step sign-in.
    """

    storage: Finding
    look: Callable[[], list[Finding]]
    newest_backup: Callable[[], datetime | None]
    key_id: Callable[[], str | None]


class Health:
    """What an admin should know about the desk, and about this process."""

    def __init__(
        self, store: Store, clock: Clock, gate: Gate, setup: Setup, surroundings: Surroundings, figures: Figures
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._setup = setup
        self._surroundings = surroundings
        self._figures = figures

    def findings(self, actor: Actor, visit: Visit | None = None) -> list[Finding]:
        """Look at everything, the gravest first, which takes a moment; *visit* is how the actor reached the desk."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.SEE_HEALTH)
            newest = tx.tickets.search(policy.audience(actor), TicketQuery(size=1)).items
            staff = _staff(tx)
            keys = Counter(user.second_factor.key for user in tx.users.stream() if user.second_factor)
            receipt = tx.receipts.find(BACKUP_RECEIPT)
            backlog = tx.outgoing.backlog()
            failures = tx.outgoing.search(OutgoingQuery(state=MailState.FAILED, size=1)).items
            fetch = latest_fetch(tx)
            webhooks = tx.definitions(Webhook).all()
            closed = maintenance.present(tx)
        health, now, setup = self._store.health(), self._clock(), self._setup
        return by_gravity(
            [
                self._surroundings.storage,
                *diagnosis.maintenance(closed),
                *diagnosis.files(health),
                *diagnosis.schema(health),
                *self._surroundings.look(),
                *diagnosis.clocks(now, newest[0].updated_at if newest else None, health.clock),
                *diagnosis.backups(now, setup.backup_every, self._surroundings.newest_backup(), receipt),
                *diagnosis.address(setup, visit),
                *(diagnosis.connection(setup, visit) if visit else []),
                *diagnosis.accounts(now, staff, setup),
                *diagnosis.two_step(keys, self._surroundings.key_id()),
                *diagnosis.mail(now, setup, backlog, failures[0] if failures else None),
                *diagnosis.mail_in(now, fetch, is_set_up=setup.fetches_mail),
                *diagnosis.webhooks(now, webhooks),
            ]
        )

    def of_store(self, actor: Actor) -> list[Finding]:
        """Return what is wrong with the store itself, as it says so."""
        self._require(actor)
        return [finding for finding in diagnosis.files(self._store.health()) if finding.level.is_bad]

    def figures(self, actor: Actor) -> Summary:
        """Sum up what this process has counted of itself since it began."""
        self._require(actor)
        return self._figures.summary()

    def settings(self, actor: Actor) -> tuple[Configured, ...]:
        """Return what the desk was started with, and of secrets no more than whether they are set."""
        self._require(actor)
        return self._setup.configured

    def _require(self, actor: Actor) -> None:
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.SEE_HEALTH)

    @property
    def throw_away(self) -> Finding | None:
        """What every page tells an admin when all is lost at the next restart; found out once, at the start."""
        storage = self._surroundings.storage
        return storage if storage.level.is_bad and not self._setup.demo else None


def _staff(tx: Transaction) -> list[User]:
    """Return the active agents and admins by display name."""
    query = PeopleQuery(roles=frozenset({Role.AGENT, Role.ADMIN}), active=True, size=200)
    first = tx.users.search(query)
    rest = (tx.users.search(query.model_copy(update={"page": number})) for number in range(2, first.pages + 1))
    return [user for page in (first, *rest) for user in page.items]
