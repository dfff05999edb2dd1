"""What a requester is asked once their ticket is done, and what agents read of the answer."""

from collections.abc import Callable

import pytest

from tests.visiting import PANEL, Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.people import Actor
from ticketing.domain.statuses import Status
from ticketing.domain.tickets import Ticket

Behind = Callable[[Visit], Actor]
QUESTION = "Did this solve your problem?"


@pytest.fixture
def number(desk: Desk, carla: Visit, ada: Visit, actor: Behind) -> str:
    """Return a ticket of Carla's that Ada has closed."""
    number = desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").number
    return desk.tickets.close(actor(ada), number).id


@pytest.fixture
def stored(desk: Desk, number: str, root: Visit, actor: Behind) -> Callable[[], Ticket]:
    return lambda: desk.tickets.get(actor(root), int(number))


def lines(visit: Visit) -> list[str]:
    """Return what the page says in running text."""
    return [unescaped(line.value) for line in visit.at.markdown]


def test_one_click_then_stars_and_a_comment_and_no_second_rating(
    carla: Visit, number: str, stored: Callable[[], Ticket]
) -> None:
    assert QUESTION in lines(carla.open("ticket", id=number))

    carla.press("rate_solved")
    assert carla.said[0] == "Your answer is noted."
    assert not carla.has_button("rate_reopen")
    carla.at.radio(key=f"rating_score_{number}").set_value(4)
    carla.fill(rating_comment="So **kind**").press("rate_more")

    rating = stored().rating
    assert rating is not None
    assert (rating.solved, rating.score, rating.comment) == (True, 4, "So **kind**")
    assert "You rated this: solved, 4 of 5." in lines(carla)
    assert QUESTION not in lines(carla.open("ticket", id=number))
    assert not any(carla.has_button(key) for key in ("rate_solved", "rate_not_solved", "rate_more"))


def test_who_is_not_content_reopens_at_once_and_is_asked_anew_later(
    desk: Desk, carla: Visit, ada: Visit, actor: Behind, number: str, stored: Callable[[], Ticket]
) -> None:
    carla.open("ticket", id=number).press("rate_not_solved").press("rate_reopen")

    assert stored().status is Status.OPEN
    assert [rating.solved for rating in stored().ratings] == [False]
    assert carla.said[0] == "The ticket is open again."
    assert QUESTION not in lines(carla)
    desk.tickets.close(actor(ada), int(number))
    assert QUESTION in lines(carla.open("ticket", id=number))


def test_nothing_is_sent_where_nothing_was_filled_in(carla: Visit, number: str, stored: Callable[[], Ticket]) -> None:
    carla.open("ticket", id=number).press("rate_solved").press("rate_more")

    assert len(stored().ratings) == 1
    assert carla.has_button("rate_more")


def test_agents_read_the_rating_beside_the_ticket_and_are_not_asked(
    desk: Desk, carla: Visit, ada: Visit, actor: Behind, number: str
) -> None:
    desk.tickets.rate(actor(carla), int(number), solved=False, score=2, comment="Slow.")

    assert ada.open("ticket", id=number).sent(PANEL)["facts"][1:] == [
        ["Rating", "Not solved, 2 of 5"],
        ["Comment", "Slow."],
    ]
    assert not ada.has_button("rate_solved")
    assert QUESTION not in lines(ada)


def test_who_rated_in_another_tab_is_shown_what_they_said_there(
    desk: Desk, carla: Visit, actor: Behind, number: str, stored: Callable[[], Ticket]
) -> None:
    carla.open("ticket", id=number)
    desk.tickets.rate(actor(carla), int(number), solved=True)

    carla.press("rate_not_solved")

    assert "You rated this: solved." in lines(carla)
    assert len(stored().ratings) == 1
