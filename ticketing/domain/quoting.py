"""What was said before, as mails quote it: the newest first, and no more than somebody scrolls through."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ticketing.domain.tickets import Message

MOST_QUOTED: Final = 5
# In characters, of all of it together.
QUOTED_LIMIT: Final = 8_000
_CUT: Final = "> …"


def quoted(earlier: Sequence[Message], names: Mapping[str, str]) -> str:
    """
    Return what these messages say, the oldest of which comes first, given what their authors are called.

    Each has a line that says who wrote it when, in UTC, and then its own behind a sign, by which programs, and the desk
    when the answer comes back, tell it from what is new.
    """
    lines: list[str] = []
    room = QUOTED_LIMIT
    for line in _lines(earlier[-MOST_QUOTED:], names):
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*lines, _CUT])
        lines.append(line)
    return "\n".join(lines)


def _lines(earlier: Sequence[Message], names: Mapping[str, str]) -> Iterator[str]:
    for place, message in enumerate(reversed(earlier)):
        if place:
            yield ""
        at, name = message.at, " ".join(names.get(message.author, message.author).split())
        yield f"On {at.day} {at:%B %Y} at {at:%H:%M} UTC, {name} wrote:"
        yield from (f"> {line}".rstrip() for line in message.text.splitlines())
