"""Bring in the accounts and tickets of the original app: a plan first, then all of it in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ticketing.domain import policy
from ticketing.domain.audit import IMPORTED, AuditAction, AuditEntry
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.progress import Progress, silent
from ticketing.domain.sources import Source
from ticketing.domain.store import Store, Transaction
from ticketing.domain.text import NAME_LIMIT, is_blank, printable
from ticketing.domain.tickets import SYSTEM, Event, Message, Ticket
from ticketing.services.access import Clock, Gate
from ticketing.services.due_times import keep
from ticketing.services.first_launch import FIRST_USERNAME, KNOWN_PASSWORD
from ticketing.services.moving.originals import keep_original_account, keep_original_ticket, original_name
from ticketing.services.moving.seed_files import Seed, SeedTicket, SeedUser, read_seed
from ticketing.services.passwords import Passwords

_NO_PASSWORD: Final = "!"  # noqa: S105 - no password has this hash
_HASHERS: Final = 2
_SYSTEM: Final = Actor(SYSTEM, "System", Role.AGENT, source=Source.IMPORT)

TicketKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """What an import would do now. Accounts and tickets that are here already stay as they are."""

    seed: Seed
    new_users: tuple[SeedUser, ...]
    new_strangers: tuple[SeedUser, ...]
    known_users: tuple[str, ...]
    new_tickets: tuple[SeedTicket, ...]
    known_tickets: int

    @property
    def warnings(self) -> tuple[str, ...]:
        """What will not be here as it was there, a sentence each."""
        return self.seed.warnings


class Seeds:
    """Imports of the original app's files. Repeating one adds only what is not here yet."""

    def __init__(self, store: Store, clock: Clock, gate: Gate, passwords: Passwords) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._passwords = passwords

    def plan(self, actor: Actor, folder: Path) -> SeedPlan:
        """Read the files and say what would be done; raises ImportRefusedError, which names file and place."""
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.MOVE_DATA)
        seed = read_seed(folder)
        with self._store.read() as tx:
            return _plan(tx, seed)

    def apply(self, actor: Actor, plan: SeedPlan, progress: Progress = silent) -> SeedPlan:
        """
        Carry the plan out as a whole or not at all, and return what was done.

        All passwords are hashed before, which takes about a quarter of a second each; `progress` is told how many are
        and of how many. They must be changed at the first sign-in.
        """
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.MOVE_DATA)
            to_hash = [*plan.new_users, *_heir_of_first_account(tx, plan.seed)]
        hashes = self._hash(to_hash, progress)
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.MOVE_DATA)
            done = _plan(tx, plan.seed)
            self._add_users(tx, done, hashes)
            self._add_tickets(tx, done, actor)
            facts = {"accounts": str(len(done.new_users)), "tickets": str(len(done.new_tickets))}
            if done.new_users or done.new_tickets:
                tx.audit.add(AuditEntry(actor.username, AuditAction.IMPORTED, self._clock(), "seed", facts=facts))
        return done

    def _hash(self, users: Sequence[SeedUser], progress: Progress) -> dict[str, str]:
        """Hash on two processors: bcrypt lets others run meanwhile."""
        passwords = {user.username: user.password for user in users if user.password}
        with ThreadPoolExecutor(_HASHERS) as pool:
            hashes: dict[str, str] = {}
            for username, hashed in zip(passwords, pool.map(self._passwords.hash, passwords.values()), strict=True):
                hashes[username] = hashed
                progress(len(hashes), len(passwords))
        return hashes

    def _add_users(self, tx: Transaction, plan: SeedPlan, hashes: dict[str, str]) -> None:
        now = self._clock()
        for user in _heir_of_first_account(tx, plan.seed):
            first = tx.users.find(user.username)
            if first is not None and user.username in hashes:
                first.set_password(hashes[user.username], now, one_time=True)
                tx.users.save(first)
        at = min(plan.seed.users_at, now)
        for user in plan.new_users:
            tx.users.save(_account(user, hashes.get(user.username, _NO_PASSWORD), at, now, active=True))
        for user in plan.new_strangers:
            tx.users.save(_account(user, _NO_PASSWORD, at, now, active=False))
        self._keep_originals(tx, plan)

    def _keep_originals(self, tx: Transaction, plan: SeedPlan) -> None:
        names = {user.username: user.original_name for user in (*plan.seed.users, *plan.new_strangers)}
        for username in {*names, *plan.seed.empty_lists}:
            user = tx.users.find(username)
            lists = plan.seed.empty_lists.get(username, [])
            if user is not None and keep_original_account(user, names.get(username, username), lists):
                tx.users.save(user)

    def _add_tickets(self, tx: Transaction, plan: SeedPlan, actor: Actor) -> None:
        now = self._clock()
        at = min(plan.seed.tickets_at, now)
        staff = set(tx.users.agent_names())
        names = {user.id: original_name(user) for user in tx.users.stream()}
        for found in plan.new_tickets:
            ticket = _ticket(tx.tickets.next_number(), found, staff, at)
            ticket.events.append(_event(IMPORTED, actor.username, now, new=found.external_id))
            keep_original_ticket(ticket, found.owner, found.original, names)
            keep(tx, ticket)
            tx.tickets.mark_seen(ticket.number, ticket.requester, len(ticket.messages))


def first_title(ticket: Ticket) -> str:
    """Return the title with which a ticket began, whatever it is called by now."""
    return next((event.old for event in ticket.events if event.field == "title" and event.old), ticket.title)


def _plan(tx: Transaction, seed: Seed) -> SeedPlan:
    known = {user.username for user in (*seed.users, *seed.strangers) if tx.users.find(user.username) is not None}
    new_tickets = _not_here(tx, seed.tickets)
    return SeedPlan(
        seed=seed,
        new_users=tuple(user for user in seed.users if user.username not in known),
        new_strangers=tuple(user for user in seed.strangers if user.username not in known),
        known_users=tuple(user.username for user in seed.users if user.username in known),
        new_tickets=tuple(new_tickets),
        known_tickets=len(seed.tickets) - len(new_tickets),
    )


def _not_here(tx: Transaction, tickets: Sequence[SeedTicket]) -> list[SeedTicket]:
    """Leave out those that came with an earlier import; an id may occur several times, and then each counts."""
    here: defaultdict[TicketKey, int] = defaultdict(int)
    for external_id in {ticket.external_id for ticket in tickets}:
        for number in tx.tickets.imported(external_id):
            if (found := tx.tickets.find(number)) is not None:
                here[external_id, found.requester, first_title(found)] += 1
    missing = []
    for ticket in tickets:
        key = (ticket.external_id, ticket.requester, ticket.original_title or ticket.title)
        if here[key]:
            here[key] -= 1
        else:
            missing.append(ticket)
    return missing


def _heir_of_first_account(tx: Transaction, seed: Seed) -> list[SeedUser]:
    """Find whose password takes the place of the one that everybody can read in the manual, if it still holds."""
    first = tx.users.find(FIRST_USERNAME)
    if first is None or not first.has_known_password:
        return []
    return [user for user in seed.users if user.username == first.id and user.password not in {None, KNOWN_PASSWORD}]


def _account(user: SeedUser, hashed: str, at: datetime, now: datetime, *, active: bool) -> User:
    name = " ".join(printable(user.original_name).split())[:NAME_LIMIT]
    return User(
        id=user.username,
        display_name=user.username if is_blank(name) else name,
        role=user.role,
        password=hashed,
        active=active,
        must_change_password=True,
        created_at=at,
        password_changed_at=now,
    )


def _ticket(number: int, found: SeedTicket, staff: set[str], at: datetime) -> Ticket:
    answered = any(author in staff and author != found.requester for author, _ in found.messages)
    ticket = Ticket(
        id=str(number),
        title=found.title,
        requester=found.requester,
        external_id=found.external_id,
        opened_at=at,
        updated_at=at,
        public_updated_at=at,
        first_response_at=at if answered else None,
        messages=[Message(source=Source.IMPORT, author=author, text=text, at=at) for author, text in found.messages],
        events=[_event("opened", found.requester, at)],
    )
    if found.title != found.original_title:
        ticket.events.append(_event("title", SYSTEM, at, old=found.original_title, new=found.title))
    if found.is_closed:
        ticket.close(_SYSTEM, at)
    return ticket


def _event(field: str, by: str, at: datetime, *, old: str | None = None, new: str | None = None) -> Event:
    return Event(field=field, old=old, new=new, by=by, at=at, source=Source.IMPORT)
