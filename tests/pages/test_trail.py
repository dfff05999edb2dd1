"""Going on from a ticket to the next one of the list, after an answer."""

from collections.abc import Callable

import pytest

from tests.visiting import COMPOSER, LIST, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.queries import Page, TicketQuery, TicketSummary
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import TicketEdit

Behind = Callable[[Visit], Actor]


@pytest.fixture
def numbers(desk: Desk, carla: Visit, actor: Behind) -> list[int]:
    """Open four tickets of Carla's, and return them as the queue shows them, the newest first."""
    opened = [desk.tickets.open(actor(carla), f"Fan {n}", "It rattles.").number for n in range(4)]
    return opened[::-1]


def opened_from_list(visit: Visit, number: int, page: str = "all_tickets", **query: str) -> Visit:
    """Look at a list, and at a ticket of it."""
    return visit.open(page, **query).open("ticket", id=str(number))


def word(visit: Visit) -> str:
    """Return what the composer offers to do after an answer, "" for nothing."""
    offered: str = visit.sent(COMPOSER)["onward"]
    return offered


def go_on(visit: Visit) -> Visit:
    """Ask to go on, as the browser does when it has heard that the answer is saved."""
    return visit.report(COMPOSER, "onward", value=True)


def shown(visit: Visit) -> int:
    """Return the number of the ticket on the screen."""
    found: int = visit.sent(COMPOSER)["number"]
    return found


def test_after_an_answer_comes_the_next_ticket_of_the_list_as_it_was_seen(ada: Visit, numbers: list[int]) -> None:
    opened_from_list(ada, numbers[1])
    assert word(ada) == "Then go to the next ticket"

    ada.answer("Is the plug in?")  # by which the ticket becomes the first of the list
    go_on(ada)

    assert shown(ada) == numbers[2]
    assert ada.said == [f"Your reply is saved. That was T-{numbers[1]}. This is the next ticket of the list."]
    go_on(ada.open("ticket", id=str(numbers[2])).answer("Is the plug in?"))
    assert shown(ada) == numbers[3]


def test_after_the_last_ticket_comes_the_list_as_it_was_left(ada: Visit, numbers: list[int]) -> None:
    opened_from_list(ada, numbers[-1], q="Fan")
    assert word(ada) == "Then go back to the list"

    go_on(ada.answer("Is the plug in?"))

    assert ada.titles == ["All tickets"]
    assert ada.sent(LIST)["head"]["text"] == "Fan"
    assert ada.said == [f"Your reply is saved. T-{numbers[-1]} was the last ticket on this page of the list."]


def test_a_ticket_that_has_left_the_list_meanwhile_is_passed_over(
    desk: Desk, ada: Visit, root: Visit, actor: Behind, numbers: list[int]
) -> None:
    opened_from_list(ada, numbers[0], view="unassigned")
    desk.tickets.edit(actor(root), numbers[1], TicketEdit(assignee="root"))
    desk.tickets.edit(actor(root), numbers[2], TicketEdit(status=Status.RESOLVED))

    go_on(ada.answer("Is the plug in?"))

    assert shown(ada) == numbers[3]


def test_where_all_others_have_left_the_list_one_comes_back_to_it(
    desk: Desk, ada: Visit, root: Visit, actor: Behind, numbers: list[int]
) -> None:
    opened_from_list(ada, numbers[2])
    desk.tickets.close(actor(root), numbers[3])

    go_on(ada.answer("Is the plug in?"))

    assert ada.titles == ["All tickets"]


def test_a_page_of_the_list_is_gone_through_with_one_question_to_the_store(
    desk: Desk, ada: Visit, numbers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, search = [], desk.tickets.search

    def noted(actor: Actor, query: TicketQuery) -> Page[TicketSummary]:
        asked.append(query)
        return search(actor, query)

    opened_from_list(ada, numbers[0])
    monkeypatch.setattr(desk.tickets, "search", noted)

    ada.answer("Is the plug in?")
    assert asked == []
    go_on(ada)

    assert shown(ada) == numbers[1]
    assert len(asked) == 1


def test_a_note_and_a_ticket_of_ones_own_list_lead_on_as_well(
    desk: Desk, ada: Visit, actor: Behind, numbers: list[int]
) -> None:
    own = [desk.tickets.open(actor(ada), "My fan", "It rattles.").number for _ in range(2)]
    opened_from_list(ada, own[1], "my_tickets")

    go_on(ada.answer("Bearings?", kind="note"))

    assert shown(ada) == own[0]
    assert ada.said[0].startswith("Your note is saved. ")
    assert numbers


def test_a_ticket_that_the_list_did_not_show_leads_nowhere_on(ada: Visit, numbers: list[int]) -> None:
    opened_from_list(ada, numbers[0], q="Fan 1")
    assert not word(ada)

    go_on(ada.answer("Is the plug in?"))

    assert shown(ada) == numbers[0]
    assert ada.said == ["Your reply is saved."]


def test_a_requester_is_not_led_on(carla: Visit, numbers: list[int]) -> None:
    opened_from_list(carla, numbers[0], "my_tickets")
    assert not word(carla)

    go_on(carla.answer("It still rattles."))

    assert shown(carla) == numbers[0]


def test_nobody_is_led_on_who_was_signed_out(desk: Desk, ada: Visit, numbers: list[int]) -> None:
    opened_from_list(ada, numbers[0]).answer("Is the plug in?")
    desk.sessions.sign_out(ada.token or "")

    go_on(ada)

    assert ada.titles == ["Sign in"]
