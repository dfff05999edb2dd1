"""
A single flipped bit, found by the checksum that it broke, and undone.

Two texts of one length that differ in one bit have checksums whose difference depends on nothing but how far that bit
is from the end; so going back from the end, a byte at a time, the difference itself says where it was.
"""

import zlib
from typing import Final

# So much has 2^25 bits, of 2^32 differences there are: once in 128 times another damage would pass for a flipped bit.
LONGEST: Final = 1 << 22
_CLOSING: Final = len(b'01234567"}\n')
# What a byte adds to the checksum when it is the last one; no two of these begin alike.
_OF_BYTE: Final = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]
_BEGINNING_SO: Final = {added >> 24: byte for byte, added in enumerate(_OF_BYTE)}
_OF_ONE_BIT: Final = {_OF_BYTE[1 << bit]: 1 << bit for bit in range(8)}


def mended(sealed: bytes, mark: bytes) -> bytes | None:
    """
    Return what was written, if one bit of it is all that differs; None if it is more, or cannot be told.

    What was written ends with *mark*, the checksum of all before that in eight digits, two marks and a newline.
    """
    length = len(mark) + _CLOSING
    body, closing = sealed[:-length], sealed[-length:]
    if not body or len(sealed) > LONGEST:
        return None
    checksum = zlib.crc32(body)
    right = b'%s%08x"}\n' % (mark, checksum)
    if _bits_between(closing, right) == 1:
        return body + right
    written = _written_checksum(closing, mark)
    place = None if written is None else _place_of_flip(checksum ^ written, len(body))
    if place is None:
        return None
    position, bit = place
    return sealed[:position] + bytes([sealed[position] ^ bit]) + sealed[position + 1 :]


def _bits_between(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _written_checksum(closing: bytes, mark: bytes) -> int | None:
    try:
        written = int(closing[len(mark) : -3], 16)
    except ValueError:
        return None
    return written if closing == b'%s%08x"}\n' % (mark, written) else None


def _place_of_flip(difference: int, length: int) -> tuple[int, int] | None:
    for position in reversed(range(length)):
        if difference in _OF_ONE_BIT:
            return position, _OF_ONE_BIT[difference]
        byte = _BEGINNING_SO[difference >> 24]
        difference = (difference ^ _OF_BYTE[byte]) << 8 | byte
    return None
