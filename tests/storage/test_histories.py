"""Random histories: every store answers like lists of plain objects that are filtered one by one."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic_core import to_json

from tests.storage.conftest import LASTING, emptied
from ticketing.domain.attachments import Attachment, clean_file_name
from ticketing.domain.categories import Category
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
from ticketing.domain.custom_fields import CustomField, FieldType, FieldValue
from ticketing.domain.deadlines import SlaState
from ticketing.domain.errors import TicketingError
from ticketing.domain.facts import packed
from ticketing.domain.linking import Find, link, unlink
from ticketing.domain.links import LinkKind
from ticketing.domain.matching import finds
from ticketing.domain.merging import merge, unmerge
from ticketing.domain.people import Actor, Role, User
from ticketing.domain.queries import UNASSIGNED, Audience, Sort, TicketQuery, TicketSummary, View
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.rehearsal import replayed
from ticketing.domain.sign_in import fingerprint
from ticketing.domain.statuses import Priority, Status, StatusCategory, TicketCategory
from ticketing.domain.store import Store, Transaction
from ticketing.domain.tickets import MessageKind, Ticket, TicketEdit
from ticketing.storage.documents import searching as documents
from ticketing.storage.memory import MemoryStore
from ticketing.storage.sql import searching

pytestmark = pytest.mark.processes

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
# What a rehearsal makes anew out of a history, so that a query finds what it would have found then.
REPLAYED = (
    "title", "status", "priority", "category", "team", "assignee", "tags", "first_response_at", "resolved_at",
    "updated_at", "merged_into", "fields", "events",
)  # fmt: skip
PEOPLE = {
    "carla": Actor("carla", "Carla Groß", Role.USER),
    "oskar": Actor("oskar", "Oskar ÖRTMANN", Role.USER),
    "ada": Actor("ada", "Ada \u212aelvin", Role.AGENT),
    "root": Actor("root", 'Rita "R" Root', Role.ADMIN),
}
REQUESTERS = ["carla", "oskar", "ada", "ghost"]
CUSTOM = [
    CustomField(id="kind", name="Kind"),
    CustomField(id="messages", name="Messages", type=FieldType.MULTI_CHOICE, options=("dial", "Straße")),
    CustomField(id="leased", name="Leased", type=FieldType.CHECK_BOX),
    CustomField(id="cost", name="Cost", type=FieldType.LONG_TEXT, agents_only=True),
]
# Of the last one the desk knows nothing: tickets may have come with it from elsewhere.
CATEGORIES = [*TicketCategory, "office-plants", "from-elsewhere"]
TYPES = {field.id: field.type for field in CUSTOM}
WORDS = [
    "dial", "DIAL", "Straße", "strasse", "ÖRT", "ört", 'say "hi"', "C:\\new", "a\nb", "T-1", "#2", "3", "kelvin",
    "%", "root", "vpn", "👩‍💻", "İ", "x9",
]  # fmt: skip

actors = st.sampled_from(list(PEOPLE.values()))
words = st.sampled_from(WORDS)
texts = st.lists(words, min_size=1, max_size=3).map(" ".join)
custom = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.none() | words,
        "messages": st.lists(st.sampled_from(["dial", "Straße"]), max_size=2),
        "leased": st.sampled_from([None, True, False]),
        "cost": words,
    },
)
edits = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(Status),
        "priority": st.sampled_from(Priority),
        "category": st.sampled_from(CATEGORIES),
        "tags": st.lists(words, max_size=2).map(tuple),
        "team": st.sampled_from([None, "first-line", "second-line"]),
        "assignee": st.sampled_from([None, "ada", "root"]),
        "title": texts,
        "fields": custom,
    },
).map(TicketEdit.model_validate)
promises = st.one_of(
    st.none(),
    st.sampled_from([None, *(timedelta(minutes=minutes) for minutes in (-30, 90, 91, 90.5))]).map(
        lambda later: SlaState(
            policy="gold",
            policy_name="Gold",
            policy_version=1,
            calendar="office",
            calendar_version=1,
            due_at=later and START + later,
            warn_at=later and START,
        )
    ),
)
names = st.sampled_from(["carla", "oskar", "ada", "me", "none", "root", "gro", "elvin", "ö"])
moments = st.sampled_from([None, *(START + timedelta(minutes=minutes) for minutes in (-30, 0, 1, 60))])


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _several(field: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=2).map(lambda chosen: f"{field}:{','.join(chosen)}")


terms = st.one_of(
    words.map(_quoted),
    words.map(_quoted),
    _several("status", st.sampled_from([status.value for status in Status])),
    st.builds("priority{}{}".format, st.sampled_from([":", ">", ">=", "<", "<="]), st.sampled_from(Priority)),
    _several("category", st.sampled_from([*TicketCategory, "office-plants", '"Office Plants"', "HARDWARE"])),
    _several("tag", words.map(_quoted)),
    _several("team", st.sampled_from(["first-line", "Second-Line", "mine", "nobodys"])),
    _several("title", words.map(_quoted)),
    st.builds("field.{}:{}".format, st.sampled_from(["kind", "messages", "leased", "cost"]), words.map(_quoted)),
    st.sampled_from(["field.leased:true", "field.leased:false", "field.messages:dial,strasse"]),
    _several("number", st.sampled_from(["1", "T-2", "99"])),
    _several("external", st.sampled_from(["x9", "X9"])),
    _several("is", st.sampled_from(["new", "unassigned", "open", "waiting", "done", "overdue", "asleep"])),
    _several("has", st.sampled_from(["note", "reply", "tag", "assignee", "attachment"])),
    *(_several(field, names) for field in ("assignee", "requester", "watcher")),
    st.builds(
        "{}:{}".format,
        st.sampled_from(["created", "updated", "resolved", "due"]),
        st.sampled_from([">1h", "<1h", "today", "<2026-03-02", "..2026-03-02"]),
    ),
)
typed = st.lists(st.builds("{}{}".format, st.sampled_from(["", "", "-"]), terms), max_size=3).map(" ".join)


def _asked(
    text: str, since: datetime | None, until: datetime | None, moment: Moment | None, **fields: Any
) -> TicketQuery:
    known = Category.all_of([Category(id="office-plants", name="Office plants")])
    now = START + timedelta(minutes=90)
    asker = Asker("ada", now, teams=lambda: frozenset({"second-line"}), categories=lambda: known)
    query = read_query(text, asker)
    period = () if moment is None else (During(moment, since, until),)
    return query.model_copy(update={"conditions": query.conditions + period, **fields})


queries = st.one_of(
    st.builds(
        TicketQuery,
        requester=st.sampled_from([None, None, "", *REQUESTERS]),
        assignee=st.sampled_from([None, None, UNASSIGNED, "ada", "root", ""]),
        statuses=st.frozensets(st.sampled_from(Status), max_size=2),
        priorities=st.frozensets(st.sampled_from(Priority), max_size=1),
        categories=st.frozensets(st.sampled_from(CATEGORIES), max_size=1),
        needles=st.lists(words, max_size=2).map(tuple),
        sort=st.sampled_from(Sort),
        page=st.integers(1, 3),
        size=st.sampled_from([1, 3, 50]),
    ),
    st.builds(
        _asked,
        typed,
        moments,
        moments,
        st.sampled_from([None, None, *Moment]),
        sort=st.sampled_from(Sort),
        page=st.integers(1, 3),
        size=st.sampled_from([1, 3, 50]),
    ),
    st.builds(
        lambda view, **page: view.query("ada", START + timedelta(minutes=90)).model_copy(update=page),
        st.sampled_from(View),
        sort=st.sampled_from(Sort),
        page=st.integers(1, 3),
        size=st.sampled_from([1, 3, 50]),
    ),
)
audiences = st.sampled_from(
    [Audience(username=name, sees_all=False) for name in REQUESTERS]
    + [Audience(username=name, sees_all=True) for name in ("ada", "root")]
)


class Model:
    """What the stores should hold, in plain lists."""

    def __init__(self) -> None:
        self.tickets: dict[int, Ticket] = {}
        self.names: dict[str, str] = {}
        self.seen: dict[tuple[int, str], int] = {}

    def copy(self) -> "Model":
        """Return a copy to change."""
        other = Model()
        other.tickets = {number: ticket.model_copy(deep=True) for number, ticket in self.tickets.items()}
        other.names, other.seen = dict(self.names), dict(self.seen)
        return other

    def search(self, audience: Audience, query: TicketQuery) -> list[TicketSummary]:
        """Look at every ticket."""
        found = [ticket for ticket in self.tickets.values() if self._matches(ticket, audience, query)]
        keys: dict[Sort, Callable[[Ticket], Any]] = {
            Sort.UPDATED: lambda ticket: (_updated(ticket, audience), ticket.number),
            Sort.LEAST_RECENTLY_UPDATED: lambda ticket: (_updated(ticket, audience), ticket.number),
            Sort.NEWEST: lambda ticket: ticket.number,
            Sort.OLDEST: lambda ticket: ticket.number,
            Sort.PRIORITY: lambda ticket: (ticket.priority.rank, _updated(ticket, audience), ticket.number),
            Sort.LEAST_URGENT: lambda ticket: (ticket.priority.rank, _updated(ticket, audience), ticket.number),
            Sort.DUE: lambda ticket: (_due(ticket)[0] or NEVER, _updated(ticket, audience), ticket.number),
        }
        sort = Sort.UPDATED if query.sort is Sort.DUE and not audience.sees_all else query.sort
        descending = sort in {Sort.UPDATED, Sort.NEWEST, Sort.PRIORITY}
        return [self._line(each, audience) for each in sorted(found, key=keys[sort], reverse=descending)]

    def to_wake(self, by: datetime) -> list[int]:
        """Return what was to sleep until then or before."""
        asleep = [(one.snoozed.until, one.number) for one in self.tickets.values() if one.snoozed is not None]
        return [number for until, number in sorted(asleep) if until <= by]

    def _matches(self, ticket: Ticket, audience: Audience, query: TicketQuery) -> bool:
        assignee = None if query.assignee == UNASSIGNED else query.assignee
        return (
            (audience.sees_all or audience.username in {ticket.requester, *ticket.watchers})
            and (query.requester is None or ticket.requester == query.requester)
            and (query.assignee is None or ticket.assignee == assignee)
            and (not query.statuses or ticket.status in query.statuses)
            and (not query.priorities or ticket.priority in query.priorities)
            and (not query.categories or ticket.category in query.categories)
            and all(self._holds(ticket, audience, needle) for needle in query.needles)
            and all(self._meets(ticket, audience, condition) for condition in query.conditions)
        )

    def _meets(self, ticket: Ticket, audience: Audience, condition: Condition) -> bool:  # noqa: C901, PLR0911, PLR0912
        match condition:
            case Not(other):
                return not self._meets(ticket, audience, other)
            case AnyOf(conditions):
                return any(self._meets(ticket, audience, one) for one in conditions)
            case InStatus(statuses):
                return ticket.status in statuses
            case WithPriority(priorities):
                return ticket.priority in priorities
            case InCategory(categories):
                return ticket.category in categories
            case AssignedTo(usernames):
                return (ticket.assignee or UNASSIGNED) in usernames
            case RequestedBy(usernames, parts):
                display_name = self.names.get(ticket.requester, "").casefold()
                return ticket.requester in usernames or any(part in display_name for part in parts)
            case WatchedBy(usernames):
                return bool(usernames & set(ticket.watchers))
            case Numbered(numbers):
                return ticket.number in numbers
            case KnownAs(ids):
                return ticket.external_id in ids
            case During(moment, since, until):
                at = {
                    Moment.CREATED: ticket.opened_at,
                    Moment.UPDATED: _updated(ticket, audience),
                    Moment.RESOLVED: ticket.resolved_at,
                    Moment.DUE: _due(ticket)[0] if audience.sees_all else None,
                }[moment]
                return at is not None and (since or at) <= at < (until or at + timedelta(1))
            case Holding(needle):
                return self._holds(ticket, audience, needle)
            case Titled(needles):
                return any(needle in ticket.title.casefold() for needle in needles)
            case Having("tag", values):
                tags = {tag.casefold() for tag in ticket.tags} if audience.sees_all else set()
                return bool(tags & values if values else tags)
            case Having("attachment"):
                return any(message.attachments for message in _messages(ticket, audience))
            case Having("team", values):
                return audience.sees_all and ticket.team in values
            case Having(field, values):
                return bool(values & _words(ticket, field.removeprefix("field."), audience))
            case Being(Trait.IS_NEW):
                return ticket.is_new
            case Being(Trait.IS_ASLEEP):
                return audience.sees_all and ticket.snoozed is not None
            case Being(Trait.HAS_REPLY):
                return len(ticket.public_messages()) > 1
            case Being(Trait.HAS_NOTE):
                return audience.sees_all and len(ticket.messages) > len(ticket.public_messages())
        raise AssertionError(condition)

    def _holds(self, ticket: Ticket, audience: Audience, needle: str) -> bool:
        texts = [ticket.title, ticket.requester, self.names.get(ticket.requester, ""), ticket.external_id or ""]
        texts += [message.text for message in _messages(ticket, audience)]
        texts += [file.name for message in _messages(ticket, audience) for file in message.attachments]
        texts += ticket.tags if audience.sees_all else []
        for name, value in _readable(ticket, audience).items():
            texts += [] if name == "leased" else value if isinstance(value, list) else [str(value)]
        by_number = needle in {f"t-{ticket.number}", f"#{ticket.number}", f"{ticket.number}"}
        return by_number or any(needle in text.casefold() for text in texts)

    def _line(self, ticket: Ticket, audience: Audience) -> TicketSummary:
        messages = _messages(ticket, audience)
        is_new_to_them = messages[-1].author != audience.username and len(messages) > self.seen.get(
            (ticket.number, audience.username), 0
        )
        owed = not audience.sees_all or ticket.status.category is not StatusCategory.DONE
        due_at, warn_at = _due(ticket) if audience.sees_all else (None, None)
        return TicketSummary(
            number=ticket.number,
            title=ticket.title,
            status=ticket.status,
            is_new=ticket.is_new,
            priority=ticket.priority,
            category=ticket.category,
            requester=ticket.requester,
            requester_name=self.names.get(ticket.requester, ticket.requester),
            assignee=ticket.assignee,
            assignee_name=self.names.get(ticket.assignee, ticket.assignee) if ticket.assignee else None,
            opened_at=ticket.opened_at,
            updated_at=_updated(ticket, audience),
            messages=len(messages),
            unread=is_new_to_them and owed,
            due_at=due_at,
            warn_at=warn_at,
        )


def _messages(ticket: Ticket, audience: Audience) -> list[Any]:
    return [message for message in ticket.messages if audience.sees_all or message.kind is MessageKind.REPLY]


def _due(ticket: Ticket) -> tuple[datetime | None, datetime | None]:
    return (ticket.sla.due_at, ticket.sla.warn_at) if ticket.sla else (None, None)


def _readable(ticket: Ticket, audience: Audience) -> dict[str, FieldValue]:
    prefixes = ("field.", "agents.") if audience.sees_all else ("field.",)
    return {name.split(".", 1)[1]: value for name, value in ticket.fields.items() if name.startswith(prefixes)}


def _words(ticket: Ticket, key: str, audience: Audience) -> set[str]:
    value = _readable(ticket, audience).get(key, [])
    words = value if isinstance(value, list) else [str(value)]
    return {word.casefold() for word in words if "\n" not in word}


def _updated(ticket: Ticket, audience: Audience) -> datetime:
    return ticket.updated_at if audience.sees_all else ticket.public_updated_at


class Histories(RuleBasedStateMachine):
    """People work; every store and the model do the same and are asked the same."""

    kinds: ClassVar = ["json", "sqlite"]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        if "postgres" in self.kinds:
            emptied()
        self.stores: dict[str, Store] = {"memory": MemoryStore()}
        for kind in self.kinds:
            self.stores[kind] = self.opened(kind)
            self.stores[f"other {kind}"] = self.opened(kind)
        self.model = Model()
        self.now = START

    def opened(self, kind: str) -> Store:
        """Open a store of this kind in this history's place."""
        return LASTING[kind](self.folder)

    def teardown(self) -> None:
        """Leave nothing behind."""
        for store in self.stores.values():
            store.close()
        shutil.rmtree(self.folder)

    @contextmanager
    def writing(self, data: st.DataObject) -> Iterator[list[Transaction]]:
        """Give a transaction of the memory store, and one of either object that is open on each other place."""
        either = data.draw(st.sampled_from(["", "other "]), label="through")
        with ExitStack() as stack:
            names = ["memory", *(f"{either}{kind}" for kind in self.kinds)]
            yield [stack.enter_context(self.stores[name].write()) for name in names]

    def number(self, data: st.DataObject) -> int:
        """Draw the number of a ticket, mostly one that is there."""
        return data.draw(st.sampled_from([*self.model.tickets, 99]), label="number")

    @initialize()
    def some_have_an_account(self) -> None:
        """Register people; Oskar comes later."""
        for name in ("carla", "ada"):
            self.register(name, PEOPLE[name].display_name)

    def register(self, name: str, display_name: str) -> None:
        """Save an account everywhere."""
        user = User(id=name, display_name=display_name, password="-", created_at=START, password_changed_at=START)
        for which in ("memory", *self.kinds):
            with self.stores[which].write() as tx:
                tx.users.save(user)
        self.model.names[name] = display_name

    @rule(name=st.sampled_from(REQUESTERS), display_name=words)
    def somebody_changes_their_name(self, name: str, display_name: str) -> None:
        """Change what lists call somebody."""
        self.register(name, display_name)

    @rule(minutes=st.sampled_from([0, 0, 1, 60]))
    def time_passes(self, minutes: int) -> None:
        """Let time pass, often none at all: several things happen at one moment."""
        self.now += timedelta(minutes=minutes)

    @rule(
        data=st.data(),
        requester=st.sampled_from(REQUESTERS),
        title=texts,
        text=texts,
        watchers=st.lists(st.sampled_from(REQUESTERS), max_size=1),
        external_id=st.sampled_from([None, "x9"]),
        ages=st.lists(st.sampled_from([0, 0, 30]), min_size=1, max_size=2),
    )
    def somebody_opens_tickets(
        self,
        data: st.DataObject,
        requester: str,
        title: str,
        text: str,
        watchers: list[str],
        external_id: str | None,
        ages: list[int],
    ) -> None:
        """Open one or two in one transaction, with an age as imported ones have."""
        with self.writing(data) as transactions:
            for age in ages:
                number = len(self.model.tickets) + 1
                opened_at = self.now - timedelta(minutes=age)
                made = Ticket.open(number, requester, title, text, TicketCategory.GENERAL, opened_at)
                made.watchers, made.external_id = watchers, external_id
                self.model.tickets[number] = made.model_copy(update={"version": 1}, deep=True)
                for tx in transactions:
                    assert tx.tickets.next_number() == number
                    tx.tickets.save(made.model_copy(deep=True))

    @precondition(lambda self: self.model.tickets)
    @rule(
        data=st.data(),
        actor=actors,
        deed=st.sampled_from(
            ["reply", "note", "edit", "close", "reopen", "lapse", "promise", "snooze", "wake", "attach"]
        ),
    )
    def somebody_works(self, data: st.DataObject, actor: Actor, deed: str) -> None:
        """Do something to a ticket, or be refused alike everywhere."""
        number = self.number(data)
        text, edit = data.draw(texts, label="text"), data.draw(edits, label="edit")
        sla = data.draw(promises, label="sla")
        until = self.now + timedelta(minutes=data.draw(st.sampled_from([0, 1, 60]), label="until"))
        wakes_on_reply = data.draw(st.booleans(), label="wakes_on_reply")
        deeds: dict[str, Callable[[Ticket], None]] = {
            "reply": lambda ticket: ticket.reply(actor, text, self.now),
            "note": lambda ticket: ticket.note(actor, text, self.now),
            "edit": lambda ticket: ticket.edit(actor, edit, self.now, CUSTOM),
            "close": lambda ticket: ticket.close(actor, self.now),
            "reopen": lambda ticket: ticket.reopen(actor, self.now),
            "lapse": lambda ticket: ticket.lapse(),
            "promise": lambda ticket: setattr(ticket, "sla", sla),
            "snooze": lambda ticket: ticket.snooze(actor, until, self.now, wakes_on_reply=wakes_on_reply),
            "wake": lambda ticket: ticket.wake(actor, self.now),
            "attach": lambda ticket: ticket.attach([_file(text)]),
        }
        draft = self.model.copy()
        with self.writing(data) as transactions:
            outcomes = [_apply(draft.tickets.get(number), deeds[deed])]
            for tx in transactions:
                ticket = tx.tickets.find(number)
                outcomes.append(_apply(ticket, deeds[deed]))
                if outcomes[-1] == "done" and ticket is not None:
                    tx.tickets.save(ticket)
        assert len(set(outcomes)) == 1
        if outcomes[0] == "done":
            draft.tickets[number].version += 1
            self.model = draft

    @precondition(lambda self: len(self.model.tickets) > 1)
    @rule(data=st.data(), kind=st.sampled_from(LinkKind), deed=st.sampled_from(["merge", "unmerge", "link", "unlink"]))
    def somebody_works_on_two(self, data: st.DataObject, kind: LinkKind, deed: str) -> None:
        """Do something with two tickets, or be refused alike everywhere."""
        numbers = st.lists(st.sampled_from([*self.model.tickets]), min_size=2, max_size=2, unique=True)
        pair, ada = data.draw(numbers, label="pair"), PEOPLE["ada"]
        deeds: dict[str, Callable[[Ticket, Ticket, Find], object]] = {
            "merge": lambda one, other, _: merge(one, other, ada, self.now),
            "unmerge": lambda one, other, _: unmerge(one, other, ada, self.now),
            "link": lambda one, other, find: link(one, kind, other, ada, self.now, find),
            "unlink": lambda one, other, _: unlink(one, kind, other, ada, self.now),
        }
        draft = self.model.copy()
        with self.writing(data) as transactions:
            outcomes = [_apply_to_two(pair, draft.tickets.get, deeds[deed])[0]]
            for tx in transactions:
                outcome, changed = _apply_to_two(pair, tx.tickets.find, deeds[deed])
                outcomes.append(outcome)
                for ticket in changed:
                    tx.tickets.save(ticket)
        assert len(set(outcomes)) == 1
        if outcomes[0] == "done":
            for number in pair:
                draft.tickets[number].version += 1
            self.model = draft

    @precondition(lambda self: self.model.tickets)
    @rule(data=st.data(), name=st.sampled_from(REQUESTERS), count=st.integers(0, 4))
    def somebody_reads(self, data: st.DataObject, name: str, count: int) -> None:
        """See some of the messages."""
        number = self.number(data)
        with self.writing(data) as transactions:
            for tx in transactions:
                tx.tickets.mark_seen(number, name, count)
        self.model.seen[number, name] = count

    @rule(data=st.data(), audience=audiences, query=queries, text=texts)
    def a_transaction_fails_after_reading_its_own_changes(
        self, data: st.DataObject, audience: Audience, query: TicketQuery, text: str
    ) -> None:
        """Show the writer its changes in every answer, and then nobody."""
        draft = self.model.copy()
        made = Ticket.open(len(draft.tickets) + 1, "carla", text, text, TicketCategory.GENERAL, self.now)
        changeable = [ticket for ticket in draft.tickets.values() if ticket.merged_into is None]
        changed = data.draw(st.sampled_from([made, *changeable]), label="changed")
        changed.note(PEOPLE["ada"], text, self.now) if changed.status is not Status.CLOSED else changed.reopen(
            PEOPLE["ada"], self.now
        )
        draft.tickets[changed.number] = changed
        draft.names["carla"] = text
        with suppress(ZeroDivisionError), self.writing(data) as transactions:
            for tx in transactions:
                carla = tx.users.find("carla")
                assert carla is not None
                carla.display_name = text
                tx.users.save(carla)
                tx.tickets.save(changed.model_copy(deep=True))
                _compare(tx, draft, audience, query)
            1 / 0  # noqa: B018 - any error will do

    @rule(data=st.data())
    def the_desk_is_started_again(self, data: st.DataObject) -> None:
        """Read everything anew."""
        kind = data.draw(st.sampled_from(self.kinds), label="restarted")
        self.stores[kind].close()
        self.stores[kind] = self.opened(kind)

    @rule(audience=audiences, query=queries)
    def somebody_asks(self, audience: Audience, query: TicketQuery) -> None:
        """Put the same question to every store."""
        for store in self.stores.values():
            with store.read() as tx:
                _compare(tx, self.model, audience, query)

    @invariant()
    def everything_is_there(self) -> None:
        """Find every document the same everywhere, after each step."""
        for store in self.stores.values():
            with store.read() as tx:
                assert list(tx.tickets.stream()) == [
                    self.model.tickets[number] for number in sorted(self.model.tickets)
                ]
                assert tx.users.names({*PEOPLE, "ghost"}) == self.model.names
                assert tx.tickets.to_wake(self.now, 9) == self.model.to_wake(self.now)
                for (number, name), count in self.model.seen.items():
                    assert tx.tickets.seen(number, name) == count

    @invariant()
    def a_history_leads_to_how_a_ticket_stands(self) -> None:
        """Do again, in order, all that was done to each ticket, and find it as it is."""
        for ticket in self.model.tickets.values():
            *_, last = replayed(ticket, NEVER, TYPES)
            assert {name: getattr(last.ticket, name) for name in REPLAYED} == {
                name: getattr(ticket, name) for name in REPLAYED
            }
            assert (last.ticket.snoozed is None) is (ticket.snoozed is None)
            assert sorted(message.mark for message in last.ticket.messages) == sorted(
                message.mark for message in ticket.messages
            )


def _file(text: str) -> Attachment:
    key = fingerprint(text)
    return Attachment(id=key[:20], name=clean_file_name(text), size=len(text), sha256=key, media_type="text/plain")


def _apply(ticket: Ticket | None, deed: Callable[[Ticket], None]) -> str:
    """Do it and say what came of it, an error by its words."""
    if ticket is None:
        return "not there"
    try:
        deed(ticket)
    except TicketingError as error:
        return str(error)
    return "done"


def _apply_to_two(
    pair: list[int], find: Find, deed: Callable[[Ticket, Ticket, Find], object]
) -> tuple[str, list[Ticket]]:
    """Do it and say what came of it, and what is to be saved."""
    one, other = (find(number) for number in pair)
    assert one is not None
    assert other is not None
    try:
        deed(one, other, find)
    except TicketingError as error:
        return str(error), []
    return "done", [one, other]


def _compare(tx: Transaction, model: Model, audience: Audience, query: TicketQuery) -> None:
    """Ask a store, and the model, and want the same answer, whatever way a database takes to it."""
    _compare_matches(model, audience, query)
    _compare_facts(tx, model, audience, query)
    as_it_is = (searching.NEARBY, max(searching.LOOKED_UP.values()), searching.OFTEN, searching.MANY)
    for nearby, looked_up, often, many in ((1, 2, 1, 2), (1, 50, 0, 50), (1, 50, 1, 50), (3, 50, 0, 1), as_it_is):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(searching, "NEARBY", nearby)
            patch.setattr(searching, "LOOKED_UP", dict.fromkeys(searching.LOOKED_UP, looked_up))
            patch.setattr(searching, "OFTEN", often)
            patch.setattr(searching, "MANY", many)
            patch.setattr(documents, "NEARBY", nearby)
            _compare_answers(tx, model, audience, query)


def _compare_answers(tx: Transaction, model: Model, audience: Audience, query: TicketQuery) -> None:
    expected = model.search(audience, query)
    page = tx.tickets.search(audience, query)
    first = (query.page - 1) * query.size
    assert list(page.items) == expected[first : first + query.size]
    assert page.total == tx.tickets.counts(audience, [query])[0] == len(expected)
    assert list(tx.tickets.numbers(audience, query)) == [ticket.number for ticket in expected]


def _compare_matches(model: Model, audience: Audience, query: TicketQuery) -> None:
    """Want each ticket for itself to be one that the query finds for agents just if it is in their list."""
    if audience.sees_all:
        found = [
            ticket.number
            for ticket in model.tickets.values()
            if finds(query, ticket, model.names.get(ticket.requester, ""))
        ]
        assert found == sorted(line.number for line in model.search(audience, query))


def _compare_facts(tx: Transaction, model: Model, audience: Audience, query: TicketQuery) -> None:
    """Want what reports count by to be what a recount from the documents gives, for the tickets of the list."""
    numbers = [line.number for line in model.search(audience, query)]
    documents = {number: model.tickets[number].model_dump_json(exclude_none=True) for number in numbers}
    kept = {facts.number: facts for batch in tx.tickets.facts(audience, query) for facts in batch}
    assert {number: to_json(facts).decode() for number, facts in kept.items()} == {
        number: packed(document) for number, document in documents.items()
    }
    assert tx.tickets.titles(audience, numbers) == {number: model.tickets[number].title for number in numbers}
    descriptions = {number: model.tickets[number].description for number in numbers}
    assert tx.tickets.descriptions(audience, numbers) == descriptions
    values = {number: _values_for(model.tickets[number], audience) for number in numbers}
    assert tx.tickets.field_values(audience, numbers) == values


def _values_for(ticket: Ticket, audience: Audience) -> dict[str, FieldValue]:
    return {name: value for name, value in ticket.fields.items() if audience.sees_all or name.startswith("field.")}


class HistoriesWithPostgres(Histories):
    """The same with every kind of store."""

    kinds: ClassVar = list(LASTING)


TestHistories = Histories.TestCase
TestHistoriesWithPostgres = HistoriesWithPostgres.TestCase
TestHistories.settings = TestHistoriesWithPostgres.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
