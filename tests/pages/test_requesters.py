"""For whom an agent opens a ticket, and to whom one is given, as the pages have it."""

from collections.abc import Callable

from tests.visiting import HEAD, PANEL, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor

Behind = Callable[[Visit], Actor]


def texts(visit: Visit) -> dict[str, str]:
    """Return what stands in the fields of the page, by their keys."""
    return {str(widget.key): widget.value or "" for widget in [*visit.at.text_input, *visit.at.text_area]}


def test_an_agent_says_whose_ticket_it_is_and_its_requester_finds_it_among_their_own(
    desk: Desk, carla: Visit, ada: Visit, actor: Behind
) -> None:
    ada.open("new_ticket").fill(requester="carla", title="No dial tone", description="She called.").press("submit")

    assert ada.sent(HEAD)["title"] == "No dial tone"
    assert "Carla" in ada.sent(HEAD)["facts"][0]
    assert desk.tickets.get(actor(carla), 1).requester == "carla"


def test_who_is_not_found_is_told_and_all_that_was_typed_stays(ada: Visit) -> None:
    typed = {"requester": "nobody", "title": "No dial tone", "description": "They called."}
    ada.open("new_ticket").fill(**typed).press("submit")

    assert ada.refused == ["There is no account “nobody”."]
    assert {name: text for name, text in texts(ada).items() if name in typed} == typed


def test_the_form_is_empty_after_a_ticket_for_somebody_else(ada: Visit) -> None:
    ada.open("new_ticket").fill(requester="Ida <ida@example.org>", title="A badge", description="Please.").press(
        "submit"
    )

    ada.open("new_ticket")

    assert set(texts(ada).values()) == {""}


def test_requesters_are_not_asked_whose_ticket_it_is_nor_is_whoever_follows_one_up(
    desk: Desk, carla: Visit, ada: Visit, actor: Behind
) -> None:
    assert "requester" not in texts(carla.open("new_ticket"))

    number = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").number
    desk.tickets.close(actor(ada), number)
    assert "requester" not in texts(ada.open("new_ticket", follows=str(number)))


def test_a_watcher_is_made_the_requester_by_an_agent_alone(
    desk: Desk, carla: Visit, oskar: Visit, ada: Visit, actor: Behind
) -> None:
    number = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").number
    desk.watching.add(actor(ada), number, "oskar")
    [[*_, promotion]] = ada.open("ticket", id=str(number)).sent(PANEL)["watching"]["people"]
    assert promotion == "Make Oskar the requester"

    ada.put("watcher", "make_requester", "oskar")

    assert ada.said[0] == "The ticket is theirs now."
    assert [name for name, *_ in ada.sent(PANEL)["watching"]["people"]] == ["carla"]
    history = [line[1] for line in ada.unfold_history().sent(PANEL)["history"]]
    assert "changed requester: Carla → Oskar" in history
    [[*_, removal, promotion]] = oskar.open("ticket", id=str(number)).sent(PANEL)["watching"]["people"]
    assert (removal, promotion) == ("", "")
    oskar.put("watcher", "make_requester", "carla")
    assert desk.tickets.get(actor(ada), number).requester == "oskar"
