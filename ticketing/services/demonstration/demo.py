"""Invented people with invented tickets: to try the desk out, to show it, and to measure it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count, islice, product
from random import Random
from typing import Final

from ticketing.domain import policy
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.definitions import Definition, Kind
from ticketing.domain.due_times import sla_of
from ticketing.domain.errors import RefusedError
from ticketing.domain.notifications import Notice
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.policy import Action
from ticketing.domain.progress import Progress, silent
from ticketing.domain.rules import Mark
from ticketing.domain.sla import SlaPolicy, SlaRules
from ticketing.domain.statuses import StatusCategory
from ticketing.domain.store import Store, Transaction
from ticketing.domain.teams import Team
from ticketing.domain.telling import Crew, told_since
from ticketing.domain.tickets import Ticket
from ticketing.services.access import Clock, Gate
from ticketing.services.demonstration.history import HISTORY, Cast, invent
from ticketing.services.demonstration.stage import set_up
from ticketing.services.demonstration.texts import FIRST_NAMES, LAST_NAME_ENDS, LAST_NAME_STARTS
from ticketing.services.first_launch import FIRST_USERNAME, KNOWN_PASSWORD, holds_demo
from ticketing.services.notifications import crew_of
from ticketing.services.passwords import Passwords

DEMO_USER: Final = "user1"
DEMO_USER_PASSWORD: Final = "userpass"  # noqa: S105 - the login page of a demo tells it
DEMO_TICKETS: Final = 300
DEMO_SEED: Final = 1

_MAILBOXES: Final = "demo.example"
_NO_PASSWORD: Final = "!"  # noqa: S105 - no password has this hash
_AGENTS: Final = 6
_FEWEST_REQUESTERS: Final = 20
_TICKETS_PER_REQUESTER: Final = 20
_BATCH: Final = 2_000
_TOLD_OF: Final = timedelta(days=30)
_READ_WITHIN: Final = timedelta(days=2)
_SEEN_BY_REQUESTER: Final = 0.85
_SEEN_BY_AGENT: Final = 0.7


class Demo:
    """
    Fills a store with people and ninety days of history, the same for the same seed but for the present moment.

    A demo is a desk that is set up as well; what is made to be measured is people and tickets and nothing more. In a
    demo people were told of it, too.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate, passwords: Passwords) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._passwords = passwords

    def ensure(self) -> None:
        """
        Make the demo in an empty store; one that was made earlier is left as it has become.

        Known passwords: user1 with userpass, and the admin support_agent with supportpass. Raises RefusedError when
        the store holds real accounts.
        """
        with self._store.read() as tx:
            if holds_demo(tx):
                return
            _require_no_real_accounts(tx)
        requester, admin = self._passwords.hash(DEMO_USER_PASSWORD), self._passwords.hash(KNOWN_PASSWORD)
        people = _people(DEMO_TICKETS, self._clock(), requester, admin)
        people[0] = people[0].model_copy(
            update={"id": DEMO_USER, "display_name": "User One", "email": _mailbox(DEMO_USER)}
        )
        people[-1] = people[-1].model_copy(
            update={"id": FIRST_USERNAME, "display_name": "Support agent", "email": _mailbox(FIRST_USERNAME)}
        )
        now = self._clock()
        stage = set_up(_agents(people), _requesters(people), now - HISTORY, now)
        self._save(people, people, stage, DEMO_TICKETS, DEMO_SEED, silent)

    def fill(
        self,
        actor: Actor,
        tickets: int,
        random_seed: int,
        *,
        among_real_accounts: bool = False,
        progress: Progress = silent,
    ) -> dict[str, int]:
        """
        Add so many tickets and the people for them, who cannot sign in until somebody resets their passwords.

        Returns how many there were added of each. Raises RefusedError for a store with real accounts unless told that
        it is all right.
        """
        with self._store.read() as tx:
            policy.require(self._gate.admit(tx, actor), Action.MOVE_DATA)
            if not among_real_accounts:
                _require_no_real_accounts(tx)
            people = [
                user
                for user in _people(tickets, self._clock(), _NO_PASSWORD, _NO_PASSWORD)
                if (present := tx.users.find(user.id)) is None or present.invented
            ]
            new = [user for user in people if tx.users.find(user.id) is None]
        self._save(people, new, [], tickets, random_seed, progress)
        return {"people": len(new), "tickets": tickets}

    def _save(
        self,
        people: Sequence[User],
        new: Sequence[User],
        stage: Sequence[Definition],
        number: int,
        random_seed: int,
        progress: Progress,
    ) -> None:
        """
        Save in few large transactions, each invented before it begins.

        New people, and the *stage*, what is set up for all of it, come with the first.
        """
        rng = Random(random_seed)  # noqa: S311 - repeatable on purpose
        cast = Cast(_requesters(people), _agents(people), _of(Team, stage))
        rules = SlaRules(_of(SlaPolicy, stage), _of(BusinessCalendar, stage))
        now = self._clock()
        tickets = invent(rng, number, cast, now)
        done = 0
        while batch := list(islice(tickets, _BATCH)):
            readers = [_reader(rng, ticket) for ticket in batch]
            for ticket in batch:
                ticket.sla = sla_of(ticket, rules)
            with self._store.write() as tx:
                for user in new if not done else ():
                    tx.users.save(user)
                for definition in stage if not done else ():
                    tx.definitions(type(definition)).save(definition)
                for ticket, reader in zip(batch, readers, strict=True):
                    ticket.id = str(tx.tickets.next_number())
                    tx.tickets.save(ticket)
                    if stage:
                        tx.notices.add(_told(ticket, crew_of(tx, ticket), reader, now))
                    if reader:
                        seen = ticket.messages if reader == ticket.assignee else ticket.public_messages()
                        tx.tickets.mark_seen(ticket.number, reader, len(seen))
            done += len(batch)
            progress(done, number)


def _people(tickets: int, now: datetime, requesters_hash: str, staff_hash: str) -> list[User]:
    """Return requesters, then agents, and one admin last, always the same ones."""
    requesters = max(_FEWEST_REQUESTERS, tickets // _TICKETS_PER_REQUESTER)
    names = _names()
    return [
        *(_person(next(names), Role.USER, requesters_hash, now) for _ in range(requesters)),
        *(_person(next(names), role, staff_hash, now) for role in (*[Role.AGENT] * _AGENTS, Role.ADMIN)),
    ]


def _names() -> Iterator[str]:
    """Yield names that no two people here share, made of parts that no family is called by."""
    last_names = [start + end for end, start in product(LAST_NAME_ENDS, (name.lower() for name in LAST_NAME_STARTS))]
    shuffled = Random(0)  # noqa: S311 - the same people each time
    for generation in count(1):
        pairs = list(product(FIRST_NAMES, last_names))
        shuffled.shuffle(pairs)
        for first, last in pairs:
            yield f"{first} {last.capitalize()}" + (f" {generation}" if generation > 1 else "")


def _person(name: str, role: Role, hashed: str, now: datetime) -> User:
    username = name.lower().replace(" ", ".")
    return User(
        id=username,
        display_name=name,
        email=_mailbox(username),
        role=role,
        password=hashed,
        invented=True,
        created_at=now - HISTORY,
        password_changed_at=now - HISTORY,
    )


def _mailbox(username: str) -> str:
    return f"{username}@{_MAILBOXES}"


def _require_no_real_accounts(tx: Transaction) -> None:
    if not all(user.has_known_password or user.invented for user in tx.users.stream()):
        raise RefusedError("This desk has real accounts; invented ones belong in a data directory of their own.")


def _actor(user: User) -> Actor:
    return Actor(user.id, user.display_name, user.role)


def _agents(people: Sequence[User]) -> list[Actor]:
    return [actor for actor in map(_actor, people) if actor.is_agent]


def _requesters(people: Sequence[User]) -> list[Actor]:
    return [actor for actor in map(_actor, people) if not actor.is_agent]


def _of(kind: type[Kind], stage: Sequence[Definition]) -> list[Kind]:
    return [one for one in stage if isinstance(one, kind)]


def _told(ticket: Ticket, crew: Crew, reader: str | None, now: datetime) -> list[Notice]:
    """Return what people were told of a ticket of late; what is older than two days they have read."""
    return [
        notice.model_copy(update={"read": notice.username == reader or notice.at < now - _READ_WITHIN})
        for notice in told_since(Mark(), ticket, crew)
        if notice.at >= now - _TOLD_OF
    ]


def _reader(rng: Random, ticket: Ticket) -> str | None:
    """Choose who has read all of it: mostly its requester if it is done, else mostly the agent who works on it."""
    if ticket.status.category is StatusCategory.DONE:
        return ticket.requester if rng.random() < _SEEN_BY_REQUESTER else None
    return ticket.assignee if rng.random() < _SEEN_BY_AGENT else None
