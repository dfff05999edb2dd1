"""An import undone: what it has made and nobody has touched since is taken away, some at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from ticketing.domain.imports import ImportRun, is_joined, is_touched, run_of
from ticketing.domain.people import Actor, User
from ticketing.domain.progress import Progress, Thing, silent
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Ticket
from ticketing.services.accounts import remove_account

# Of one turn of the one writer: to take a ticket away is quick, and more is kept for an account.
_BATCH: Final = 200
_ACCOUNTS: Final = 50


@dataclass(slots=True)
class Undone:
    """
    How many tickets and people go when an import is undone.

    `touched` are the numbers of the tickets in which somebody has done something since, `joined` of those that other
    tickets name, and which stay.
    """

    tickets: int = 0
    people: int = 0
    touched: list[int] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)


class Undoing:
    """Undoes one import; broken off, it can be begun anew."""

    def __init__(self, store: Store, run: ImportRun) -> None:
        self._store = store
        self._run = run

    def look(self) -> Undone:
        """Return what would go now, but for the people."""
        undone = Undone()
        for numbers in _batches(self._run.all_numbers()):
            with self._store.read() as tx:
                for _ in self._going(tx, numbers, undone, touched_too=False, staying=set()):
                    undone.tickets += 1
        return undone

    def take_away(
        self, admit: Callable[[Transaction], Actor], *, touched_too: bool, progress: Progress = silent
    ) -> Undone:
        """Take away what goes; *admit* says in each transaction who does it, or refuses."""
        undone, staying, done = Undone(), set[str](), 0
        whole = sum(1 for _ in self._run.all_numbers())
        for numbers in _batches(self._run.all_numbers()):
            with self._store.write() as tx:
                admit(tx)
                going = list(self._going(tx, numbers, undone, touched_too=touched_too, staying=staying))
                tx.tickets.remove(*going)
            undone.tickets += len(going)
            done += len(numbers)
            progress(done, whole)
        self._take_people_away(admit, undone, staying)
        return undone

    def _going(
        self, tx: Transaction, numbers: Iterable[int], undone: Undone, *, touched_too: bool, staying: set[str]
    ) -> Iterator[int]:
        """Yield the numbers of those that go; note those that stay, and who stands in them."""
        for ticket in filter(None, map(tx.tickets.find, numbers)):
            if run_of(ticket) != self._run.id:
                continue
            if is_joined(ticket):
                undone.joined.append(ticket.number)
            elif is_touched(ticket) and not touched_too:
                undone.touched.append(ticket.number)
            else:
                yield ticket.number
                continue
            staying |= _people(ticket)

    def _take_people_away(self, admit: Callable[[Transaction], Actor], undone: Undone, staying: set[str]) -> None:
        with self._store.read() as tx:
            admit(tx)
            made = [user.id for user in tx.users.stream() if self._is_idle(user) and user.id not in staying]
        for usernames in _batches(made, _ACCOUNTS):
            with self._store.write() as tx:
                admit(tx)
                found = filter(self._is_idle, tx.users.several(set(usernames)))
                gone = [user.id for user in found if not _is_in_a_ticket(tx, user.id)]
                for username in gone:
                    remove_account(tx, username)
            undone.people += len(gone)

    def _is_idle(self, user: User) -> bool:
        """Whether the import has made an account that nobody has used since."""
        return user.brought_by == self._run.id and user.last_sign_in_at is None and user.sign_in_version == 0


def _is_in_a_ticket(tx: Transaction, username: str) -> bool:
    return tx.tickets.counts(Audience(username=username, sees_all=False), [TicketQuery()]) != [0]


def _people(ticket: Ticket) -> set[str]:
    return {ticket.requester, *ticket.watchers, *(message.author for message in ticket.messages)}


def _batches(things: Iterable[Thing], size: int = _BATCH) -> Iterator[list[Thing]]:
    left = iter(things)
    while batch := list(islice(left, size)):
        yield batch
