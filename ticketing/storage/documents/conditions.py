"""What each condition of a query means to one audience: the tickets that an index has for it, or a test of a row."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product
from operator import attrgetter
from typing import Final, TypeVar

from ticketing.domain.conditions import (
    AnyOf,
    AssignedTo,
    Being,
    Condition,
    During,
    Having,
    Holding,
    InCategory,
    InStatus,
    KnownAs,
    Moment,
    Not,
    Numbered,
    RequestedBy,
    Titled,
    Trait,
    WatchedBy,
    WithPriority,
)
from ticketing.domain.custom_fields import texts_in
from ticketing.domain.queries import UNASSIGNED, Audience, number_in
from ticketing.storage.documents.rows import Talk, TicketRow, without_events
from ticketing.storage.documents.signatures import ANYTHING, mark_of, signature_of
from ticketing.storage.documents.state import State

Predicate = Callable[[TicketRow], bool]
Key = TypeVar("Key")

# To sign a ticket takes ten times as long as to look through it: each search signs one in so many, and some at least.
_SIGNED_IN: Final = 50
_SIGNED_AT_LEAST: Final = 200


class Conditions:
    """Tells for one audience, in the present state, of which tickets conditions hold."""

    def __init__(self, state: State, audience: Audience) -> None:
        self._state = state
        self._sees_all = audience.sees_all
        self._sees_notes = audience.sees_notes
        self._known: dict[Condition, set[int] | None] = {}
        self._to_sign = max(_SIGNED_AT_LEAST, state.last_number // _SIGNED_IN)
        self._at_hand: TicketRow | None = None
        self._texts_at_hand: list[str] = []

    def count(self, condition: Condition) -> int | None:
        """Return of how many tickets the condition holds, for agents, if these are kept apart, else None."""
        state = self._state
        match condition if self._sees_all else None:
            case Being(Trait.IS_NEW):
                return len(state.new)
            case During(Moment.DUE, since, until):
                return state.due_in_order.number_between(since, until)
            case During(Moment.RESOLVED, since, until):
                return state.ended.number_between(since, until)
        return None

    def numbers(self, condition: Condition) -> set[int] | None:
        """Return the tickets of which the condition holds if an index has them, else None."""
        if condition not in self._known:
            self._known[condition] = self._numbers(condition)
        return self._known[condition]

    def _numbers(self, condition: Condition) -> set[int] | None:  # noqa: PLR0911 - one a kind
        state = self._state
        match condition:
            case RequestedBy(usernames, names):
                return joined(state.by_requester, usernames | self._people(names))
            case WatchedBy(usernames):
                return joined(state.by_watcher, usernames)
            case Numbered(numbers):
                return set(numbers)
            case KnownAs(external_ids):
                return joined(state.by_external_id, external_ids)
            case Having():
                return self._having(condition)
            case During(Moment.DUE, since, until):
                due = state.due_in_order.between(since, until) if self._sees_all else ()
                return {number for _, number in due}
            case During(Moment.RESOLVED, since, until) if self._sees_all:
                return {row.number for row in state.ended.between(since, until)}
            case Being(Trait.IS_ASLEEP):
                return set(state.asleep) if self._sees_all else set()
            case AnyOf(conditions):
                known = [self.numbers(one) for one in conditions]
                return None if None in known else set().union(*(numbers for numbers in known if numbers is not None))
        return None

    def _having(self, condition: Having) -> set[int]:
        by_term = self._state.by_term
        names = condition.names(sees_all=self._sees_all, sees_notes=self._sees_notes)
        if not condition.values:
            return joined(by_term, [term for term in by_term if term[0] in names])
        return joined(by_term, product(names, condition.values))

    def _people(self, names: Iterable[str]) -> set[str]:
        """Return who has an account with one of the casefolded texts in its display name."""
        people = self._state.people.values() if names else ()
        return {one.username for one in people if any(name in one.display_name.casefold() for name in names)}

    def predicate(self, condition: Condition) -> Predicate:  # noqa: C901, PLR0911 - one a kind
        """Return a test of rows; the quickest that there is."""
        known = self.numbers(condition)
        if known is not None:
            return lambda row: row.number in known
        match condition:
            case InStatus(statuses):
                return lambda row: row.status in statuses
            case WithPriority(priorities):
                return lambda row: row.priority in priorities
            case InCategory(categories):
                return lambda row: row.category in categories
            case AssignedTo(usernames):
                assignees = set(map(stored, usernames))
                return lambda row: row.assignee in assignees
            case During():
                return self._period_predicate(condition)
            case Being(trait):
                return self._trait_predicate(trait)
            case Titled(needles):
                return _title_predicate(needles)
            case Holding(needle):
                return self.texts_predicate([needle])
            case Not(other):
                holds = self.predicate(other)
                return lambda row: not holds(row)
            case AnyOf(conditions):
                either = [self.predicate(one) for one in conditions]
                return lambda row: any(holds(row) for holds in either)
        raise TypeError(condition)

    def _period_predicate(self, period: During) -> Predicate:
        moments = {Moment.CREATED: "opened_at", Moment.UPDATED: "updated_at", Moment.RESOLVED: "resolved_at"}
        is_public = period.moment is Moment.UPDATED and not self._sees_all
        moment_of = attrgetter("public_updated_at" if is_public else moments[period.moment])
        since, until = period.since, period.until

        def holds(row: TicketRow) -> bool:
            moment = moment_of(row)
            return moment is not None and _is_within(moment, since, until)

        return holds

    def _trait_predicate(self, trait: Trait) -> Predicate:
        match trait:
            case Trait.IS_NEW:
                return lambda row: row.is_new
            case Trait.HAS_REPLY:
                return lambda row: self.talk(row).public_messages > 1
            case Trait.HAS_NOTE:
                return lambda row: self._sees_notes and self.talk(row).messages > self.talk(row).public_messages
        raise TypeError(trait)

    def texts_predicate(self, needles: Sequence[str]) -> Predicate:
        """Return whether a ticket holds all the texts; all are looked through for one that few hold."""
        first, *others = [self._text_predicate(needle) for needle in sorted(needles, key=len, reverse=True)]
        return first if not others else lambda row: first(row) and all(holds(row) for holds in others)

    def _text_predicate(self, needle: str) -> Predicate:
        """Look into the raw document first, which is quick and may say yes too often; then exactly."""
        number, people, may_hold = number_in(needle), self._people([needle]), self._raw_test(needle)

        def holds(row: TicketRow) -> bool:
            if self._at_hand is not row and not may_hold(row):
                return False
            return any(needle in text for text in self._texts_of(row))

        if number is None and not people:
            return holds
        return lambda row: row.number == number or row.requester in people or holds(row)

    def _raw_test(self, needle: str) -> Predicate:
        """Return a quick test of a raw document that never misses, but may say yes too often."""
        escaped = json.dumps(needle, ensure_ascii=False)[1:-1]
        mark, wanted = mark_of(escaped), escaped.encode() if needle.isascii() else None

        def may_hold(row: TicketRow) -> bool:
            signature = row.signature
            if signature is None:
                signature = self._signature(row)
            if signature & mark != mark:
                return False
            raw = row.raw
            if wanted is None:
                return escaped in raw.decode().casefold()
            return wanted in raw.lower() or (_folds_to_ascii(row) and escaped in raw.decode().casefold())

        return may_hold

    def _signature(self, row: TicketRow) -> int:
        """Return the signature of a row that has had none: a search makes a few, and takes the others as they are."""
        if self._to_sign == 0:
            return ANYTHING
        self._to_sign -= 1
        return sign(row)

    def _texts_of(self, row: TicketRow) -> list[str]:
        """
        Return, casefolded, what the audience can read of the ticket; what is the agents' counts for them only.

        They stay at hand for whatever else is asked about this ticket: to read them takes longer than to look for all.
        """
        if self._at_hand is not row:
            self._at_hand, self._texts_at_hand = row, [text.casefold() for text in self._read(row)]
        return self._texts_at_hand

    def _read(self, row: TicketRow) -> list[str]:
        document, sees_notes = without_events(row.raw), self._sees_notes
        values = document.get("fields") or {}
        texts = [document["title"], document["requester"], document.get("external_id") or ""]
        readable = [message for message in document["messages"] if sees_notes or message["kind"] == "reply"]
        texts += [message["text"] for message in readable]
        texts += [attachment["name"] for message in readable for attachment in message.get("attachments") or ()]
        texts += texts_in(values, public=True)
        if sees_notes:
            texts += [*(document.get("tags") or []), *texts_in(values, public=False)]
        return texts

    def talk(self, row: TicketRow) -> Talk:
        """Return what a list tells of the ticket's conversation."""
        talk = row.talk
        if talk is None:
            talk = row.talk = Talk.of(row.raw)
        return talk


def _is_within(moment: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= moment) and (until is None or moment < until)


def _title_predicate(needles: Iterable[str]) -> Predicate:
    def holds(row: TicketRow) -> bool:
        title = row.title.casefold()
        return any(needle in title for needle in needles)

    return holds


def looks_into_texts(condition: Condition) -> bool:
    """Whether finding out takes a look at conversations: better done last, with what all else holds of."""
    match condition:
        case Holding():
            return True
        case Not(other):
            return looks_into_texts(other)
        case AnyOf(conditions):
            return any(map(looks_into_texts, conditions))
    return False


def joined(index: Mapping[Key, set[int]], keys: Iterable[Key]) -> set[int]:
    """Return the tickets under any of the keys, without leaving behind those that the index does not know."""
    return set().union(*(index[key] for key in keys if key in index))


def stored(assignee: str) -> str | None:
    """Return the assignee as rows have it."""
    return None if assignee == UNASSIGNED else assignee


def _folds_to_ascii(row: TicketRow) -> bool:
    folds = row.folds_to_ascii
    if folds is None:
        folds = row.folds_to_ascii = _FOLDS_TO_ASCII.search(row.raw) is not None
    return folds


def sign(row: TicketRow) -> int:
    """Give a row its signature, and return it."""
    signature = row.signature = ANYTHING if _folds_to_ascii(row) else signature_of(row.raw.lower())
    return signature


# Letters beyond ASCII that casefold into something with ASCII in it: ß, ligatures, the Kelvin sign and a few more.
FOLDING_LETTERS = "ßİŉſǰẖẗẘẙẚẞ\u212a\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
_FOLDS_TO_ASCII = re.compile("|".join(FOLDING_LETTERS).encode())
