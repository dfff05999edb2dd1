"""Articles for an answer: which are offered in a ticket's composer, for which kind of message, and to whom."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.visiting import COMPOSER, Visit
from ticketing.desk import Desk
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.people import Actor

Behind = Callable[[Visit], Actor]
Write = Callable[..., Article]


@pytest.fixture
def number(desk: Desk, carla: Visit, actor: Behind) -> str:
    return desk.tickets.open(actor(carla), "No dial tone", "The line is dead.").id


@pytest.fixture
def write(desk: Desk) -> Write:
    """Return a way to put down an article, public unless it is said otherwise."""

    def written(name: str, body: str = "Dial in.", visibility: Visibility = Visibility.PUBLIC) -> Article:
        return desk.articles.save(Actor.console(), Article(name=name, body=body, visibility=visibility))

    return written


@pytest.fixture
def all_kinds(write: Write) -> None:
    for visibility in Visibility:
        write(f"VPN {visibility}", visibility=visibility)


def asked(visit: Visit, number: str, *question: str) -> dict[str, Any]:
    """Ask the composer of a ticket for articles, and return its answer."""
    canned = visit.open("ticket", id=number).ask_for_canned(list(question)).sent(COMPOSER)["canned"]
    assert canned["asked"] == list(question)
    return dict(canned)


def names(answer: dict[str, Any]) -> list[str]:
    return [name for _, name, _ in answer["articles"]]


@pytest.mark.usefixtures("all_kinds")
def test_for_a_public_reply_there_are_public_articles_and_for_a_note_internal_ones_too(ada: Visit, number: str) -> None:
    assert names(asked(ada, number, "articles", "reply", "")) == ["VPN public"]
    assert names(asked(ada, number, "articles", "note", "vpn")) == ["VPN internal", "VPN public"]


def test_titles_are_found_by_what_is_typed_so_far_and_texts_by_their_words(
    ada: Visit, number: str, write: Write
) -> None:
    write("Toner everywhere", "Shake the cartridge.")
    write("Cartridges to order")

    assert names(asked(ada, number, "articles", "reply", "ton")) == ["Toner everywhere"]
    assert names(asked(ada, number, "articles", "reply", "cartridge")) == ["Cartridges to order", "Toner everywhere"]
    assert names(asked(ada, number, "articles", "reply", "zebra")) == []


def test_one_is_inserted_as_a_line_that_leads_to_it_or_as_its_text(ada: Visit, number: str, write: Write) -> None:
    article = write("VPN", "Dial **in**.")
    ada.headers["Origin"] = "http://desk.example.org"

    chosen = asked(ada, number, "article", "reply", article.id)["chosen"]

    assert (chosen["name"], chosen["text"]) == ("VPN", "Dial **in**.")
    assert chosen["link"] == f"VPN: http://desk.example.org/article?id={article.id}"


@pytest.mark.parametrize(("kind", "visibility"), [("reply", "internal"), ("reply", "draft"), ("note", "draft")])
def test_what_its_readers_may_not_read_is_not_to_be_had_for_a_message(
    ada: Visit, number: str, write: Write, kind: str, visibility: str
) -> None:
    article = write("VPN", visibility=Visibility(visibility))

    assert asked(ada, number, "article", kind, article.id)["chosen"] is None


def test_what_was_removed_or_never_was_is_not_to_be_had(desk: Desk, ada: Visit, number: str, write: Write) -> None:
    article = write("VPN")
    desk.articles.remove(Actor.console(), article.id, article.version)

    assert asked(ada, number, "article", "reply", article.id)["chosen"] is None
    assert asked(ada, number, "article", "reply", "nobodys")["chosen"] is None
    assert names(asked(ada, number, "articles", "reply", "")) == []


@pytest.mark.usefixtures("all_kinds")
def test_a_requester_is_told_nothing(carla: Visit, number: str) -> None:
    carla.open("ticket", id=number).ask_for_canned(["articles", "note", ""])

    assert carla.sent(COMPOSER)["canned"] is None


@pytest.mark.parametrize(
    "question", [["articles"], ["articles", "letter", ""], ["articles", "reply", 7], [["articles"], "reply", ""], {}]
)
def test_a_question_that_no_composer_asks_is_passed_over(ada: Visit, number: str, question: object) -> None:
    ada.open("ticket", id=number).ask_for_canned(question)

    assert ada.sent(COMPOSER)["canned"]["asked"] is None
