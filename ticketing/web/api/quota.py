"""How many calls somebody may make in a minute, and how that is told with each answer."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from starlette.types import Scope

from ticketing.domain.errors import TooManyRequestsError
from ticketing.web.headers import raw

# Under this name a call keeps what its answer tells of it.
QUOTA: Final = "ticketing.quota"
# In seconds.
_MINUTE: Final = 60


class Quota:
    """
    Keeps the calls of each caller within the last minute, for this process alone.

    In no minute, whenever it begins, are more calls answered than the limit. A call that is refused is not kept, so
    there are never more to keep than this process has answered in a minute.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}
        self._tidy_at = clock() + _MINUTE

    def count(self, scope: Scope, who: str, limit: int) -> None:
        """Count a call, and raise TooManyRequestsError for one more than the limit."""
        with self._lock:
            now = self._clock()
            self._tidy(now)
            calls = self._calls.setdefault(who, deque())
            while calls and calls[0] <= now - _MINUTE:
                calls.popleft()
            is_refused = len(calls) >= limit
            if not is_refused:
                calls.append(now)
            left, wait = limit - len(calls), math.ceil(calls[0] + _MINUTE - now)
        told = {"ratelimit-limit": limit, "ratelimit-remaining": max(left, 0), "ratelimit-reset": wait}
        scope[QUOTA] = raw({name: str(value) for name, value in told.items()})
        if is_refused:
            sentence = f"That were more than {limit:,} calls within a minute. Please go on in {wait} s."
            raise TooManyRequestsError(sentence, timedelta(seconds=wait))

    def _tidy(self, now: float) -> None:
        """Forget once a minute who has not called since the last time."""
        if now >= self._tidy_at:
            self._tidy_at = now + _MINUTE
            self._calls = {who: calls for who, calls in self._calls.items() if calls[-1] > now - _MINUTE}
