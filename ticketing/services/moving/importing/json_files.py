"""
Files of JSON, one document after the other: a list of them, a document a line, or documents in a row.

Never is all of a file in memory, so its size says nothing about how much of that is needed.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from ticketing.domain.errors import ImportRefusedError

_PIECE: Final = 1 << 20
# Of one ticket with all its attachments in base64.
_LONGEST: Final = 64 << 20
_BETWEEN: Final = " \t\r\n,"


def documents(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each document with its number, from 1; raises ImportRefusedError for what is no JSON, naming the place."""
    reader = _Reader(file)
    number = 0
    in_list = reader.takes("[")
    while (first := reader.next_character()) and not (in_list and first == "]"):
        number += 1
        document = reader.document(number)
        if not isinstance(document, dict):
            raise ImportRefusedError(f"Entry {number} of the file is no object.")
        yield number, document
    if in_list and not reader.takes("]"):
        raise ImportRefusedError(f"The file was cut off after entry {number}.")
    if reader.next_character():
        raise ImportRefusedError(f"After entry {number} there is something that is no JSON.")


class _Reader:
    """What of a file was read and not taken yet."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._is_whole = False
        self._json = json.JSONDecoder(parse_constant=_refuse)

    def next_character(self) -> str:
        """Return the first character of what is next, "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BETWEEN:
                self._at += 1
            if self._at < len(self._text) or not self._read_on():
                return self._text[self._at : self._at + 1]

    def takes(self, character: str) -> bool:
        """Whether this is next; then it is taken."""
        is_next = self.next_character() == character
        self._at += is_next
        return is_next

    def document(self, number: int) -> Any:
        """Take the next document; as long as it is not all there, twice as much is read."""
        while True:
            try:
                document, self._at = self._json.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise ImportRefusedError(f"Entry {number} of the file is nested too deeply.") from error
            except ValueError as error:
                if isinstance(error, _NoNumberError) or not self._read_on():
                    raise ImportRefusedError(f"Entry {number} of the file is no JSON, or was cut off.") from error
                if len(self._text) - self._at > _LONGEST:
                    raise ImportRefusedError(
                        f"Entry {number} of the file is longer than {_LONGEST >> 20} MB."
                    ) from error
            else:
                return document

    def _read_on(self) -> bool:
        if self._is_whole:
            return False
        rest = self._text[self._at :]
        raw = self._file.read(max(_PIECE, len(rest)))
        self._is_whole = not raw
        try:
            self._text, self._at = rest + self._decode.decode(raw, final=self._is_whole), 0
        except UnicodeDecodeError as error:
            raise ImportRefusedError("The file is no JSON: it is not written in UTF-8.") from error
        return True


class _NoNumberError(ValueError):
    """NaN and the infinities are no JSON."""


def _refuse(_constant: str) -> Any:
    raise _NoNumberError
