"""What an article is: its limits, its versions, its votes, and what a reader gets of it."""

from datetime import datetime, timedelta

import pytest

from ticketing.domain.articles import Article, Visibility
from ticketing.domain.errors import BlankError, InvalidInputError, TooLongError
from ticketing.domain.statuses import TicketCategory

HOUR = timedelta(hours=1)


def kept(article: Article, before: Article | None, now: datetime, by: str = "ada") -> Article:
    """Return it as it is kept."""
    return article.revised(before, by, now)


@pytest.fixture
def article(now: datetime) -> Article:
    return kept(Article(id="a1", name="VPN", body="Dial in.", source=12), None, now)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"name": " "}, BlankError),
        ({"name": "x" * 201}, TooLongError),
        ({"body": "\u200b"}, BlankError),
        ({"body": "x" * 20_001}, TooLongError),
    ],
    ids=["no title", "long title", "no text", "long text"],
)
def test_title_and_text_have_limits(article: Article, changed: dict[str, str], error: type[InvalidInputError]) -> None:
    with pytest.raises(error):
        article.model_copy(update=changed).checked()


def test_title_and_text_may_be_as_long_as_their_limits() -> None:
    checked = Article(name="x" * 200, body="y" * 20_000).checked()

    assert (len(checked.name), len(checked.body)) == (200, 20_000)


def test_each_version_can_be_looked_at_again(article: Article, now: datetime) -> None:
    changes = {"name": "The VPN", "body": "Dial in twice.", "visibility": Visibility.PUBLIC}
    second = kept(article.model_copy(update=changes), article, now + HOUR, "bert")
    third = kept(second.model_copy(update={"category": TicketCategory.NETWORK}), second, now + 2 * HOUR)

    versions = third.versions()

    assert [(version.by, version.at) for version in versions] == [
        ("ada", now + 2 * HOUR),
        ("bert", now + HOUR),
        ("ada", now),
    ]
    assert [version.article.content() for version in versions] == [third.content(), second.content(), article.content()]
    assert third.updated_at == now + 2 * HOUR


def test_what_an_older_version_said_can_be_kept_again(article: Article, now: datetime) -> None:
    second = kept(article.model_copy(update={"body": "Wrong."}), article, now + HOUR)

    back = kept(second.versions()[1].article, second, now + 2 * HOUR)

    assert (back.body, back.version) == ("Dial in.", 3)
    assert [version.article.body for version in back.versions()] == ["Dial in.", "Wrong.", "Dial in."]


def test_a_vote_can_be_changed_and_makes_no_version(article: Article, now: datetime) -> None:
    voted = article.voted("carla", helpful=True).voted("oskar", helpful=True).voted("carla", helpful=False)

    assert (voted.helpful, voted.unhelpful) == (("oskar",), ("carla",))
    assert [voted.vote_of(name) for name in ("oskar", "carla", "ada")] == [True, False, None]
    assert kept(voted, article, now + HOUR) is article


def test_a_reader_gets_nothing_but_what_was_written_for_them(article: Article) -> None:
    newer = Article.model_validate(article.voted("carla", helpful=True).model_dump() | {"mood": "CONFIDENTIAL"})

    read = newer.for_reader()

    assert read == Article(id="a1", name="VPN", body="Dial in.", version=1)
    assert "CONFIDENTIAL" in newer.model_dump_json()
    assert "CONFIDENTIAL" not in read.model_dump_json()
