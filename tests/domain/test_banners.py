"""A banner stands above the pages for a time, for everybody or for those who are signed in."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.banners import Banner, BannerLevel
from ticketing.domain.errors import BlankError, InvalidInputError

NOW = datetime(2031, 5, 6, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("begins", "ends", "is_shown"),
    [
        (None, None, True),
        (NOW, NOW + HOUR, True),
        (NOW + HOUR, None, False),
        (None, NOW, False),
        (NOW - HOUR, NOW + HOUR, True),
    ],
)
def test_it_is_shown_from_its_beginning_until_before_its_end(
    begins: datetime | None, ends: datetime | None, *, is_shown: bool
) -> None:
    banner = Banner(name="Mail", text="Mail is down.", begins=begins, ends=ends)

    assert banner.is_shown(NOW, signed_in=False) is is_shown


def test_one_for_those_who_are_signed_in_is_for_nobody_else() -> None:
    banner = Banner(name="Mail", text="Mail is down.", signed_in_only=True)

    assert banner.is_shown(NOW, signed_in=True)
    assert not banner.is_shown(NOW, signed_in=False)


def test_one_that_was_removed_is_shown_to_nobody() -> None:
    assert not Banner(name="Mail", text="Mail is down.", removed=True).is_shown(NOW, signed_in=True)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="A banner ends after it has begun"):
        Banner(name="Mail", text="Mail is down.", begins=NOW, ends=NOW).checked()
    with pytest.raises(BlankError):
        Banner(name="Mail", text=" ").checked()


def test_news_can_be_put_away_until_they_say_something_new_and_warnings_cannot() -> None:
    news = Banner(id="mail", name="Mail", text="Mail is down.", version=1)

    assert news.can_be_dismissed
    assert news.mark != news.model_copy(update={"version": 2}).mark
    assert not news.model_copy(update={"level": BannerLevel.WARNING}).can_be_dismissed
