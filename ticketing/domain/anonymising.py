"""
A person is made anonymous: a pseudonym takes their place, and what tells who they are is taken out of texts.

Where somebody stands as somebody, such as requester or author, the pseudonym stands from then on. In texts nobody can
tell for sure whether a word means them. So each place is shown first, and one that means somebody else can be kept.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, ClassVar, Final, NamedTuple, Self

from pydantic import Field

from ticketing.domain.custom_fields import FieldValue, key_in
from ticketing.domain.definitions import Definition
from ticketing.domain.outbox import MailState, Outgoing
from ticketing.domain.people import User
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.text import Stored
from ticketing.domain.tickets import FOLLOWER, PASSED_OVER, REQUESTER, RULE_PASSED_OVER, WATCHER, Ticket

# What stands in a text from then on in the place of what told who somebody is.
REMOVED: Final = "[removed]"
NO_PASSWORD: Final = "!"  # noqa: S105 - no password has this hash
_CONTEXT: Final = 60
_SHORTEST_NAME: Final = 3
# A signature stands at the end of a message; a number elsewhere may well be of something else than a phone.
_SIGNATURE_LINES: Final = 8
_PHONE: Final = re.compile(r"(?<![\w.+])(?:\+|\(?0)[\d\s()/.-]{5,24}\d(?![\w])")
_PHONE_DIGITS: Final = range(7, 16)
_DATE: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
# In which changes of a ticket people stand, and in which texts do.
_OF_PEOPLE: Final = frozenset({"assignee", REQUESTER, WATCHER, FOLLOWER, PASSED_OVER})
_OF_TEXTS: Final = frozenset({"title", "tags", RULE_PASSED_OVER, PASSED_OVER})
# Under which names people stand in what is set up.
_PEOPLE_IN_SETUP: Final = frozenset(
    {"owner", "by", "members", "turns", "requester", "assignee", "helpful", "unhelpful", "notify"}
)
_NAMED_IN_QUERY: Final = r'(?i)\b((?:requester|assignee|watcher):"?)'

Rewrite = Callable[[str, str], str]


class Marks(Stored):
    """
    By what somebody is known in texts.

    Everywhere that is what is theirs alone, such as an address or a whole name; in tickets in which they stand also
    their username and each part of their name.
    """

    everywhere: tuple[str, ...] = ()
    where_they_stand: tuple[str, ...] = ()

    @classmethod
    def of(cls, user: User, phones: Iterable[str] = ()) -> Self:
        """Return those of an account, given the phone numbers that stand below what they have written."""
        parts = [part for part in user.display_name.split() if len(part) >= _SHORTEST_NAME]
        whole = [user.display_name] if len(user.display_name.split()) > 1 else []
        everywhere = [*filter(None, [user.email]), f"@{user.id}", *phones, *whole]
        return cls(everywhere=_each_once(everywhere), where_they_stand=_each_once([user.display_name, user.id, *parts]))

    def pattern(self, *, they_stand: bool) -> re.Pattern[str] | None:
        """Return what finds them in a text; None if there is nothing to look for."""
        return _pattern((*self.everywhere, *(self.where_they_stand if they_stand else ())))


class Stage(StrEnum):
    """What is done next to make somebody anonymous."""

    TICKETS = "tickets"
    RECORDS = "records"
    DONE = "done"


class Anonymisation(Definition):
    """
    Somebody who is made anonymous; `id` and `name` are what they are called from then on.

    `was` is a hash of the username that they had, which nobody gets again: what the audit log says of one person is not
    to be taken for another's. Until all is done it is also kept who they were and by what they are found, which places
    in texts are `kept`, in which tickets they are `mentioned` beside those in which they stand, which number was
    `reached` of those up to the `last` one, and how many tickets were changed.
    """

    kind: ClassVar[str] = "anonymisations"
    is_settings: ClassVar[bool] = False

    was: str
    by: str
    stage: Stage = Stage.TICKETS
    username: str = ""
    address: str = ""
    marks: Marks = Field(default_factory=Marks)
    kept: frozenset[str] = frozenset()
    mentioned: tuple[int, ...] = ()
    reached: int = 0
    last: int = 0
    changed: int = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing of the person is left to be changed."""
        return self.stage is Stage.DONE

    def finished(self) -> Self:
        """Return it as it is kept for good: without anything by which one could tell who it was."""
        return type(self)(id=self.id, name=self.name, was=self.was, by=self.by, stage=Stage.DONE)


class Place(NamedTuple):
    """Where somebody is found in a text; `where` is a kind of text, and the key tells the place from all others."""

    key: str
    ticket: int
    where: str
    before: str
    found: str
    after: str


def hash_of_name(username: str) -> str:
    """Return by what it is known that somebody has had this username."""
    return fingerprint("former username", username)


def former_user(user: User, username: str, name: str) -> User:
    """Return the account that takes the place of one, in which nobody signs in."""
    return User(
        id=username,
        display_name=name,
        role=user.role,
        password=NO_PASSWORD,
        active=False,
        created_at=user.created_at,
        password_changed_at=user.created_at,
    )


def phones_in(texts: Iterable[str]) -> list[str]:
    """Return the phone numbers in the last lines of these texts, each once, as they stand there."""
    lines = (line for text in texts for line in text.splitlines()[-_SIGNATURE_LINES:])
    found = (match[0].strip() for line in lines for match in _PHONE.finditer(line))
    return [
        phone
        for phone in dict.fromkeys(found)
        if sum(map(str.isdigit, phone)) in _PHONE_DIGITS and not _DATE.fullmatch(phone)
    ]


def places_in(ticket: Ticket, username: str, marks: Marks) -> list[Place]:
    """Return where the texts of a ticket tell who somebody is; the ticket is left as it is."""
    found: list[Place] = []
    pattern = marks.pattern(they_stand=stands_in(ticket, username))
    if pattern is not None:
        _reword(ticket.model_copy(deep=True), partial(_note_places, ticket.number, pattern, found))
    return found


def make_anonymous(ticket: Ticket, anonymous: Anonymisation) -> bool:
    """Put the pseudonym in somebody's place, take them out of the texts but for places to keep; tell of any change."""
    before = ticket.model_copy(deep=True)
    pattern = anonymous.marks.pattern(they_stand=stands_in(ticket, anonymous.username))
    if stands_in(ticket, anonymous.username):
        ticket.original = None
    if pattern is not None:
        _reword(ticket, partial(_without, ticket.number, pattern, anonymous.kept))
    _rename(ticket, anonymous.username, anonymous.id)
    for message, former in zip(ticket.messages, before.messages, strict=True):
        message.marked = former.mark if message != former else former.marked
    return ticket != before


def stands_in(ticket: Ticket, username: str) -> bool:
    """Whether the person has anything to do with the ticket."""
    renamed = ticket.model_copy(deep=True)
    _rename(renamed, username, "")
    return renamed != ticket


def without_person(mail: Outgoing, anonymous: Anonymisation) -> Outgoing:
    """Return what is on record of a mail without the person; one that was still to go to them goes nowhere."""
    if mail.username != anonymous.username:
        return mail.model_copy(update={"by": anonymous.id})
    by = anonymous.id if mail.by == anonymous.username else mail.by
    state = MailState.DROPPED if mail.state is MailState.WAITING else mail.state
    gone = {"address": "", "to": "", "error": "", "by": by, "state": state}
    return mail.model_copy(update={"username": anonymous.id} | gone)


def definition_without(definition: Definition, anonymous: Anonymisation) -> Definition:
    """Return what was set up with the pseudonym in the person's place; what was theirs alone is taken away."""
    kind, username = type(definition), anonymous.username
    if definition.owner == username:
        return kind(id=definition.id, name=REMOVED, owner=anonymous.id, removed=True, version=definition.version)
    document = definition.model_dump(mode="json", exclude_none=True)
    renamed = {key: _renamed(value, key, username, anonymous.id) for key, value in document.items()}
    return definition if renamed == document else kind.model_validate(renamed)


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """Find the longest first: an address before the name that is a part of it."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(_expression, longest_first)), re.IGNORECASE) if words else None


def _expression(word: str) -> str:
    if word[:1] in "+(0" and _PHONE.fullmatch(word):
        digits = r"[\s()/.-]{0,3}".join(re.escape(char) for char in word if char.isdigit() or char == "+")
        return rf"(?<!\d)\(?{digits}(?!\d)"
    escaped = r"\s+".join(map(re.escape, word.split()))
    # A part of a name may be a word as well, which is written small then.
    as_written = word[:1].isupper() and " " not in word
    return rf"(?<![^\W_])(?{'-i' if as_written else ''}:{escaped})(?![^\W_])"


def _note_places(number: int, pattern: re.Pattern[str], found: list[Place], where: str, text: str) -> str:
    for match in pattern.finditer(text):
        start, end = match.span()
        before, after = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
        kind = where.partition(" ")[0]
        found.append(Place(_key(number, where, match), number, kind, before, match[0], after))
    return text


def _without(number: int, pattern: re.Pattern[str], kept: frozenset[str], where: str, text: str) -> str:
    return pattern.sub(lambda match: match[0] if _key(number, where, match) in kept else REMOVED, text)


def _key(number: int, where: str, match: re.Match[str]) -> str:
    return fingerprint("place", str(number), where, str(match.start()), match[0])[:16]


def _reword(ticket: Ticket, rewrite: Rewrite) -> None:
    """Have each text of a ticket written anew, given where it stands: a kind of text, and which of these it is."""
    ticket.title = rewrite("title", ticket.title)
    ticket.external_id = rewrite("external_id", ticket.external_id) if ticket.external_id else ticket.external_id
    ticket.tags = [rewrite(f"tag {place}", tag) for place, tag in enumerate(ticket.tags)]
    ticket.fields = {name: _reworded(value, partial(rewrite, f"field {name}")) for name, value in ticket.fields.items()}
    for place, message in enumerate(ticket.messages):
        message.text = rewrite(f"message {place}", message.text)
        for attachment in message.attachments:
            attachment.name = rewrite(f"file {place} {attachment.id}", attachment.name)
    for place, rating in enumerate(ticket.ratings):
        rating.comment = rewrite(f"rating {place}", rating.comment) if rating.comment else rating.comment
    for place, event in enumerate(ticket.events):
        if event.field in _OF_TEXTS or key_in(event.field) is not None:
            event.old = rewrite(f"history {place} old", event.old) if event.old else event.old
            event.new = rewrite(f"history {place} new", event.new) if event.new else event.new


def _reworded(value: FieldValue, rewrite: Callable[[str], str]) -> FieldValue:
    if isinstance(value, list):
        return [rewrite(one) for one in value]
    return rewrite(value) if isinstance(value, str) else value


def _rename(ticket: Ticket, old: str, new: str) -> None:
    """Put a name in the place of another wherever somebody stands in a ticket as somebody."""

    def each(names: Iterable[str]) -> list[str]:
        return [new if name == old else name for name in names]

    ticket.requester, *_ = each([ticket.requester])
    ticket.assignee = new if ticket.assignee == old else ticket.assignee
    ticket.watchers, ticket.followers, ticket.muted = map(each, (ticket.watchers, ticket.followers, ticket.muted))
    for merged in ticket.merged:
        merged.watchers = each(merged.watchers)
    for message in ticket.messages:
        message.author, *_ = each([message.author])
        message.to = each(message.to)
    for rating in ticket.ratings:
        rating.by, *_ = each([rating.by])
    for event in ticket.events:
        event.by, *_ = each([event.by])
        if event.field in _OF_PEOPLE:
            event.old, event.new = (new if name == old else name for name in (event.old, event.new))
    for sleeper in (ticket, ticket.before_merge):
        if sleeper is not None and sleeper.snoozed is not None and sleeper.snoozed.by == old:
            sleeper.snoozed = sleeper.snoozed.model_copy(update={"by": new})


def _renamed(value: Any, key: str, old: str, new: str) -> Any:
    """Return a part of what was set up, which stands under this name, with one name in the place of another."""
    if isinstance(value, Mapping):
        revised = str(value.get("field", "")) if key == "history" else ""
        names = {name: revised if name in {"old", "new"} else name for name in value}
        return {name: _renamed(one, names[name], old, new) for name, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, key, old, new) for one in value]
    if key == "query" and isinstance(value, str):
        return re.sub(_NAMED_IN_QUERY + re.escape(old) + r"(?![\w.-])", rf"\g<1>{new}", value)
    return new if value == old and key in _PEOPLE_IN_SETUP else value
