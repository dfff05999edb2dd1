"""How long something takes the thread that does it, whatever else this machine and these tests are at."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_seconds(limit: float) -> Iterator[None]:
    """
    Hold what is done inside to this many CPU seconds of the thread.

    The garbage collector waits: a pause of it goes by what all other tests have left, and can be longer than the limit.
    So does what notes the lines that are run, for the report of them, which takes several times as long as these.
    """
    noting = sys.gettrace()
    sys.settrace(None)
    gc.disable()
    try:
        began = time.thread_time()
        yield
        taken = time.thread_time() - began
    finally:
        gc.enable()
        sys.settrace(noting)
    assert taken < limit
