"""Similar tickets beside the one that an agent works on."""

from collections.abc import Callable

import pytest

from tests.visiting import Visit
from ticketing.desk import Desk
from ticketing.domain.people import Actor

Behind = Callable[[Visit], Actor]


@pytest.fixture
def number(desk: Desk, carla: Visit, oskar: Visit, actor: Behind) -> str:
    """Return a ticket of Carla's that one of Oskar's resembles."""
    desk.tickets.open(actor(oskar), "VPN drops <b>again</b>", "It drops.")
    return desk.tickets.open(actor(carla), "VPN drops", "It drops.").id


def unfold(visit: Visit, number: str) -> Visit:
    visit.open("ticket", id=number)
    visit.at.session_state[f"similar_{number}"] = True
    return visit.rerun()


def test_an_agent_unfolds_the_tickets_that_resemble_this_one(ada: Visit, number: str) -> None:
    assert "again" not in ada.open("ticket", id=number).html

    unfold(ada, number)

    assert '<a href="ticket?id=1" style="color:inherit">T-1: VPN drops &lt;b&gt;again&lt;/b&gt;</a>' in ada.html
    assert "New · Oskar" in ada.html
    assert "Merge into T-1" in [button.label for button in ada.at.button]


def test_where_none_does_it_is_said(desk: Desk, ada: Visit, carla: Visit, actor: Behind) -> None:
    number = desk.tickets.open(actor(carla), "Printer jams", "It jams.").id

    unfold(ada, number)

    assert any("resembles this one" in caption.value for caption in ada.at.caption)


def test_a_requester_is_shown_none(carla: Visit, number: str) -> None:
    unfold(carla, number)

    assert "again" not in carla.html
    assert not [fold for fold in carla.at.expander if fold.label == "Similar tickets"]
