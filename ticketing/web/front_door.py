"""A look at the desk from outside, by its public address: what stands in front of it lets through what it should."""

import json
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from ticketing.domain.findings import Finding, Level
from ticketing.services.diagnosis import origin_of

SECONDS: Final = 5
# A name that nobody can ever have (RFC 2606).
ELSEWHERE: Final = "https://elsewhere.invalid"


def knock(base_url: str | None) -> list[Finding]:
    """Ask for the desk under its public address, and open a WebSocket there; without an address there is no door."""
    if base_url is None:
        return []
    if reason := _why_not_there(base_url):
        says = f"{base_url} does not lead to a desk from here: {reason}."
        return [
            Finding(Level.WARNING, "proxy", says, "Start the desk, or see to the name, the proxy and its certificate.")
        ]
    return [Finding(Level.OK, "proxy", f"{base_url} leads to a desk."), _web_sockets(base_url)]


def _why_not_there(base_url: str) -> str:
    try:
        with urlopen(Request(f"{base_url}/healthz"), timeout=SECONDS) as answer:  # noqa: S310 - http or https
            said = json.loads(answer.read(1000))
    except HTTPError as error:
        return f"it answers {error.code}"
    except URLError as error:
        return str(getattr(error.reason, "verify_message", None) or getattr(error.reason, "strerror", error.reason))
    except (OSError, HTTPException) as error:
        return getattr(error, "strerror", None) or "the connection broke off"
    except ValueError:
        return "something else answers there"
    return "" if said == {"status": "ok"} else "something else answers there"


def _web_sockets(base_url: str) -> Finding:
    """Judge what becomes of a WebSocket of the desk's own pages, and of one from elsewhere."""
    own, foreign = _handshake(base_url, origin_of(base_url)), _handshake(base_url, ELSEWHERE)
    if own:
        says = f"The desk's own pages cannot open their WebSocket there ({own}), so they stay empty."
        fix = "Have the proxy pass Host, Origin, Upgrade and Connection, as docs/deploy.md shows."
        return Finding(Level.PROBLEM, "websocket", says, fix)
    if not foreign:
        says = "A page of another site could open a WebSocket of the desk."
        return Finding(Level.PROBLEM, "websocket", says, "Have the proxy pass Host and Origin as they come.")
    return Finding(Level.OK, "websocket", "WebSockets of the desk's own pages come through, others are refused.")


def _handshake(base_url: str, origin: str) -> str:
    """Return why a WebSocket with this Origin is not opened; "" if it is."""
    from websockets.exceptions import InvalidStatus, WebSocketException  # noqa: PLC0415 - for the doctor alone
    from websockets.sync.client import connect  # noqa: PLC0415 - as above
    from websockets.typing import Origin, Subprotocol  # noqa: PLC0415 - as above

    try:
        with connect(
            f"ws{base_url.removeprefix('http')}/_stcore/stream",
            origin=Origin(origin),
            subprotocols=[Subprotocol("streamlit")],
            open_timeout=SECONDS,
            close_timeout=1,
        ):
            return ""
    except InvalidStatus as error:
        return f"status {error.response.status_code}"
    except (OSError, WebSocketException):
        return "no answer"
