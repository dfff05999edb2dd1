"""Where messages may go: addresses of networks of one's own, and all that lead there, are told from public ones."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from ticketing.delivery.destinations import (
    ForbiddenDestinationError,
    destinations,
    is_in_private_network,
    is_public,
)

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
]
NEVER = [
    "0.0.0.0",  # noqa: S104 - nobody listens there
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "::",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001::7f00:1",
    "64:ff9b:1::1",
    "64:ff9b::169.254.169.254",
    "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::1",
    "100::1",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_network_of_ones_own_is_private(address: str) -> None:
    assert is_in_private_network(ip_address(address))


@pytest.mark.parametrize("address", NEVER)
def test_an_address_that_is_nobodys_is_neither_private_nor_public(address: str) -> None:
    assert not is_in_private_network(ip_address(address))
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_that_everybody_reaches_is_public(address: str) -> None:
    assert not is_in_private_network(ip_address(address))
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]"])
def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(ForbiddenDestinationError):
        destinations(host.strip("[]"), 443, private=False, secure=True)


@pytest.mark.parametrize("address", NEVER)
def test_no_setting_opens_what_is_nobodys(address: str) -> None:
    with pytest.raises(ForbiddenDestinationError):
        destinations(address, 443, private=True, secure=True)


def test_where_it_is_allowed_this_machine_is_reached() -> None:
    [found] = destinations("127.0.0.1", 8443, private=True, secure=False)

    assert found.address == ("127.0.0.1", 8443)


def test_what_is_not_secure_goes_to_no_public_address() -> None:
    with pytest.raises(ForbiddenDestinationError, match="https"):
        destinations("8.8.8.8", 80, private=True, secure=False)


def test_one_forbidden_address_of_a_name_forbids_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed(*_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.216.34", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", mixed)

    with pytest.raises(ForbiddenDestinationError):
        destinations("rebinding.example", 443, private=False, secure=True)
