"""Trying again what a lost database left undecided, and what it took back for the sake of another change."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from ticketing.domain.errors import StorageBusyError, StorageConflictError, StorageError, StorageUnreachableError
from ticketing.domain.store import PATIENCE

_PAUSE: Final = 0.1

Answer = TypeVar("Answer")


def until_it_is_known(attempt: Callable[[], Answer]) -> Answer:
    """
    Return the answer of an attempt, which is made again while the database is lost, for at most `PATIENCE`.

    So it is where the database has taken it back, since it could not be made beside another one. Only for what has one
    effect however often it is attempted. Once an attempt was lost, a busy database is no answer
    either: it would say that nothing was saved, which nobody knows.
    """
    give_up = time.monotonic() + PATIENCE
    lost: StorageUnreachableError | None = None
    refusal: StorageError
    while True:
        try:
            return attempt()
        except StorageUnreachableError as error:
            refusal = lost = error
        except StorageConflictError as error:
            refusal = lost or error
        except StorageBusyError:
            if lost is None:
                raise
            refusal = lost
        if time.monotonic() + _PAUSE > give_up:
            raise refusal
        time.sleep(_PAUSE)
