"""What the page of a new ticket offers while somebody types."""

from collections.abc import Callable

import pytest

from tests.visiting import Visit, unescaped
from ticketing.desk import Desk
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.people import Actor

Behind = Callable[[Visit], Actor]


@pytest.fixture(autouse=True)
def known(desk: Desk, ada: Visit, carla: Visit, oskar: Visit, actor: Behind) -> None:
    """Write two articles about the VPN, one of them public, and open a ticket of Carla's and one of Oskar's."""
    for name, visibility in (("The VPN **drops**", Visibility.PUBLIC), ("VPN secrets", Visibility.INTERNAL)):
        desk.articles.save(actor(ada), Article(name=name, body="Dial in.", visibility=visibility))
    desk.tickets.open(actor(carla), "VPN [since](http://evil.example) Monday", "It drops.")
    desk.tickets.open(actor(oskar), "Oskar's VPN", "It drops.")


def offered(visit: Visit) -> list[str]:
    """Return the words of the links that lead to an article or a ticket."""
    found = [link.proto for link in visit.at.get("page_link")]
    return [unescaped(link.label) for link in found if "id=" in link.query_string][-4:]


def headings(visit: Visit) -> list[str]:
    return [line.value.strip("*") for line in visit.at.markdown]


def test_articles_and_own_tickets_are_offered_when_somebody_pauses(carla: Visit) -> None:
    carla.open("new_ticket")
    assert "Perhaps this helps already" not in headings(carla)

    carla.pause_at("My VPN drops")

    assert headings(carla)[-2:] == ["Perhaps this helps already", "Your own tickets about this"]
    assert offered(carla)[-2:] == ["The VPN **drops**", "T-1: VPN [since](http://evil.example) Monday"]


def test_nobody_is_offered_what_is_not_theirs_or_not_public(oskar: Visit, ada: Visit) -> None:
    assert offered(oskar.open("new_ticket").pause_at("VPN"))[-2:] == ["The VPN **drops**", "T-2: Oskar's VPN"]
    assert offered(ada.open("new_ticket").pause_at("VPN secrets")) == ["The VPN **drops**"]


@pytest.mark.parametrize(
    "text", ["zebra", "", "x" * 1_000_000, "\x00", "a\ud800b", None, 7, ["VPN"]], ids=lambda t: repr(t)[:9]
)
def test_what_nothing_answers_or_no_browser_sends_offers_nothing(carla: Visit, text: object) -> None:
    carla.open("new_ticket").pause_at(text)

    assert "Perhaps this helps already" not in headings(carla)
    assert carla.refused == []


def test_what_was_typed_into_another_form_offers_nothing(carla: Visit) -> None:
    carla.open("new_ticket").pause_at("VPN", name="oskar [0]")

    assert "Perhaps this helps already" not in headings(carla)
