"""
Where a message may go: the addresses of a host are looked up once, and each is looked at before anybody connects to it.

So nobody gets at what only this machine can reach by entering its address, or a name that leads there by the time of
the second look (server-side request forgery, DNS rebinding).
"""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, NamedTuple

# Networks that are somebody's own, by which messages go only where the desk's own may be reached.
_PRIVATE: Final = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),  # carriers' own, RFC 6598
    IPv4Network("127.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)
# Addresses of IPv6 behind which one of IPv4 stands: what the last 32 bits say counts.
_EMBEDDING: Final = (
    IPv6Network("::/96"),
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("::ffff:0:0:0/96"),
    IPv6Network("64:ff9b::/96"),
)
_6TO4: Final = IPv6Network("2002::/16")
# Tunnels and translations in networks of one's own, of which nobody can say where they end.
_NEVER: Final = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/32"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("fec0::/10"),
)

Address = IPv4Address | IPv6Address


class Destination(NamedTuple):
    """One address of a host, as a socket takes it."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


class ForbiddenDestinationError(Exception):
    """The host leads where messages may not go; the text says why."""


def destinations(host: str, port: int, *, private: bool, secure: bool) -> list[Destination]:
    """
    Return all addresses of a host, each looked at; raises ForbiddenDestinationError, and OSError if there is none.

    One that is forbidden forbids all: a name with such a mixture is made to deceive. Messages that are not *secure*
    go to private addresses alone.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for _, _, _, _, address in found:
        _require_allowed(ip_address(str(address[0]).partition("%")[0]), private=private, secure=secure)
    return list(dict.fromkeys(Destination(family, address) for family, _, _, _, address in found))


def _require_allowed(address: Address, *, private: bool, secure: bool) -> None:
    is_private = is_in_private_network(address)
    if is_private and not private:
        raise ForbiddenDestinationError(f"{address} is a private address, to which no webhook goes here.")
    if not is_private and not is_public(address):
        raise ForbiddenDestinationError(f"{address} is an address to which no webhook goes.")
    if not is_private and not secure:
        raise ForbiddenDestinationError("Plain http goes to private addresses only. Please enter an https address.")


def is_in_private_network(address: Address) -> bool:
    """Whether the address is this machine's, or of a network of one's own."""
    inner = _behind(address)
    return any(inner in network for network in _PRIVATE)


def is_public(address: Address) -> bool:
    """Whether everybody reaches the same machine by the address."""
    inner = _behind(address)
    if any(inner in network for network in _NEVER) or inner.is_multicast or inner.is_reserved:
        return False
    return inner.is_global


def _behind(address: Address) -> Address:
    """Return the address of IPv4 that stands behind one of IPv6, or the address as it is."""
    if isinstance(address, IPv4Address) or address == IPv6Address("::1"):
        return address
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    if any(address in network for network in _EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
