"""What is done beside the visitors: soon, again and again, whatever goes wrong, until it is told to end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ticketing.background import Worker
from ticketing.domain.errors import StorageBusyError


@contextmanager
def at_work(work: Callable[[], bool], every: float = 60) -> Iterator[None]:
    """Have something done for the length of the block."""
    worker = Worker("watering", work, every=every, first=0)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_has_more_to_do_is_asked_again_at_once_and_then_not_for_a_while() -> None:
    left = [False, True, True]
    with at_work(left.pop):
        wait_until(lambda: not left)
        time.sleep(0.2)  # with nothing left, another call would fail

    assert left == []


@pytest.mark.parametrize(
    ("error", "told"),
    [(StorageBusyError(), "watering had to wait: "), (ZeroDivisionError(), "watering failed")],
    ids=["a busy store", "a bug"],
)
def test_what_fails_is_logged_and_tried_again(error: Exception, told: str, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def work() -> bool:
        calls.append(len(calls))
        raise error

    with at_work(work, every=0.001):
        wait_until(lambda: len(calls) > 3)

    assert all(message.startswith(told) for message in caplog.messages)
    assert len(caplog.messages) >= 3


def test_it_ends_when_it_is_told_to_and_not_before_what_is_under_way_has_ended() -> None:
    began, may_end = threading.Event(), threading.Event()
    ended: list[bool] = []

    def work() -> bool:
        began.set()
        may_end.wait(10)
        ended.append(True)
        return True

    with at_work(work):
        began.wait(10)
        may_end.set()

    assert ended == [True]
    assert not [thread for thread in threading.enumerate() if thread.name == "watering"]


def test_one_that_never_began_is_told_to_end_all_the_same() -> None:
    Worker("watering", lambda: False).stop()
