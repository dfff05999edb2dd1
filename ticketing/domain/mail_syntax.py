"""What mail headers have in common: quoted strings and comments, in which nothing has a meaning (RFC 5322, 3.2)."""

from collections.abc import Iterator
from enum import Enum


class Place(Enum):
    """Where a character stands."""

    PLAIN = "plain"
    QUOTED = "quoted"
    COMMENT = "comment"


def scanned(value: str) -> Iterator[tuple[str, Place]]:
    """
    Yield each character of a header with where it stands, without quotation marks; comments, which nest, with brackets.

    A backslash only takes the meaning of what could have one: Windows' paths stand in many a file name.
    """
    depth = 0
    quoted = escaped = False
    for char, following in zip(value, f"{value[1:]} ", strict=False):
        place = Place.QUOTED if quoted else Place.COMMENT if depth else Place.PLAIN
        if escaped:
            escaped = False
            yield char, place
        elif char == "\\" and following in '"\\()':
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif char in "()" and not quoted:
            depth = max(depth + (1 if char == "(" else -1), 0)
            yield char, Place.COMMENT
        else:
            yield char, place
