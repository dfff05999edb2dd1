"""The audit log as admins read it, and take it along."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Final

from ticketing.domain import policy
from ticketing.domain.audit import AuditPage, AuditQuery, AuditRecord
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate, log_export

_BATCH: Final = 200
_COLUMNS: Final = ("number", "at", "actor", "address", "action", "kind", "object", "facts", "previous", "hash")


class Form(StrEnum):
    """In what form the log is taken along: a table, or a record a line, of which each hash can be computed anew."""

    CSV = "csv"
    JSON_LINES = "jsonl"

    @property
    def media_type(self) -> str:
        """The type by which a browser knows it."""
        return "text/csv" if self is Form.CSV else "application/jsonl"


class Audit:
    """What is on record of who did what."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def search(self, actor: Actor, query: AuditQuery) -> AuditPage:
        """Return the newest records that match."""
        with self._store.read() as tx:
            self._admit(tx, actor)
            found = tx.audit.search(query)
        records = tuple(islice(found, query.size + 1))
        return AuditPage(records[: query.size], has_more=len(records) > query.size)

    def export(self, actor: Actor, query: AuditQuery, form: Form) -> Iterator[str]:
        """Yield all records that match as a file, the newest first; that it was taken along is a record, too."""
        with self._store.write() as tx:
            actor = self._admit(tx, actor)
            log_export(tx, actor, "audit", self._clock(), form=form.value)
        records = self._all(actor, query)
        if form is Form.JSON_LINES:
            return (record.model_dump_json(exclude_none=True) + "\n" for record in records)
        from ticketing.services.moving.tables import as_csv  # noqa: PLC0415 - seldom wanted

        return as_csv(map(_row, records), _COLUMNS)

    def _all(self, actor: Actor, query: AuditQuery) -> Iterator[AuditRecord]:
        asked = query.model_copy(update={"size": _BATCH})
        page = self.search(actor, asked)
        yield from page.records
        while page.has_more:
            page = self.search(actor, asked.model_copy(update={"before": page.records[-1].number}))
            yield from page.records

    def _admit(self, tx: Transaction, actor: Actor) -> Actor:
        actor = self._gate.admit(tx, actor)
        policy.require(actor, Action.READ_AUDIT)
        return actor


def _row(record: AuditRecord) -> list[str | int | None]:
    facts = "; ".join(f"{name}: {fact}" for name, fact in record.facts.items())
    told = [record.actor, record.address, record.action.value, record.kind, record.object, facts]
    return [record.number, record.at.isoformat(), *told, record.previous, record.hash]
