"""Lists of tickets to take along: all that a query finds and the actor may see, however many these are."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Final

from ticketing.domain import policy
from ticketing.domain.people import Actor
from ticketing.domain.progress import Progress, Steps, silent
from ticketing.domain.queries import TicketQuery
from ticketing.domain.store import Store
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock, Gate, log_export
from ticketing.services.custom_fields import fields_to_fill_in
from ticketing.services.deeds import shown
from ticketing.services.moving.tables import as_array, as_csv, as_xlsx, document_of, names_of_columns, row_of

# Read at one moment; between two batches others have their turn.
_BATCH: Final = 200


class Form(StrEnum):
    """In what form a list is taken along."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """The type by which a browser knows it (RFC 4180, RFC 8259, ECMA-376)."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final = {
    Form.CSV: "text/csv; charset=utf-8; header=present",
    Form.JSON: "application/json",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Lists:
    """What a query finds, as a file."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def export(self, actor: Actor, query: TicketQuery, form: Form, progress: Progress = silent) -> Iterator[bytes]:
        """
        Yield a file with all tickets that the query finds, in its order, each as the actor may see it.

        Which tickets these are is settled at the beginning, what is told of each when its turn comes; one that the
        actor may no longer see by then is left out. Raises SignedOutError, at the beginning or in the middle. Where a
        form can only be written when all is known, parts without a byte come meanwhile, so that one sees how far it is.
        """
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            numbers = list(tx.tickets.numbers(policy.audience(actor), query))
            fields = fields_to_fill_in(tx, actor)
            log_export(tx, actor, "list", self._clock(), form=form.value, tickets=str(len(numbers)))
        progress(0, len(numbers))
        steps = Steps(len(numbers), progress)
        tickets = self._tickets(actor, iter(steps.over(numbers)))
        rows, names = (row_of(ticket, fields) for ticket in tickets), names_of_columns(fields)
        match form:
            case Form.CSV:
                return (line.encode(errors="backslashreplace") for line in as_csv(rows, names))
            case Form.XLSX:
                return as_xlsx(rows, names)
            case Form.JSON:
                return (part.encode(errors="backslashreplace") for part in as_array(map(document_of, tickets)))

    def _tickets(self, actor: Actor, numbers: Iterator[int]) -> Iterator[Ticket]:
        while batch := list(islice(numbers, _BATCH)):
            yield from self._batch(actor, batch)

    def _batch(self, actor: Actor, numbers: list[int]) -> list[Ticket]:
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            audience = policy.audience(actor)
            found = [ticket for number in numbers if (ticket := tx.tickets.find(number, audience)) is not None]
            return [shown(tx, actor, ticket) for ticket in found]
