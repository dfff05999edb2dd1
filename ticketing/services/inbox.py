"""
The inbox: what each person was told and has not read, for themselves alone.

What a notice is about is looked at anew whenever it is shown or counted: of a ticket that somebody may see no more, of
a message that was taken back, and of one that they may read no more, there is no trace.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from ticketing.domain import policy
from ticketing.domain.errors import NoticeNotFoundError, PersonNotFoundError
from ticketing.domain.notifications import FOR_AGENTS, Notice
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page, Recorded
from ticketing.domain.statuses import Status
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import Message, Ticket
from ticketing.services.access import A_MOMENT, Clock, Gate

INBOX_PAGE: Final = 25
# In characters.
EXCERPT: Final = 160


@dataclass(frozen=True, slots=True)
class Line:
    """
    A notice as its reader may see it now: of the ticket its title and status, and of the message what it begins with.

    `name` is the display name of who did it; `due_at` is for agents.
    """

    notice: Notice
    title: str
    status: Status
    name: str
    excerpt: str = ""
    due_at: datetime | None = None

    @property
    def place(self) -> Recorded:
        """Where it stands in the inbox."""
        return _place(self.notice)


class _Seen(NamedTuple):
    """A notice, with what it is about."""

    notice: Notice
    ticket: Ticket
    message: Message | None


class Inbox:
    """What one can do with one's own notices."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def own(self, actor: Actor, page: int = 1, *, after: Recorded | None = None) -> Page[Line]:
        """Return one page of the actor's notices, newest first; it begins behind a place if one is given."""
        with self._store.read() as tx:
            actor = self._myself(tx, actor)
            found = self._visible(tx, actor, tx.notices.of_user(actor.username))
            found.sort(key=_place, reverse=True)
            behind = found if after is None else [notice for notice in found if _place(notice) < after]
            first = (page - 1) * INBOX_PAGE
            items = _lines(tx, actor, behind[first : first + INBOX_PAGE])
            return Page(items=items, total=len(found), page=page, size=INBOX_PAGE)

    def unread(self, actor: Actor) -> int:
        """Return how many of the actor's notices are unread."""
        with self._store.read() as tx:
            actor = self._myself(tx, actor)
            counted = tx.notices.unread({actor.username}, self._clock()).get(actor.username, 0)
            if not counted or _reads_everything(actor):
                return counted
            return len(self._visible(tx, actor, [one for one in tx.notices.of_user(actor.username) if not one.read]))

    def read(self, actor: Actor, notice: str) -> Notice:
        """Note that the actor has read one of their notices, and return it; raises NoticeNotFoundError."""
        with self._store.write() as tx:
            actor = self._myself(tx, actor)
            found = tx.notices.find(notice)
            if found is None or found.username != actor.username or not self._visible(tx, actor, [found]):
                raise NoticeNotFoundError
            _note_as_read(tx, [found])
            return found

    def read_of_ticket(self, actor: Actor, number: int) -> None:
        """Note that the actor has read all that they were told of a ticket."""
        self._read(actor, lambda notice: notice.ticket == number)

    def read_all(self, actor: Actor) -> None:
        """Note that the actor has read all that they were told."""
        self._read(actor, lambda _: True)

    def _read(self, actor: Actor, chosen: Callable[[Notice], bool]) -> None:
        """Note as read what is chosen, and where there is nothing to note write nothing."""
        with self._store.read() as tx:
            if actor.viewer or not any(map(chosen, self._unread(tx, actor))):
                return
        with self._store.write(patience=A_MOMENT) as tx:
            _note_as_read(tx, filter(chosen, self._unread(tx, actor)))

    def _unread(self, tx: Transaction, actor: Actor) -> list[Notice]:
        username = self._myself(tx, actor).username
        if not tx.notices.unread({username}, self._clock()):
            return []
        return [notice for notice in tx.notices.of_user(username) if not notice.read]

    def _visible(self, tx: Transaction, actor: Actor, notices: Sequence[Notice]) -> list[Notice]:
        now = self._clock()
        alive = [notice for notice in notices if notice.expires_at > now]
        return alive if _reads_everything(actor) else [seen.notice for seen in _seen(tx, actor, alive)]

    def _myself(self, tx: Transaction, actor: Actor) -> Actor:
        actor = self._gate.admit(tx, actor)
        user = tx.users.find(actor.username)
        if user is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, Action.READ_NOTICES, user)
        return actor


def _place(notice: Notice) -> Recorded:
    return Recorded(notice.at, notice.id)


def _reads_everything(actor: Actor) -> bool:
    """Whether there is nothing that the actor may not see; what was told of replies taken back is gone."""
    return policy.may(actor, Action.SEE_ALL_TICKETS)


def _seen(tx: Transaction, actor: Actor, notices: Sequence[Notice]) -> Iterator[_Seen]:
    """Yield the notices that are about what the actor may read, with that."""
    audience = policy.audience(actor)
    tickets = {number: tx.tickets.find(number, audience) for number in {notice.ticket for notice in notices}}
    messages = {
        number: {message.mark: message for message in policy.readable(actor, ticket)}
        for number, ticket in tickets.items()
        if ticket is not None
    }
    for notice in notices:
        ticket = tickets[notice.ticket]
        if ticket is None or not policy.may(actor, Action.VIEW_TICKET, ticket):
            continue
        message = messages[notice.ticket].get(notice.mark)
        if message or (not notice.mark and (_reads_everything(actor) or notice.kind not in FOR_AGENTS)):
            yield _Seen(notice, ticket, message)


def _lines(tx: Transaction, actor: Actor, notices: Sequence[Notice]) -> tuple[Line, ...]:
    names = tx.users.names({notice.by for notice in notices})
    for_agents = _reads_everything(actor)
    return tuple(
        Line(
            notice,
            ticket.title,
            ticket.status,
            names.get(notice.by, notice.by),
            excerpt=" ".join(message.text[:EXCERPT].split()) if message else "",
            due_at=ticket.sla.due_at if for_agents and ticket.sla else None,
        )
        for notice, ticket, message in _seen(tx, actor, notices)
    )


def _note_as_read(tx: Transaction, notices: Iterable[Notice]) -> None:
    tx.notices.add([notice.model_copy(update={"read": True}) for notice in notices if not notice.read])
