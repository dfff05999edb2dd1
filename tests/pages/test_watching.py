"""Watching from the side of a ticket: what each sees there, and what the desk believes of what a browser reports."""

from collections.abc import Callable

import pytest

from tests.visiting import PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.tickets import Ticket

Behind = Callable[[Visit], Actor]


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Callable[[], Ticket]:
    return lambda: desk.tickets.get(actor(root), int(number))


def test_a_requester_stops_and_watches_again(carla: Visit, number: str, stored: Callable[[], Ticket]) -> None:
    assert carla.open("ticket", id=number).sent(PANEL)["watching"]["isWatched"] is True

    carla.put("watch", False)  # noqa: FBT003 - as the browser says it
    assert carla.said[0] == "You are told nothing more of this ticket."
    assert stored().muted == ["carla"]
    assert carla.sent(PANEL)["watching"]["isWatched"] is False

    carla.put("watch", True)  # noqa: FBT003
    assert stored().muted == []


def test_an_agent_adds_a_watcher_whom_the_requester_sees_and_who_of_the_agents_follows_is_for_agents(
    ada: Visit, carla: Visit, oskar: Visit, root: Visit, number: str, stored: Callable[[], Ticket]
) -> None:
    del oskar, root  # who have an account by that
    ada.open("ticket", id=number).put("watcher", "add", "oskar")
    ada.put("watcher", "add", "root")

    assert (stored().watchers, stored().followers) == (["oskar"], ["root"])
    people = ada.sent(PANEL)["watching"]["people"]
    assert [(who, bool(removal)) for who, _, removal, _ in people] == [("oskar", True), ("root", False)]
    of_carla = carla.open("ticket", id=number).sent(PANEL)["watching"]
    assert [(who, removal) for who, _, removal, _ in of_carla["people"]] == [("oskar", "")]
    assert of_carla["mayChange"] is False

    ada.put("watcher", "remove", "oskar")
    assert stored().watchers == []


def test_a_name_that_nobody_has_is_refused_with_a_sentence(ada: Visit, number: str) -> None:
    ada.open("ticket", id=number).put("watcher", "add", "nobody")

    assert ada.refused == ["There is no account “nobody”."]


def test_whoever_works_on_it_is_told_of_it_anyway(desk: Desk, ada: Visit, actor: Behind, number: str) -> None:
    desk.tickets.assign(actor(ada), int(number), "ada")

    shown = ada.open("ticket", id=number).sent(PANEL)["watching"]
    assert (shown["isOwnWork"], shown["isWatched"]) == (True, True)


@pytest.mark.parametrize("report", [["watch", "yes"], ["watch"], ["watcher", "add", 7], ["watcher", "be", "oskar"]])
def test_what_the_panel_cannot_send_is_dropped(
    carla: Visit, number: str, stored: Callable[[], Ticket], report: list[object]
) -> None:
    carla.open("ticket", id=number).put(*report)

    assert stored().version == 1


def test_a_requester_who_makes_up_a_report_adds_nobody(
    carla: Visit, oskar: Visit, number: str, stored: Callable[[], Ticket]
) -> None:
    del oskar
    carla.open("ticket", id=number).put("watcher", "add", "oskar")

    assert stored().watchers == []
