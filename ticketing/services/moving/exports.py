"""Take the desk's data elsewhere: as the original app's files, as a table, as JSON Lines."""

from collections.abc import Iterator

from ticketing.domain import policy
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.store import Store
from ticketing.services.access import Clock, Gate, log_export
from ticketing.services.custom_fields import fields_to_fill_in
from ticketing.services.moving.originals import SeedFields, empty_lists, original_name, seed_form
from ticketing.services.moving.tables import as_csv, names_of_columns, row_of

SeedUsers = dict[str, dict[str, str]]
SeedTickets = dict[str, list[SeedFields]]


class Exports:
    """Copies of everything for use elsewhere."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def seed(self, actor: Actor) -> tuple[SeedUsers, SeedTickets]:
        """
        Return the contents of the original app's users.json and tickets.json.

        Passwords are empty, since nobody knows them. Deactivated accounts and internal notes are left out: the original
        app would let the ones in and show the others to everybody.
        """
        self._log(actor, "seed")
        with self._store.read() as tx:
            people = list(tx.users.stream())
            names = {user.id: original_name(user) for user in people}
            tickets: SeedTickets = {owner: [] for user in people for owner in empty_lists(user)}
            for ticket in tx.tickets.stream():
                owner, fields = seed_form(ticket, names)
                tickets.setdefault(owner, []).append(fields)
        return {names[user.id]: _account(user) for user in people if user.active}, tickets

    def json_lines(self, actor: Actor) -> Iterator[str]:
        """Yield every ticket whole, notes included, as one line of JSON each; only at the command line."""
        policy.require_console(actor, Action.MOVE_DATA)
        self._log(actor, "jsonl")
        return self._json_lines()

    def _json_lines(self) -> Iterator[str]:
        with self._store.read() as tx:
            for ticket in tx.tickets.stream():
                yield ticket.model_dump_json(exclude_none=True) + "\n"

    def table(self, actor: Actor) -> Iterator[str]:
        """Yield a CSV file line by line, one ticket each, for a spreadsheet."""
        self._log(actor, "table")
        return self._table(actor)

    def _table(self, actor: Actor) -> Iterator[str]:
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            fields = fields_to_fill_in(tx, actor)
            yield from as_csv((row_of(ticket, fields) for ticket in tx.tickets.stream()), names_of_columns(fields))

    def _log(self, actor: Actor, what: str) -> None:
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.MOVE_DATA)
            log_export(tx, actor, what, self._clock())


def _account(user: User) -> dict[str, str]:
    return {"password": "", "role": "user" if user.role is Role.USER else "support"}
