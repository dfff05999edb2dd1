"""What happens once per process: the desk opens before the first visitor and closes after the last."""

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import streamlit as st
from anyio import to_thread

from ticketing.components import have_address
from ticketing.desk import close_shared_desk, shared_desk
from ticketing.domain.errors import TicketingError
from ticketing.domain.store import Store
from ticketing.domain.text import complete_models
from ticketing.web.api.mount import LATE_API
from ticketing.web.guard import inline_script_hashes
from ticketing.web.streamlit_options import check_options
from ticketing.web.without_delay import send_without_delay

log = logging.getLogger(__name__)

# What the first page of a process would otherwise import while somebody waits for it: both are for the logo.
_COSTLY = ("numpy", "PIL.Image")
# In seconds: so that a server that is asked whether it is there can say so first.
_AFTER_THE_START = 0.2
_PAUSE = 0.03


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Open the desk, let the server answer, warm up beside it; close the desk at the end."""
    try:
        desk = await to_thread.run_sync(shared_desk)
        check_options(is_public=desk.settings.is_public)
    except TicketingError as error:
        log.critical("The desk cannot open: %s", error)
        raise
    have_address()
    send_without_delay()
    closing = threading.Event()
    warming_up = threading.Timer(_AFTER_THE_START, warm_up, (desk.store, closing))
    warming_up.name, warming_up.daemon = "warm-up", True
    warming_up.start()
    try:
        yield
    finally:
        warming_up.cancel()
        closing.set()
        await to_thread.run_sync(close_shared_desk)


def warm_up(store: Store, closing: threading.Event) -> None:
    """
    Load what the first page needs, then the API, and take all that exists by then out of the garbage collector's sight.

    Streamlit collects after every run of a script; what never goes away need not be looked at each time. Then the store
    prepares itself, with pauses in which others have their turn.
    """
    inline_script_hashes()
    for name in _COSTLY:
        import_module(name)
    complete_models()
    LATE_API.load()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)  # what a page makes goes by itself: to look for it after each 700 objects finds nothing
    gc.enable()  # the command line has it off while it starts
    for _ in store.prepare():
        if closing.wait(_PAUSE):
            break
