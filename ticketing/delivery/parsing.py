"""
Bytes of a mail as the tree that Python's parser makes of it, within limits: none may take minutes or all memory.

The plain policy is taken (`compat32`), which keeps headers as they stand; our own readers understand more of them, and
sooner, than those of `email.policy.default`.
"""

import re
from email.generator import BytesGenerator
from email.message import Message
from email.parser import BytesFeedParser, BytesHeaderParser
from email.policy import Compat32, Policy
from io import BytesIO
from itertools import count
from typing import BinaryIO, Final, TypeAlias

Mail: TypeAlias = "Message[str, str]"

PARTS_LIMIT: Final = 200
# Each line is compared with the boundary of each part around it. The 25 MB of a mail are 340,000 lines of base64.
_COMPARISONS: Final = 20_000_000
_COST_OF_A_LINE: Final = 15
_BOUNDARY: Final = re.compile(rb"boundary", re.IGNORECASE)
_HEADER_LIMIT: Final = 100_000
_STRUCTURED_LIMIT: Final = 4_000  # what Python takes to find a parameter grows with the square of a header's length
_HEAD: Final = 1 << 16
_CHUNK: Final = 1 << 16


class TooIntricateError(Exception):
    """A mail has more parts, or more lines in them, than anybody sends with good intent."""


class _Shortening(Compat32):
    """Keeps headers as they stand, but no more of one than anybody needs."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: _STRUCTURED_LIMIT if name.lower().startswith("content-") else _HEADER_LIMIT]


class _Writer(BytesGenerator):
    """Writes what is beyond ASCII in a part without its boundary, of which Python believes that there is none."""

    _fp: BinaryIO

    def write(self, s: str) -> None:
        self._fp.write(s.encode("utf-8", "surrogateescape"))


_POLICY: Final = _Shortening()


def parsed(raw: bytes) -> Mail:
    """Return a mail as a tree; raises TooIntricateError."""
    lines = max(raw.count(b"\n"), raw.count(b"\r"))
    boundaries = sum(1 for _ in _BOUNDARY.finditer(raw))
    if lines * (_COST_OF_A_LINE + boundaries) > _COMPARISONS:
        raise TooIntricateError
    parts = count()

    def part(policy: "Policy[Mail]") -> Mail:
        if next(parts) > PARTS_LIMIT:
            raise TooIntricateError
        return Message(policy)

    feeder = BytesFeedParser(policy=_POLICY.clone(message_factory=part))
    for start in range(0, len(raw), _CHUNK):  # at once it would take four times the memory
        feeder.feed(raw[start : start + _CHUNK])
    return feeder.close()


def head_of(raw: bytes) -> Mail:
    """Return what the first 64 KB of a mail say of it, without its parts."""
    return BytesHeaderParser(policy=_POLICY).parsebytes(raw[:_HEAD])


def inner_parts(part: Mail) -> list[Mail]:
    """Return the parts of a part; none of one that is but called so."""
    payload = part.get_payload() if part.is_multipart() else []
    return [one for one in payload if isinstance(one, Message)]


def as_bytes(part: Mail) -> bytes:
    """Write a mail down again, as it came."""
    written = BytesIO()
    _Writer(written, mangle_from_=False, maxheaderlen=0, policy=_POLICY).flatten(part)
    return written.getvalue()
