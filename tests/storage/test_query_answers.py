"""What the query language finds, on every store."""

from contextlib import suppress
from typing import Any

import pytest

from tests.storage.conftest import NOW, FileTicket, Register
from tests.storage.test_contract import AGENT, CARLA, HOUR, OSKAR, change, promise, say, search, sleep
from ticketing.domain.conditions import Having, Not
from ticketing.domain.errors import QueryError
from ticketing.domain.matching import finds
from ticketing.domain.queries import MOST_HITS, Audience, Sort, TicketQuery, View
from ticketing.domain.query_language import Asker, read_query
from ticketing.domain.statuses import Priority, Status, TicketCategory
from ticketing.domain.store import Store


@pytest.fixture
def desk(store: Store, file_ticket: FileTicket, register: Register) -> Store:
    """Return a store with six tickets, of which each differs from the others."""
    register("carla", "Carla Colani")
    register("oskar", "Oskar Örtmann")
    file_ticket("No dial tone", "carla", age=96, priority=Priority.LOW, tags=["vpn"], external_id="Ab1")
    file_ticket("Printer", "oskar", age=72, assignee="ada", category=TicketCategory.HARDWARE)
    file_ticket("Invoice", "carla", age=48, status=Status.PENDING, priority=Priority.URGENT, assignee="ada")
    file_ticket("VPN Straße", "oskar", age=24, status=Status.ON_HOLD, watchers=["carla"], tags=["home office", "vpn"])
    badge = {"status": Status.RESOLVED, "resolved_at": NOW - HOUR, "category": "from-elsewhere"}
    file_ticket("Badge", "carla", age=2, assignee="root", **badge)
    file_ticket("Tone of voice", "ghost", age=1, status=Status.CLOSED, resolved_at=NOW - 90 * HOUR)
    for number, hours in ((1, -2), (2, 3), (4, 26)):
        change(store, number, sla=promise(hours))
    change(store, 4, snoozed=sleep(5))
    change(store, 1, fields={"field.serial": "AB 1", "agents.cost": "7", "field.leased": True})
    change(store, 3, fields={"agents.serial": "ab 1", "field.parts": ["Fan", "Maus"], "field.leased": False})
    say(store, 2, "ada", "Which room is the printer in?", hours=-70)
    say(store, 3, "ada", "CONFIDENTIAL: dial with care", hours=-47, note=True)
    return store


def found(store: Store, text: str, audience: Audience = AGENT) -> list[int]:
    """Return the numbers of what a typed query finds, after checking that all ways to ask agree."""
    query = read_query(text, Asker(audience.username, NOW))
    fields: dict[str, Any] = {name: getattr(query, name) for name in query.model_fields_set}
    listed = [line.number for line in search(store, audience, **fields)]
    with store.read() as tx:
        assert list(tx.tickets.numbers(audience, query)) == listed
        tickets = list(tx.tickets.stream())
        names = tx.users.names({ticket.requester for ticket in tickets})
    if audience.sees_all:
        one_by_one = [ticket.number for ticket in tickets if finds(query, ticket, names.get(ticket.requester, ""))]
        assert one_by_one == sorted(listed)
    return listed


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [6, 5, 4, 3, 2, 1]),
        ("status:open,pending", [3, 2, 1]),
        ("-status:open,pending", [6, 5, 4]),
        ("status:open status:closed", []),
        ("is:waiting", [4, 3]),
        ("is:done,unassigned", [6, 5, 4, 1]),
        ("is:new", [2, 1]),
        ("-is:new is:open", []),
        ("priority>=normal", [6, 5, 4, 3, 2]),
        ("priority<normal", [1]),
        ("category:hardware", [2]),
        ("category:HARDWARE,network", [2]),
        ("-category:hardware", [6, 5, 4, 3, 1]),
        ("-category:general", [5, 2]),
        ("-category:general,hardware", [5]),
        ("category:general -category:general", []),
        ("category:general category:hardware", []),
        ("category:general,hardware -category:general", [2]),
        ("is:overdue", [1]),
        ("-is:overdue is:open", [2]),
        ("is:overdue,new", [2, 1]),
        ("is:asleep", [4]),
        ("-is:asleep is:waiting", [3]),
        ("is:asleep,new assignee:none", [4, 1]),
        ("due:<4h", [2, 1]),
        ("due:>4h", [4]),
        ("due:<9999y", [4, 2, 1]),
        ("due:today", [2, 1]),
        ("due:tomorrow", [4]),
        ("due:>=2026-03-03", [4]),
        ("-due:<4h tag:vpn", [4]),
        ("due:<9999y sort:due", [1, 2, 4]),
        ("-category:hardware assignee:me", [3]),
        ("tag:vpn", [4, 1]),
        ('tag:"Home Office",x', [4]),
        ("-tag:vpn", [6, 5, 3, 2]),
        ("has:tag", [4, 1]),
        ("-has:tag is:open", [2]),
        ("team:x", []),
        ("field.serial:x", []),
        ('field.serial:"AB 1"', [3, 1]),
        ("field.cost:7,8", [1]),
        ("-field.cost:7 is:open", [2]),
        ("field.parts:maus,x", [3]),
        ("field.leased:TRUE", [1]),
        ("field.leased:true,false", [3, 1]),
        ('"ab 1"', [3, 1]),
        ("maus", [3]),
        ("assignee:me", [3, 2]),
        ("assignee:root,none", [6, 5, 4, 1]),
        ("-assignee:me", [6, 5, 4, 1]),
        ("has:assignee", [5, 3, 2]),
        ("requester:carla", [5, 3, 1]),
        ("requester:örtm", [4, 2]),
        ("requester:ghost,ört", [6, 4, 2]),
        ("requester:gho", []),
        ("-requester:carla", [6, 4, 2]),
        ("requester:me", []),
        ("watcher:carla", [4]),
        ("-watcher:carla tag:vpn", [1]),
        ("number:2,T-4,#99", [4, 2]),
        ("-id:2", [6, 5, 4, 3, 1]),
        ("external:Ab1", [1]),
        ("external:ab1", []),
        ("-external:Ab1 is:open", [2]),
        ("has:note", [3]),
        ("-has:note is:waiting", [4]),
        ("has:reply", [2]),
        ("has:attachment", []),
        ("-has:attachment is:new", [2, 1]),
        ("created:>1d", [3, 2, 1]),
        ("created:<1d", [6, 5, 4]),
        ("created:<=2026-02-26", [1]),
        ("created:2026-02-27..2026-02-28", [3, 2]),
        ("updated:<47h", [6, 5, 4, 3]),
        ("resolved:>1d", [6]),
        ("-resolved:>1d", [5, 4, 3, 2, 1]),
        ("resolved:..", [6, 5]),
        ("tone", [6, 1]),
        ("TONE voice", [6]),
        ("voice tone", [6]),
        ('"dial tone"', [1]),
        ('"tone dial"', []),
        ("dial", [3, 1]),
        ("-dial tone", [6]),
        ("title:dial", [1]),
        ("title:STRASSE", [4]),
        ("title:room", []),
        ("-title:tone", [5, 4, 3, 2]),
        ("title:badge,invoice", [5, 3]),
        ("title:oskar", []),
        ("oskar printer", [2]),
        ("colani T-3", [3]),
        ("%", []),
        ("sort:created", [1, 2, 3, 4, 5, 6]),
        ("sort:priority", [1, 2, 4, 5, 6, 3]),
        ("sort:-priority", [3, 6, 5, 4, 2, 1]),
        ("sort:number status:open", [1, 2]),
    ],
)
def test_c4_agents_find(desk: Store, text: str, numbers: list[int]) -> None:
    assert found(desk, text) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [5, 4, 3, 1]),
        ("requester:me", [5, 3, 1]),
        ("watcher:me", [4]),
        ("number:2", []),
        ("status:open", [1]),
        ("is:new", [1]),
        ("external:Ab1", [1]),
        ("updated:>47h", [3, 1]),
        ("printer", []),
        ("tag:vpn", []),
        ("-tag:vpn", [5, 4, 3, 1]),
        ("is:asleep", []),
        ("-is:asleep", [5, 4, 3, 1]),
        ("has:tag", []),
        ("-has:tag", [5, 4, 3, 1]),
        ("has:note", []),
        ("-has:note", [5, 4, 3, 1]),
        ("has:tag,note,assignee", [5, 3]),
        ("confidential", []),
        ("-confidential", [5, 4, 3, 1]),
        ("dial", [1]),
        ('field.serial:"AB 1"', [1]),
        ('-field.serial:"AB 1"', [5, 4, 3]),
        ("field.cost:7", []),
        ("-field.cost:7", [5, 4, 3, 1]),
        ("field.parts:fan", [3]),
        ('"ab 1"', [1]),
        ("maus", [3]),
    ],
)
def test_z5_requesters_find_what_is_theirs_as_if_there_were_no_notes_and_no_tags(
    desk: Store, text: str, numbers: list[int]
) -> None:
    assert found(desk, text, CARLA) == numbers


def test_a_ticket_is_found_by_the_tags_that_it_has_now(desk: Store) -> None:
    change(desk, 4, tags=["vpn", "wlan"])
    change(desk, 1, tags=[])

    assert [found(desk, f"tag:{tag}") for tag in ("vpn", "wlan", '"home office"')] == [[4], [4], []]
    assert found(desk, "has:tag") == [4]


def test_a_writer_finds_by_tags_that_are_not_kept_yet_and_nobody_does_when_they_are_not_kept(desk: Store) -> None:
    query = read_query("tag:vpn", Asker("ada", NOW))

    with suppress(ZeroDivisionError), desk.write() as tx:
        ticket = tx.tickets.find(2)
        assert ticket is not None
        ticket.tags = ["vpn"]
        tx.tickets.save(ticket)
        assert list(tx.tickets.numbers(AGENT, query)) == [4, 2, 1]
        1 / 0  # noqa: B018 - any error will do

    assert found(desk, "tag:vpn") == [4, 1]


def test_agents_find_a_ticket_by_the_team_that_it_has_now_and_requesters_find_nothing_by_it(desk: Store) -> None:
    change(desk, 1, team="first-line")
    change(desk, 2, team="second-line")

    assert found(desk, "team:First-Line,second-line") == [2, 1]
    assert found(desk, "team:first-line tag:vpn") == [1]
    assert found(desk, "-team:first-line is:open") == [2]
    assert found(desk, "team:second-line", OSKAR) == []
    assert found(desk, "-team:second-line", OSKAR) == found(desk, "", OSKAR)
    change(desk, 1, team="second-line")
    change(desk, 2, team=None)
    assert [found(desk, f"team:{team}") for team in ("first-line", "second-line")] == [[], [1]]


def test_tickets_on_which_a_rule_was_followed_can_be_left_out_and_nobody_has_a_word_for_it(desk: Store) -> None:
    change(desk, 1, fired=["remind"])
    change(desk, 2, fired=["remind", "close"])

    def left(*rules: str) -> list[int]:
        followed = Not(Having("rule", frozenset(rules)))
        with desk.read() as tx:
            return sorted(tx.tickets.numbers(AGENT, TicketQuery(conditions=(followed,))))

    assert left("remind") == left("close", "remind") == [3, 4, 5, 6]
    assert left("close") == [1, 3, 4, 5, 6]
    assert left("x") == [1, 2, 3, 4, 5, 6]
    change(desk, 1, fired=[])
    assert left("remind") == [1, 3, 4, 5, 6]
    with pytest.raises(QueryError):
        found(desk, "rule:remind")


def test_conditions_narrow_what_a_view_shows(desk: Store) -> None:
    narrower = {"conditions": (Not(Having("tag")),), "needles": ("printer",)}
    query = View.MINE.query("ada", NOW).model_copy(update=narrower)

    with desk.read() as tx:
        assert list(tx.tickets.numbers(AGENT, query)) == [2]


def test_all_hits_of_a_query_can_be_had_however_many_and_in_order(store: Store, file_ticket: FileTicket) -> None:
    many = MOST_HITS + 30
    for number in range(many):
        file_ticket("Printer", "carla" if number % 2 else "oskar", age=number, tags=["a", "b"])
    query = read_query("printer tag:a,b -tag:c sort:created", Asker("ada", NOW))

    with store.read() as tx:
        page = tx.tickets.search(AGENT, query)
        assert (page.total, page.ends_early) == (MOST_HITS, True)
        assert tx.tickets.counts(AGENT, [query]) == [MOST_HITS]
        assert list(tx.tickets.numbers(AGENT, query)) == list(range(1, many + 1))
        assert len(list(tx.tickets.numbers(OSKAR, TicketQuery(needles=("printer",))))) == many // 2


@pytest.mark.parametrize("sort", Sort)
def test_a_list_with_conditions_is_in_the_order_of_the_one_without(desk: Store, sort: Sort) -> None:
    everything = [line.number for line in search(desk, sort=sort)]

    held = [line.number for line in search(desk, sort=sort, conditions=(Not(Having("tag", frozenset({"x"}))),))]

    assert held == everything
