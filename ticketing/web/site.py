"""The names under which this desk answers, and the origins that are its own."""

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from ticketing.domain.browsers import is_secure_origin

_HOST = re.compile(r"(?P<name>[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# Only the platform can point names under its own domain somewhere, so they cannot be used to rebind DNS.
_HOSTED_DOMAIN = ".streamlit.app"


@dataclass(frozen=True, slots=True)
class Site:
    """
    Where the desk is reached; `base_url` is None until somebody sets it.

    With a base URL only its host and the loopback names are answered. Without one, every IP address, localhost, the
    machine's own name and the hosted platform's names are: an attacker's page can be brought to the same address
    by DNS, but then the browser still sends the attacker's name, and that one is refused.
    """

    base_url: str | None

    def answers_to(self, host: str | None) -> bool:
        """Tell whether a Host header names this desk; the port is the proxy's business."""
        name = _name(host)
        if name is None:
            return False
        if name in _LOOPBACK:
            return True
        if self.base_url is not None:
            return name == _name(urlsplit(self.base_url).netloc)
        return _is_address(name) or name in _machine_names() or name.endswith(_HOSTED_DOMAIN)

    def is_own(self, origin: str | None, scheme: str, host: str) -> bool:
        """
        Tell whether an Origin header is exactly the base URL's, or the one of the page under this very address.

        A page that came without TLS under a name that is reached with it was put there by somebody on the way.
        """
        asked = _origin(origin)
        base = urlsplit(self.base_url or "")
        own = {_origin(f"{base.scheme}://{base.netloc}")}
        if scheme == "https" or not self._is_under_tls(host):
            own.add(_origin(f"{scheme}://{host}"))
        if self.base_url is None and (_name(host) or "").endswith(_HOSTED_DOMAIN):
            own.add(_origin(f"https://{host}"))
        return asked is not None and asked in own

    def is_secure(self, connection: HTTPConnection) -> bool:
        """Tell whether the browser's side of a connection is TLS; a proxy may speak plain http to us."""
        if connection.scope["scheme"] in {"https", "wss"} or is_secure_origin(connection.headers.get("origin")):
            return True
        return self._is_under_tls(connection.headers.get("host"))

    def _is_under_tls(self, host: str | None) -> bool:
        base = urlsplit(self.base_url or "")
        return base.scheme == "https" and _name(host) == _name(base.netloc)

    @property
    def is_always_secure(self) -> bool:
        """Whether browsers may be told never to come back without TLS."""
        return (self.base_url or "").lower().startswith("https://")

    def may_be_framed(self, host: str | None) -> bool:
        """Tell whether the page may stand in a frame of its own origin, as the hosted platform shows it."""
        return self.base_url is None and (_name(host) or "").endswith(_HOSTED_DOMAIN)


def _name(host: str | None) -> str | None:
    found = _HOST.fullmatch(host or "")
    return found["name"].lower().rstrip(".") if found else None


def _origin(url: str | None) -> tuple[str, str, str] | None:
    scheme, separator, rest = (url or "").partition("://")
    scheme = scheme.lower()
    found = _HOST.fullmatch(rest.removesuffix("/"))
    if not separator or not found or scheme not in _DEFAULT_PORTS:
        return None
    return scheme, found["name"].lower(), found["port"] or _DEFAULT_PORTS[scheme]


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _machine_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({name, f"{name}.local"})
