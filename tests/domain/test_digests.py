"""Digests have one round a day, each for what has happened since the one before."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.digests import Digesting, latest_round

NEVER_YET = Digesting(id="digests", name="Digests")
DAY = timedelta(days=1)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2031, 5, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "latest"),
    [(on(6, 6), on(6, 6)), (on(6, 5, 59), on(5, 6)), (on(6, 23), on(6, 6)), (on(6, 6) - DAY, on(5, 6))],
)
def test_a_round_begins_at_six_each_morning(now: datetime, latest: datetime) -> None:
    assert latest_round(now) == latest


def test_a_round_tells_of_what_came_since_the_one_before_and_of_no_more_than_a_week() -> None:
    first = NEVER_YET.at(on(6, 9))
    done = first.model_copy(update={"reached": None})

    assert (first.since, first.until, first.reached) == (on(6, 6) - 7 * DAY, on(6, 6), "")
    assert done.at(on(7, 5)) == done
    assert (done.at(on(9, 7)).since, done.at(on(9, 7)).until) == (on(6, 6), on(9, 6))


def test_a_round_that_is_under_way_comes_to_its_end_first() -> None:
    under_way = NEVER_YET.at(on(6, 9)).model_copy(update={"reached": "bert"})

    assert under_way.at(on(8, 9)) == under_way
