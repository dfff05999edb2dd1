"""What a browser carries: the names of our cookies, and the mark by which one browser is told from another."""

import hashlib
from ipaddress import ip_address

SESSION_COOKIE = "ticketing_session"
XSRF_COOKIE = "_streamlit_xsrf"
DEVICE_COOKIE_SUFFIX = "_device"
_MASK_LENGTH = 4


def cookie_name(name: str, *, secure: bool) -> str:
    """
    Return the full name of the session's cookie; on https its prefix binds it to this host alone, and to TLS.

    A name that the operator chose stays as it is: it is one that a proxy before the desk lets through.
    """
    return f"__Host-{name}" if secure and name == SESSION_COOKIE else name


def device_cookie_name(name: str, *, secure: bool) -> str:
    """Return the name of the cookie by which a device is known again, given the name that the session's goes by."""
    return cookie_name(name, secure=secure) + DEVICE_COOKIE_SUFFIX


def is_secure_origin(origin: str | None) -> bool:
    """Tell whether a browser's Origin header says that it came over TLS; a proxy may speak plain http to us."""
    return origin is not None and origin.lower().startswith("https://")


def is_this_machine(host: str) -> bool:
    """Tell whether a name or an address, without a port, means the very machine that asks."""
    if host.lower() == "localhost":
        return True
    try:
        # A server that listens for both kinds of addresses sees those of IPv4 written like this.
        return ip_address(host.lower().removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def browser_id(xsrf_cookie: str | None) -> str:
    """
    Return a hash of the random token inside a browser's anti-forgery cookie; "" without a readable cookie.

    The cookie's text changes at every page load (the token is masked anew), the token in it does not. Its form is
    `2|mask|masked token|time`, all in hex.
    """
    parts = (xsrf_cookie or "").strip("\"'").split("|")
    if len(parts) != 4 or parts[0] != "2":  # noqa: PLR2004 - the four fields named above
        return ""
    try:
        mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
    except ValueError:
        return ""
    if len(mask) != _MASK_LENGTH or not masked:
        return ""
    token = bytes(byte ^ mask[index % _MASK_LENGTH] for index, byte in enumerate(masked))
    return hashlib.sha256(token).hexdigest()
