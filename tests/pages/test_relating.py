"""Merging, linking and splitting from the pages: what they believe of what a browser reports, and what they answer."""

from collections.abc import Callable

import pytest

from tests.visiting import HEAD, LIST, PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.links import LinkKind
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket

Behind = Callable[[Visit], Actor]
Look = Callable[[], list[Ticket]]


@pytest.fixture
def pair(desk: Desk, carla: Visit, oskar: Visit, actor: Behind) -> tuple[str, str]:
    """Return a ticket of Carla's and one of Oskar's, to which he has replied."""
    first = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").id
    second = desk.tickets.open(actor(oskar), "Phone dead", "No sound at all.").number
    return first, desk.tickets.reply(actor(oskar), second, "The printer jams, too.").id


@pytest.fixture
def stored(desk: Desk) -> Look:
    """Return a way to look at all tickets as they are stored."""

    def look() -> list[Ticket]:
        with desk.store.read() as tx:
            return list(tx.tickets.stream())

    return look


@pytest.fixture
def linked(desk: Desk, root: Visit, actor: Behind, pair: tuple[str, str]) -> tuple[str, str]:
    """Link the two."""
    desk.relations.link(actor(root), int(pair[0]), LinkKind.BLOCKS, int(pair[1]))
    return pair


@pytest.fixture
def merged(desk: Desk, root: Visit, actor: Behind, pair: tuple[str, str]) -> tuple[str, str]:
    """Merge the second into the first."""
    desk.relations.merge(actor(root), int(pair[1]), int(pair[0]))
    return pair


def test_the_side_tells_agents_what_a_ticket_is_to_others(ada: Visit, carla: Visit, linked: tuple[str, str]) -> None:
    first, second = linked

    section = ada.open("ticket", id=first).sent(PANEL)["related"]

    assert [line[1:7] for line in section["lines"]] == [
        ["blocks", "blocks", second, f"T-{second}", "Phone dead", "New"],
    ]
    assert [way for way, _, _ in section["ways"]] == ["link", "merge"]
    assert carla.open("ticket", id=first).sent(PANEL)["related"] is None


def test_removing_a_link_can_be_taken_back(ada: Visit, linked: tuple[str, str], stored: Look) -> None:
    ada.open("ticket", id=linked[0]).report(PANEL, "outbox", [[1, "unlink", "blocks", int(linked[1])]])
    assert ada.said == [f"The link to T-{linked[1]} is removed."]
    assert [ticket.links for ticket in stored()] == [[], []]

    ada.act(ada.actions[0])

    assert [[link.kind for link in ticket.links] for ticket in stored()] == [["blocks"], ["blocked_by"]]


def test_taking_a_merge_back_can_be_taken_back(ada: Visit, merged: tuple[str, str], stored: Look) -> None:
    ada.open("ticket", id=merged[0]).report(PANEL, "outbox", [[1, "unmerge", "merged", int(merged[1])]])
    assert ada.said == [f"The merge of T-{merged[1]} is undone."]
    assert [ticket.merged_into for ticket in stored()] == [None, None]

    ada.act(ada.actions[0])

    assert [ticket.merged_into for ticket in stored()] == [None, int(merged[0])]


@pytest.mark.parametrize(
    "forged",
    [
        ["unlink", "related", 2],
        ["unlink", "blocks", 9],
        ["unlink", "blocks", "2"],
        ["unlink", "owns", 2],
        ["unmerge", "merged", 2],
        ["unmerge", "merged", None],
        ["unlink", ["blocks"], 2],
        ["merge", "merged", 2],
    ],
    ids=repr,
)
def test_what_is_not_there_to_be_taken_away_stays(
    ada: Visit, linked: tuple[str, str], stored: Look, forged: list[object]
) -> None:
    before = stored()

    ada.open("ticket", id=linked[0]).report(PANEL, "outbox", [[1, *forged]])

    assert stored() == before


@pytest.mark.parametrize("forged", [["unlink", "blocks", 2], ["unmerge", "merged", 2]], ids=repr)
def test_a_requester_takes_nothing_away(
    desk: Desk, carla: Visit, root: Visit, actor: Behind, linked: tuple[str, str], stored: Look, forged: list[object]
) -> None:
    if forged[0] == "unmerge":
        desk.relations.merge(actor(root), int(linked[1]), int(linked[0]))
    before = stored()

    carla.open("ticket", id=linked[0]).report(PANEL, "outbox", [[1, *forged]])

    assert stored() == before


@pytest.mark.parametrize(
    "asked", [9, "split", ["split"], ["split", 3], ["merge"], {"merge": 1}, None, "else"], ids=repr
)
def test_where_no_way_leads_one_stays(ada: Visit, linked: tuple[str, str], asked: object) -> None:
    ada.open("ticket", id=linked[0]).report(PANEL, "asked", asked)

    assert ada.titles == ["No dial tone"]


@pytest.mark.parametrize(
    ("asked", "title"),
    [("merge", "Merge T-1"), ("link", "Link T-1"), (["split", "x"], "Split a message"), (2, "Phone")],
)
def test_each_way_leads_to_its_page(ada: Visit, linked: tuple[str, str], asked: object, title: str) -> None:
    ada.open("ticket", id=linked[0]).report(PANEL, "asked", asked)

    assert [shown.startswith(title) for shown in ada.titles] == [True]


def test_an_agent_is_led_to_all_tickets_of_the_requester(
    desk: Desk, ada: Visit, actor: Behind, linked: tuple[str, str]
) -> None:
    desk.tickets.close(actor(ada), int(linked[0]))

    shown = ada.open("ticket", id=linked[0]).sent(PANEL)["facts"][0]
    ada.report(PANEL, "asked", "requester")

    assert shown == ["Requester", "Carla", "all_tickets?view=all&requester=carla", "All tickets of Carla"]
    assert ada.titles == ["All tickets"]
    assert [row[3] for row in ada.sent(LIST)["rows"]] == ["No dial tone"]


@pytest.mark.parametrize("asked", ["merge", "link", ["split", "x"], 2, "requester"], ids=repr)
def test_no_way_is_there_for_a_requester(carla: Visit, linked: tuple[str, str], asked: object) -> None:
    carla.open("ticket", id=linked[0]).report(PANEL, "asked", asked)

    assert carla.titles == ["No dial tone"]


@pytest.mark.parametrize("how", ["merge", "link", "split", "else", ""])
def test_the_pages_are_not_there_for_a_requester(carla: Visit, pair: tuple[str, str], how: str) -> None:
    carla.open("ticket", id=pair[0], relate=how)

    assert carla.titles == ["Nothing to see here"]


def test_pressing_twice_merges_once(ada: Visit, pair: tuple[str, str], stored: Look) -> None:
    first, second = pair
    ada.open("ticket", id=second, relate="merge", into=first)

    ada.press("merge")

    assert ada.titles == ["No dial tone"]
    assert ada.said == [f"T-{second} was merged into T-{first}."]
    assert ada.sent(HEAD)["actions"][0][1] == "Undo: merge"
    ada.open("ticket", id=second, relate="merge", into=first)
    assert ada.titles == ["No dial tone"]
    assert len(stored()[0].messages) == 3


def test_after_a_merge_was_undone_the_same_can_be_merged_again(ada: Visit, pair: tuple[str, str], stored: Look) -> None:
    for _ in range(2):
        ada.open("ticket", id=pair[1], relate="merge", into=pair[0]).press("merge")
        assert stored()[1].merged_into == int(pair[0])
        ada.act(ada.actions[0])
        assert stored()[1].merged_into is None


@pytest.mark.parametrize("into", ["2", "9", "x", "", "0"])
def test_a_ticket_into_which_nothing_can_be_merged_is_refused(
    ada: Visit, pair: tuple[str, str], stored: Look, into: str
) -> None:
    before = stored()

    ada.open("ticket", id=pair[1], relate="merge", into=into)
    if ada.has_button("merge"):
        ada.press("merge")
        assert ada.refused == ["Ticket T-2 is the ticket itself. Please choose another one."]
    else:
        assert ada.titles in (["Nothing to see here"], [f"Merge T-{pair[1]} into another ticket"])

    assert stored() == before


def test_a_ticket_that_goes_on_elsewhere_takes_nothing_in(
    desk: Desk, ada: Visit, carla: Visit, actor: Behind, merged: tuple[str, str], stored: Look
) -> None:
    third = desk.tickets.open(actor(carla), "Fax", "Dead.").id
    before = stored()

    ada.open("ticket", id=third, relate="merge", into=merged[1]).press("merge")

    assert ada.refused == [f"Ticket T-{merged[1]} was merged into T-{merged[0]}. Please go on there."]
    assert stored() == before


def test_a_merged_ticket_leads_on_for_those_only_who_may_see_both(
    carla: Visit, oskar: Visit, merged: tuple[str, str]
) -> None:
    assert oskar.open("ticket", id=merged[1]).titles == ["No dial tone"]
    assert carla.open("ticket", id=merged[1]).titles == ["Nothing to see here"]


def test_a_merged_ticket_is_followed_where_it_goes_on(oskar: Visit, merged: tuple[str, str]) -> None:
    oskar.open("new_ticket", follows=merged[1])

    assert oskar.said == [f"Ticket T-{merged[1]} was merged into T-{merged[0]}. Please go on there."]


def test_a_refused_title_splits_nothing_off(ada: Visit, pair: tuple[str, str], stored: Look) -> None:
    before = stored()
    mark = before[1].messages[1].mark

    ada.open("ticket", id=pair[1], relate="split", message=mark).fill(split_title=" \u200b ").press("split")
    assert ada.refused == ["Title is empty. Please fill it in."]
    assert stored() == before
    ada.fill(split_title="Printer jams").press("split")

    assert ada.titles == ["Printer jams"]
    assert [ticket.requester for ticket in stored()] == ["carla", "oskar", "oskar"]
    assert stored()[2].status is Status.OPEN


def test_a_message_that_is_not_there_cannot_be_split_off(ada: Visit, pair: tuple[str, str], stored: Look) -> None:
    for mark in (stored()[1].messages[0].mark, "nothing"):
        ada.open("ticket", id=pair[1], relate="split", message=mark)

        assert ada.refused == [f"Ticket T-{pair[1]} has no such message that could become a ticket of its own."]
        assert not ada.has_button("split")
