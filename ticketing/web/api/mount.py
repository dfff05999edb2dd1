"""Where the API hangs in the app: loaded beside the running server, or by whoever asks first, never by its start."""

import threading
from typing import Final

from anyio import to_thread
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from ticketing.web.errors import API


class LateApi:
    """The API, which takes about a second to load."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._api: ASGIApp | None = None

    def load(self) -> ASGIApp:
        """Return the API, loaded once however many want it."""
        with self._lock:
            if self._api is None:
                from ticketing.web.api.app import make_api  # noqa: PLC0415 - see above

                self._api = make_api()
            return self._api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        api = await to_thread.run_sync(self.load) if self._api is None else self._api
        await api(scope, receive, send)


LATE_API: Final = LateApi()
API_ROUTE: Final = Mount(API, app=LATE_API)
