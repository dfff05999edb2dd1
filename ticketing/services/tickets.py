"""Tickets: open, read, answer, change, close. Each method is one intention and one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge as in_order
from typing import Any, TypeVar

from ticketing.domain import policy
from ticketing.domain.categories import Category, name_of, require_offered, usual
from ticketing.domain.custom_fields import CustomField, filled_in
from ticketing.domain.drafts import FORM, NOTE, REPLY
from ticketing.domain.errors import StaleEditError, StaleTicketError, UnknownChoiceError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.queries import Page, TicketQuery, TicketSummary
from ticketing.domain.statuses import Resolution, Status
from ticketing.domain.store import Store, Transaction
from ticketing.domain.teams import Team
from ticketing.domain.text import is_blank
from ticketing.domain.tickets import FOLLOWER, REQUESTER, SYSTEM, WATCHER, Event, Ticket, TicketEdit
from ticketing.services.access import A_MOMENT, Clock, Gate, is_assignable
from ticketing.services.attachments import attach
from ticketing.services.categories import all_categories
from ticketing.services.chores import Chores
from ticketing.services.counted import Counted
from ticketing.services.custom_fields import fields_in, fields_to_fill_in, require_fresh_fields, with_values
from ticketing.services.dealing import deal, require_team, route
from ticketing.services.deeds import Deeds, reach_now, require_read, shown
from ticketing.services.drafts import forget
from ticketing.services.due_times import keep
from ticketing.services.macros import Applied, possible, reach_canned_reply
from ticketing.services.requesters import requester_meant
from ticketing.services.taking_back import take_back
from ticketing.services.throttle import TICKETS_PER_HOUR, Throttle

Label = TypeVar("Label")


@dataclass(frozen=True, slots=True)
class Conversation:
    """
    A ticket as one person may see it, and what they need to read it: display names, and how much is new to them.

    `others` are the tickets that it names, and `teams` all that ever were; both are for agents only. `fields` are the
    custom fields that they may know of, in order; for agents also those that were taken away. `categories` are all that
    ever were.
    """

    ticket: Ticket
    names: dict[str, str]
    seen: int
    others: dict[int, Ticket]
    teams: tuple[Team, ...] = ()
    fields: Sequence[CustomField] = ()
    categories: Sequence[Category] = ()

    def name(self, username: str) -> str:
        """Return the display name of somebody in the ticket."""
        return self.names.get(username, username)

    def team_name(self, key: str) -> str:
        """Return the name of a team."""
        return next((team.name for team in self.teams if team.id == key), key)

    def category_name(self, key: str) -> str:
        """Return the name of a category."""
        return name_of(self.categories, key)

    def history(self) -> list[tuple[Event, Ticket]]:
        """Return each change in order of time, also of the tickets that were merged into this one."""
        merged = [self.others[each.number] for each in self.ticket.merged if each.number in self.others]
        histories = [[(event, ticket) for event in ticket.events] for ticket in (self.ticket, *merged)]
        return list(in_order(*histories, key=lambda line: line[0].at))


class Tickets:
    """
    What one can do with tickets.

    `key` makes a request repeatable: the same key from the same person within ten minutes is one effect and the same
    answer, also after a restart and in another process. So a request with a key is repeated here when the database is
    lost in the middle of it; one without never is.

    Requesters open so many tickets an hour and write twice as many replies, or hear a ThrottledError.

    `files` are ids of what the actor has sent (`Attachments.put`) and attaches to the message.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        chores: Chores,
        *,
        tickets_per_hour: int = TICKETS_PER_HOUR,
    ) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate
        self._deeds = Deeds(store, clock, gate)
        self._chores = chores
        self._counted = Counted()
        self._throttle = Throttle(clock, tickets_per_hour=tickets_per_hour)

    def open(  # noqa: PLR0913 - all that a ticket can begin with
        self,
        actor: Actor,
        title: str,
        description: str,
        category: str | None = None,
        *,
        requester: str = "",
        fields: Mapping[str, Any] | None = None,
        follows: int | None = None,
        files: Sequence[str] = (),
        key: str = "",
    ) -> Ticket:
        """
        Open a ticket. Without a category it comes into the usual one.

        The actor is its requester, unless an agent opens it for somebody else, who called or came by: *requester* is
        their username, name or address, and a newcomer's address gets an account. Raises PersonNotFoundError and
        SeveralPeopleError.

        *fields* is what they typed into the custom fields of the category, by key. *follows* is the number of a closed
        ticket whose matter has come back and to which the actor could reply. The new one is then a matter of the same
        people, whoever of the agents opens it, and both tell of each other.
        """

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            policy.require(actor, Action.OPEN_TICKET)
            number = tx.tickets.next_number()
            chosen = _offered(tx, category)
            by_agent = policy.may(actor, Action.SEE_ALL_TICKETS)
            if not by_agent:
                self._throttle.count_ticket(tx, actor.username)
            values = filled_in(tx.definitions(CustomField).all(), chosen, fields or {}, by_agent=by_agent)
            if follows is None:
                ticket = Ticket.open(number, actor.username, title, description, chosen, now, actor.source, values)
            else:
                former = reach_now(tx, actor, follows, now)
                policy.require(actor, Action.REPLY, former)
                ticket = former.follow_up(number, actor, title, description, chosen, now)
                ticket.fields = values
                keep(tx, former)
            if not is_blank(requester):
                policy.require(actor, Action.OPEN_FOR_OTHERS)
                ticket.begin_for(requester_meant(tx, requester, now, by=actor.username).id)
            attach(tx, actor, ticket, files, now)
            route(tx, ticket, now)
            keep(tx, ticket)
            forget(tx, actor, follows or 0, *FORM)
            return ticket

        return self._deeds.once(actor, key, deed)

    def categories(self, actor: Actor) -> list[Category]:
        """Return all categories, in order; tickets may still be in those that were taken away."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.OPEN_TICKET)
            return all_categories(tx)

    def fields(self, actor: Actor) -> list[CustomField]:
        """Return the custom fields that the actor may fill in, of all categories, in order."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.OPEN_TICKET)
            return fields_to_fill_in(tx, actor)

    def former(self, actor: Actor, number: int) -> Ticket:
        """Return the ticket that the actor could follow up; raises TicketNotFoundError or TicketNotClosedError."""
        ticket = self.get(actor, number)
        policy.require(actor, Action.REPLY, ticket)
        ticket.require_closed()
        return ticket

    def reply(
        self,
        actor: Actor,
        number: int,
        text: str,
        *,
        status: Status | None = None,
        seen: Status | None = None,
        files: Sequence[str] = (),
        read: int | None = None,
        key: str = "",
    ) -> Ticket:
        """
        Add a public reply, and set the status with it if one is given.

        `seen` is the status that the actor saw: when somebody set another one meanwhile, nothing is saved and
        StaleEditError carries both. `read` is how many messages they had before them: when somebody else has written
        another one, nothing is saved and WrittenMeanwhileError says who.
        """

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.REPLY, ticket)
            if status is not None:
                policy.require(actor, Action.EDIT_TICKET, ticket)
            require_read(tx, actor, ticket, read)
            if status is not None and seen is not None:
                _require_fresh(ticket, TicketEdit(status=status), TicketEdit(status=seen))
            self._reply(tx, actor, ticket, text, files, now)
            if status is not None:
                ticket.change_status(actor, status, now)

        return self._deeds.change(actor, number, key, change)

    def take_back(self, actor: Actor, number: int, mark: str, *, key: str = "") -> Ticket:
        """
        Take back a public reply of the agent's own, given by its mark, within 15 seconds; the status goes with it.

        Raises ReplyStaysError when that time is over, and for a reply that is not there.
        """

        def deed(tx: Transaction, actor: Actor, now: datetime) -> Ticket:
            ticket = reach_now(tx, actor, number, now)
            policy.require(actor, Action.TAKE_BACK_REPLY, ticket)
            take_back(tx, actor, ticket, mark, now)
            return ticket

        return self._deeds.once(actor, key, deed)

    def note(
        self,
        actor: Actor,
        number: int,
        text: str,
        *,
        files: Sequence[str] = (),
        read: int | None = None,
        key: str = "",
    ) -> Ticket:
        """Add an internal note, for agents only; `read` is as in `reply`."""

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.WRITE_NOTE, ticket)
            require_read(tx, actor, ticket, read)
            ticket.note(actor, text, now)
            attach(tx, actor, ticket, files, now)
            forget(tx, actor, number, NOTE)

        return self._deeds.change(actor, number, key, change)

    def edit(
        self,
        actor: Actor,
        number: int,
        edit: TicketEdit,
        *,
        seen: TicketEdit | None = None,
        version: int | None = None,
        key: str = "",
    ) -> Ticket:
        """
        Set fields.

        `version` is that of the ticket as the actor saw it: when anything was changed meanwhile, nothing is set, and
        StaleTicketError is raised. `seen` holds the same fields as the actor saw them: when somebody changed one of
        them meanwhile, nothing is set and StaleEditError carries both values; changes of other fields are left as they
        are. A new team deals a ticket that nobody has, unless the edit says as well who has it, be it nobody.
        """

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.EDIT_TICKET, ticket)
            if version not in {None, ticket.version}:
                raise StaleTicketError(number)
            custom = tx.definitions(CustomField).all() if edit.fields else []
            if seen is not None:
                _require_fresh(ticket, edit, seen)
                require_fresh_fields(ticket, edit, seen, custom)
            set_fields(tx, actor, ticket, edit, now, custom)

        return self._deeds.change(actor, number, key, change)

    def apply(  # noqa: PLR0913 - what `reply` takes, and which canned reply
        self,
        actor: Actor,
        number: int,
        canned_reply: str,
        text: str | None = None,
        *,
        version: int | None = None,
        status: Status | None = None,
        seen: Status | None = None,
        files: Sequence[str] = (),
        read: int | None = None,
        key: str = "",
    ) -> Applied:
        """
        Use a canned reply, given by its id: add a public reply, if *text* is one, and make its changes, or nothing.

        `version` is the one that the actor was shown. `status`, `seen` and `read` are as in `reply`; a status that the
        canned reply sets goes before. An assignee or a team that takes no tickets any more is passed over.
        """
        passed_over: Mapping[str, str] = {}

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            nonlocal passed_over
            policy.require(actor, Action.EDIT_TICKET, ticket)
            canned = reach_canned_reply(tx, actor, canned_reply, version)
            changes, passed_over = possible(tx, actor, canned.changes)
            edit = changes.model_copy(update={"status": changes.status or status}).edit(actor, ticket)
            if edit.status is not None and seen is not None:
                _require_fresh(ticket, TicketEdit(status=edit.status), TicketEdit(status=seen))
            if text is not None:
                policy.require(actor, Action.REPLY, ticket)
                require_read(tx, actor, ticket, read)
                self._reply(tx, actor, ticket, text, files, now)
            set_fields(tx, actor, ticket, edit, now)

        return Applied(self._deeds.change(actor, number, key, change), passed_over)

    def assign(self, actor: Actor, number: int, assignee: str | None, *, key: str = "") -> Ticket:
        """Give the ticket to an agent, or to nobody with None."""
        return self.edit(actor, number, TicketEdit(assignee=assignee), key=key)

    def transfer(
        self,
        actor: Actor,
        number: int,
        *,
        team: str | None,
        assignee: str | None = None,
        note: str = "",
        seen: TicketEdit | None = None,
        key: str = "",
    ) -> Ticket:
        """
        Hand the ticket on to a team and an agent, with an internal note if one is given.

        Without an assignee the team's rule deals it, to anybody but whoever had it. `seen` is as for `edit`.
        """
        edit = TicketEdit(team=team, assignee=assignee)

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.EDIT_TICKET, ticket)
            if seen is not None:
                _require_fresh(ticket, edit, seen)
            if note:
                policy.require(actor, Action.WRITE_NOTE, ticket)
                ticket.note(actor, note, now)
            before = ticket.assignee
            require_choices(tx, edit)
            ticket.edit(actor, edit, now)
            deal(tx, ticket, now, passing_over=before)

        return self._deeds.change(actor, number, key, change)

    def close(
        self,
        actor: Actor,
        number: int,
        reply: str = "",
        *,
        resolution: Resolution | None = None,
        seen: Status | None = None,
        files: Sequence[str] = (),
        key: str = "",
    ) -> Ticket:
        """
        Close a ticket, after a last public reply if one is given; agents may say as what it is done.

        `seen` is the status that the actor saw: when somebody set another one meanwhile, StaleEditError carries both.
        """

        def change(tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.CLOSE, ticket)
            if seen is not None:
                _require_fresh(ticket, TicketEdit(status=Status.CLOSED), TicketEdit(status=seen))
            if reply:
                policy.require(actor, Action.REPLY, ticket)
                self._reply(tx, actor, ticket, reply, files, now)
            if resolution is not None:
                policy.require(actor, Action.EDIT_TICKET, ticket)
            ticket.close(actor, now, resolution)

        return self._deeds.change(actor, number, key, change)

    def reopen(self, actor: Actor, number: int, *, seen: Status | None = None, key: str = "") -> Ticket:
        """
        Open a resolved or closed ticket again; requesters within 14 days of its closing.

        `seen` is the status that the actor saw: when somebody set another one meanwhile, StaleEditError carries both,
        unless the ticket is open by then.
        """

        def change(_tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.REOPEN, ticket)
            if seen is not None:
                _require_fresh(ticket, TicketEdit(status=Status.OPEN), TicketEdit(status=seen))
            if seen is None or ticket.status is not Status.OPEN:
                ticket.reopen(actor, now)

        return self._deeds.change(actor, number, key, change)

    def snooze(
        self,
        actor: Actor,
        number: int,
        until: datetime,
        *,
        wakes_on_reply: bool = True,
        seen: Status | None = None,
        key: str = "",
    ) -> Ticket:
        """
        Put a ticket on hold until a moment, at which it is open and unread again, or until its requester replies.

        Raises InvalidInputError unless the moment lies ahead, within two years. `seen` is as in `close`.
        """

        def change(_tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.EDIT_TICKET, ticket)
            if seen is not None:
                _require_fresh(ticket, TicketEdit(status=Status.ON_HOLD), TicketEdit(status=seen))
            ticket.snooze(actor, until, now, wakes_on_reply=wakes_on_reply)

        return self._deeds.change(actor, number, key, change)

    def wake(self, actor: Actor, number: int, *, key: str = "") -> Ticket:
        """Open a ticket that sleeps before its time; raises TicketNotAsleepError."""

        def change(_tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require(actor, Action.EDIT_TICKET, ticket)
            ticket.wake(actor, now)

        return self._deeds.change(actor, number, key, change)

    def rate(
        self, actor: Actor, number: int, *, solved: bool, score: int | None = None, comment: str = "", key: str = ""
    ) -> Ticket:
        """
        Say how the actor's own ticket was resolved: solved or not, a score of 1 to 5, a comment.

        The latter two may be added once, later. Raises TicketNotDoneError, AlreadyRatedError and InvalidInputError.
        """

        def change(_tx: Transaction, actor: Actor, ticket: Ticket, now: datetime) -> None:
            policy.require_rate(actor, ticket)
            ticket.rate(actor, now, solved=solved, score=score, comment=comment)

        return self._deeds.change(actor, number, key, change)

    def get(self, actor: Actor, number: int) -> Ticket:
        """Return the ticket as the actor may see it; raises TicketNotFoundError."""
        return self.conversation(actor, number).ticket

    def conversation(self, actor: Actor, number: int) -> Conversation:
        """Return the ticket as the actor may see it, with everybody's display name; raises TicketNotFoundError."""
        now = self._clock()
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            ticket = reach_now(tx, actor, number, now)
            fields = fields_in(tx, actor, ticket)
            ticket = shown(tx, actor, ticket, fields)
            others = _others(tx, actor, ticket)
            names = tx.users.names({person for one in (ticket, *others.values()) for person in _people_in(one)})
            teams = tx.definitions(Team).all() if policy.may(actor, Action.EDIT_TICKET, ticket) else ()
            seen, categories = tx.tickets.seen(number, actor.username), all_categories(tx)
            return Conversation(ticket, names, seen, others, tuple(teams), fields, categories)

    def mark_seen(self, actor: Actor, number: int, messages: int) -> None:
        """Remember that the actor has seen so many of the messages that they may read; it never becomes fewer."""
        conversation = self.conversation(actor, number)
        seen = min(messages, len(conversation.ticket.messages))
        if conversation.seen < seen and not actor.viewer:
            with self._store.write(patience=A_MOMENT) as tx:
                actor = self._gate.admit(tx, actor)
                if tx.tickets.seen(number, actor.username) < seen:  # another tab may have been quicker
                    tx.tickets.mark_seen(number, actor.username, seen)

    def search(self, actor: Actor, query: TicketQuery, fields: Sequence[str] = ()) -> Page[TicketSummary]:
        """
        Return one page of the tickets that the actor may see and that match.

        *fields* are the keys of custom fields whose values are to come along, as far as the actor may know of them.
        """
        self._chores.look_in(actor)
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            audience = policy.audience(actor)
            page = tx.tickets.search(audience, query)
            if query.is_about_words:
                self._counted.note(audience, query, page.total, self._clock())
            return with_values(tx, actor, page, fields) if fields else page

    def counts(self, actor: Actor, queries: Mapping[Label, TicketQuery]) -> dict[Label, int]:
        """Return how many of the tickets that the actor may see match each query, all at one moment."""
        self._chores.look_in(actor)
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            audience = policy.audience(actor)
            return dict(zip(queries, tx.tickets.counts(audience, list(queries.values())), strict=True))

    def counts_of_late(self, actor: Actor, queries: Mapping[Label, TicketQuery]) -> dict[Label, int]:
        """
        Return how many of the tickets that the actor may see matched each query within the last minute or so.

        This is for queries that look for words, and for many of them at a time: of those that were not counted for a
        minute a few are counted now. What was never counted before and is not among these is left out.
        """
        now = self._clock()
        with self._store.read() as tx:
            audience = policy.audience(self._gate.admit(tx, actor))
            due = self._counted.due(audience, queries.values(), now)
            for query, number in zip(due, tx.tickets.counts(audience, due), strict=True):
                self._counted.note(audience, query, number, now)
        found = {label: self._counted.find(audience, query) for label, query in queries.items()}
        return {label: number for label, number in found.items() if number is not None}

    def _reply(
        self, tx: Transaction, actor: Actor, ticket: Ticket, text: str, files: Sequence[str], now: datetime
    ) -> None:
        """Add a public reply with its files, of which no draft is left."""
        if not policy.may(actor, Action.SEE_ALL_TICKETS):
            self._throttle.count_reply(tx, actor.username)
        ticket.reply(actor, text, now)
        attach(tx, actor, ticket, files, now)
        forget(tx, actor, ticket.number, REPLY)


def _others(tx: Transaction, actor: Actor, ticket: Ticket) -> dict[int, Ticket]:
    """Return the tickets that a ticket names, for those only who may read all that is in them."""
    if not policy.may(actor, Action.SEE_ALL_TICKETS):
        return {}
    return {number: other for number in ticket.related() if (other := tx.tickets.find(number))}


def _people_in(ticket: Ticket) -> set[str]:
    people = {ticket.requester, ticket.assignee or SYSTEM, *ticket.watchers, *ticket.followers}
    people |= {message.author for message in ticket.messages} | {event.by for event in ticket.events}
    named = [event for event in ticket.events if event.field in {"assignee", REQUESTER, WATCHER, FOLLOWER}]
    return people | {name for event in named for name in (event.old, event.new) if name}


def require_choices(tx: Transaction, edit: TicketEdit) -> None:
    """Raise UnknownChoiceError unless the category, the team and the agent that the edit names take tickets."""
    if edit.category is not None:
        require_offered(all_categories(tx), edit.category)
    if edit.team is not None:
        require_team(tx, edit.team)
    if edit.assignee is not None:
        _require_agent(tx, edit.assignee)


def set_fields(
    tx: Transaction,
    actor: Actor,
    ticket: Ticket,
    edit: TicketEdit,
    now: datetime,
    custom: Sequence[CustomField] = (),
) -> None:
    """Set fields; a new team deals the ticket unless the edit says who has it."""
    before = ticket.team
    require_choices(tx, edit)
    ticket.edit(actor, edit, now, custom)
    if ticket.team != before and "assignee" not in edit.model_fields_set:
        deal(tx, ticket, now)


def _require_agent(tx: Transaction, username: str) -> None:
    if not is_assignable(tx, username):
        raise UnknownChoiceError("Assignee", username)


def _offered(tx: Transaction, category: str | None) -> str:
    """Return the category, or the usual one for None; raises the refusal of one that is not offered."""
    categories = all_categories(tx)
    chosen = usual(categories) if category is None else category
    require_offered(categories, chosen)
    return chosen


def _require_fresh(ticket: Ticket, edit: TicketEdit, seen: TicketEdit) -> None:
    for field in edit.model_fields_set - {"fields"}:
        present, wanted, was = (_word(field, getattr(version, field)) for version in (ticket, edit, seen))
        if present not in {was, wanted}:
            raise StaleEditError(field.capitalize(), present, wanted)


def _word(field: str, value: str | list[str] | tuple[str, ...] | None) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(value) or "none"
    if isinstance(value, (Status, Resolution)):
        return value.label
    return value or ("nobody" if field == "assignee" else "none")
