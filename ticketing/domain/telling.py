"""
Whom a change of a ticket is told to: read off what it has added to the conversation and the history.

Nobody is told what they did themselves, nor two things of one message; of a note, and of what only agents know, only
agents are told. What came in from elsewhere is told to nobody. Whoever has stopped watching the
ticket is told only what is for them alone, unless they work on it.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

from ticketing.domain.notifications import NOTICE_LIFETIME, Notice, NoticeKind
from ticketing.domain.rules import Mark, own_messages
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.sources import Source
from ticketing.domain.tickets import MERGED_INTO, SYSTEM, Event, Message, MessageKind, Ticket

# A username behind an @ that does not stand in a word, as it does in an address.
_MENTION: Final = re.compile(r"(?<![\w.@-])@([a-z0-9][a-z0-9._-]{2,31})", re.IGNORECASE)

_FOR_THEM_ALONE: Final = frozenset({NoticeKind.MENTIONED, NoticeKind.ASSIGNED})


class Crew(NamedTuple):
    """Who works at the desk: all agents, and those of the ticket's team; by username."""

    agents: AbstractSet[str]
    team: AbstractSet[str] = frozenset()

    @property
    def takers(self) -> AbstractSet[str]:
        """Who could take the ticket."""
        return self.team or self.agents


class _Step(NamedTuple):
    """What happened to a ticket since it had come so far."""

    events: list[Event]
    messages: list[Message]

    @property
    def is_import(self) -> bool:
        """Whether it came in from elsewhere."""
        sources = {event.source for event in self.events} | {message.source for message in self.messages}
        return Source.IMPORT in sources

    def change(self, field: str) -> Event | None:
        """Return the last event of a field, if by all of them together it is another one than before."""
        found = [event for event in self.events if event.field == field]
        return found[-1] if found and found[0].old != found[-1].new else None


def told_since(mark: Mark, ticket: Ticket, crew: Crew) -> list[Notice]:
    """Return who is told what of all that has happened to a ticket since it had come so far."""
    step = _Step(ticket.events[mark.events :], own_messages(ticket)[mark.messages :])
    if step.is_import:
        return []
    said = [notice for notice in _of_messages(step, ticket, crew) if _is_news(notice)]
    merged = list(_of_merge(step, ticket, crew))
    knowing = {notice.username for notice in said}
    others = chain(_of_assignment(step, ticket, crew), merged or _of_status(step, ticket, crew, knowing))
    return [*said, *filter(_is_news, others)]


def due_soon(ticket: Ticket, awaited: str, crew: Crew, now: datetime) -> list[Notice]:
    """Return whom to tell that a ticket is due soon: its assignee, or whoever else could take it; once."""
    people = _assignee(ticket, crew) or crew.takers
    people = {name for name in people if hears(name, NoticeKind.DUE_SOON, ticket)}
    return [_notice(NoticeKind.DUE_SOON, name, ticket, SYSTEM, now, awaited) for name in sorted(people)]


def hears(username: str, kind: NoticeKind, ticket: Ticket, message: Message | None = None) -> bool:
    """
    Whether somebody is told such things of a ticket, even if they have stopped watching it.

    What is for them alone reaches everybody: a mention, an assignment, a note for them. And so does all of it whoever
    works on the ticket: it must not fall silent.
    """
    if username not in ticket.muted or username == ticket.assignee:
        return True
    return kind in _FOR_THEM_ALONE or (message is not None and username in message.to)


def notice_id(username: str, ticket: int, about: str) -> str:
    """Return the id of what a person is told of one thing, be it a message by its mark: there is one at most."""
    return fingerprint("notice", username, str(ticket), about)[:32]


def _of_messages(step: _Step, ticket: Ticket, crew: Crew) -> Iterator[Notice]:
    """Yield who is told of what was written; of what it began with it is told that it was opened."""
    opening = next((event for event in step.events if event.field == "opened"), None)
    first = ticket.begins_with
    if opening is not None:
        people = _told_of_opening(ticket, crew)
        yield from _of_message(first, NoticeKind.OPENED, people, ticket, crew, opening.by, opening.at)
    for message in step.messages:
        if message is first:
            continue
        is_note = message.kind is MessageKind.NOTE
        people = _told_of_note(message, ticket, crew) if is_note else _told_of_reply(message, ticket, crew)
        kind = NoticeKind.NOTED if is_note else NoticeKind.REPLIED
        yield from _of_message(message, kind, people, ticket, crew, message.author, message.at)


def _of_message(
    message: Message,
    kind: NoticeKind,
    people: AbstractSet[str],
    ticket: Ticket,
    crew: Crew,
    by: str,
    at: datetime,
) -> Iterator[Notice]:
    """Yield what each of these people is told of a message; an agent whom it mentions is told that."""
    mentioned = frozenset() if message.to else crew.agents & set(mentions(message.text))
    mark = message.mark
    for name in sorted(people | mentioned):
        told = NoticeKind.MENTIONED if name in mentioned else _kind_for(name, kind, ticket, crew)
        if hears(name, told, ticket, message):
            yield _notice(told, name, ticket, by, at, mark, mark=mark)


def _kind_for(name: str, kind: NoticeKind, ticket: Ticket, crew: Crew) -> NoticeKind:
    """Return as what somebody is told of a message: a reply, or one that waits for whoever takes the ticket."""
    is_theirs = name in _asking(ticket) | _followers(ticket, crew) | _assignee(ticket, crew)
    return kind if is_theirs or kind is not NoticeKind.REPLIED else NoticeKind.UNASSIGNED


def _told_of_opening(ticket: Ticket, crew: Crew) -> AbstractSet[str]:
    """
    Return who is told of a new ticket.

    While nobody is assigned to it, that is its team, or all agents if it has none with anybody in it: somebody has to
    take it. Once somebody is, it is theirs alone. And it is the requester's side, where somebody else has opened it.
    """
    return _asking(ticket) if _assignee(ticket, crew) else _asking(ticket) | crew.takers


def _told_of_reply(message: Message, ticket: Ticket, crew: Crew) -> AbstractSet[str]:
    """
    Return who is told of a public reply: the requester's side, the assignee and whoever follows it.

    One from the requester's side to a ticket that nobody has is told to those who could take it. One that the desk
    itself has written is for the requester's side alone.
    """
    asking = _asking(ticket)
    if message.source is Source.RULE:
        return asking
    assignee = _assignee(ticket, crew)
    return asking | _followers(ticket, crew) | (assignee if assignee or message.author not in asking else crew.takers)


def _told_of_note(note: Message, ticket: Ticket, crew: Crew) -> AbstractSet[str]:
    """Return who is told of a note: whom it is for, or else assignee, followers and whoever wrote a note before."""
    if note.to:
        return crew.agents & set(note.to)
    writers = {message.author for message in ticket.messages if message.kind is MessageKind.NOTE}
    return _assignee(ticket, crew) | _followers(ticket, crew) | (crew.agents & writers)


def mentions(text: str) -> Iterator[str]:
    """Yield the usernames that a text may mention; a sign that ends one may be the text's."""
    for found in _MENTION.finditer(text):
        name = found[1].casefold()
        yield from {name, name.rstrip("._-")}


def _of_assignment(step: _Step, ticket: Ticket, crew: Crew) -> Iterator[Notice]:
    given = step.change("assignee")
    if given is not None:
        yield from _of_event(given, NoticeKind.ASSIGNED, _assignee(ticket, crew), ticket)


def _of_status(step: _Step, ticket: Ticket, crew: Crew, knowing: AbstractSet[str]) -> Iterator[Notice]:
    """Yield who is told of another status that a person has set; a message that came with it says enough."""
    change = step.change("status")
    if change is not None and change.source is not Source.RULE:
        people = _asking(ticket) | _assignee(ticket, crew) | _followers(ticket, crew)
        yield from _of_event(change, NoticeKind.STATUS, people - knowing, ticket)


def _of_merge(step: _Step, ticket: Ticket, crew: Crew) -> Iterator[Notice]:
    merge = step.change(MERGED_INTO)
    if merge is not None and merge.new:
        yield from _of_event(merge, NoticeKind.MERGED, _asking(ticket) | _followers(ticket, crew), ticket)


def _of_event(event: Event, kind: NoticeKind, people: AbstractSet[str], ticket: Ticket) -> Iterator[Notice]:
    for name in sorted(people):
        if hears(name, kind, ticket):
            yield _notice(kind, name, ticket, event.by, event.at, f"{kind} {event.at.isoformat()}")


def _notice(
    kind: NoticeKind, username: str, ticket: Ticket, by: str, at: datetime, about: str, *, mark: str = ""
) -> Notice:
    return Notice(
        id=notice_id(username, ticket.number, about),
        username=username,
        kind=kind,
        ticket=ticket.number,
        mark=mark,
        by=by,
        at=at,
        expires_at=at + NOTICE_LIFETIME,
    )


def _is_news(notice: Notice) -> bool:
    return notice.username != notice.by


def _asking(ticket: Ticket) -> AbstractSet[str]:
    return {ticket.requester, *ticket.watchers}


def _followers(ticket: Ticket, crew: Crew) -> AbstractSet[str]:
    return crew.agents & set(ticket.followers)


def _assignee(ticket: Ticket, crew: Crew) -> AbstractSet[str]:
    """Return who has it, unless they work here no more."""
    return crew.agents & {ticket.assignee or ""}
