"""What the desk has kept of unsent texts comes back with the page, to whoever typed it."""

from collections.abc import Callable

import pytest

from tests.visiting import COMPOSER, DRAFT, Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor

Behind = Callable[[Visit], Actor]


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> int:
    """Return the number of Carla's ticket."""
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").number


def test_a_composer_begins_with_what_was_kept_for_this_person_and_no_other(
    desk: Desk, ada: Visit, root: Visit, carla: Visit, number: int, actor: Behind
) -> None:
    desk.drafts.keep(actor(ada), number, "reply", "zebra-marker")

    saved = ada.open("ticket", id=str(number)).sent(COMPOSER)["saved"]

    assert saved["texts"] == {"reply": "zebra-marker"}
    for other in (root, carla):
        assert other.open("ticket", id=str(number)).sent(COMPOSER)["saved"] is None


def test_what_was_sent_is_there_no_more_when_one_comes_back(desk: Desk, ada: Visit, number: int, actor: Behind) -> None:
    desk.drafts.keep(actor(ada), number, "reply", "Is it in?")
    ada.open("ticket", id=str(number)).answer("Is it in?")

    assert Visit(desk, ada.token).open("ticket", id=str(number)).sent(COMPOSER)["saved"] is None


def test_the_form_of_a_new_ticket_begins_with_what_was_kept_until_it_is_sent(
    desk: Desk, carla: Visit, oskar: Visit, actor: Behind
) -> None:
    desk.drafts.keep(actor(carla), 0, "title", "Loud printer")

    assert carla.open("new_ticket").sent(DRAFT)["saved"] == {"title": "Loud printer"}
    assert oskar.open("new_ticket").sent(DRAFT)["saved"] == {}
    carla.fill(title="Loud printer", description="It hums.").press("submit")
    assert carla.open("new_ticket").sent(DRAFT)["saved"] == {}
