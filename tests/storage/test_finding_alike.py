"""Articles and similar tickets are found alike in every store."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ticketing.domain.articles import Article, Visibility
from ticketing.domain.people import Actor
from ticketing.domain.sign_in import SessionLimits
from ticketing.domain.statuses import Status
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.articles import Articles
from ticketing.services.similar import Similar

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CONSOLE = Actor.console()

FileTicket = Callable[..., int]


@pytest.fixture
def gate() -> Gate:
    return Gate(lambda: NOW, SessionLimits())


def test_similar_tickets(store: Store, file_ticket: FileTicket, gate: Gate) -> None:
    similar = Similar(store, gate)
    number = file_ticket("VPN drops every hour", description="Since Monday.")
    file_ticket("Ärger: the VPN drops", "oskar", age=3)
    file_ticket("Printer jams", "oskar", description="The VPN drops, too.")
    file_ticket("VPN drops every day", "oskar", status=Status.CLOSED)
    file_ticket("Every hour the VPN is slow", status=Status.CLOSED, age=1)
    file_ticket("The command line's VPN", CONSOLE.username, description="It drops.")

    assert [found.title for found in similar.to(CONSOLE, number)] == [
        "Every hour the VPN is slow",
        "Ärger: the VPN drops",
    ]
    assert [found.title for found in similar.own(CONSOLE, "VPN drops")] == ["The command line's VPN"]


def test_articles_with_their_votes(store: Store, gate: Gate) -> None:
    articles = Articles(store, lambda: NOW, gate)
    for name in ("Printers", "Ärger mit dem VPN"):
        articles.save(CONSOLE, Article(name=name, body="The VPN: 'x'.", visibility=Visibility.PUBLIC))
    best, other = articles.search(CONSOLE, "vpn")
    articles.vote(CONSOLE, best.article.id, helpful=True)

    assert [one.article.name for one in (best, other)] == ["Ärger mit dem VPN", "Printers"]
    assert [one.helpful for one in articles.search(CONSOLE, "vpn")] == [1, 0]
    assert [one.article.name for one in articles.suggest(CONSOLE, "ärger, my vpn!")] == ["Ärger mit dem VPN"]
