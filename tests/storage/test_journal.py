"""The journal's lines: what counts, what is a torn write, what is damage."""

import errno
import json
import os
import random
import zlib
from pathlib import Path

import pytest

from tests.storage.recording import document, put
from ticketing.domain.errors import StorageDamagedError, StorageTooNewError
from ticketing.storage.journaled.journal import (
    Change,
    Journal,
    append,
    check_change,
    create_journal,
    decode,
    encode_next,
    encode_transaction,
    journal_numbers,
    judge,
    open_journal,
    read_tail,
    seal,
    set_aside,
)

FIRST = encode_transaction([put("T-1", title="No dial tone")], sequence=812, known_good=812)
PAIR = encode_transaction([put("T-2"), ("outbox", "m-7", None)], sequence=813, known_good=812)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    create_journal(tmp_path, 12, 812, ["users", "tickets"])
    return open_journal(tmp_path, 12, read_only=False)


def test_a_change_is_one_line_of_json_that_holds_the_document_unchanged() -> None:
    text = '{"id":"abc123","title":"Grüße, \\"quoted\\"",  "spaced" : 1}'.encode()

    line = encode_transaction([("tickets", "abc123", text)], sequence=812, known_good=811)

    body = b'{"seq":813,"ok":811,"c":"tickets","put":"abc123","doc":' + text
    assert line == body + b',"crc":"%08x"}\n' % zlib.crc32(body)
    assert json.loads(line)["doc"] == json.loads(text)


def test_a_transaction_is_numbered_without_gaps_and_says_which_lines_belong_together() -> None:
    lines = [json.loads(line) for line in PAIR.splitlines()]

    assert [(line["seq"], line["ok"], line["tx"]) for line in lines] == [(814, 812, "1/2"), (815, 812, "2/2")]
    assert (lines[0]["put"], lines[1]["del"]) == ("T-2", "m-7")


def test_a_line_costs_at_most_120_bytes_beside_its_document() -> None:
    text = document("0123456789abcdef", text="x" * 2300)

    lines = encode_transaction([("notifications", "0123456789abcdef", text)] * 10, 9_999_999, 9_999_999)

    assert len(lines) <= 10 * (len(text) + 120)


def test_what_was_written_is_read_back() -> None:
    tail = read_tail(FIRST + PAIR + encode_next(815, 13), sequence=812)

    assert tail.transactions == [[put("T-1", title="No dial tone")], [put("T-2"), ("outbox", "m-7", None)]]
    assert (tail.sequence, tail.lines, tail.next_journal, tail.rest) == (815, 3, 13, b"")


def test_the_end_of_a_journal_tells_that_all_before_it_is_on_disk() -> None:
    assert read_tail(FIRST, sequence=812).known_good == 812
    assert read_tail(FIRST + encode_next(813, 13), sequence=812).known_good == 813


def test_d3_no_flipped_bit_in_a_line_goes_unnoticed() -> None:
    for position in range(len(FIRST)):
        for bit in range(8):
            flipped = bytearray(FIRST)
            flipped[position] ^= 1 << bit

            assert read_tail(bytes(flipped), sequence=812).transactions == []


def test_a_line_that_is_not_the_one_due_is_not_taken() -> None:
    assert read_tail(FIRST, sequence=811).rest == FIRST
    assert read_tail(FIRST, sequence=813).rest == FIRST
    assert judge(FIRST, 811) == "changes after it say that it was saved"
    assert judge(PAIR, 812) == "its number is not the one that is due"


@pytest.mark.parametrize("position", range(len(PAIR)))
def test_a_transaction_cut_anywhere_is_a_torn_write_of_which_nothing_counts(position: int) -> None:
    tail = read_tail(FIRST + PAIR[:position], sequence=812)

    assert tail.sequence == 813
    assert tail.rest == PAIR[:position]
    assert judge(tail.rest, 813) is None


@pytest.mark.parametrize("position", range(len(PAIR)))
def test_a_transaction_of_which_zeros_arrived_is_a_torn_write(position: int) -> None:
    end_missing = PAIR[:position] + bytes(len(PAIR) - position)
    start_missing = bytes(position + 1) + PAIR[position + 1 :]

    for torn in (end_missing, start_missing):
        assert read_tail(torn, sequence=813).transactions == []
        assert judge(torn, 813) is None


@pytest.mark.parametrize("position", range(len(PAIR)))
def test_a_transaction_that_ends_in_something_else_is_a_torn_write(position: int) -> None:
    # A rest that ends with a newline would pass for a line that was once whole, and is damage.
    noise = random.Random(position).randbytes(len(PAIR) - position - 1) + b"?"  # noqa: S311 -- not for security
    torn = PAIR[:position] + noise

    assert read_tail(torn, sequence=813).transactions == []
    assert judge(torn, 813) is None


def test_whole_lines_of_an_unfinished_transaction_are_a_torn_write() -> None:
    first_line = PAIR[: PAIR.index(b"\n") + 1]

    assert read_tail(first_line, sequence=813).transactions == []
    assert judge(first_line, 813) is None


def test_a_whole_last_line_with_a_wrong_checksum_is_damage() -> None:
    assert judge(FIRST.replace(b"dial", b"dual"), 812) == "its checksum differs"


def test_a_single_zero_inside_a_whole_line_is_a_flipped_bit_and_not_a_torn_write() -> None:
    assert judge(FIRST.replace(b"No dial", b"No\0dial"), 812) == "its checksum differs"


def test_a_zeroed_line_hides_nothing_of_the_next_one() -> None:
    zeroed = bytes(len(FIRST))
    saved_after_it = encode_transaction([put("T-9")], sequence=813, known_good=813)
    written_with_it = encode_transaction([put("T-9")], sequence=813, known_good=812)

    assert judge(zeroed + saved_after_it, 812) == "changes after it say that it was saved"
    assert judge(zeroed + written_with_it, 812) is None


def test_what_comes_before_the_end_of_a_journal_was_flushed_and_cannot_be_torn() -> None:
    assert judge(bytes(len(FIRST)) + encode_next(813, 13), 812) == "changes after it say that it was saved"


@pytest.mark.parametrize(
    "change",
    [
        ("Tickets", "a", document("a")),
        ("", "a", document("a")),
        ("tickets", "", document("")),
        ("tickets", 'a"b', document('a"b')),
        ("tickets", "a\\b", document("a\\b")),
        ("tickets", "a\nb", None),
        ("tickets", "a", document("b")),
        ("tickets", "a", document("ab")),
        ("tickets", "a", b'{"title":"x","id":"a"}'),
        ("tickets", "a", b'{"id":"a",\n"title":"x"}'),
        ("tickets", "a", b'{"id":"a","title":"\0"}'),
        ("tickets", "a", b'{"id":"a","title":"\xff"}'),
        ("tickets", "a", b'{"id":"a"'),
    ],
)
def test_a_change_that_could_not_be_read_back_is_refused(change: Change) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_change(change)


@pytest.mark.parametrize("key", ["a", "T-1042", "carla@example.org", "Jürgen", "0" * 200])
def test_ordinary_ids_are_taken(key: str) -> None:
    change = ("tickets", key, document(key, title="x"))

    check_change(change)

    assert read_tail(encode_transaction([change], 0, 0), 0).transactions == [[change]]


def test_the_header_is_read_back(journal: Journal) -> None:
    assert (journal.number, journal.first_sequence, journal.collections) == (12, 812, ["tickets", "users"])
    assert journal.is_empty
    assert journal_numbers(journal.path.parent) == [12]


def test_no_flipped_bit_in_the_header_goes_unnoticed(journal: Journal) -> None:
    good = journal.path.read_bytes()
    for position in range(len(good)):
        flipped = bytearray(good)
        flipped[position] ^= 1 << (position % 8)
        journal.path.write_bytes(flipped)

        with pytest.raises((StorageDamagedError, StorageTooNewError), match=r"journal-000012.jsonl"):
            open_journal(journal.path.parent, 12, read_only=True)


def test_d3_a_journal_of_a_newer_version_is_refused(journal: Journal) -> None:
    journal.path.write_bytes(seal(b'{"format":2,"journal":12,"seq":812,"collections":[]'))

    with pytest.raises(StorageTooNewError, match=r"journal-000012.jsonl has format 2"):
        open_journal(journal.path.parent, 12, read_only=True)


def test_a_renamed_journal_is_refused(journal: Journal) -> None:
    journal.path.rename(journal.path.with_name("journal-000013.jsonl"))

    with pytest.raises(StorageDamagedError, match=r"calls itself journal 12"):
        open_journal(journal.path.parent, 13, read_only=True)


def test_a_short_write_is_taken_back(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    before = journal.path.read_bytes()
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:20]))

    with pytest.raises(OSError, match=r"No space left") as refusal:
        append(journal, FIRST)

    assert refusal.value.errno == errno.ENOSPC
    assert journal.path.read_bytes() == before


def test_a_torn_write_is_cut_and_kept_aside(journal: Journal) -> None:
    good = journal.path.read_bytes()
    for _ in range(2):
        os.write(journal.descriptor, FIRST[:20])
        set_aside(journal, FIRST[:20])

    assert journal.path.read_bytes() == good
    kept = sorted(journal.path.parent.glob("*.torn-*"))
    assert [path.name for path in kept] == [
        f"journal-000012.torn-{len(good)}",
        f"journal-000012.torn-{len(good)}-2",
    ]
    assert {path.read_bytes() for path in kept} == {FIRST[:20]}


def test_an_unsealed_line_is_nothing() -> None:
    assert decode(b"\n") is None
    assert decode(seal(b'{"seq":1,"surprise":2')) is None
