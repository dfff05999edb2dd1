"""
Which tickets may hold a text, told without a look at what stands in them.

A signature has a bit for each three bytes in a row of a document in lower case. A ticket without one of a text's bits
holds it nowhere; one that has them all may hold it. (Bloom, "Space/time trade-offs in hash coding with allowable
errors", 1970, and for texts Faloutsos and Christodoulakis, "Signature files", 1984.)
"""

import re
from typing import Final

# Of what one ticket says by and large, that sets less than half of them.
BITS: Final = 2048
# The signature of a ticket that may hold anything.
ANYTHING: Final = -1
_HASH_BITS: Final = BITS.bit_length() - 1
_MULTIPLIER: Final = 2654435761  # 2^32 over the golden ratio: Knuth, The Art of Computer Programming, volume 3, 6.4
_ASCII: Final = re.compile(r"[\x00-\x7f]{3,}")


def signature_of(text: bytes) -> int:
    """Return the signature of a text, not an empty one, that is in lower case as far as it is ASCII."""
    import numpy as np  # noqa: PLC0415 - slow to import, and a desk starts without it

    codes = np.frombuffer(text, np.uint8).astype(np.uint32)
    threes = codes[:-2] << 16 | codes[1:-1] << 8 | codes[2:]
    bits = np.zeros(BITS, np.uint8)
    bits[threes * np.uint32(_MULTIPLIER) >> (32 - _HASH_BITS)] = 1
    return int.from_bytes(np.packbits(bits).tobytes())


def mark_of(needle: str) -> int:
    """
    Return the bits that a ticket has which holds a casefolded text, by what of that is ASCII.

    Other letters may stand there in upper case; those that casefold into ASCII are the caller's matter.
    """
    mark = 0
    for run in _ASCII.findall(needle):
        mark |= signature_of(run.encode())
    return mark
