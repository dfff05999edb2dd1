"""Settings as one file: what is set up goes out and comes in as a whole. Each method is one transaction."""

from ticketing.domain import policy, settings_files
from ticketing.domain.audit import AuditAction, AuditEntry
from ticketing.domain.errors import StaleImportError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.settings_files import SETTINGS, Here, Plan
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate, log_export


class SettingsFiles:
    """What leaves the desk, and comes into it, of how it is set up."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def export(self, actor: Actor) -> str:
        """Return all that is set up and shared as a file."""
        with self._store.write() as tx:
            log_export(tx, self._admit(tx, actor), "settings", self._clock())
            here = _here(tx)
        return settings_files.written(here)

    def plan(self, actor: Actor, raw: bytes) -> Plan:
        """Return what an import of the file would do; raises ImportRefusedError."""
        with self._store.read() as tx:
            self._admit(tx, actor)
        entries = settings_files.read(raw)
        named = {username for entry in entries for username in entry.wanted.people()}
        with self._store.read() as tx:
            self._admit(tx, actor)
            accounts = frozenset(username for username in named if tx.users.find(username) is not None)
            here = _here(tx)
        return settings_files.plan(entries, here, accounts)

    def apply(self, actor: Actor, plan: Plan) -> None:
        """Do what was planned; raises StaleImportError if somebody has changed what is set up meanwhile."""
        now = self._clock()
        with self._store.write() as tx:
            actor = self._admit(tx, actor)
            if settings_files.seen(_here(tx)) != plan.seen:
                raise StaleImportError
            for step in (*plan.added, *plan.changed):
                tx.definitions(type(step.wanted)).save(step.wanted.revised(step.before, actor.username, now))
            facts = {"added": str(len(plan.added)), "changed": str(len(plan.changed))}
            if plan.added or plan.changed:
                tx.audit.add(AuditEntry(actor.username, AuditAction.SETTINGS_IMPORTED, now, "settings", facts=facts))

    def _admit(self, tx: Transaction, actor: Actor) -> Actor:
        actor = self._gate.admit(tx, actor)
        policy.require(actor, Action.CHANGE_SETUP)
        return actor


def _here(tx: Transaction) -> Here:
    return {name: {one.id: one for one in kind.all_of(tx.definitions(kind).all())} for name, kind in SETTINGS.items()}
