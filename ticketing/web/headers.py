"""Headers that every answer has, unless it says something else itself."""

from collections.abc import Iterable, Mapping

from starlette.types import Message

RawHeaders = tuple[tuple[bytes, bytes], ...]


def raw(headers: Mapping[str, str]) -> RawHeaders:
    """Return headers as they are sent; their names in small letters, as ASGI wants them."""
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())


def add_missing(message: Message, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Add to the beginning of an answer what it does not have."""
    present = {name.lower() for name, _ in message["headers"]}
    message["headers"] = [*message["headers"], *(header for header in headers if header[0] not in present)]
