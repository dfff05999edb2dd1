"""
Rules: what the desk does by itself with some tickets when something happens to them, or once time has gone by.

What has happened is read off what a change has added to a ticket's conversation and history.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, NamedTuple, Self

from pydantic import Field

from ticketing.domain.categories import Category
from ticketing.domain.changes import ME, Changes
from ticketing.domain.custom_fields import key_in
from ticketing.domain.definitions import Definition, by_name
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.people import username_key
from ticketing.domain.queries import TicketQuery
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.sources import Source
from ticketing.domain.templates import check_template
from ticketing.domain.text import QUERY_LIMIT, clean_line, clean_text, is_blank
from ticketing.domain.tickets import RATING, Event, Message, MessageKind, Ticket

_FIELDS: Final = frozenset({"title", "status", "resolution", "priority", "category", "team", "assignee", "tags"})
_SOME_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Trigger(StrEnum):
    """When a rule is looked at."""

    OPENED = "opened"
    REQUESTER_REPLIED = "requester_replied"
    AGENT_REPLIED = "agent_replied"
    NOTE_WRITTEN = "note_written"
    CHANGED = "changed"
    RATED = "rated"
    TIME = "time"


class Rule(Definition):
    """
    What is done with the tickets that a query finds, when something happens to one or once time has gone by.

    Rules are looked at by `position` and then by name; after one that `stops` no other is. In the `query` nobody asks,
    and days are those of UTC. `reply` and `note` are texts with variables; the note is for the usernames in `notify`,
    or for all agents.
    """

    kind: ClassVar[str] = "rules"

    position: int = 1
    enabled: bool = False
    trigger: Trigger = Trigger.OPENED
    query: str = ""
    changes: Changes = Field(default_factory=Changes)
    reply: str = ""
    note: str = ""
    notify: tuple[str, ...] = ()
    stops: bool = False

    @classmethod
    def all_of(cls, kept: Iterable[Self]) -> list[Self]:
        """Return all rules in the order in which they are looked at."""
        return sorted(kept, key=lambda one: (one.position, *by_name(one)))

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError, such as for a query that cannot be understood."""
        query = "" if is_blank(self.query) else clean_line("Query", self.query, QUERY_LIMIT)
        if self.trigger is Trigger.TIME and not query:
            raise InvalidInputError(
                "Query", "Which tickets, and after how long? Please write a query such as status:pending updated:>7d."
            )
        changes = self.changes.checked()
        if changes.assignee == ME:
            raise InvalidInputError("Assignee", "A rule is used by nobody. Please choose to whom the ticket is given.")
        texts = {"reply": _checked_text("Reply", self.reply), "note": _checked_text("Note", self.note)}
        notify = tuple(dict.fromkeys(username_key(name) for name in self.notify))
        if notify and not texts["note"]:
            raise InvalidInputError("Note", "Whom the rule tells something needs a note to read. Please write one.")
        if not changes and not any(texts.values()):
            raise InvalidInputError("Changes", "A rule needs something to do: a change, a reply or a note.")
        cleaned = {"query": query, "changes": changes, "notify": notify, **texts}
        return super().checked().model_copy(update=cleaned)

    def content(self) -> Mapping[str, Any]:
        """Return what was set up, each change of the ticket as a field of its own."""
        content = dict(super().content())
        return content | {name: value for name, value in content.pop("changes").items() if value}

    def references(self) -> frozenset[tuple[str, str]]:
        """Return the team to which it gives tickets, and the category."""
        return self.changes.references()

    def people(self) -> frozenset[str]:
        """Return to whom it gives tickets, and for whom its note is."""
        return self.changes.people() | frozenset(self.notify)

    def without(self, people: frozenset[str]) -> Self:
        """Return it as one that gives tickets, and says something, to none of these people."""
        notify = tuple(name for name in self.notify if name not in people)
        return self.model_copy(update={"changes": self.changes.without(people), "notify": notify})

    def brought_in(self, before: Self | None) -> Self:
        """Return it as a file puts it in the place of *before*: what nobody has rehearsed here stays off."""
        return self.model_copy(update={"enabled": before is not None and before.enabled})

    def require_understood(self, categories: Iterable[Category]) -> None:
        """Raise QueryError for a query that cannot be understood at a desk with these categories."""
        self.asks(_SOME_DAY, categories)

    def asks(self, now: datetime, categories: Iterable[Category]) -> TicketQuery:
        """
        Return its query as it is meant at a moment, at a desk with these categories.

        Raises QueryError, also for what could be understood when it was kept.
        """
        return read_query(self.query, Asker("", now, categories=lambda: categories))


class Mark(NamedTuple):
    """How far a ticket has come: its events, and its messages without those that merges have copied."""

    events: int = 0
    messages: int = 0

    @classmethod
    def of(cls, ticket: Ticket | None) -> Self:
        """Return how far it has come by now; one that isn't there yet has not begun."""
        return cls() if ticket is None else cls(len(ticket.events), len(own_messages(ticket)))


class News(NamedTuple):
    """What has happened to a ticket: which rules that triggers, when, and whether a person did any of it."""

    triggers: frozenset[Trigger]
    at: datetime
    by_person: bool


def news_since(mark: Mark, ticket: Ticket) -> News | None:
    """Return what has happened to a ticket since it had come so far; None for nothing, and for what was imported."""
    events, messages = ticket.events[mark.events :], own_messages(ticket)[mark.messages :]
    steps: list[Event | Message] = [*events, *messages]
    if not steps or any(step.source is Source.IMPORT for step in steps):
        return None
    triggers = {_event_trigger(event.field) for event in events} | {_message_trigger(ticket, one) for one in messages}
    found = frozenset(trigger for trigger in triggers if trigger is not None)
    if Trigger.OPENED in found:  # with which all else has come
        found = frozenset({Trigger.OPENED})
    by_person = any(step.source is not Source.RULE for step in steps)
    return News(found, max(step.at for step in steps), by_person)


def own_messages(ticket: Ticket) -> list[Message]:
    """Return the messages of a ticket without those that merges have copied."""
    return [message for message in ticket.messages if message.origin is None]


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that are followed, in the order in which they are looked at."""
    return [rule for rule in Rule.all_of(rules) if rule.enabled and not rule.removed]


def _event_trigger(field: str) -> Trigger | None:
    if field in _FIELDS or key_in(field) is not None:
        return Trigger.CHANGED
    return {"opened": Trigger.OPENED, RATING: Trigger.RATED}.get(field)


def _message_trigger(ticket: Ticket, message: Message) -> Trigger | None:
    """Return what a message triggers; what a rule says triggers nothing, lest two of them talk to each other."""
    if message.source is Source.RULE:
        return None
    if message.kind is MessageKind.NOTE:
        return Trigger.NOTE_WRITTEN
    is_theirs = message.author in {ticket.requester, *ticket.watchers}
    return Trigger.REQUESTER_REPLIED if is_theirs else Trigger.AGENT_REPLIED


def _checked_text(field: str, typed: str) -> str:
    text = "" if is_blank(typed) else clean_text(field, typed)
    check_template(field, text)
    return text
