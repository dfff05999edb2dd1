"""
When a rule would have been followed on a ticket, had it been there: by the ticket's history, gone through once more.

A ticket is rolled back to how it was opened, and all that was done to it is done again. A rule is rehearsed by itself:
what it would have changed changes nothing here, and no other rule keeps it away. Who requests and watches a ticket, and
what people are called, is as it is today.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from ticketing.domain.categories import Category
from ticketing.domain.conditions import AnyOf, Condition, During, Not
from ticketing.domain.custom_fields import FieldType, FieldValue, key_in
from ticketing.domain.matching import finds
from ticketing.domain.query_language import ages_in
from ticketing.domain.rules import Mark, News, Rule, Trigger, news_since
from ticketing.domain.snoozes import Snooze
from ticketing.domain.sources import Source
from ticketing.domain.statuses import StatusCategory
from ticketing.domain.tickets import MERGED, MERGED_INTO, SNOOZED, SYSTEM, Event, Message, Ticket

REHEARSED_FOR: Final = timedelta(days=90)

Types = Mapping[str, FieldType]

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_A_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = timedelta(0)
_A_MOMENT: Final = timedelta(microseconds=1)  # ages are told apart by no less
_LONGEST: Final = timedelta(days=73_000)  # two hundred years: nothing here ever becomes as old


class Past(NamedTuple):
    """
    What is to be known to go through the past of tickets, from the moment `since` on up to `until`.

    `categories` are all that the desk has or had, `names` the display names of requesters, `types` those of the custom
    fields by key; `reckon` brings the due times of a ticket up to date.
    """

    since: datetime
    until: datetime
    categories: Sequence[Category]
    names: Mapping[str, str]
    types: Types
    reckon: Callable[[Ticket], None]

    def is_found(self, ticket: Ticket, rule: Rule, now: datetime) -> bool:
        """Whether a rule would have been followed on the ticket, as it stands, at that moment."""
        return finds(rule.asks(now, self.categories), ticket, self.names.get(ticket.requester, ""))

    def could_be_found(self, ticket: Ticket, rule: Rule, now: datetime) -> bool:
        """Whether it would have been at some time or other, if the ticket had stayed as it stands at that moment."""
        query = rule.asks(now, self.categories)
        lasting = tuple(one for one in query.conditions if not _passes(one))
        return finds(query.model_copy(update={"conditions": lasting}), ticket, self.names.get(ticket.requester, ""))


class Scene(NamedTuple):
    """A ticket as it stood, by what had just happened to it, and until something else did."""

    ticket: Ticket
    news: News
    until: datetime


def _passes(condition: Condition) -> bool:
    """Whether time alone may change if it holds."""
    match condition:
        case During():
            return True
        case Not(other):
            return _passes(other)
        case AnyOf(conditions):
            return any(map(_passes, conditions))
    return False


def times_followed(rule: Rule, ticket: Ticket, past: Past) -> list[datetime]:
    """Return when the rule would have been followed on this ticket."""
    if rule.trigger is Trigger.TIME:
        return list(_as_time_goes_by(rule, ticket, past))
    found = []
    for state, news, _ in _unmerged(ticket, past):
        if past.since <= news.at <= past.until and rule.trigger in news.triggers:
            past.reckon(state)
            if past.is_found(state, rule, news.at):
                found.append(news.at)
    return found


def _as_time_goes_by(rule: Rule, ticket: Ticket, past: Past) -> Iterator[datetime]:
    """Yield when it would have been followed: once after the last thing that somebody did, as long as that is."""
    was_followed = False
    for state, news, until in _unmerged(ticket, past):
        was_followed = was_followed and not news.by_person
        if was_followed:
            continue
        if not past.could_be_found(state, rule, news.at):
            continue
        past.reckon(state)
        moments = _turning_points(rule.query, state, news.at, min(until, past.until), past.since)
        at = next((moment for moment in moments if past.is_found(state, rule, moment)), None)
        if at is not None:
            was_followed = True
            if at >= past.since:
                yield at


def _turning_points(query: str, ticket: Ticket, first: datetime, end: datetime, since: datetime) -> list[datetime]:
    """
    Return the moments from the first up to the end at which a query may begin to find a ticket that nobody touches.

    Before *since*, days do not count: it is enough to know from then on what begins with one.
    """
    ages, has_days = ages_in(query)
    offsets = {_AT_ONCE} | {sign * age for age in ages if age < _LONGEST for sign in (-1, 1)}
    due_at = ticket.sla.due_at if ticket.sla else None
    known = (ticket.opened_at, ticket.updated_at, ticket.resolved_at, due_at)
    found = {at + offset + _A_MOMENT for at in known if at is not None for offset in offsets}
    if has_days:
        found |= set(_midnights(max(first, since), end))
    return sorted({first} | {moment for moment in found if first < moment < end})


def _midnights(first: datetime, end: datetime) -> Iterator[datetime]:
    day = datetime.combine(first.astimezone(UTC), time.min, UTC) + _A_DAY
    while day < end:
        yield day
        day += _A_DAY


def _unmerged(ticket: Ticket, past: Past) -> Iterator[Scene]:
    """Yield how it stood while it went on in no other ticket: there, no rule is followed."""
    return (scene for scene in replayed(ticket, past.since, past.types) if scene.ticket.merged_into is None)


def replayed(ticket: Ticket, since: datetime, types: Types) -> Iterator[Scene]:
    """
    Yield how a ticket stood after each thing that was done to it.

    The first one is the last that a person did up to that moment, if there is one. It is one and the same object that
    is yielded each time, as it stands then.
    """
    state, deeds = _as_opened(ticket, types), _deeds(ticket)
    ends = [at for at, _ in deeds[1:]] + [_NEVER]
    first = max((index for index, deed in enumerate(deeds) if deed[0] <= since and _is_by_person(deed[1])), default=0)
    for index, ((at, steps), until) in enumerate(zip(deeds, ends, strict=True)):
        mark = Mark.of(state)
        for step in steps:
            _do_again(state, step, ticket, types)
        _move_on(state, ticket, at)
        if index >= first:
            news = news_since(mark, state) or News(frozenset(), at, by_person=True)
            yield Scene(state, news._replace(at=at), until)


def _deeds(ticket: Ticket) -> list[tuple[datetime, list[Event | Message]]]:
    """Return what was done at each moment, in order; nothing comes before the opening."""

    def moment(step: Event | Message) -> datetime:
        return max(step.at, ticket.opened_at)

    steps: list[Event | Message] = [message for message in ticket.messages if message.origin is None]
    steps += ticket.events
    return [(at, list(those)) for at, those in groupby(sorted(steps, key=moment), key=moment)]


def _is_by_person(steps: list[Event | Message]) -> bool:
    return any(step.source is not Source.RULE for step in steps)


def _as_opened(ticket: Ticket, types: Types) -> Ticket:
    """Return the ticket as it was before anything was done to it."""
    nothing: dict[str, object] = {"messages": [], "events": [], "sla": None, "fired": [], "first_response_at": None}
    state = ticket.model_copy(update=nothing)
    for event in reversed(ticket.events):
        _put(state, event.field, event.old, types)
    if state.status.category is StatusCategory.DONE:
        has_moved = any(event.field == "status" for event in ticket.events)
        state.resolved_at = ticket.opened_at if has_moved else ticket.resolved_at
    else:
        state.resolved_at = None
    return state


def _do_again(state: Ticket, step: Event | Message, ticket: Ticket, types: Types) -> None:
    if isinstance(step, Message):
        state.messages.append(step)
        return
    state.events.append(step)
    _put(state, step.field, step.new, types)
    if step.field == MERGED:
        kept = [message for message in state.messages if str(message.origin) != (step.new or step.old)]
        came = [message for message in ticket.messages if step.new and str(message.origin) == step.new]
        state.messages = kept + came
    if step.field == "status":
        is_done = state.status.category is StatusCategory.DONE
        state.resolved_at = (state.resolved_at or step.at) if is_done else None
        state.snoozed = None


def _move_on(state: Ticket, ticket: Ticket, now: datetime) -> None:
    answered_at = ticket.first_response_at
    state.first_response_at = answered_at if answered_at is not None and answered_at <= now else None
    state.updated_at = now


def _put(state: Ticket, field: str, told: str | None, types: Types) -> None:
    """Put a value of the history into its field; one that this version does not know leaves the field as it is."""
    key = key_in(field)
    if key is not None:
        kept = {name: value for name, value in state.fields.items() if key_in(name) != key}
        state.fields = kept if told is None else {**kept, field: _value(told, types.get(key))}
    elif field == "tags":
        state.tags = told.split(", ") if told else []
    elif field in {"team", "assignee"}:
        setattr(state, field, told)
    elif field == SNOOZED:
        # Who put it to sleep, and whether a reply wakes it, no query asks.
        state.snoozed = None if told is None else Snooze(until=datetime.fromisoformat(told), by=SYSTEM)
    elif field == MERGED_INTO:
        state.merged_into = None if told is None else int(told)
    elif field in {"title", "status", "priority", "category"} and told is not None:
        with suppress(ValueError):
            setattr(state, field, type(getattr(state, field))(told))


def _value(told: str, type_: FieldType | None) -> FieldValue:
    """Return what a custom field of this type held, by how the history tells it."""
    if type_ is FieldType.CHECK_BOX:
        return told == "true"
    return told.split(", ") if type_ is FieldType.MULTI_CHOICE else told
