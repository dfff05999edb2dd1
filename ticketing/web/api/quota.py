"""How many calls somebody may make in a minute, and how that is told with each answer."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from starlette.types import Scope

from ticketing.domain.errors import TooManyRequestsError
from ticketing.web.headers import raw

# Under this name a call keeps what its answer tells of it.
QUOTA: Final = "ticketing.quota"
_MINUTE: Final = 60


class Quota:
    """Counts the calls of each caller in each minute, for this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._minute = 0
        self._calls: Counter[str] = Counter()

    def count(self, scope: Scope, who: str, limit: int) -> None:
        """Count a call, and raise TooManyRequestsError for one more than the limit."""
        minute, second = divmod(int(self._clock()), _MINUTE)
        with self._lock:
            if minute != self._minute:
                self._minute, self._calls = minute, Counter()
            self._calls[who] += 1
            left = limit - self._calls[who]
        wait = _MINUTE - second
        told = {"ratelimit-limit": limit, "ratelimit-remaining": max(left, 0), "ratelimit-reset": wait}
        scope[QUOTA] = raw({name: str(value) for name, value in told.items()})
        if left < 0:
            sentence = f"That were more than {limit:,} calls within a minute. Please go on in {wait} s."
            raise TooManyRequestsError(sentence, timedelta(seconds=wait))
