"""Where the API hangs in the app: loaded beside the running server, or by whoever asks first, never by its start."""

import threading
from typing import Final

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ticketing.web.errors import API

# In bytes: what is shorter goes into one packet anyway.
_WORTH_PACKING: Final = 1_000


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


class Calls:
    """
    ASGI middleware that answers calls of the API before anything else looks at them.

    They have no use for what Streamlit does with the requests of its pages, which takes a tenth of the time of a call.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packing = GZipMiddleware(LATE_API, minimum_size=_WORTH_PACKING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, or let anything else through."""
        root = scope.get("root_path", "")
        path = scope.get("path", "").removeprefix(root)
        if path == API:
            scope = {**scope, "path": f"{root}{API}/"}  # as all addresses of the API, below its own
        if path == API or path.startswith(f"{API}/"):
            inside = {"root_path": root + API, "app_root_path": scope.get("app_root_path", root)}
            await self._answer({**scope, **inside}, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, packed for whoever says that they unpack it; nobody in between keeps answers."""
        is_packed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        await (self._packing if is_packed else LATE_API)(scope, receive, send)
