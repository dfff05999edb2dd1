"""What every store promises, whatever it is made of."""

import pickle
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from tests.storage.conftest import make_ticket
from ticketing.domain.api_keys import ApiKey
from ticketing.domain.banners import Banner
from ticketing.domain.branding import Branding
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.changes import ME, Changes
from ticketing.domain.conditions import Being, During, Moment, Not, Trait
from ticketing.domain.custom_fields import FieldValue
from ticketing.domain.deadlines import Deadline, SlaState
from ticketing.domain.deliveries import Delivery
from ticketing.domain.drafts import Draft
from ticketing.domain.errors import StorageBusyError
from ticketing.domain.facts import Facts
from ticketing.domain.live import stamp_of
from ticketing.domain.mail_links import MailLink, Purpose
from ticketing.domain.notifications import Notice, NoticeKind
from ticketing.domain.openid import Identity, SignInRequest
from ticketing.domain.outbox import Outgoing
from ticketing.domain.people import Actor, PeopleQuery, Role, User
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import MOST_HITS, UNASSIGNED, Audience, Place, Sort, TicketQuery, TicketSummary, View
from ticketing.domain.ratings import Rating
from ticketing.domain.receipts import Receipt
from ticketing.domain.received import Fate, Received, ReceivedQuery
from ticketing.domain.scopes import Scope
from ticketing.domain.sign_in import Attempts, Device, HandOff, Session
from ticketing.domain.snoozes import Snooze
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.store import Store, Transaction
from ticketing.domain.teams import Team
from ticketing.domain.tickets import Message, MessageKind, Ticket
from ticketing.storage.documents.conditions import FOLDING_LETTERS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENT = Audience(username="ada", sees_all=True)
CARLA = Audience(username="carla", sees_all=False)
OSKAR = Audience(username="oskar", sees_all=False)

FileTicket = Callable[..., int]
Register = Callable[..., User]


def search(store: Store, audience: Audience = AGENT, **query: Any) -> list[TicketSummary]:
    """Return what a query finds, all on one page, after checking that total and count are its length."""
    asked = TicketQuery.model_validate(query)
    with store.read() as tx:
        page = tx.tickets.search(audience, asked)
        assert tx.tickets.counts(audience, [asked])[0] == page.total == len(page.items)
    return list(page.items)


def numbers(store: Store, audience: Audience = AGENT, **query: Any) -> list[int]:
    """Return the numbers of what a query finds, in its order."""
    return [summary.number for summary in search(store, audience, **query)]


def change(store: Store, number: int, **fields: object) -> None:
    """Set fields of a ticket past all rules."""
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        tx.tickets.save(ticket.model_copy(update=fields))


def say(store: Store, number: int, author: str, text: str, hours: float, *, note: bool = False) -> None:
    """Add a message so many hours from now."""
    at = NOW + timedelta(hours=hours)
    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        kind = MessageKind.NOTE if note else MessageKind.REPLY
        ticket.messages.append(Message(kind=kind, author=author, text=text, at=at))
        ticket.updated_at = at
        if not note:
            ticket.public_updated_at = at
        tx.tickets.save(ticket)


# Documents by id

SESSION = Session(id="s1", username="carla", created_at=NOW, last_seen_at=NOW, expires_at=NOW + HOUR)
DOCUMENTS = {
    "sessions": SESSION,
    "hand_offs": HandOff(id="h1", username="carla", browser="b", expires_at=NOW + HOUR),
    "mail_links": MailLink(
        id="m1",
        purpose=Purpose.RESET,
        username="carla",
        address="carla@example.org",
        sign_in_version=1,
        secret_sha256="0" * 64,
        expires_at=NOW + HOUR,
    ),
    "devices": Device(id="d1", username="carla", expires_at=NOW + HOUR),
    "attempts": Attempts(id="a1", failures=[NOW, NOW + HOUR], expires_at=NOW + HOUR),
    "receipts": Receipt(id="r1", ticket=12, expires_at=NOW + HOUR),
    "outgoing": Outgoing(
        id="o1", username="carla", kind="replied", ticket=1, at=NOW, due_at=NOW, held=True, expires_at=NOW + HOUR
    ),
    "received": Received(
        id="m1", at=NOW, sender="a@b", fate=Fate.TICKET, ticket=3, raw_sha256="0" * 64, size=9, expires_at=NOW + HOUR
    ),
    "deliveries": Delivery(
        id="d1",
        webhook="crm",
        event="ticket.opened",
        ticket=1,
        happened_at=NOW,
        at=NOW,
        due_at=NOW,
        expires_at=NOW + HOUR,
    ),
    "drafts": Draft(id="f1", username="carla", texts={"reply": "It"}, saved_at=NOW, expires_at=NOW + HOUR),
    "api_keys": ApiKey(
        id="k1", username="carla", name="Import", scopes=(Scope.READ,), created_at=NOW, expires_at=NOW + HOUR
    ),
    "identities": Identity(id="i1", username="carla", issuer="https://login.example.org", created_at=NOW),
    "sign_in_requests": SignInRequest(id="q1", browser="b", nonce="n", verifier="v", expires_at=NOW + HOUR),
    "notices": Notice(
        id="n1", username="carla", kind=NoticeKind.REPLIED, ticket=1, by="ada", at=NOW, expires_at=NOW + HOUR
    ),
}


@pytest.mark.parametrize("collection", DOCUMENTS)
def test_c4_a_document_is_found_as_it_was_saved_until_it_is_removed(
    store: Store, collection: str, register: Register
) -> None:
    register("carla")
    document: Any = DOCUMENTS[collection]
    with store.write() as tx:
        assert getattr(tx, collection).find(document.id) is None
        getattr(tx, collection).save(document)
        assert getattr(tx, collection).find(document.id) == document

    with store.read() as tx:
        assert getattr(tx, collection).find(document.id) == document
        assert getattr(tx, collection).find("another") is None

    with store.write() as tx:
        getattr(tx, collection).remove(document.id)
        getattr(tx, collection).remove("another")
        assert getattr(tx, collection).find(document.id) is None
    with store.read() as tx:
        assert getattr(tx, collection).find(document.id) is None


def test_mail_on_record_is_listed_newest_first_as_the_transaction_sees_it(store: Store) -> None:
    def received(name: str, hours: int, fate: Fate = Fate.IGNORED) -> Received:
        at = NOW + hours * HOUR
        return Received(id=name, at=at, fate=fate, raw_sha256=name, size=1, expires_at=at + HOUR)

    with store.write() as tx:
        tx.received.save(received("first", 1))
        tx.received.save(received("third", 3, Fate.FAILED))
        tx.received.save(received("second", 2))
    with store.write() as tx:
        tx.received.save(received("first", 1, Fate.TICKET))
        tx.received.remove("second")
        ignored = tx.received.search(ReceivedQuery(fates=frozenset({Fate.IGNORED})))
        entered = tx.received.search(ReceivedQuery(fates=frozenset({Fate.TICKET, Fate.REPLY})))
        assert (ignored.total, [one.id for one in entered.items]) == (0, ["first"])

    with store.read() as tx:
        page = tx.received.search(ReceivedQuery(size=1))
        assert (page.total, [one.id for one in page.items]) == (2, ["third"])


def test_accounts_are_found_by_their_whole_address_the_oldest_first(store: Store, register: Register) -> None:
    register("carla", email="Carla_R@example.org", created_at=NOW)
    register("clone", email="carla_r@EXAMPLE.org", created_at=NOW - HOUR)
    register("other", email="carlaXr@example.org")
    register("longer", email="la.carla_r@example.org")
    register("nobody", display_name="carla_r@example.org")

    with store.read() as tx:
        assert [user.id for user in tx.users.with_email("carla_r@example.ORG")] == ["clone", "carla"]
        assert tx.users.with_email("example.org") == tx.users.with_email("") == []
    with store.write() as tx:
        clone = tx.users.find("clone")
        assert clone is not None
        clone.email = None
        tx.users.save(clone)
        assert [user.id for user in tx.users.with_email("carla_r@example.org")] == ["carla"]


def test_saving_again_replaces(store: Store) -> None:
    with store.write() as tx:
        tx.receipts.save(Receipt(id="r1", ticket=1, expires_at=NOW))
    with store.write() as tx:
        tx.receipts.save(Receipt(id="r1", ticket=2, expires_at=NOW))

    with store.read() as tx:
        found = tx.receipts.find("r1")
        assert found is not None
        assert found.ticket == 2


def test_removed_and_saved_in_one_transaction_is_saved(store: Store, register: Register) -> None:
    register("carla")
    with store.write() as tx:
        tx.sessions.save(SESSION)
    with store.write() as tx:
        tx.sessions.remove("s1")
        assert tx.sessions.of_user("carla") == []
        tx.sessions.save(SESSION)
        assert tx.sessions.of_user("carla") == [SESSION]

    with store.read() as tx:
        assert tx.sessions.of_user("carla") == [SESSION]


def test_what_is_found_is_a_copy(store: Store, file_ticket: FileTicket, register: Register) -> None:
    number = file_ticket()
    register("carla")

    with store.read() as tx:
        ticket, user = tx.tickets.find(number), tx.users.find("carla")
        assert ticket is not None
        assert user is not None
        ticket.messages.clear()
        user.role = Role.ADMIN

    with store.read() as tx:
        ticket, user = tx.tickets.find(number), tx.users.find("carla")
        assert ticket is not None
        assert user is not None
        assert len(ticket.messages) == 1
        assert user.role is Role.USER


def test_changing_a_document_after_saving_it_changes_nothing(store: Store, make_user_of: Callable[..., User]) -> None:
    user = make_user_of("carla")
    with store.write() as tx:
        tx.users.save(user)
        user.role = Role.ADMIN

    with store.read() as tx:
        found = tx.users.find("carla")
        assert found is not None
        assert found.role is Role.USER


def test_fields_of_a_newer_version_survive(store: Store, make_user_of: Callable[..., User]) -> None:
    with store.write() as tx:
        tx.users.save(make_user_of("carla", theme="dark"))

    with store.read() as tx:
        found = tx.users.find("carla")
        assert found is not None
        assert found.model_extra == {"theme": "dark"}


def test_fields_of_a_newer_version_survive_in_a_ticket_and_in_all_that_is_in_it(
    store: Store, make_ticket_of: Callable[..., Ticket]
) -> None:
    ada = Actor("ada", "Ada", Role.AGENT)
    ticket = make_ticket_of(1)
    ticket.change_status(ada, Status.PENDING, NOW)
    newer = ticket.model_dump(mode="json") | {"mood": {"anger": [1.5, None]}}
    newer["messages"][0]["language"] = "es"
    newer["events"][0]["rule"] = {"name": "escalate", "at": None}
    with store.write() as tx:
        tx.tickets.save(Ticket.model_validate(newer))

    with store.write() as tx:
        found = tx.tickets.find(1)
        assert found is not None
        found.reply(ada, "Try again.", NOW)
        tx.tickets.save(found)

    with store.read() as tx:
        found = tx.tickets.find(1)
        assert found is not None
        kept = found.model_dump(mode="json")
    assert kept["mood"] == {"anger": [1.5, None]}
    assert [message.get("language") for message in kept["messages"]] == ["es", None]
    assert kept["events"][0] == newer["events"][0]


# People


def test_accounts_are_counted_as_they_come_and_go(store: Store, register: Register) -> None:
    with store.read() as tx:
        assert not tx.users.any()

    register("root", role=Role.ADMIN)
    register("rita", role=Role.ADMIN, active=False)
    register("ada", role=Role.AGENT)

    with store.read() as tx:
        assert tx.users.any()
        assert tx.users.active_admins() == 1
    with store.write() as tx:
        root = tx.users.find("root")
        assert root is not None
        root.active = False
        tx.users.save(root)
        assert tx.users.active_admins() == 0
        tx.users.remove("root")
        assert tx.users.any()


def test_an_account_comes_back_with_what_the_person_prefers(store: Store, register: Register) -> None:
    prefers = QueuePreferences(view=View.MINE, columns=(Column.STATUS, Column.DUE), fields=("serial",))
    register("ada", role=Role.AGENT, preferences=prefers)
    register("bert", role=Role.AGENT)

    with store.read() as tx:
        ada, bert = tx.users.find("ada"), tx.users.find("bert")

    assert ada is not None
    assert ada.preferences == prefers
    assert bert is not None
    assert bert.preferences == QueuePreferences()


def test_agents_are_the_active_agents_and_admins_by_display_name(store: Store, register: Register) -> None:
    register("ada", "Zora", role=Role.AGENT)
    register("root", "anton", role=Role.ADMIN)
    register("gone", "Berta", role=Role.AGENT, active=False)
    register("carla", "Berta")

    with store.read() as tx:
        assert list(tx.users.agent_names().items()) == [("root", "anton"), ("ada", "Zora")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (PeopleQuery(), ["ada", "carla", "oskar", "root"]),
        (PeopleQuery(roles=frozenset({Role.AGENT, Role.ADMIN})), ["ada", "root"]),
        (PeopleQuery(active=True), ["ada", "carla", "root"]),
        (PeopleQuery(active=False), ["oskar"]),
        (PeopleQuery(text="ÖRTM"), ["oskar"]),
        (PeopleQuery(text=" CAR "), ["carla"]),
        (PeopleQuery(text="example.org"), ["ada", "carla"]),
        (PeopleQuery(text="%"), []),
        (PeopleQuery(text="_"), []),
        (PeopleQuery(page=2, size=3), ["root"]),
        (PeopleQuery(page=3, size=3), []),
    ],
    ids=["all", "staff", "active", "inactive", "name", "spaces", "e-mail", "percent", "underscore", "page 2", "page 3"],
)
def test_accounts_are_listed_by_display_name(
    store: Store, register: Register, query: PeopleQuery, found: list[str]
) -> None:
    register("root", "Rita Root", role=Role.ADMIN)
    register("oskar", "Oskar Örtmann", active=False)
    register("carla", "carla colani", email="c@example.org")
    register("ada", "Ada Albers", role=Role.AGENT, email="ada@EXAMPLE.org")

    with store.read() as tx:
        page = tx.users.search(query)

    assert [user.id for user in page.items] == found
    if not found or query.page == 2:
        return
    assert page.total == len(found)


def test_names_are_those_of_existing_accounts(store: Store, register: Register) -> None:
    register("carla", "Carla Colani")

    with store.read() as tx:
        assert tx.users.names({"carla", "nobody"}) == {"carla": "Carla Colani"}
        assert tx.users.names(set()) == {}


def test_all_accounts_come_by_username(store: Store, register: Register) -> None:
    for name in ("root", "ada", "carla"):
        register(name)

    with store.read() as tx:
        assert [user.id for user in tx.users.stream()] == ["ada", "carla", "root"]


def test_sessions_of_a_person_come_newest_first(store: Store, register: Register) -> None:
    register("carla")
    register("oskar")
    with store.write() as tx:
        for age, (key, owner) in enumerate([("b", "carla"), ("a", "carla"), ("c", "oskar")]):
            tx.sessions.save(SESSION.model_copy(update={"id": key, "username": owner, "created_at": NOW + age * HOUR}))
        assert [session.id for session in tx.sessions.of_user("carla")] == ["a", "b"]

    with store.read() as tx:
        assert [session.id for session in tx.sessions.of_user("carla")] == ["a", "b"]
        assert tx.sessions.of_user("nobody") == []


def test_several_sessions_are_found_at_once_with_whose_they_are(store: Store, register: Register) -> None:
    carla, oskar, _ = register("carla"), register("oskar"), register("ada")
    with store.write() as tx:
        for key, owner in (("a", "carla"), ("b", "carla"), ("c", "oskar"), ("d", "ada")):
            tx.sessions.save(SESSION.model_copy(update={"id": key, "username": owner}))
        tx.sessions.remove("b")
        assert {session.id for session in tx.sessions.several({"a", "b", "c", "x"})} == {"a", "c"}

    with store.read() as tx:
        assert {session.username for session in tx.sessions.several({"a", "b", "c", "x"})} == {"carla", "oskar"}
        assert tx.users.find("carla") == carla
        assert tx.users.find("oskar") == oskar
        assert tx.users.find("nobody") is None
        assert tx.sessions.several(set()) == []


def test_the_devices_of_a_person_are_listed(store: Store, register: Register) -> None:
    register("carla")
    register("oskar")
    with store.write() as tx:
        for key, owner in (("b", "carla"), ("a", "carla"), ("c", "oskar")):
            tx.devices.save(Device(id=key, username=owner, expires_at=NOW + HOUR))
        assert {device.id for device in tx.devices.of_user("carla")} == {"a", "b"}

    with store.write() as tx:
        tx.devices.remove("a")
        tx.devices.save(Device(id="c", username="carla", expires_at=NOW + HOUR))
        assert {device.id for device in tx.devices.of_user("carla")} == {"b", "c"}
    with store.read() as tx:
        assert {device.id for device in tx.devices.of_user("carla")} == {"b", "c"}
        assert tx.devices.of_user("oskar") == tx.devices.of_user("nobody") == []


# Tickets


def test_numbers_count_up_from_one(store: Store, file_ticket: FileTicket) -> None:
    assert [file_ticket(), file_ticket()] == [1, 2]

    with store.write() as tx:
        assert [tx.tickets.next_number(), tx.tickets.next_number()] == [3, 4]


def test_several_tickets_can_be_opened_in_one_transaction(store: Store, make_ticket_of: Callable[..., Ticket]) -> None:
    with store.write() as tx:
        for title in ("one", "two"):
            tx.tickets.save(make_ticket_of(tx.tickets.next_number(), title))
            assert tx.tickets.counts(AGENT, [TicketQuery(needles=(title,))])[0] == 1

    assert numbers(store, sort=Sort.OLDEST) == [1, 2]


def test_saving_raises_the_version(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()

    for version in (1, 2):
        with store.write() as tx:
            ticket = tx.tickets.find(number)
            assert ticket is not None
            assert ticket.version == version
            tx.tickets.save(ticket)
            assert ticket.version == version + 1


def test_a_ticket_comes_back_whole(store: Store, make_ticket_of: Callable[..., Ticket]) -> None:
    ticket = make_ticket_of(
        1,
        'Quotes "\\ and \u2028 ünïcödé 👩‍💻 \u202e',
        description="line\n\ttab\u0301",
        assignee="ada",
        tags=["vpn", "x, y"],
        watchers=["oskar"],
        external_id="8f-1",
        status=Status.RESOLVED,
        resolved_at=NOW + timedelta(microseconds=1),
        first_response_at=NOW,
        priority=Priority.URGENT,
        fields={
            "field.kind": "x",
            "field.messages": ["a", "b"],
            "agents.kind": False,
            "field.story": '{"kind":"reply"',
        },
    )
    with store.write() as tx:
        tx.tickets.save(ticket)

    with store.read() as tx:
        assert tx.tickets.find(1) == ticket
        assert list(tx.tickets.stream()) == [ticket]
        assert tx.tickets.find(2) is None


def test_z4_a_ticket_is_not_there_for_those_who_may_not_see_it(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket(requester="carla", watchers=["oskar"])
    wilma = Audience(username="wilma", sees_all=False)

    with store.read() as tx:
        found = [tx.tickets.find(number, audience) for audience in (AGENT, CARLA, OSKAR, wilma)]
        missing = tx.tickets.find(number + 1, AGENT)

    assert [ticket is not None for ticket in found] == [True, True, True, False]
    assert missing is None


def test_within_a_transaction_a_ticket_is_there_for_those_who_were_just_let_in(
    store: Store, file_ticket: FileTicket
) -> None:
    number = file_ticket(requester="carla")

    with store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        tx.tickets.save(ticket.model_copy(update={"watchers": ["oskar"]}))

        assert tx.tickets.find(number, OSKAR) is not None


def test_what_can_wait_does_not_wait_for_another_writer(store: Store, register: Register) -> None:
    register("carla")
    asked, done = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with store.write():
            asked.set()
            done.wait(20)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(write_slowly)
        try:
            asked.wait(20)
            started = time.monotonic()
            with pytest.raises(StorageBusyError), store.write(patience=0.05):
                pass
            assert time.monotonic() - started < 5
        finally:
            done.set()
        other.result()

    with store.write(patience=0.05) as tx:
        tx.sessions.save(SESSION)


def test_all_tickets_come_by_number(store: Store, file_ticket: FileTicket) -> None:
    for age in (1, 3, 2) * 4:
        file_ticket(age=age)

    with store.read() as tx:
        assert [ticket.number for ticket in tx.tickets.stream()] == list(range(1, 13))


# Queries: filters, order, pages


@pytest.fixture
def queue(store: Store, file_ticket: FileTicket, register: Register) -> Store:
    """Return a store with six tickets, of which each differs from the others."""
    register("carla", "Carla Colani")
    register("oskar", "Oskar Örtmann")
    register("ada", "Ada Albers", role=Role.AGENT)
    file_ticket("Phone", "carla", age=6, priority=Priority.LOW)
    file_ticket("Printer", "oskar", age=5, assignee="ada", category=TicketCategory.HARDWARE)
    file_ticket("Invoice", "carla", age=4, status=Status.PENDING, priority=Priority.URGENT, assignee="ada")
    file_ticket("VPN", "oskar", age=3, status=Status.ON_HOLD, priority=Priority.HIGH, watchers=["carla"])
    file_ticket("Badge", "carla", age=2, status=Status.RESOLVED, assignee="root", resolved_at=NOW - 2 * HOUR)
    file_ticket("Mouse", "oskar", age=1, status=Status.CLOSED, category=TicketCategory.HARDWARE)
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"requester": "carla"}, [5, 3, 1]),
        ({"requester": "nobody"}, []),
        ({"requester": ""}, []),
        ({"assignee": "ada"}, [3, 2]),
        ({"assignee": UNASSIGNED}, [6, 4, 1]),
        ({"assignee": ""}, []),
        ({"statuses": ["open"]}, [2, 1]),
        ({"statuses": ["pending", "closed"]}, [6, 3]),
        ({"priorities": ["low", "urgent"]}, [3, 1]),
        ({"categories": ["hardware"]}, [6, 2]),
        ({"categories": ["weather"]}, []),
        ({"categories": ["hardware"], "statuses": ["open"], "assignee": "ada", "requester": "oskar"}, [2]),
        ({"assignee": "ada", "statuses": ["pending"], "needles": ["invoice"]}, [3]),
        ({"statuses": ["open"], "assignee": "root"}, []),
    ],
    ids=repr,
)
def test_each_filter_restricts_and_all_of_them_hold(queue: Store, query: dict[str, Any], found: list[int]) -> None:
    assert numbers(queue, **query) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (Sort.UPDATED, [6, 5, 4, 3, 2, 1]),
        (Sort.LEAST_RECENTLY_UPDATED, [1, 2, 3, 4, 5, 6]),
        (Sort.NEWEST, [6, 5, 4, 3, 2, 1]),
        (Sort.OLDEST, [1, 2, 3, 4, 5, 6]),
        (Sort.PRIORITY, [3, 4, 6, 5, 2, 1]),
    ],
)
def test_each_order(queue: Store, sort: Sort, found: list[int]) -> None:
    assert numbers(queue, sort=sort) == found
    assert numbers(queue, sort=sort, requester="carla") == [number for number in found if number in {1, 3, 5}]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("audience", [AGENT, CARLA], ids=["an agent", "a requester"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"statuses": ["open", "pending", "resolved"]},
        {"needles": ["text"]},
        {"conditions": [Being(Trait.IS_NEW)]},
        {"conditions": [During(Moment.CREATED, since=NOW - 100 * HOUR)]},
    ],
    ids=["all", "statuses", "a text", "a view", "a condition"],
)
def test_behind_each_line_stands_the_rest_of_the_list(
    store: Store, file_ticket: FileTicket, sort: Sort, audience: Audience, query: dict[str, Any]
) -> None:
    for age, sla in enumerate([None, promise(2, 1), promise(2, 1), None, promise(-1), None]):
        file_ticket("Text", age=age // 2, sla=sla, priority=Priority.HIGH if age % 3 else Priority.LOW)
    asked = TicketQuery.model_validate(query | {"sort": sort})

    with store.read() as tx:
        whole = tx.tickets.search(audience, asked)
        behind = [
            tx.tickets.search(audience, asked.model_copy(update={"after": Place.of(line), "size": size}))
            for line in whole.items
            for size in (1, 50)
        ]

    assert whole.total > 0
    lines = whole.items
    assert [page.items for page in behind] == [
        lines[n + 1 : n + 1 + size] for n in range(len(lines)) for size in (1, 50)
    ]
    assert {page.total for page in behind} == {whole.total}


@pytest.mark.parametrize("sort", Sort)
def test_nothing_that_stays_in_its_place_is_skipped_or_doubled_while_others_change(
    store: Store, file_ticket: FileTicket, sort: Sort
) -> None:
    for age in range(12):
        file_ticket(age=age)
    asked = TicketQuery(sort=sort, size=3)
    with store.read() as tx:
        order = [line.number for line in tx.tickets.search(AGENT, TicketQuery(sort=sort)).items]
    moving, found = {order[0], order[1], order[-1]}, []

    for turn in range(4):
        with store.read() as tx:
            lines = tx.tickets.search(AGENT, asked).items
        found += [line.number for line in lines if line.number not in moving]
        asked = asked.model_copy(update={"after": Place.of(lines[-1])})
        for number in moving:
            change(store, number, updated_at=NOW + turn * HOUR, priority=list(Priority)[turn])
        file_ticket("New", age=0)
        moving.add(len(order) + turn + 1)

    assert found == [number for number in order if number not in moving]


def test_a_change_moves_a_ticket_within_the_order_of_changes_only(queue: Store) -> None:
    say(queue, 2, "oskar", "Still broken.", hours=1)

    assert numbers(queue) == [2, 6, 5, 4, 3, 1]
    assert numbers(queue, sort=Sort.LEAST_RECENTLY_UPDATED) == [1, 3, 4, 5, 6, 2]
    assert numbers(queue, sort=Sort.NEWEST) == [6, 5, 4, 3, 2, 1]


def test_what_changed_at_the_same_moment_comes_by_number(store: Store, file_ticket: FileTicket) -> None:
    for _ in range(4):
        file_ticket()
    for number in (3, 1, 4, 2):
        say(store, number, "carla", "Me, too.", hours=1)

    assert numbers(store) == numbers(store, CARLA) == [4, 3, 2, 1]
    assert numbers(store, sort=Sort.LEAST_RECENTLY_UPDATED) == [1, 2, 3, 4]
    assert numbers(store, CARLA, sort=Sort.LEAST_RECENTLY_UPDATED) == [1, 2, 3, 4]
    assert numbers(store, sort=Sort.PRIORITY) == numbers(store, CARLA, sort=Sort.PRIORITY) == [4, 3, 2, 1]


@pytest.mark.parametrize("query", [{}, {"statuses": ["open", "pending", "on_hold"]}, {"categories": ["general"]}])
def test_pages_cut_the_same_list_without_gap_or_overlap(queue: Store, query: dict[str, Any]) -> None:
    whole = numbers(queue, **query)

    with queue.read() as tx:
        pages = [
            tx.tickets.search(AGENT, TicketQuery.model_validate({**query, "page": page, "size": 2}))
            for page in (1, 2, 3, 4)
        ]

    assert [summary.number for page in pages for summary in page.items] == whole
    assert {page.total for page in pages} == {len(whole)}
    assert [page.page for page in pages] == [1, 2, 3, 4]
    assert pages[0].pages == -(-len(whole) // 2)


@pytest.fixture
def crowded(store: Store, make_ticket_of: Callable[..., Ticket]) -> Store:
    """Return a store with more tickets about a printer than anybody leafs through; the oldest ones name its maker."""
    with store.write() as tx:
        for number in range(1, MOST_HITS + 21):
            title = "Printer of Acme" if number in {1, 2, 40} else "Printer"
            tx.tickets.save(make_ticket_of(number, title, age=2 * MOST_HITS - number))
    return store


@pytest.mark.parametrize("sort", Sort)
def test_a_search_ends_at_its_first_hits_of_more_than_anybody_leafs_through(crowded: Store, sort: Sort) -> None:
    with crowded.read() as tx:
        pages = (1, 2, 3, 4)
        printers = [
            tx.tickets.search(AGENT, TicketQuery(needles=("rint",), sort=sort, page=n, size=200)) for n in pages
        ]
        everything = [tx.tickets.search(AGENT, TicketQuery(sort=sort, page=n, size=200)) for n in pages]
        counted = tx.tickets.counts(AGENT, [TicketQuery(needles=("rint",)), TicketQuery()])

    in_order = [ticket for page in everything for ticket in page.items]
    assert [ticket for page in printers for ticket in page.items] == in_order[:MOST_HITS]
    assert {(page.total, page.ends_early) for page in printers} == {(MOST_HITS, True)}
    assert {(page.total, page.ends_early) for page in everything} == {(MOST_HITS + 20, False)}
    assert counted == [MOST_HITS, MOST_HITS + 20]


@pytest.mark.parametrize("text", ["acme", "me", "of acme"])
def test_a_search_goes_on_to_the_end_of_the_list(crowded: Store, text: str) -> None:
    assert numbers(crowded, needles=[text]) == [40, 2, 1]
    assert numbers(crowded, needles=[text], sort=Sort.OLDEST) == [1, 2, 40]
    assert numbers(crowded, needles=[text], statuses=[Status.CLOSED]) == []
    assert numbers(crowded, CARLA, needles=[text]) == [40, 2, 1]
    assert numbers(crowded, OSKAR, needles=[text]) == []


@pytest.mark.parametrize("audience", [AGENT, CARLA, OSKAR], ids=["agent", "carla", "oskar"])
def test_every_count_is_the_length_of_the_list(queue: Store, audience: Audience) -> None:
    queries = [view.query("ada", NOW) for view in View]
    queries += [
        TicketQuery(assignee=assignee, statuses=frozenset(statuses), needles=(text,))
        for assignee, statuses, text in product(
            (None, "ada", UNASSIGNED), ({}, {Status.OPEN}, {Status.OPEN, Status.CLOSED}), ("", " ", "i")
        )
    ]

    with queue.read() as tx:
        for query in queries:
            page = tx.tickets.search(audience, query)
            assert tx.tickets.counts(audience, [query])[0] == page.total == len(page.items)


def counted(store: Store, *views: View) -> list[int]:
    with store.read() as tx:
        return tx.tickets.counts(AGENT, [view.query("ada", NOW) for view in views])


APART = (View.NEW, View.OVERDUE, View.RECENTLY_CLOSED)


def test_what_is_new_overdue_or_closed_lately_is_counted_as_it_comes_and_goes(
    store: Store, file_ticket: FileTicket
) -> None:
    file_ticket(age=3, sla=promise(-1))
    file_ticket(age=2, sla=promise(1))
    file_ticket(age=1, status=Status.CLOSED, resolved_at=NOW - timedelta(days=7), sla=promise(None))
    file_ticket(age=1, status=Status.RESOLVED, resolved_at=NOW - timedelta(days=8))
    assert counted(store, *APART) == [2, 1, 1]

    change(store, 1, first_response_at=NOW, sla=promise(2))
    change(store, 2, sla=promise(-2))
    change(store, 4, status=Status.OPEN, resolved_at=None)
    assert counted(store, *APART) == [2, 1, 1]
    assert [numbers(store, conditions=view.query("ada", NOW).conditions) for view in APART] == [[4, 2], [2], [3]]

    change(store, 2, sla=None, status=Status.CLOSED, resolved_at=NOW - HOUR)
    change(store, 3, status=Status.PENDING, resolved_at=None)
    assert counted(store, *APART) == [1, 0, 1]


def test_a_writer_counts_what_is_not_kept_yet_and_nobody_does_when_it_is_not_kept(
    store: Store, file_ticket: FileTicket, make_ticket_of: Callable[..., Ticket]
) -> None:
    file_ticket(sla=promise(-1))

    with suppress(ZeroDivisionError), store.write() as tx:
        ticket = tx.tickets.find(1)
        assert ticket is not None
        ticket.status, ticket.resolved_at, ticket.sla = Status.CLOSED, NOW, promise(None)
        tx.tickets.save(ticket)
        tx.tickets.save(make_ticket_of(tx.tickets.next_number()))
        assert tx.tickets.counts(AGENT, [view.query("ada", NOW) for view in APART]) == [1, 0, 1]
        1 / 0  # noqa: B018 - any error will do

    assert counted(store, *APART) == [1, 1, 0]


@pytest.mark.parametrize("view", APART)
def test_a_view_has_all_of_its_tickets_however_many(crowded: Store, view: View) -> None:
    with crowded.write() as tx:
        for ticket in list(tx.tickets.stream()):
            ticket.sla = promise(-1)
            ticket.resolved_at = NOW
            tx.tickets.save(ticket)

    with crowded.read() as tx:
        query = view.query("ada", NOW)
        total = tx.tickets.counts(AGENT, [TicketQuery()])[0]
        page = tx.tickets.search(AGENT, query.model_copy(update={"page": total // 50, "size": 50}))
        high = tx.tickets.search(AGENT, query.model_copy(update={"priorities": frozenset({Priority.NORMAL})}))
        assert tx.tickets.counts(AGENT, [query]) == [page.total] == [high.total] == [total]
    assert total > MOST_HITS
    assert len(page.items) == 50
    assert not page.ends_early


def test_a_line_of_a_list_says_what_the_ticket_says(queue: Store) -> None:
    say(queue, 2, "ada", "Which tray?", hours=1)

    line = search(queue)[0]

    assert line == TicketSummary(
        number=2,
        title="Printer",
        status=Status.OPEN,
        is_new=True,
        priority=Priority.NORMAL,
        category=TicketCategory.HARDWARE,
        requester="oskar",
        requester_name="Oskar Örtmann",
        assignee="ada",
        assignee_name="Ada Albers",
        opened_at=NOW - 5 * HOUR,
        updated_at=NOW + HOUR,
        messages=2,
        unread=False,
    )


def test_somebody_without_account_is_called_by_their_username(store: Store, file_ticket: FileTicket) -> None:
    file_ticket(requester="ghost", assignee="left")

    (line,) = search(store)

    assert (line.requester_name, line.assignee_name) == ("ghost", "left")


def test_a_new_display_name_is_in_all_lists_at_once(queue: Store, register: Register) -> None:
    register("oskar", "Oskar Neumann")

    assert {line.requester_name for line in search(queue, requester="oskar")} == {"Oskar Neumann"}
    assert numbers(queue, needles=["neumann"]) == [6, 4, 2]
    assert numbers(queue, needles=["örtmann"]) == []


def test_a_ticket_that_was_answered_is_no_longer_new(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()
    assert search(store)[0].is_new

    change(store, number, first_response_at=NOW)

    assert not search(store)[0].is_new


# Whose eyes


def test_requesters_find_what_they_opened_or_watch(queue: Store) -> None:
    assert numbers(queue, CARLA) == [5, 4, 3, 1]
    assert numbers(queue, OSKAR) == [6, 4, 2]
    assert numbers(queue, Audience(username="nobody", sees_all=False)) == []
    assert numbers(queue, CARLA, requester="oskar") == [4]
    assert numbers(queue, CARLA, needles=["printer"]) == []
    assert numbers(queue, CARLA, needles=["T-2"]) == []


def test_who_is_no_longer_watching_no_longer_finds(queue: Store) -> None:
    change(queue, 4, watchers=["root"])

    assert numbers(queue, CARLA) == [5, 3, 1]
    assert numbers(queue, Audience(username="root", sees_all=False)) == [4]


def test_a_note_is_nowhere_for_a_requester(queue: Store) -> None:
    before = {sort: search(queue, CARLA, sort=sort) for sort in Sort}

    say(queue, 1, "ada", "CONFIDENTIAL marker", hours=5, note=True)
    change(queue, 3, tags=["marker"])

    assert {sort: search(queue, CARLA, sort=sort) for sort in Sort} == before
    assert numbers(queue, CARLA, needles=["marker"]) == []
    assert numbers(queue, needles=["marker"]) == [1, 3]
    agents_line = search(queue)[0]
    assert (agents_line.number, agents_line.messages, agents_line.updated_at) == (1, 2, NOW + 5 * HOUR)


def test_notes_do_not_decide_between_equals(store: Store, file_ticket: FileTicket) -> None:
    for _ in range(3):
        file_ticket()
    before = {sort: numbers(store, CARLA, sort=sort) for sort in Sort}

    say(store, 1, "ada", "First things first.", hours=1, note=True)

    assert {sort: numbers(store, CARLA, sort=sort) for sort in Sort} == before


# Text


@pytest.mark.parametrize(
    "text",
    [
        "dial",
        "DIAL TONE",
        "müller",
        "MÜLLER",
        "straße",
        "strasse",
        "STRASSE",
        'say "hello"',
        r"C:\Temp\new",
        r"c:\temp",
        "\\",
        '"',
        "two\nlines",
        "tab\there",
        "100 %",
        "a_b",
        "it's",
        "日本",
        "👩‍💻",
        "κόσμος",
        "ΚΌΣΜΟΣ",
        "8f14-e4",
        "T-1",
        "t-1",
        "#1",
        "1",
        " dial ",
        "carla",
        "COLANI",
        "lan",
        "\\u00fc is literal",
        "{braces}",
        "kelvin",
    ],
)
def test_text_is_found_in_whatever_case(store: Store, file_ticket: FileTicket, register: Register, text: str) -> None:
    register("carla", "Carla Colani")
    description = (
        'Müller, Große Straße; say "Hello" to C:\\Temp\\new, TWO\nLines, tab\there, 100 %, a_b, it\'s 日本 👩‍💻 '
        "κόσμος \\u00fc is literal {braces} \u212aelvin"
    )
    file_ticket("No dial tone", description=description, external_id="8f14-e45f")
    file_ticket("Something else", "oskar", description="Nothing of it.")

    assert numbers(store, needles=[text]) == numbers(store, CARLA, needles=[text]) == [1]


@pytest.mark.parametrize(
    "text",
    ["messages", '"kind"', "reply\\", "\\n", "\\u0000", "2026-03-02", "general", "version", "%%", "T-", "#", "0x"],
)
def test_nothing_is_found_that_nobody_wrote(store: Store, file_ticket: FileTicket, text: str) -> None:
    file_ticket("No dial tone", description="two\nlines")

    assert numbers(store, needles=[text]) == []


def test_a_number_is_found_whole_and_text_in_part(store: Store, file_ticket: FileTicket) -> None:
    for _ in range(13):
        file_ticket("Error 12", description="Twelve.")
        file_ticket("Other")

    assert numbers(store, needles=["T-12"]) == numbers(store, needles=["#12"]) == [12]
    assert numbers(store, needles=[f"#{2**63}"]) == numbers(store, needles=["T-" + "9" * 198]) == []
    assert set(numbers(store, needles=["12"])) == {12, *range(1, 26, 2)}


def test_tags_are_found_by_agents(store: Store, file_ticket: FileTicket) -> None:
    file_ticket(tags=["vpn", "home office"])

    assert numbers(store, needles=["Home Off"]) == [1]
    assert numbers(store, CARLA, needles=["Home Off"]) == []


def test_blank_text_does_not_restrict(queue: Store) -> None:
    assert numbers(queue, needles=["  "]) == numbers(queue)
    assert numbers(queue, CARLA, needles=["  "]) == numbers(queue, CARLA)


def test_a_new_message_can_be_found_at_once(queue: Store) -> None:
    say(queue, 2, "ada", "Have you tried the blue tray?", hours=1)

    assert numbers(queue, needles=["blue TRAY"]) == numbers(queue, OSKAR, needles=["blue TRAY"]) == [2]


# Unread


def unread(store: Store, audience: Audience) -> set[int]:
    """Return the numbers of what is new to somebody."""
    return {summary.number for summary in search(store, audience) if summary.unread}


def test_what_somebody_else_wrote_is_unread_until_it_is_seen(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()
    assert unread(store, AGENT) == {number}
    assert unread(store, CARLA) == set()

    say(store, number, "ada", "Is the cable in?", hours=1)
    assert unread(store, CARLA) == {number}
    assert unread(store, AGENT) == set()

    with store.write() as tx:
        tx.tickets.mark_seen(number, "carla", 2)
        assert tx.tickets.seen(number, "carla") == 2
    with store.read() as tx:
        assert tx.tickets.seen(number, "carla") == 2
        assert tx.tickets.seen(number, "ada") == 0
    assert unread(store, CARLA) == set()


def test_a_note_is_unread_for_agents_only(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()
    with store.write() as tx:
        tx.tickets.mark_seen(number, "ada", 1)

    say(store, number, "root", "Careful.", hours=1, note=True)

    assert unread(store, AGENT) == {number}
    assert unread(store, CARLA) == set()


def test_what_is_done_owes_agents_nothing_but_still_informs_requesters(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()
    say(store, number, "root", "Done.", hours=1)

    change(store, number, status=Status.CLOSED)

    assert unread(store, AGENT) == set()
    assert unread(store, CARLA) == {number}


def test_marking_seen_is_no_change_of_the_ticket(queue: Store) -> None:
    order = numbers(queue)
    with queue.write() as tx:
        tx.tickets.mark_seen(1, "ada", 1)

    assert numbers(queue) == order
    with queue.read() as tx:
        ticket = tx.tickets.find(1)
        assert ticket is not None
        assert ticket.version == 1


# Tickets that are taken away


def test_what_is_taken_away_is_found_nowhere_and_its_number_is_given_to_no_other(
    store: Store, file_ticket: FileTicket
) -> None:
    first, gone, highest = file_ticket(), file_ticket(title="A lost umbrella", watchers=["oskar"]), file_ticket()
    with store.write() as tx:
        tx.tickets.mark_seen(gone, "carla", 1)

    with store.write() as tx:
        tx.tickets.remove(gone, highest, 4711)

    with store.write() as tx:
        assert tx.tickets.find(gone) is None
        assert tx.tickets.seen(gone, "carla") == 0
        assert [ticket.number for ticket in tx.tickets.stream()] == [first]
        assert tx.tickets.counts(AGENT, [TicketQuery(), TicketQuery(statuses=frozenset({Status.OPEN}))]) == [1, 1]
        assert tx.tickets.search(AGENT, TicketQuery(needles=("umbrella",))).total == 0
        assert tx.tickets.next_number() > highest


def test_numbers_count_up_after_a_restart_from_those_that_were_taken_away(reopen: Callable[[], Store]) -> None:
    store = reopen()
    with store.write() as tx:
        number = tx.tickets.next_number()
        tx.tickets.save(Ticket.open(number, "carla", "No dial tone", "The line is dead.", "general", NOW))
    with store.write() as tx:
        tx.tickets.remove(number)
    store.close()

    again = reopen()
    with again.write() as tx:
        assert tx.tickets.next_number() == number + 1
    again.close()


# Tickets that lapse, and tickets that were imported


def test_lapsed_are_the_resolved_ones_of_before(store: Store, file_ticket: FileTicket) -> None:
    for status, days in [
        (Status.RESOLVED, 7),
        (Status.RESOLVED, 8),
        (Status.RESOLVED, 6),
        (Status.CLOSED, 9),
        (Status.OPEN, 9),
    ]:
        file_ticket(status=status, resolved_at=NOW - timedelta(days=days) if status is not Status.OPEN else None)

    with store.read() as tx:
        assert tx.tickets.lapsed(NOW - timedelta(days=7), 10) == [1, 2]
        assert len(tx.tickets.lapsed(NOW - timedelta(days=7), 1)) == 1
        assert tx.tickets.lapsed(NOW - timedelta(days=30), 10) == []
    change(store, 1, status=Status.CLOSED)
    with store.read() as tx:
        assert tx.tickets.lapsed(NOW - timedelta(days=7), 10) == [2]


def sleep(hours: float, *, wakes_on_reply: bool = True) -> Snooze:
    """Return that a ticket sleeps for so many hours."""
    return Snooze(until=NOW + hours * HOUR, wakes_on_reply=wakes_on_reply, by="ada")


def test_what_is_to_wake_comes_in_the_order_in_which_it_was_to(store: Store, file_ticket: FileTicket) -> None:
    for hours in (None, -1, -3, 2, 0, -3):
        file_ticket(status=Status.ON_HOLD, snoozed=sleep(hours) if hours is not None else None)

    with store.read() as tx:
        assert tx.tickets.to_wake(NOW, 10) == [3, 6, 2, 5]
        assert tx.tickets.to_wake(NOW, 2) == [3, 6]
        assert tx.tickets.to_wake(NOW - 4 * HOUR, 10) == []
        found = tx.tickets.find(5)
        assert found is not None
        assert found.snoozed == sleep(0)


def test_what_is_to_wake_is_as_its_tickets_are_also_within_a_transaction(store: Store, file_ticket: FileTicket) -> None:
    for hours in (-1, -2, -3):
        file_ticket(status=Status.ON_HOLD, snoozed=sleep(hours))
    change(store, 3, snoozed=sleep(5, wakes_on_reply=False))

    with suppress(ZeroDivisionError), store.write() as tx:
        ticket = tx.tickets.find(2)
        assert ticket is not None
        ticket.wake_up()
        tx.tickets.save(ticket)
        assert tx.tickets.to_wake(NOW, 10) == [1]
        1 / 0  # noqa: B018 - any error will do

    with store.read() as tx:
        assert tx.tickets.to_wake(NOW, 10) == [2, 1]
        assert tx.tickets.to_wake(NOW + 5 * HOUR, 10) == [2, 1, 3]


def test_what_is_to_wake_outlives_its_process(
    reopen: Callable[[], Store], make_ticket_of: Callable[..., Ticket]
) -> None:
    with reopen().write() as tx:
        tx.tickets.save(make_ticket_of(1, status=Status.ON_HOLD, snoozed=sleep(-1)))
        tx.tickets.save(make_ticket_of(2))

    with reopen().read() as tx:
        assert tx.tickets.to_wake(NOW, 10) == [1]


def promise(due: float | None, warn: float | None = None) -> SlaState:
    """Return what a ticket keeps that is due in so many hours."""
    due_at, warn_at = (None if hours is None else NOW + hours * HOUR for hours in (due, warn))
    made_by = {"policy": "gold", "policy_name": "Gold", "policy_version": 1, "calendar": "office"}
    return SlaState.model_validate(made_by | {"calendar_version": 1, "due_at": due_at, "warn_at": warn_at})


def test_a_ticket_as_it_is_kept_is_the_one_before_the_change_and_after_it_the_changed_one(store: Store) -> None:
    with store.write() as tx:
        tx.tickets.next_number()
        assert tx.tickets.as_kept(1) is None
        tx.tickets.save(make_ticket(1))

    with store.write() as tx:
        ticket = tx.tickets.find(1)
        assert ticket is not None
        ticket.title = "Changed"
        before = tx.tickets.as_kept(1)
        assert before is not None
        assert before.title == "No dial tone"
        tx.tickets.save(ticket)
        assert tx.tickets.as_kept(1) == ticket


def test_what_became_urgent_comes_in_order_until_it_was_told(store: Store, file_ticket: FileTicket) -> None:
    for warn in (-1, -3, 1, None, -2):
        file_ticket(sla=promise(5, warn))
    file_ticket(sla=promise(5, -4), warned="resolution")
    file_ticket()

    with store.read() as tx:
        assert tx.tickets.to_warn(NOW, 10) == [2, 5, 1]
        assert tx.tickets.to_warn(NOW, 2) == [2, 5]
        assert tx.tickets.to_warn(NOW - 4 * HOUR, 10) == []
    change(store, 2, warned="resolution")
    change(store, 6, warned=None)

    with store.read() as tx:
        assert tx.tickets.to_warn(NOW, 10) == [6, 5, 1]


@pytest.fixture
def promised(store: Store, file_ticket: FileTicket) -> Store:
    """Return a store with six of Carla's tickets, three of which are due."""
    for age, sla in enumerate([None, promise(2, 1), promise(-1), None, promise(None), promise(2)]):
        file_ticket(age=age, sla=sla, watchers=["oskar"])
    return store


def test_what_is_due_comes_first_and_of_the_others_what_waits_for_longest(promised: Store) -> None:
    assert numbers(promised, sort=Sort.DUE) == [3, 6, 2, 5, 4, 1]
    assert numbers(promised, sort=Sort.DUE, statuses={Status.OPEN}) == [3, 6, 2, 5, 4, 1]
    assert numbers(promised, sort=Sort.DUE, requester="carla") == [3, 6, 2, 5, 4, 1]
    assert numbers(promised, sort=Sort.DUE, statuses={Status.PENDING}) == []


def test_a_line_says_when_a_ticket_is_due_and_when_that_becomes_urgent(promised: Store) -> None:
    lines = {line.number: (line.due_at, line.warn_at) for line in search(promised)}

    assert lines == {
        **dict.fromkeys([1, 4, 5], (None, None)),
        2: (NOW + 2 * HOUR, NOW + HOUR),
        3: (NOW - HOUR, None),
        6: (NOW + 2 * HOUR, None),
    }


def test_what_is_due_is_found_by_when_it_is(promised: Store) -> None:
    assert numbers(promised, conditions=[During(Moment.DUE, until=NOW)]) == [3]
    assert numbers(promised, conditions=[During(Moment.DUE, since=NOW - HOUR, until=NOW + 2 * HOUR)]) == [3]
    assert numbers(promised, conditions=[During(Moment.DUE)]) == [2, 3, 6]
    assert numbers(promised, conditions=[Not(During(Moment.DUE))]) == [1, 4, 5]


def test_a_due_time_goes_with_the_promise_also_within_a_transaction(promised: Store) -> None:
    due = TicketQuery(conditions=(During(Moment.DUE),), sort=Sort.DUE)
    with promised.write() as tx:
        for number, sla in ((3, None), (6, promise(None)), (1, promise(9)), (2, promise(10))):
            ticket = tx.tickets.find(number)
            assert ticket is not None
            ticket.sla = sla
            tx.tickets.save(ticket)
        assert [line.number for line in tx.tickets.search(AGENT, due).items] == [1, 2]

    assert numbers(promised, conditions=due.conditions, sort=Sort.DUE) == [1, 2]


@pytest.mark.parametrize("audience", [CARLA, OSKAR], ids=["requester", "watcher"])
def test_neither_lines_nor_orders_nor_queries_tell_a_requester_what_is_due(promised: Store, audience: Audience) -> None:
    assert {(line.due_at, line.warn_at) for line in search(promised, audience)} == {(None, None)}
    assert numbers(promised, audience, sort=Sort.DUE) == numbers(promised, audience) == [1, 2, 3, 4, 5, 6]
    assert numbers(promised, audience, conditions=[During(Moment.DUE)]) == []
    assert numbers(promised, audience, conditions=[During(Moment.DUE, until=NOW)]) == []
    assert numbers(promised, audience, conditions=[Not(During(Moment.DUE))]) == [1, 2, 3, 4, 5, 6]


def test_unfinished_tickets_come_by_number_a_few_at_a_time(store: Store, file_ticket: FileTicket) -> None:
    statuses = [Status.OPEN, Status.CLOSED, Status.ON_HOLD, Status.RESOLVED, Status.PENDING, Status.OPEN]
    for age, status in enumerate(statuses):
        file_ticket(status=status, age=age)

    with store.write() as tx:
        assert tx.tickets.unfinished(0, 10) == [1, 3, 5, 6]
        assert tx.tickets.unfinished(0, 2) == [1, 3]
        assert tx.tickets.unfinished(3, 2) == [5, 6]
        assert tx.tickets.unfinished(6, 2) == []
        ticket = tx.tickets.find(3)
        assert ticket is not None
        tx.tickets.save(ticket.model_copy(update={"status": Status.CLOSED}))
        assert tx.tickets.unfinished(0, 2) == [1, 5]


def test_imported_tickets_are_found_by_their_old_id(store: Store, file_ticket: FileTicket) -> None:
    file_ticket(external_id="a1")
    file_ticket(external_id="a1")
    file_ticket()

    with store.read() as tx:
        assert tx.tickets.imported("a1") == [1, 2]
        assert tx.tickets.imported("b2") == []


# Transactions


def test_a_writer_reads_its_own_changes_everywhere(queue: Store, make_user_of: Callable[..., User]) -> None:
    with queue.write() as tx:
        ticket = tx.tickets.find(1)
        assert ticket is not None
        ticket.title, ticket.assignee, ticket.status = "Telephone", "root", Status.RESOLVED
        ticket.resolved_at = ticket.updated_at = NOW
        ticket.external_id = "x9"
        tx.tickets.save(ticket)
        tx.users.save(make_user_of("carla", "Charlotte"))
        tx.users.save(make_user_of("zoe", role=Role.ADMIN))
        tx.tickets.mark_seen(1, "ada", 1)

        again = tx.tickets.find(1)
        assert again is not None
        assert again.title == "Telephone"
        page = tx.tickets.search(AGENT, TicketQuery(needles=("charlotte",), assignee="root"))
        assert [(line.number, line.requester_name) for line in page.items] == [(1, "Charlotte"), (5, "Charlotte")]
        assert tx.tickets.counts(AGENT, [TicketQuery(statuses=frozenset({Status.RESOLVED}))])[0] == 2
        assert tx.tickets.lapsed(NOW, 10) == [1, 5]
        assert tx.tickets.imported("x9") == [1]
        assert tx.tickets.seen(1, "ada") == 1
        assert tx.users.names({"carla"}) == {"carla": "Charlotte"}
        assert tx.users.active_admins() == 1
        assert "zoe" in [user.id for user in tx.users.stream()]
        assert next(tx.tickets.stream()).title == "Telephone"


def everything(store: Store) -> tuple[object, ...]:
    """Return all that can be asked for."""
    with store.read() as tx:
        return (
            list(tx.tickets.stream()),
            list(tx.users.stream()),
            tx.sessions.of_user("carla"),
            tx.receipts.find("r1"),
            tx.tickets.seen(1, "ada"),
            [tx.tickets.search(AGENT, TicketQuery(sort=sort)) for sort in Sort],
            tx.tickets.counts(AGENT, [view.query("ada", NOW) for view in View]),
            tx.users.active_admins(),
        )


def test_a_transaction_that_raises_leaves_nothing(
    queue: Store, make_ticket_of: Callable[..., Ticket], make_user_of: Callable[..., User]
) -> None:
    before = everything(queue)

    def fail_half_way(tx: Transaction) -> None:
        number = tx.tickets.next_number()
        tx.tickets.save(make_ticket_of(number, "Never"))
        ticket = tx.tickets.find(1)
        assert ticket is not None
        ticket.status, ticket.assignee = Status.CLOSED, "root"
        tx.tickets.save(ticket)
        tx.users.save(make_user_of("eve", role=Role.ADMIN))
        tx.sessions.save(SESSION)
        tx.receipts.save(Receipt(id="r1", ticket=1, expires_at=NOW))
        tx.tickets.mark_seen(1, "ada", 9)
        assert tx.tickets.counts(AGENT, [TicketQuery()])[0] == 7
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"), queue.write() as tx:
        fail_half_way(tx)

    assert everything(queue) == before
    with queue.write() as tx:
        assert tx.tickets.next_number() == 7


def test_a_transaction_over_several_repositories_is_there_as_a_whole(
    store: Store, make_ticket_of: Callable[..., Ticket], make_user_of: Callable[..., User]
) -> None:
    with store.write() as tx:
        tx.tickets.save(make_ticket_of(1))
        tx.users.save(make_user_of("carla", role=Role.ADMIN))
        tx.sessions.save(SESSION)
        tx.receipts.save(Receipt(id="r1", ticket=1, expires_at=NOW))
        tx.tickets.mark_seen(1, "ada", 1)

    tickets, users, sessions, receipt, seen, *_ = everything(store)
    assert isinstance(tickets, list)
    assert isinstance(users, list)
    assert (len(tickets), len(users), sessions, seen) == (1, 1, [SESSION], 1)
    assert isinstance(receipt, Receipt)


def test_nothing_written_in_a_view_is_kept(queue: Store) -> None:
    before = everything(queue)

    with queue.read() as tx:
        tx.users.remove("carla")
        tx.tickets.mark_seen(1, "ada", 1)

    assert everything(queue) == before


def test_others_see_a_transaction_only_when_it_is_over(queue: Store) -> None:
    before = everything(queue)
    seen_meanwhile: list[object] = []

    with queue.write() as tx:
        ticket = tx.tickets.find(1)
        assert ticket is not None
        tx.tickets.save(ticket.model_copy(update={"title": "Telephone"}))
        assert tx.tickets.counts(AGENT, [TicketQuery(needles=("telephone",))])[0] == 1
        reader = threading.Thread(target=lambda: seen_meanwhile.append(everything(queue)))
        reader.start()
        reader.join(10)

    assert seen_meanwhile == [before]
    assert numbers(queue, needles=["telephone"]) == [1]


def test_threads_that_write_lose_nothing(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()

    def work(worker: int) -> None:
        for step in range(5):
            file_ticket(f"{worker}.{step}", f"user{worker}")
            say(store, number, f"user{worker}", f"{step}", hours=step)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    with store.read() as tx:
        tickets = list(tx.tickets.stream())
    assert [ticket.number for ticket in tickets] == list(range(1, 22))
    assert {ticket.title for ticket in tickets[1:]} == {f"{worker}.{step}" for worker in range(4) for step in range(5)}
    assert len(tickets[0].messages) == 21
    assert tickets[0].version == 21
    assert len(numbers(store)) == 21


def test_readers_never_see_half_of_a_transaction(
    store: Store, make_ticket_of: Callable[..., Ticket], make_user_of: Callable[..., User]
) -> None:
    done = threading.Event()
    torn: list[tuple[int, int]] = []

    def watch() -> None:
        while not done.is_set():
            with store.read() as tx:
                tickets = tx.tickets.counts(AGENT, [TicketQuery()])[0]
                people = tx.users.search(PeopleQuery()).total
            if tickets != people:
                torn.append((tickets, people))

    reader = threading.Thread(target=watch)
    reader.start()
    for number in range(1, 21):
        with store.write() as tx:
            tx.tickets.save(make_ticket_of(number))
            assert tx.tickets.counts(AGENT, [TicketQuery()])[0] == number
            tx.users.save(make_user_of(f"user{number}"))
    done.set()
    reader.join(10)

    assert torn == []


def test_an_open_store_answers(store: Store) -> None:
    store.ping()


# Stores that outlive their process


def fill(store: Store, tickets: Sequence[Ticket], users: Sequence[User]) -> None:
    """Put tickets and accounts in, one transaction each."""
    for ticket in tickets:
        with store.write() as tx:
            tx.tickets.save(ticket)
    with store.write() as tx:
        for user in users:
            tx.users.save(user)
        tx.sessions.save(SESSION.model_copy(update={"expires_at": datetime.now(UTC) + HOUR}))


def test_what_was_written_is_there_after_reopening(
    reopen: Callable[[], Store], make_ticket_of: Callable[..., Ticket], make_user_of: Callable[..., User]
) -> None:
    store = reopen()
    ages = [3, 1, 2, 2, 1]
    fill(
        store,
        [make_ticket_of(number, f"Größe {number}", age=age) for number, age in enumerate(ages, 1)],
        [make_user_of("carla"), make_user_of("root", role=Role.ADMIN)],
    )
    for number in (4, 2):
        say(store, number, "ada", "Hm.", hours=1)
    before = everything(store)
    store.close()

    again = reopen()

    assert everything(again) == before
    assert numbers(again) == [4, 2, 5, 3, 1]
    with again.write() as tx:
        assert tx.tickets.next_number() == 6


def test_two_stores_on_one_place_see_each_other(
    reopen: Callable[[], Store], make_ticket_of: Callable[..., Ticket], make_user_of: Callable[..., User]
) -> None:
    here, there = reopen(), reopen()

    fill(here, [make_ticket_of(1, "From here")], [make_user_of("carla")])
    assert numbers(there, needles=["from here"]) == [1]

    with there.write() as tx:
        number = tx.tickets.next_number()
        tx.tickets.save(make_ticket_of(number, "From there"))
    assert number == 2
    assert numbers(here) == numbers(there) == [2, 1]

    with here.write() as tx:
        tx.users.remove("carla")
        tx.sessions.remove("s1")
    with there.read() as tx:
        assert not tx.users.any()
        assert tx.sessions.of_user("carla") == []


def test_two_stores_on_one_place_lose_nothing_of_each_other(
    reopen: Callable[[], Store], make_ticket_of: Callable[..., Ticket]
) -> None:
    stores = [reopen(), reopen()]
    with stores[0].write() as tx:
        tx.tickets.save(make_ticket_of(1))

    def work(store: Store) -> None:
        for step in range(8):
            with store.write() as tx:
                tx.tickets.save(make_ticket_of(tx.tickets.next_number()))
            say(store, 1, "carla", str(step), hours=step)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, stores))

    assert everything(stores[0]) == everything(stores[1])
    with stores[0].read() as tx:
        first, *others = tx.tickets.stream()
    assert len(first.messages) == 17
    assert len(others) == 16


def test_the_search_knows_every_letter_that_casefolds_into_ascii() -> None:
    letters = map(chr, (code for code in range(0x80, sys.maxunicode) if not 0xD800 <= code < 0xE000))

    folding = [letter for letter in letters if any(char.isascii() for char in letter.casefold())]

    assert sorted(FOLDING_LETTERS) == sorted(folding)


# Sharing


def test_a_store_is_never_copied_by_pickling_it(store: Store) -> None:
    with pytest.raises(TypeError, match=r"pickle"):
        pickle.dumps(store)


def test_a_rating_is_kept_with_its_ticket(store: Store, file_ticket: FileTicket) -> None:
    rating = Rating(resolved_at=NOW, by="carla", at=NOW, solved=True, score=4, comment='"messages":[{"kind":"note"')
    number = file_ticket(ratings=[rating], status=Status.RESOLVED, resolved_at=NOW)

    with store.read() as tx:
        ticket = tx.tickets.find(number)
    assert ticket is not None
    assert ticket.ratings == [rating]
    assert [line.messages for line in search(store)] == [1]


# What is set up


def test_definitions_come_by_name_as_they_were_saved(store: Store) -> None:
    made = [Team(id=key, name=name, members=("ada",)) for key, name in (("b", "zeta"), ("c", "Alpha"), ("a", "alpha"))]
    with store.write() as tx:
        for team in made:
            tx.definitions(Team).save(team)
        assert [team.id for team in tx.definitions(Team).all()] == ["a", "c", "b"]

    with store.write() as tx:
        tx.definitions(Team).save(made[0].model_copy(update={"removed": True}))
    with store.read() as tx:
        assert tx.definitions(Team).find("c") == made[1]
        assert tx.definitions(Team).find("b") == made[0].model_copy(update={"removed": True})
        assert tx.definitions(Team).find("nobody's") is None
        assert tx.definitions(Team).find("\0") is None
        assert [team.id for team in tx.definitions(Team).all()] == ["a", "c", "b"]


def test_a_definition_with_parts_comes_back_as_it_was_saved(store: Store) -> None:
    changes = Changes(status=Status.PENDING, assignee=ME, add_tags=("vpn", "ünï"))
    made = CannedReply(id="vpn", name="VPN", text="{{ today }}", categories=(TicketCategory.NETWORK,), changes=changes)
    with store.write() as tx:
        tx.definitions(CannedReply).save(made)

    with store.read() as tx:
        assert tx.definitions(CannedReply).all() == [made]
        assert tx.definitions(CannedReply).find("vpn") == made
        assert tx.definitions(Team).find("vpn") is None


def test_definitions_that_are_read_along_are_as_they_were_saved(store: Store) -> None:
    branding, team = Branding(id="branding", name="Acme support", logo="x" * 50_000), Team(id="a", name="Alpha")
    with store.write() as tx:
        tx.definitions(Branding).save(branding)
        tx.definitions(Team).save(team)

    with store.read() as tx:
        assert tx.definitions(Team, along=(Branding, CannedReply)).all() == [team]
        assert tx.definitions(Branding).all() == [branding]
        assert tx.definitions(CannedReply).all() == []

    renamed, another = branding.model_copy(update={"name": "Acme"}), Team(id="b", name="Beta")
    with store.write() as tx:
        tx.definitions(Team).save(another)
        tx.definitions(Branding).save(renamed)
        assert tx.definitions(Branding, along=(Team, Banner)).find("branding") == renamed
        assert tx.definitions(Team, along=(Branding,)).all() == [team, another]
        assert tx.definitions(Banner).all() == []


def test_definitions_of_a_transaction_that_fails_are_not_kept(store: Store) -> None:
    class DisasterError(Exception):
        pass

    with suppress(DisasterError), store.write() as tx:
        tx.definitions(Team).save(Team(id="a", name="Alpha"))
        raise DisasterError
    with store.read() as tx:
        assert tx.definitions(Team).all() == []


# What reports count by


def facts(store: Store, audience: Audience = AGENT, **query: Any) -> dict[int, Facts]:
    """Return the facts of all tickets that match, by number."""
    with store.read() as tx:
        batches = tx.tickets.facts(audience, TicketQuery.model_validate(query))
        return {found.number: found for batch in batches for found in batch}


def test_the_facts_of_a_ticket_follow_each_change(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()
    assert facts(store)[number].waiting is not None

    say(store, number, "ada", "I come.", 2)
    change(store, number, priority=Priority.HIGH)

    found = facts(store)[number]
    assert (found.waiting, found.priority, [who for who, _, _ in found.replies]) == (None, "high", ["ada"])


def test_facts_tell_whether_what_was_promised_was_kept(store: Store, file_ticket: FileTicket) -> None:
    late = promise(None).model_copy(update={"resolution": Deadline(due_at=NOW, met_at=NOW + HOUR)})
    number = file_ticket(status=Status.CLOSED, sla=late)
    assert facts(store)[number].kept is False

    change(store, number, sla=promise(None).model_copy(update={"resolution": Deadline(due_at=NOW, met_at=NOW)}))
    assert facts(store)[number].kept is True

    change(store, number, sla=None)
    assert facts(store)[number].kept is None


def test_facts_are_found_by_the_same_query_as_lists(store: Store, file_ticket: FileTicket) -> None:
    urgent = file_ticket("Smoke from the printer", priority=Priority.URGENT)
    billing = file_ticket("A wrong sum", category=TicketCategory.BILLING, assignee="ada")
    of_oskar = file_ticket(requester="oskar", watchers=["carla"])

    assert set(facts(store)) == {urgent, billing, of_oskar}
    assert set(facts(store, priorities=[Priority.URGENT])) == {urgent}
    assert set(facts(store, categories=[TicketCategory.BILLING], assignee="ada")) == {billing}
    assert set(facts(store, needles=["smoke"])) == {urgent}
    assert set(facts(store, OSKAR)) == {of_oskar}
    assert set(facts(store, CARLA, assignee=UNASSIGNED)) == {urgent, of_oskar}


def test_a_text_finds_the_facts_of_all_its_hits(store: Store) -> None:
    with store.write() as tx:
        for number in range(1, MOST_HITS + 3):
            tx.tickets.save(Ticket.open(number, "carla", "No dial tone", "Dead.", TicketCategory.GENERAL, NOW))

    assert len(facts(store, needles=["dial"])) == MOST_HITS + 2


def test_facts_may_be_gone_through_after_the_transaction_and_tell_of_its_moment(
    store: Store, file_ticket: FileTicket
) -> None:
    number = file_ticket()
    with store.read() as tx:
        batches = tx.tickets.facts(AGENT, TicketQuery())

    change(store, number, priority=Priority.HIGH)

    assert [found.priority for batch in batches for found in batch] == ["normal"]
    assert facts(store)[number].priority == "high"


def test_a_writer_sees_the_facts_of_what_it_changed_and_nobody_else_does(store: Store, file_ticket: FileTicket) -> None:
    number = file_ticket()
    with suppress(ZeroDivisionError), store.write() as tx:
        ticket = tx.tickets.find(number)
        assert ticket is not None
        tx.tickets.save(ticket.model_copy(update={"priority": Priority.HIGH}))
        seen = [found.priority for batch in tx.tickets.facts(AGENT, TicketQuery()) for found in batch]
        1 / 0  # noqa: B018 - any error will do

    assert seen == ["high"]
    assert facts(store)[number].priority == "normal"


def test_titles_are_told_of_what_one_may_see(store: Store, file_ticket: FileTicket) -> None:
    own, foreign = file_ticket("Mine"), file_ticket("Not mine", requester="oskar")

    with store.read() as tx:
        assert tx.tickets.titles(AGENT, [own, foreign, 99]) == {own: "Mine", foreign: "Not mine"}
        assert tx.tickets.titles(CARLA, [own, foreign, 99]) == {own: "Mine"}
        assert tx.tickets.titles(AGENT, []) == {}


def test_descriptions_are_told_of_what_one_may_see(store: Store, file_ticket: FileTicket) -> None:
    own, foreign = file_ticket("Mine"), file_ticket("Not mine", requester="oskar")
    with store.write() as tx:
        ticket = tx.tickets.find(own)
        assert ticket is not None
        told = {own: ticket.description, foreign: ticket.description}
        brought = Message(author="oskar", text="Brought by a merge.", at=NOW - 99 * HOUR, origin=foreign)
        ticket.messages.insert(0, brought)
        tx.tickets.save(ticket)

    with store.read() as tx:
        assert tx.tickets.descriptions(AGENT, [own, foreign, 99]) == told
        assert tx.tickets.descriptions(CARLA, [own, foreign, 99]) == {own: told[own]}
        assert tx.tickets.descriptions(AGENT, []) == {}


def test_values_of_custom_fields_are_told_of_what_one_may_see_and_to_requesters_those_for_all(
    store: Store, file_ticket: FileTicket
) -> None:
    own, foreign, empty = file_ticket("Mine"), file_ticket("Not mine", requester="oskar"), file_ticket("No values")
    values: dict[str, FieldValue] = {
        "field.serial": 'A"1}',
        "field.parts": ["Fan", "Mouse"],
        "field.leased": False,
        "agents.supplier": "Ä\n\x1f😀",
    }
    with store.write() as tx:
        for number in (own, foreign):
            ticket = tx.tickets.find(number)
            assert ticket is not None
            ticket.fields = dict(values)
            tx.tickets.save(ticket)

    public = {name: value for name, value in values.items() if name != "agents.supplier"}
    without_notes = Audience(username="ada", sees_all=True, takes_notes=False)
    with store.read() as tx:
        assert tx.tickets.field_values(AGENT, [own, foreign, empty, 99]) == {own: values, foreign: values, empty: {}}
        assert tx.tickets.field_values(CARLA, [own, foreign, empty]) == {own: public, empty: {}}
        assert tx.tickets.field_values(without_notes, [foreign]) == {foreign: public}
        assert tx.tickets.field_values(AGENT, []) == {}


# What open pages are kept up to date by


def test_a_stamp_changes_with_each_change_that_its_reader_may_learn_of(store: Store) -> None:
    with store.write() as tx:
        tx.tickets.save(make_ticket(1, requester="carla", watchers=["oskar"]))
        tx.tickets.save(make_ticket(2, requester="bert"))
    people = [AGENT, *(Audience(username=name, sees_all=False) for name in ("carla", "oskar", "nobody"))]

    def stamps() -> list[tuple[dict[int, str], str]]:
        with store.read() as tx:
            return [(tx.tickets.stamps(audience, [1, 99]), tx.tickets.latest(audience)) for audience in people]

    before = stamps()
    say(store, 1, "ada", "Between us", 1, note=True)
    noted = stamps()
    say(store, 1, "ada", "For all", 2)
    answered = stamps()

    assert [set(found) for found, _ in before] == [{1}, {1}, {1}, set()]
    assert [one != other for one, other in zip(before, noted, strict=True)] == [True, False, False, False]
    assert [one != other for one, other in zip(noted, answered, strict=True)] == [True, True, True, False]


def test_a_stamp_is_that_of_the_ticket_as_its_page_shows_it(store: Store) -> None:
    with store.write() as tx:
        tx.tickets.save(make_ticket(1, requester="carla"))
    say(store, 1, "ada", "Between us", 1, note=True)

    with store.read() as tx:
        ticket = tx.tickets.find(1)
        assert ticket is not None
        for audience, shown in ((AGENT, ticket), (Audience(username="carla", sees_all=False), ticket.for_requester())):
            assert tx.tickets.stamps(audience, [1]) == {1: stamp_of(shown.updated_at, len(shown.messages))}


def test_a_desk_without_tickets_has_no_last_change(store: Store) -> None:
    with store.read() as tx:
        assert tx.tickets.latest(AGENT) == ""
        assert tx.tickets.stamps(AGENT, []) == {}


# What is forgotten


def test_tickets_in_which_somebody_stands_are_found_wherever_they_stand_in_them(
    store: Store, file_ticket: FileTicket
) -> None:
    own, watched = file_ticket(), file_ticket(requester="oskar", watchers=["carla"])
    answered, foreign = file_ticket(requester="oskar"), file_ticket("Carla's line", requester="carla2")
    say(store, answered, "carla", "Me, too.", 1, note=True)

    with store.write() as tx:
        new = make_ticket(tx.tickets.next_number(), "Another", "carla")
        tx.tickets.save(new)
        assert tx.tickets.naming("carla", 0, 99) == [own, watched, answered, new.number]
        assert tx.tickets.naming("carla", own, answered) == [watched, answered]
        assert tx.tickets.naming("nobody", 0, foreign) == []


def test_a_ticket_that_is_removed_is_nowhere_and_its_number_does_not_come_again(
    store: Store, file_ticket: FileTicket
) -> None:
    gone, stays = file_ticket("Gone", watchers=["oskar"], tags=["vpn"]), file_ticket("Stays", status=Status.RESOLVED)
    with store.write() as tx:
        tx.tickets.mark_seen(gone, "ada", 1)
        tx.tickets.mark_seen(stays, "ada", 1)

    with store.write() as tx:
        tx.tickets.remove(gone)
        tx.tickets.remove(gone)  # that it is not there is no error
        assert tx.tickets.find(gone) is None

    assert numbers(store) == [stays]
    assert numbers(store, OSKAR) == numbers(store, needles=("Gone",)) == numbers(store, statuses={Status.OPEN}) == []
    with store.write() as tx:
        assert tx.tickets.find(gone) is None
        assert list(tx.tickets.stream()) == [tx.tickets.find(stays)]
        assert [tx.tickets.seen(number, "ada") for number in (gone, stays)] == [0, 1]
        assert [found.number for batch in tx.tickets.facts(AGENT, TicketQuery()) for found in batch] == [stays]
        assert tx.tickets.last_number() == stays
        assert tx.tickets.next_number() == stays + 1


def test_how_much_somebody_has_seen_is_forgotten_a_few_at_a_time(store: Store, file_ticket: FileTicket) -> None:
    filed = [file_ticket() for _ in range(3)]
    with store.write() as tx:
        for number in filed:
            tx.tickets.mark_seen(number, "ada", 1)
            tx.tickets.mark_seen(number, "bert", 1)

    with store.write() as tx:
        assert tx.tickets.forget_seen("ada", 2)
        assert not tx.tickets.forget_seen("ada", 2)

    with store.read() as tx:
        assert [tx.tickets.seen(number, "ada") for number in filed] == [0, 0, 0]
        assert [tx.tickets.seen(number, "bert") for number in filed] == [1, 1, 1]
