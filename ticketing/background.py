"""What a process does beside its visitors: one thread for each thing that is done again and again."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from ticketing.domain.errors import StorageError

log = logging.getLogger(__name__)

# In seconds: a server that has just started has better things to do.
FIRST_LOOK: Final = 2.0
LOOK_EVERY: Final = 60.0
_BREATH: Final = 0.05
_STOP_SECONDS: Final = 5.0


class Worker:
    """
    Calls *work* in a thread of its own from `start` to `stop`: soon, then every so many seconds.

    While *work* says that there is more, it is called again after a breath. What goes wrong is logged and ends nothing.
    """

    def __init__(
        self, name: str, work: Callable[[], bool], every: float = LOOK_EVERY, first: float = FIRST_LOOK
    ) -> None:
        self._name, self._work = name, work
        self._every, self._first = every, first
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing new, and give what is under way a while to end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        pause = self._first
        while not self._stopping.wait(pause):
            pause = _BREATH if self._has_more() else self._every

    def _has_more(self) -> bool:
        try:
            return self._work()
        except StorageError as error:
            log.warning("%s had to wait: %s", self._name, error)
        except Exception:
            log.exception("%s failed", self._name)
        return False
