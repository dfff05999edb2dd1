"""Trying again what a lost database left undecided."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from ticketing.domain.errors import StorageBusyError, StorageUnreachableError
from ticketing.domain.store import PATIENCE

_PAUSE: Final = 0.1

Answer = TypeVar("Answer")


def until_it_is_known(attempt: Callable[[], Answer]) -> Answer:
    """
    Return the answer of an attempt, which is made again while the database is lost, for at most `PATIENCE`.

    Only for what has one effect however often it is attempted. Once an attempt was lost, a busy database is no answer
    either: it would say that nothing was saved, which nobody knows.
    """
    give_up = time.monotonic() + PATIENCE
    lost: StorageUnreachableError | None = None
    while True:
        try:
            return attempt()
        except StorageUnreachableError as error:
            lost = error
        except StorageBusyError:
            if lost is None:
                raise
        if time.monotonic() + _PAUSE > give_up:
            raise lost
        time.sleep(_PAUSE)
