"""Tables as text: how one is written, its first line, and its rows."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO, Final

from ticketing.domain.errors import ImportRefusedError
from ticketing.domain.text import printable

COLUMNS_LIMIT: Final = 200
_DELIMITERS: Final = ",;\t|"
_PIECE: Final = 1 << 20
_LONGEST_HEADER: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 20
_PACKED: Final = {b"PK": "a ZIP archive", b"\x1f\x8b": "a gzip archive", b"\xd0\xcf": "an old Excel file"}
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Written:
    """How a table is written: its characters, and what stands between its cells."""

    encoding: str
    delimiter: str


def how_written(file: BinaryIO, encoding: str | None = None, delimiter: str | None = None) -> Written:
    """Find out what is not given; raises ImportRefusedError for what is no table of text."""
    file.seek(0)
    head = file.read(_LONGEST_HEADER)
    for mark, what in _PACKED.items():
        if head.startswith(mark):
            raise ImportRefusedError(f"The file is {what}. Please give the CSV file that is in it.")
    encoding = encoding or _encoding(file)
    if encoding == "utf-16" and not head.startswith(_UTF_16):
        raise ImportRefusedError("The file is not written in UTF-16: it does not begin with the mark of that.")
    if not encoding.startswith("utf-16") and b"\0" in head:
        raise ImportRefusedError("The file is no CSV: it holds bytes that are no text.")
    first = head.decode(encoding, "ignore").lstrip("\ufeff\r\n").partition("\n")[0]
    return Written(encoding, delimiter or max(_DELIMITERS, key=first.count))


def rows(file: BinaryIO, written: Written) -> Iterator[tuple[int, list[str]]]:
    """
    Yield each row that is not empty with the line at which it ends, the first one as well.

    What cannot be printed becomes a replacement character; a formula stays the text that it is. Raises
    ImportRefusedError, naming the line.
    """
    file.seek(0)
    encoding = "utf-8-sig" if written.encoding == "utf-8" else written.encoding
    text = TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        reader = csv.reader(_lines(text), delimiter=written.delimiter)
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise ImportRefusedError(f"Line {reader.line_num} of the file is no CSV: {error}.") from error
            if row is None:
                return
            if any(row):
                yield reader.line_num, [printable(cell).strip() for cell in row]
    finally:
        text.detach()


def header(file: BinaryIO, written: Written) -> list[str]:
    """Return the names of the columns; raises ImportRefusedError for none or too many."""
    found = next(rows(file, written), None)
    names = found[1] if found else []
    if not any(names):
        raise ImportRefusedError("The file has no first line that names its columns.")
    if len(names) > COLUMNS_LIMIT:
        raise ImportRefusedError(f"The file has {len(names):,} columns; at most {COLUMNS_LIMIT} are taken.")
    return [name or f"({place})" for place, name in enumerate(names, start=1)]


def _lines(text: TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise ImportRefusedError(f"Line {number} of the file is longer than a table's can be.")
        yield line


def _encoding(file: BinaryIO) -> str:
    """Tell UTF-16 by its mark, UTF-8 by making sense throughout; what is neither are Western letters."""
    file.seek(0)
    piece = file.read(_PIECE)
    if piece.startswith(_UTF_16):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece:
            decoder.decode(piece)
            piece = file.read(_PIECE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
