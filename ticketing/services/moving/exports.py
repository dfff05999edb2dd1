"""Take the desk's data elsewhere: as the original app's files, as a table, as JSON Lines."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from ticketing.domain import policy
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.store import Store
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Gate
from ticketing.services.moving.originals import SeedFields, empty_lists, original_name, seed_form

BYTE_ORDER_MARK: Final = "\ufeff"
COLUMNS: Final = (
    "ticket",
    "title",
    "status",
    "priority",
    "category",
    "requester",
    "assignee",
    "tags",
    "resolution",
    "opened_at",
    "updated_at",
    "first_response_at",
    "resolved_at",
    "closed_at",
    "messages",
    "external_id",
    "follows",
    "description",
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")

SeedUsers = dict[str, dict[str, str]]
SeedTickets = dict[str, list[SeedFields]]


class Exports:
    """Copies of everything for use elsewhere."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def seed(self, actor: Actor) -> tuple[SeedUsers, SeedTickets]:
        """
        Return the contents of the original app's users.json and tickets.json.

        Passwords are empty, since nobody knows them. Deactivated accounts and internal notes are left out: the original
        app would let the ones in and show the others to everybody.
        """
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.MOVE_DATA)
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
        with self._store.read() as tx:
            for ticket in tx.tickets.stream():
                yield ticket.model_dump_json(exclude_none=True) + "\n"

    def table(self, actor: Actor) -> Iterator[str]:
        """
        Yield a CSV file line by line, one ticket each, for a spreadsheet.

        A cell that the spreadsheet would take for a formula begins with an apostrophe.
        """
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.MOVE_DATA)
            yield BYTE_ORDER_MARK + _line(COLUMNS)
            for ticket in tx.tickets.stream():
                yield _line([_neutral(cell) for cell in _cells(ticket)])


def _account(user: User) -> dict[str, str]:
    return {"password": "", "role": "user" if user.role is Role.USER else "support"}


def _cells(ticket: Ticket) -> list[str]:
    return [
        ticket.label,
        ticket.title,
        ticket.status,
        ticket.priority,
        ticket.category,
        ticket.requester,
        ticket.assignee or "",
        ", ".join(ticket.tags),
        ticket.resolution or "",
        *map(_moment, (ticket.opened_at, ticket.updated_at, ticket.first_response_at)),
        *map(_moment, (ticket.resolved_at, ticket.closed_at)),
        str(len(ticket.messages)),
        ticket.external_id or "",
        f"T-{ticket.follows}" if ticket.follows else "",
        ticket.description,
    ]


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _neutral(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
