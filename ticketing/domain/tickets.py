"""A ticket: its conversation, its fields, its history, and what is possible when."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from operator import not_
from typing import Any, Final, Self

from pydantic import Field

from ticketing.domain.attachments import (
    ATTACHED,
    ATTACHED_TO_NOTE,
    BYTES_PER_TICKET,
    CONTENT,
    FILES_PER_MESSAGE,
    Attachment,
)
from ticketing.domain.custom_fields import (
    INTERNAL,
    PUBLIC,
    CustomField,
    FieldValue,
    key_in,
    terms_in,
    texts_in,
    unknown_field,
    value_in,
    words_of,
)
from ticketing.domain.deadlines import SlaState
from ticketing.domain.errors import (
    AlreadyRatedError,
    ReopenWindowError,
    TicketClosedError,
    TicketFullError,
    TicketMergedError,
    TicketNotAsleepError,
    TicketNotClosedError,
    TicketNotDoneError,
    TooManyFilesError,
    TooManyTagsError,
    TooManyWatchersError,
    TransitionError,
)
from ticketing.domain.links import Link, MergedIn, Standing
from ticketing.domain.people import Actor, Role
from ticketing.domain.ratings import Rating, clean_comment, clean_score
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.snoozes import WOKE_UP, Snooze, checked_end
from ticketing.domain.sources import Source
from ticketing.domain.statuses import (
    GENERAL,
    REOPEN_WITHIN,
    RESOLVED_FOR,
    TRANSITIONS,
    Priority,
    Resolution,
    Status,
    StatusCategory,
)
from ticketing.domain.text import TAGS_LIMIT, TITLE_LIMIT, Stored, Typed, clean_line, clean_tags, clean_text

# What a ticket can be found by: the name of a field, and a casefolded value in it.
Term = tuple[str, str]

SYSTEM = "system"
# As whom the desk does what it does by itself.
DESK: Final = Actor(SYSTEM, "Help desk", Role.AGENT, source=Source.RULE)
FOLLOW_UP = "follow_up"
MERGED, MERGED_INTO = "merged", "merged_into"
SPLIT_OFF, SPLIT_FROM = "split_off", "split_from"
RATING = "rating"
SNOOZED = "snoozed"
RECURRING, RECURRING_SKIPPED, PASSED_OVER = "recurring", "recurring_skipped", "passed_over"
RULE, RULE_PASSED_OVER = "rule", "rule_passed_over"
WARNED = "warned"
IS_WARNED: Term = (WARNED, "yes")
REPLY_TAKEN_BACK = "reply_taken_back"
REQUESTER, WATCHER, FOLLOWER = "requester", "watcher", "follower"
# Beside those whom a merge brings along.
WATCHERS_LIMIT = 20


class MessageKind(StrEnum):
    """Who a message is for."""

    REPLY = "reply"
    NOTE = "note"


class Message(Stored):
    """
    A public reply or an internal note; the description is the first public one.

    `origin` is the number of the ticket from which a merge has copied it. `to` are the usernames of those agents for
    whom alone a note is; it tells nobody else, though all of them may read it. `marked` is the mark
    that it had before somebody in it was made anonymous, by which notices and mails find it still.
    """

    kind: MessageKind = MessageKind.REPLY
    source: Source = Source.UI
    author: str
    text: str
    at: datetime
    origin: int | None = None
    to: list[str] = Field(default_factory=list, exclude_if=not_)
    attachments: list[Attachment] = Field(default_factory=list, exclude_if=not_)
    marked: str = Field("", exclude_if=not_)

    @property
    def mark(self) -> str:
        """What tells it from the others of its ticket, wherever in it the message stands by now."""
        return self.marked or fingerprint(self.kind, self.author, self.at.isoformat(), self.text)[:16]

    def terms(self) -> Iterator[Term]:
        """Yield what its attachments are found by."""
        field = ATTACHED_TO_NOTE if self.kind is MessageKind.NOTE else ATTACHED
        for attachment in self.attachments:
            yield field, attachment.id
            yield CONTENT, attachment.sha256


class Event(Stored):
    """One change of one field, old → new, for ever; but a reply that is taken back takes along the status it set."""

    field: str
    old: str | None = None
    new: str | None = None
    by: str
    at: datetime
    source: Source = Source.UI


class TicketEdit(Typed):
    """
    Fields that an agent sets; only those given are touched. `team` and `assignee` may be given as None: nobody.

    `fields` are custom ones by key, as they are typed; None empties one.
    """

    title: str | None = None
    status: Status | None = None
    resolution: Resolution | None = None
    priority: Priority | None = None
    category: str | None = None
    tags: tuple[str, ...] | None = None
    team: str | None = None
    assignee: str | None = None
    fields: Mapping[str, FieldValue | None] | None = None


class Ticket(Stored):
    """
    A request and all that came of it.

    Methods change it in place, raise when its state forbids, and write each change into `events`. Who may call them is
    not decided here. All times are aware UTC. `team` is the id of a definition. `fields` are the values of custom ones
    by their names. `fired` are the ids of the rules that were followed because time went by, since somebody last did
    something. `warned` is what was told to be due soon, as long as it is what is due next. `watchers` see the ticket
    as its requester does; `followers` are agents who want to be told of all that happens to it; whoever is `muted`
    wants to be told nothing more of it, and sees as much as before. `original` is what came in from the original app,
    kept only where it could not be told any more.
    """

    id: str
    title: str
    requester: str
    status: Status = Status.OPEN
    priority: Priority = Priority.NORMAL
    category: str = GENERAL
    assignee: str | None = None
    tags: list[str] = Field(default_factory=list)
    watchers: list[str] = Field(default_factory=list)
    resolution: Resolution | None = None
    merged_into: int | None = None
    follows: int | None = None
    split_from: int | None = None
    # Few tickets have any, so the others' documents say nothing of them.
    links: list[Link] = Field(default_factory=list, exclude_if=not_)
    merged: list[MergedIn] = Field(default_factory=list, exclude_if=not_)
    before_merge: Standing | None = None
    external_id: str | None = None
    team: str | None = None
    version: int = 0
    opened_at: datetime
    updated_at: datetime
    public_updated_at: datetime
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    sla: SlaState | None = None
    ratings: list[Rating] = Field(default_factory=list, exclude_if=not_)
    fields: dict[str, FieldValue] = Field(default_factory=dict, exclude_if=not_)
    snoozed: Snooze | None = Field(None, exclude_if=not_)
    fired: list[str] = Field(default_factory=list, exclude_if=not_)
    warned: str | None = None
    followers: list[str] = Field(default_factory=list, exclude_if=not_)
    muted: list[str] = Field(default_factory=list, exclude_if=not_)
    messages: list[Message]
    events: list[Event] = Field(default_factory=list)
    original: str | None = None

    @property
    def number(self) -> int:
        """The number people say; counts up from 1."""
        return int(self.id)

    @property
    def label(self) -> str:
        """The number as it is written: T-12."""
        return f"T-{self.id}"

    @property
    def description(self) -> str:
        """What the requester wrote when they opened it."""
        return self.begins_with.text

    @property
    def begins_with(self) -> Message:
        """The message with which it was opened; what a merge has brought may be older."""
        return next(message for message in self.messages if message.origin is None)

    @property
    def origins(self) -> set[int]:
        """Numbers of the tickets from which merges have copied messages."""
        return {message.origin for message in self.messages if message.origin is not None}

    @property
    def is_new(self) -> bool:
        """Whether it waits for the first answer of an agent."""
        return self.status.category is StatusCategory.OPEN and self.first_response_at is None

    @property
    def steps(self) -> int:
        """How much has happened: each change adds a message or an event, and only what is undone takes some away."""
        return len(self.messages) + len(self.events)

    @property
    def goes_on_in(self) -> list[int]:
        """Numbers of the tickets that follow this one."""
        return [int(event.new) for event in self.events if event.field == FOLLOW_UP and event.new]

    @property
    def rating(self) -> Rating | None:
        """What its requester has said of the present resolution; None if nothing, or if it is not done."""
        said = self.ratings[-1] if self.ratings else None
        return said if said and said.resolved_at == self.resolved_at else None

    @property
    def handled_by(self) -> set[str]:
        """Whose work the present resolution is: of the assignee, and of whoever resolved or closed it."""
        since = self.resolved_at
        ended = {event.by for event in self.events if event.field == "status" and since and event.at >= since}
        return ended | ({self.assignee} if self.assignee else set())

    @classmethod
    def open(
        cls,
        number: int,
        requester: str,
        title: str,
        description: str,
        category: str,
        now: datetime,
        source: Source = Source.UI,
        fields: Mapping[str, FieldValue] | None = None,
    ) -> Self:
        """Return a new ticket; raises InvalidInputError for a title over 200 or a text over 20,000 characters."""
        first = Message(source=source, author=requester, text=clean_text("Description", description), at=now)
        return cls(
            id=str(number),
            title=clean_line("Title", title, TITLE_LIMIT),
            requester=requester,
            category=category,
            opened_at=now,
            updated_at=now,
            public_updated_at=now,
            fields=dict(fields or {}),
            messages=[first],
            events=[Event(field="opened", by=requester, at=now, source=source)],
        )

    def begin_for(self, requester: str) -> None:
        """Let it be of somebody else than who writes it, from the beginning."""
        self.requester = requester
        self.watchers = [person for person in self.watchers if person != requester]

    def follow_up(
        self,
        number: int,
        actor: Actor,
        title: str,
        description: str,
        category: str,
        now: datetime,
    ) -> "Ticket":
        """
        Return a new ticket in which the matter of this closed one goes on; raises TicketNotClosedError.

        The people are the same, so that each of them may see both. One of them who opens it is its requester; an agent
        opens it for the requester of before.
        """
        self.require_closed()
        ticket = Ticket.open(number, actor.username, title, description, category, now, actor.source)
        people = [self.requester, *self.watchers]
        ticket.watchers = people
        ticket.begin_for(actor.username if actor.username in people else self.requester)
        ticket.follows = self.number
        self.events.append(Event(field=FOLLOW_UP, new=ticket.id, by=actor.username, at=now, source=actor.source))
        return ticket

    def require_closed(self) -> None:
        """Raise TicketNotClosedError unless it is closed, and may be followed by another ticket."""
        self.require_not_merged()
        if self.status is not Status.CLOSED:
            raise TicketNotClosedError(self.number)

    def require_not_merged(self) -> None:
        """Raise TicketMergedError if it goes on in another ticket, which that error names."""
        if self.merged_into is not None:
            raise TicketMergedError(self.number, self.merged_into)

    def reply(self, actor: Actor, text: str, now: datetime) -> None:
        """
        Add a public reply.

        One from the requester's side brings a pending or resolved ticket back to open, and one that is asleep unless it
        is to stay so; an agent's first one stops the first response clock. What a rule says does none of it.
        """
        self._require_not_closed()
        body = clean_text("Reply", text)
        self.messages.append(Message(source=actor.source, author=actor.username, text=body, at=now))
        self._touch(now)
        if actor.source is Source.RULE:
            return
        self._unmute(actor.username)  # whoever writes waits for an answer
        if actor.is_agent and actor.username != self.requester:
            self.first_response_at = self.first_response_at or now
        elif self.status in {Status.PENDING, Status.RESOLVED} or (self.snoozed and self.snoozed.wakes_on_reply):
            self._set_status(Status.OPEN, actor, now)

    def note(self, actor: Actor, text: str, now: datetime, to: Collection[str] = ()) -> None:
        """Add an internal note, which no requester ever learns of; *to* are the agents for whom it is."""
        self._require_not_closed()
        body = clean_text("Note", text)
        by, source = actor.username, actor.source
        note = Message(kind=MessageKind.NOTE, source=source, author=by, text=body, at=now, to=list(to))
        self.messages.append(note)
        self._touch(now, public=False)

    def attach(self, files: Sequence[Attachment]) -> None:
        """
        Hang files on the newest message.

        Raises TooManyFilesError for more than ten, and TicketFullError if the ticket would have more than 500 MB.
        """
        newest = self.messages[-1]
        held = sum(file.size for message in self.messages for file in message.attachments)
        if len(newest.attachments) + len(files) > FILES_PER_MESSAGE:
            raise TooManyFilesError(FILES_PER_MESSAGE)
        if files and held + sum(file.size for file in files) > BYTES_PER_TICKET:
            raise TicketFullError(self.number, BYTES_PER_TICKET)
        newest.attachments = [*newest.attachments, *files]

    def edit(self, actor: Actor, edit: TicketEdit, now: datetime, custom: Iterable[CustomField] = ()) -> None:
        """
        Set the given fields; a value that is already there is no change and leaves no event.

        A status that reopens is set before the other fields, any other one after them: closing forbids the rest, but
        for the resolution. *custom* are the desk's own fields, to which their values have to fit.
        """
        given = edit.model_fields_set
        if edit.status is not None and self.status is Status.CLOSED:
            self.change_status(actor, edit.status, now)
        if given - {"status", "resolution"}:
            self._require_not_closed()
        if edit.title is not None:
            self._set("title", clean_line("Title", edit.title, TITLE_LIMIT), actor, now)
        if edit.tags is not None:
            self._set_tags(list(edit.tags), actor, now)
        for field in ("priority", "category", "team", "assignee"):
            value = getattr(edit, field)
            if value is not None or field in given & _MAY_BE_NONE:
                self._set(field, value, actor, now)
        self._set_fields(edit.fields or {}, custom, actor, now)
        if edit.status is not None:
            self.change_status(actor, edit.status, now)
        if edit.resolution is not None:
            self.resolve_as(actor, edit.resolution, now)

    def route(self, team: str, now: datetime) -> None:
        """Bring it to the team that takes such tickets, as the desk does by itself."""
        self._set("team", team, DESK, now)

    def deal(self, assignee: str, now: datetime) -> None:
        """Give it to whom the rule of its team has found, as the desk does by itself."""
        self._set("assignee", assignee, DESK, now)

    def pass_over(self, rule: str, why: str, now: datetime) -> None:
        """Note what a rule says and was not done, by a sentence that says why."""
        self._log(RULE_PASSED_OVER, rule, why, DESK, now)

    def change_status(self, actor: Actor, status: Status, now: datetime) -> None:
        """Move to another status; raises TransitionError or TicketClosedError where no arrow leads."""
        if status is self.status:
            return
        self.require_not_merged()
        if status not in TRANSITIONS[self.status]:
            if self.status is Status.CLOSED:
                raise TicketClosedError(self.number)
            raise TransitionError(self.number, self.status.label, status.label)
        self._set_status(status, actor, now)

    def close(self, actor: Actor, now: datetime, resolution: Resolution | None = None) -> None:
        """Close it; raises TicketClosedError when it is closed already."""
        self._require_not_closed()
        self._set_status(Status.CLOSED, actor, now)
        if resolution is not None:
            self.resolve_as(actor, resolution, now)

    def resolve_as(self, actor: Actor, resolution: Resolution, now: datetime) -> None:
        """
        Say why it is done; raises TicketNotDoneError when it isn't.

        Whatever is done counts as solved until somebody says otherwise. That can be corrected on a closed ticket too:
        it is a judgement on the ticket, and changes nothing of what was said in it.
        """
        self.require_not_merged()
        if self.status.category is not StatusCategory.DONE:
            raise TicketNotDoneError(self.number)
        self._set("resolution", resolution, actor, now)

    def reopen(self, actor: Actor, now: datetime) -> None:
        """
        Open it again.

        Raises TransitionError unless it is resolved or closed, and ReopenWindowError for anybody but an agent when it
        was closed more than 14 days ago.
        """
        self.require_not_merged()
        if self.status.category is not StatusCategory.DONE:
            raise TransitionError(self.number, self.status.label, Status.OPEN.label)
        if not self.can_be_reopened(actor, now):
            raise ReopenWindowError(self.number, REOPEN_WITHIN.days)
        self._set_status(Status.OPEN, actor, now)

    def can_be_reopened(self, actor: Actor, now: datetime) -> bool:
        """Whether the time to reopen has not run out for this person; agents have no limit."""
        if self.status.category is not StatusCategory.DONE or self.merged_into is not None:
            return False
        return actor.is_agent or self.closed_at is None or now <= self.closed_at + REOPEN_WITHIN

    def rate(self, actor: Actor, now: datetime, *, solved: bool, score: int | None, comment: str) -> None:
        """
        Note whether the present resolution solved the matter, with a score of 1 to 5 and a comment if they are given.

        These two may also be added to it once, later. Raises TicketNotDoneError, AlreadyRatedError for anything else
        that is said of the same resolution, and InvalidInputError.
        """
        self.require_not_merged()
        if self.resolved_at is None:
            raise TicketNotDoneError(self.number)
        before = self.rating
        said = Rating(
            resolved_at=self.resolved_at,
            by=actor.username,
            at=before.at if before else now,
            solved=solved,
            score=clean_score(score),
            comment=clean_comment(comment),
        )
        if before is not None:
            if not before.is_bare or said.is_bare or said.solved is not before.solved:
                raise AlreadyRatedError(self.number)
            self.ratings.remove(before)
        self.ratings.append(said)
        self._log(RATING, before.label if before else None, said.label, actor, now)

    def lapse(self) -> None:
        """Close a resolved ticket as of the moment its 7 days were over; the caller knows that they are."""
        if self.status is Status.RESOLVED and self.resolved_at is not None:
            lapsed_at = self.resolved_at + RESOLVED_FOR
            self._set_status(Status.CLOSED, DESK, lapsed_at)

    def snooze(self, actor: Actor, until: datetime, now: datetime, *, wakes_on_reply: bool) -> None:
        """
        Put it on hold until a moment, at which it will be open again; any other change of its status ends that.

        Raises InvalidInputError for a moment that does not lie ahead, within two years, and TransitionError or
        TicketClosedError for a ticket that is done.
        """
        until = checked_end(until, now)
        self.change_status(actor, Status.ON_HOLD, now)
        snooze = Snooze(until=until, wakes_on_reply=wakes_on_reply, by=actor.username)
        if self.snoozed != snooze:
            before = self.snoozed.until.isoformat() if self.snoozed else None
            self._log(SNOOZED, before, until.isoformat(), actor, now)
            self.snoozed = snooze

    def wake(self, actor: Actor, now: datetime) -> None:
        """Open it before its time; raises TicketNotAsleepError."""
        if self.snoozed is None:
            raise TicketNotAsleepError(self.number)
        self._set_status(Status.OPEN, actor, now)

    def wake_up(self) -> None:
        """
        Open it as of the moment until which it was asleep, as the desk does by itself; the caller knows that it came.

        A note says so, by which it is unread to whoever works on it.
        """
        if self.snoozed is not None:
            at = self.snoozed.until
            self._set_status(Status.OPEN, DESK, at)
            note = Message(kind=MessageKind.NOTE, source=Source.RULE, author=SYSTEM, text=WOKE_UP, at=at)
            self.messages.append(note)

    def watch(self, actor: Actor) -> None:
        """Have somebody who may see it told of it; an agent of all that happens to it."""
        self._unmute(actor.username)
        if actor.is_agent and actor.username not in {self.requester, *self.watchers, *self.followers}:
            self.followers = [*self.followers, actor.username]

    def stop_watching(self, username: str) -> None:
        """Have somebody told nothing more of it; they see as much of it as before, and may watch it again."""
        self.followers = [name for name in self.followers if name != username]
        if username not in self.muted:
            self.muted = [*self.muted, username]

    def is_watched_by(self, username: str) -> bool:
        """Whether somebody is told of all of it that they may read; whoever works on it always is."""
        watching = {self.requester, *self.watchers, *self.followers} - set(self.muted)
        return username in watching or username == self.assignee

    def add_watcher(self, username: str, actor: Actor, now: datetime) -> None:
        """
        Let somebody see it and be told of it as its requester is; whoever is there already is left alone.

        Raises TooManyWatchersError when it would have more than 20.
        """
        self.require_not_merged()
        if username in {self.requester, *self.watchers}:
            return
        if len(self.watchers) >= WATCHERS_LIMIT:
            raise TooManyWatchersError(WATCHERS_LIMIT)
        self.watchers = [*self.watchers, username]
        self._unmute(username)
        self._log(WATCHER, None, username, actor, now)

    def remove_watcher(self, username: str, actor: Actor, now: datetime) -> None:
        """Take away what `add_watcher` gives; whoever is not there is left alone."""
        self.require_not_merged()
        if username in self.watchers:
            self.watchers = [name for name in self.watchers if name != username]
            self._log(WATCHER, username, None, actor, now)

    def make_requester(self, username: str, actor: Actor, now: datetime, *, former_stays: bool) -> None:
        """
        Let it be somebody else's; whose it was goes on seeing it as a watcher if they are to stay.

        Raises TooManyWatchersError.
        """
        self.require_not_merged()
        if username == self.requester:
            return
        former = self.requester
        self.begin_for(username)
        self._unmute(username)
        self._log(REQUESTER, former, username, actor, now)
        if former_stays:
            self.add_watcher(former, actor, now)

    def field_value(self, key: str) -> FieldValue | None:
        """Return what is written in a custom field, whoever may read it; None for nothing."""
        return value_in(self.fields, key)

    def public_messages(self) -> list[Message]:
        """Return what the requester may read, oldest first."""
        return [message for message in self.messages if message.kind is MessageKind.REPLY]

    def texts(self) -> tuple[list[str], list[str]]:
        """Return what a search looks through: what everybody in the ticket may find, and what agents may beside it."""
        public, internal = [self.title, self.requester, self.external_id or ""], list(self.tags)
        for message in self.messages:
            told = internal if message.kind is MessageKind.NOTE else public
            told += [message.text, *(attachment.name for attachment in message.attachments)]
        return public + texts_in(self.fields, public=True), internal + texts_in(self.fields, public=False)

    def terms(self) -> frozenset[Term]:
        """Return what it is found by beside its own columns; values are short."""
        return terms_of(vars(self))

    def related(self) -> set[int]:
        """Return the numbers of all tickets that this one names."""
        named = {self.follows, self.merged_into, self.split_from, *self.goes_on_in}
        named |= {link.number for link in self.links} | {merged.number for merged in self.merged}
        return self.origins | {number for number in named if number is not None}

    def forget_ticket(self, number: int) -> bool:
        """Be no longer linked to a ticket that is deleted, nor lead there; tell whether it was or did."""
        before = self.model_copy()
        self.links = [link for link in self.links if link.number != number]
        self.merged = [merged for merged in self.merged if merged.number != number]
        self.follows = None if self.follows == number else self.follows
        self.split_from = None if self.split_from == number else self.split_from
        return self != before

    def for_requester(self, visible: Collection[int] = (), fields: Collection[str] = (), reader: str = "") -> "Ticket":
        """
        Return the ticket with what its requester may learn, and nothing else.

        No note nor when one was written, no tags, no link, no field or event that is not named as theirs or that is of
        a newer version; of the related tickets only those that are *visible* to them; of the custom fields only those
        whose keys are in *fields*, and of these no value that was written for agents; of the ratings only those that
        are the *reader*'s own.
        """
        hidden = self.related() - set(visible)
        shown = {name: getattr(self, name) for name in _REQUESTERS_FIELDS}
        shown |= {name: None for name in ("follows", "merged_into") if shown[name] in hidden}
        gone = {str(number) for number in hidden}
        names = {f"{PUBLIC}{key}" for key in fields}
        events = [event.known() for event in self.events if event.field in names or _is_told(event, reader)]
        events = [event for event in events if event.field != FOLLOW_UP or event.new not in gone]
        messages = [message.known() for message in self.public_messages()]
        for message in messages:
            message.attachments = [attachment.known() for attachment in message.attachments]
            if message.origin in hidden:
                message.origin = None
        # What there is none of is said outright: pydantic inspects the factory of a default anew each time.
        shown |= {"messages": messages, "events": events, "updated_at": self.public_updated_at}
        shown |= {"tags": [], "links": [], "merged": [], "fired": [], "followers": []}
        shown["muted"] = [name for name in self.muted if name == reader]
        shown["ratings"] = [rating.known() for rating in self.ratings if rating.by == reader]
        shown["fields"] = {name: value for name, value in self.fields.items() if name in names}
        return Ticket.model_construct(**shown)

    def record(self, field: str, old: str | None, new: str | None, actor: Actor, now: datetime) -> None:
        """Write into the history what was changed from outside."""
        self._log(field, old, new, actor, now)

    def record_by_desk(self, field: str, new: str, now: datetime) -> None:
        """Write into the history what the desk has done by itself, of which requesters learn nothing."""
        self._log(field, None, new, DESK, now)

    def _require_not_closed(self) -> None:
        self.require_not_merged()
        if self.status is Status.CLOSED:
            raise TicketClosedError(self.number)

    def _unmute(self, username: str) -> None:
        self.muted = [name for name in self.muted if name != username]

    def _set_status(self, status: Status, actor: Actor, now: datetime) -> None:
        self._set("status", status, actor, now)
        done = status.category is StatusCategory.DONE
        self.resolution = (self.resolution or Resolution.SOLVED) if done else None
        self.resolved_at = (self.resolved_at or now) if done else None
        self.closed_at = now if status is Status.CLOSED else None
        self.snoozed = None

    def _set_tags(self, tags: list[str], actor: Actor, now: datetime) -> None:
        cleaned = clean_tags(tags)
        if len(cleaned) > TAGS_LIMIT:
            raise TooManyTagsError(TAGS_LIMIT)
        if cleaned != self.tags:
            self._log("tags", ", ".join(self.tags) or None, ", ".join(cleaned) or None, actor, now)
            self.tags = cleaned

    def _set_fields(
        self, typed: Mapping[str, FieldValue | None], custom: Iterable[CustomField], actor: Actor, now: datetime
    ) -> None:
        known = {field.id: field for field in custom if not field.removed}
        for key, value in typed.items():
            if key not in known:
                raise unknown_field(key)
            self._set_field(known[key], known[key].value(value), actor, now)

    def _set_field(self, field: CustomField, value: FieldValue | None, actor: Actor, now: datetime) -> None:
        """Put a value in the place of the one before; what was the agents' alone is not told by the change either."""
        old = self.field_value(field.id)
        if value == old:
            return
        internal = f"{INTERNAL}{field.id}"
        event = internal if internal in self.fields else field.value_name
        self.fields = {name: kept for name, kept in self.fields.items() if key_in(name) != field.id}
        if value is not None:
            self.fields[field.value_name] = value
        self._log(event, _told(old), _told(value), actor, now)
        if not field.agents_only:
            self._touch(now)

    def _set(self, field: str, value: str | None, actor: Actor, now: datetime) -> None:
        old = getattr(self, field)
        if value != old:
            self._log(field, old, value, actor, now)
            setattr(self, field, value)

    def _log(self, field: str, old: str | None, new: str | None, actor: Actor, now: datetime) -> None:
        self.events.append(Event(field=field, old=old, new=new, by=actor.username, at=now, source=actor.source))
        self._touch(now, public=field in _REQUESTERS_EVENTS or field.startswith(PUBLIC))

    def _touch(self, now: datetime, *, public: bool = True) -> None:
        self.updated_at = max(self.updated_at, now)
        if public:
            self.public_updated_at = max(self.public_updated_at, now)


def description_of(document: Mapping[str, Any]) -> str:
    """Return the description of a ticket, given as its stored document."""
    text: str = next(said["text"] for said in document["messages"] if said.get("origin") is None)
    return text


def terms_of(fields: Mapping[str, Any]) -> frozenset[Term]:
    """
    Return the terms of a ticket with these fields, which for one without any costs next to nothing.

    By the rules that were followed as time went by, and by having been told to be due soon, only the desk finds it: the
    query language has no word for these.
    Those of attachments are among them if the messages are given, be it as they are stored.
    """
    tags = frozenset(("tag", tag.casefold()) for tag in fields.get("tags") or ())
    team, values, fired = fields.get("team"), fields.get("fields"), fields.get("fired")
    if team:
        tags |= {("team", team.casefold())}
    if fired:
        tags |= {(RULE, rule) for rule in fired}
    if followers := fields.get("followers"):
        tags |= {(FOLLOWER, username) for username in followers}
    if fields.get(WARNED):
        tags |= {IS_WARNED}
    if messages := fields.get("messages"):
        tags |= {term for said in messages for term in Message.model_validate(said).terms()}
    return tags | terms_in(values) if values else tags


def _told(value: FieldValue | None) -> str | None:
    return None if value is None else ", ".join(words_of(value))


def _is_told(event: Event, reader: str) -> bool:
    """Tell whether somebody of the requester's side learns of an event; of a rating, whose it is."""
    return event.field in _REQUESTERS_EVENTS or (event.field == RATING and event.by == reader)


_MAY_BE_NONE = frozenset({"team", "assignee"})
_REQUESTERS_FIELDS = (
    "id",
    "title",
    "requester",
    "status",
    "priority",
    "category",
    "assignee",
    "watchers",
    "resolution",
    "merged_into",
    "follows",
    "external_id",
    "opened_at",
    "public_updated_at",
    "first_response_at",
    "resolved_at",
    "closed_at",
)
# What of the history is not the agents' business alone; `assignee` is among it: a requester sees who helps.
_REQUESTERS_EVENTS = frozenset(
    {
        *("opened", "imported", "title", "status", "resolution", "priority", "category", "assignee"),
        *(FOLLOW_UP, REQUESTER, WATCHER),
    }
)
