"""How often somebody may call: so many times within a minute, whenever that begins."""

import random
from collections import deque
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from ticketing.desk import Desk
from ticketing.domain.errors import TooManyRequestsError
from ticketing.web.api import calling
from ticketing.web.api.quota import QUOTA, Quota

LIMIT = 10


class Calls:
    """Somebody who calls, on a clock that is set by hand; what they were told is kept."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self.told: dict[str, int] = {}
        self.wait: timedelta | None = None
        self._quota = Quota(lambda: self.now)

    def call(self, limit: int = LIMIT, who: str = "ada") -> bool:
        """Call, and tell whether it was answered."""
        scope: dict[str, tuple[tuple[bytes, bytes], ...]] = {}
        try:
            self._quota.count(scope, who, limit)
            self.wait = None
        except TooManyRequestsError as error:
            self.wait = error.retry_after
        self.told = {name.decode().removeprefix("ratelimit-"): int(value) for name, value in scope[QUOTA]}
        return self.wait is None

    @property
    def kept(self) -> dict[str, deque[float]]:
        """The calls that are kept, by caller."""
        return self._quota._calls  # noqa: SLF001 - no answer tells how much is kept


@pytest.fixture
def calls() -> Calls:
    return Calls()


def test_at_the_border_of_two_minutes_nobody_gets_twice_the_limit(
    desk: Desk, carla: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [119.5]
    monkeypatch.setattr(calling, "_quota", Quota(lambda: now[0]))
    desk.settings = desk.settings.model_copy(update={"api_requests_per_minute": 3})

    before = [carla.get("/inbox/unread").status_code for _ in range(3)]
    now[0] = 120.5
    after = carla.get("/inbox/unread")

    assert before == [200, 200, 200]
    assert (after.status_code, after.headers["ratelimit-remaining"], after.headers["retry-after"]) == (429, "0", "59")


@pytest.mark.parametrize("seed", range(20))
def test_in_no_minute_are_there_more_calls_than_the_limit(calls: Calls, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for security
    answered = []

    for _ in range(1_000):
        calls.now += chance.choice((0.0, 0.01, 0.3, 0.999, 1.0, 7.0, 59.9))
        if calls.call():
            answered.append(calls.now)

    assert len(answered) > 2 * LIMIT
    assert all(later - first >= 60 for first, later in zip(answered, answered[LIMIT:], strict=False))


def test_who_waits_as_long_as_they_are_told_is_answered(calls: Calls) -> None:
    for _ in range(LIMIT):
        calls.call()
        calls.now += 0.7
    assert not calls.call()

    assert calls.wait == timedelta(seconds=calls.told["reset"])
    calls.now += calls.told["reset"]

    assert calls.call()


def test_who_calls_evenly_within_the_limit_is_always_answered(calls: Calls) -> None:
    for _ in range(20 * LIMIT):
        assert calls.call()
        calls.now += 60 / LIMIT


def test_calls_that_are_refused_are_not_counted(calls: Calls) -> None:
    assert [calls.call() for _ in range(3 * LIMIT)] == [True] * LIMIT + [False] * 2 * LIMIT

    calls.now += 60

    assert calls.call()
    assert calls.told == {"limit": LIMIT, "remaining": LIMIT - 1, "reset": 60}


def test_what_is_left_is_told_with_each_answer(calls: Calls) -> None:
    calls.call()
    first = calls.told
    calls.now += 20
    calls.call()

    assert first == {"limit": LIMIT, "remaining": LIMIT - 1, "reset": 60}
    assert calls.told == {"limit": LIMIT, "remaining": LIMIT - 2, "reset": 40}


def test_a_lower_limit_goes_for_what_was_called_before(calls: Calls) -> None:
    for _ in range(LIMIT):
        calls.call()

    assert not calls.call(limit=2)
    assert calls.told["remaining"] == 0


def test_who_calls_no_more_is_forgotten(calls: Calls) -> None:
    for number in range(1_000):
        calls.call(who=f"address {number}")
    calls.now += 61

    calls.call()

    assert list(calls.kept) == ["ada"]


def test_no_more_is_kept_of_a_caller_than_is_answered_within_a_minute(calls: Calls) -> None:
    for _ in range(5_000):
        calls.call()
        calls.now += 0.25

    assert len(calls.kept["ada"]) <= LIMIT
