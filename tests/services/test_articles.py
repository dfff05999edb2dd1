"""Who reads, writes and judges articles, and what is found."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.conftest import Clock
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.errors import (
    BlankError,
    DefinitionNotFoundError,
    PermissionDeniedError,
    StaleDefinitionError,
    TicketNotDoneError,
)
from ticketing.domain.people import Actor
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.store import Store
from ticketing.services.access import Gate
from ticketing.services.articles import Articles, Reading
from ticketing.services.chores import Chores
from ticketing.services.tickets import Tickets

ON_EVERY_STORE = True

Everything = Callable[[], dict[str, object]]
Write = Callable[..., Article]


@pytest.fixture
def articles(store: Store, clock: Clock, gate: Gate) -> Articles:
    return Articles(store, clock, gate)


@pytest.fixture
def write(articles: Articles, ada: Actor) -> Write:
    def keep(name: str, body: str = "Read on.", visibility: Visibility = Visibility.PUBLIC, **more: object) -> Article:
        return articles.save(ada, Article(name=name, body=body, visibility=visibility, **more))

    return keep


def names(readings: list[Reading]) -> list[str]:
    return [reading.article.name for reading in readings]


def test_an_agent_writes_and_everybody_reads_what_is_public(
    articles: Articles, write: Write, carla: Actor, ada: Actor, root: Actor
) -> None:
    for visibility in Visibility:
        write(visibility.value.capitalize(), visibility=visibility)

    assert names(articles.search(carla)) == ["Public"]
    assert names(articles.search(ada)) == names(articles.search(root)) == ["Draft", "Internal", "Public"]


@pytest.mark.parametrize("visibility", [Visibility.DRAFT, Visibility.INTERNAL])
def test_what_is_not_public_is_not_there_for_a_requester(
    articles: Articles, write: Write, carla: Actor, everything: Everything, visibility: Visibility
) -> None:
    article = write("The master key", "zebra-marker", visibility)
    before = everything()

    deeds: list[Callable[[], object]] = [
        lambda: articles.get(carla, article.id),
        lambda: articles.vote(carla, article.id, helpful=True),
        lambda: articles.get(carla, "nobody's"),
    ]
    for deed in deeds:
        with pytest.raises(DefinitionNotFoundError, match="There is no such entry"):
            deed()
    assert articles.search(carla, "zebra-marker") == articles.suggest(carla, "zebra-marker") == []
    assert everything() == before


def test_a_requester_writes_nothing(
    articles: Articles, write: Write, carla: Actor, ada: Actor, everything: Everything
) -> None:
    public, draft = write("VPN"), write("Key", visibility=Visibility.DRAFT)
    before = everything()

    deeds: list[Callable[[Actor], object]] = [
        lambda actor: articles.save(actor, Article(name="Mine", body="Text")),
        lambda actor: articles.save(actor, public.model_copy(update={"body": "Mine"})),
        lambda actor: articles.save(actor, draft.model_copy(update={"body": "Mine"})),
        lambda actor: articles.remove(actor, public.id, public.version),
    ]
    for deed in deeds:
        with pytest.raises(PermissionDeniedError, match="You may not write articles"):
            deed(carla)
        assert everything() == before
    assert articles.remove(ada, public.id, public.version).removed


def test_a_reader_learns_neither_authors_nor_versions_nor_how_others_voted(
    articles: Articles, write: Write, carla: Actor, oskar: Actor, ada: Actor
) -> None:
    article = write("VPN", "zebra-marker")
    article = articles.save(ada, article.model_copy(update={"body": "Dial in.", "source": 12}))
    articles.vote(oskar, article.id, helpful=False)

    reading = articles.get(carla, article.id)

    told = reading.article.model_dump_json(exclude={"id"})  # which is drawn by chance, and may spell anything
    assert "zebra-marker" not in told
    assert "ada" not in told
    assert (reading.article.source, reading.vote, reading.helpful, reading.unhelpful) == (None, None, 0, 0)
    assert (articles.get(ada, article.id).unhelpful, articles.get(oskar, article.id).vote) == (1, False)
    assert names([*articles.search(carla, "zebra-marker"), *articles.suggest(carla, "zebra-marker")]) == []


def test_one_vote_a_person_which_they_can_change_and_no_version_comes_of_it(
    articles: Articles, write: Write, carla: Actor, ada: Actor
) -> None:
    article = write("VPN")

    articles.vote(carla, article.id, helpful=True)
    articles.vote(carla, article.id, helpful=True)
    assert articles.vote(carla, article.id, helpful=False).vote is False

    reading = articles.get(ada, article.id)
    assert (reading.helpful, reading.unhelpful) == (0, 1)
    assert (reading.article.version, reading.article.history) == (article.version, article.history)


def test_who_changes_an_article_takes_no_vote_away_and_adds_none(
    articles: Articles, write: Write, carla: Actor, ada: Actor
) -> None:
    article = write("VPN")
    articles.vote(carla, article.id, helpful=True)

    articles.save(ada, article.model_copy(update={"body": "Better.", "unhelpful": ("oskar",)}))

    reading = articles.get(ada, article.id)
    assert (reading.helpful, reading.unhelpful, reading.article.body) == (1, 0, "Better.")


def test_v4_nobody_overwrites_what_they_have_not_seen(
    articles: Articles, write: Write, ada: Actor, root: Actor
) -> None:
    article = write("VPN")
    theirs = articles.save(root, article.model_copy(update={"body": "Root's."}))

    with pytest.raises(StaleDefinitionError, match="“VPN” was changed meanwhile"):
        articles.save(ada, article.model_copy(update={"body": "Ada's."}))

    assert articles.get(ada, article.id).article == theirs


def test_what_is_taken_away_is_nowhere_and_comes_back(
    articles: Articles, write: Write, carla: Actor, ada: Actor
) -> None:
    gone = articles.remove(ada, (article := write("VPN")).id, article.version)

    assert articles.search(ada) == articles.search(carla, removed=True) == articles.suggest(ada, "VPN") == []
    assert names(articles.search(ada, removed=True)) == ["VPN"]
    with pytest.raises(DefinitionNotFoundError):
        articles.get(carla, article.id)
    articles.save(ada, gone.model_copy(update={"removed": False}))
    assert names(articles.search(carla)) == ["VPN"]


def test_a_search_finds_by_words_and_narrows_to_a_category(articles: Articles, write: Write, carla: Actor) -> None:
    write("Printers", "If the VPN is on, leave it.", category=TicketCategory.HARDWARE)
    write("The VPN", "Renew the certificate.", category=TicketCategory.NETWORK)

    assert names(articles.search(carla, "vpn")) == ["The VPN", "Printers"]
    assert names(articles.search(carla, "vpn", TicketCategory.HARDWARE)) == ["Printers"]
    assert names(articles.search(carla, category=TicketCategory.NETWORK)) == ["The VPN"]
    assert articles.search(carla, "zebra") == []


def test_what_is_suggested_is_public_and_apt(articles: Articles, write: Write, ada: Actor) -> None:
    write("VPN drops every hour")
    write("VPN secrets", visibility=Visibility.INTERNAL)
    for n in range(5):
        write(f"Every day matters, part {n}")

    assert names(articles.suggest(ada, "My VPN drops every day"))[0] == "VPN drops every hour"
    assert "VPN secrets" not in names(articles.suggest(ada, "VPN secrets"))
    assert len(articles.suggest(ada, "every day matters")) == 3


def test_a_solved_ticket_becomes_a_draft_without_its_notes(
    articles: Articles, store: Store, clock: Clock, gate: Gate, carla: Actor, ada: Actor
) -> None:
    tickets = Tickets(store, clock, gate, Chores(store, clock, gate))
    number = tickets.open(carla, "No dial tone", "Dead.", TicketCategory.NETWORK).number
    tickets.reply(ada, number, "Is the cable in?")
    tickets.reply(ada, number, "Plug it into the **left** socket.")
    tickets.reply(carla, number, "Thanks!")
    tickets.note(ada, number, "zebra-marker")
    with pytest.raises(TicketNotDoneError):
        articles.from_ticket(ada, number)
    tickets.close(ada, number)

    draft = articles.from_ticket(ada, number)

    assert (draft.name, draft.body) == ("No dial tone", "Plug it into the **left** socket.")
    assert (draft.category, draft.visibility, draft.source) == (TicketCategory.NETWORK, Visibility.DRAFT, number)
    assert articles.search(ada) == []
    with pytest.raises(PermissionDeniedError):
        articles.from_ticket(carla, number)


def test_of_a_ticket_that_nobody_answered_the_text_is_left_to_write(
    articles: Articles, store: Store, clock: Clock, gate: Gate, carla: Actor, ada: Actor
) -> None:
    tickets = Tickets(store, clock, gate, Chores(store, clock, gate))
    tickets.close(carla, tickets.open(carla, "No dial tone", "Dead.").number)

    draft = articles.from_ticket(ada, 1)

    assert draft.body == ""
    with pytest.raises(BlankError, match="Text is empty"):
        articles.save(ada, draft)


def test_an_article_tells_when_it_was_changed_last(
    articles: Articles, write: Write, carla: Actor, clock: Clock
) -> None:
    article = write("VPN")
    clock.advance(timedelta(hours=1))
    articles.vote(carla, article.id, helpful=True)

    assert articles.get(carla, article.id).updated_at == article.updated_at == clock.now - timedelta(hours=1)
