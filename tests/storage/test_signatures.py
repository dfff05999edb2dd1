"""Signatures of tickets: what may hold a text is never left out, and what does not is hardly ever looked through."""

import json
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.storage.conftest import make_ticket
from ticketing.domain.queries import Audience, TicketQuery
from ticketing.storage.documents.conditions import _SIGNED_AT_LEAST, FOLDING_LETTERS
from ticketing.storage.documents.document_store import DocumentStore
from ticketing.storage.documents.signatures import BITS, mark_of, signature_of
from ticketing.storage.memory import MemoryStore

AGENT = Audience(username="ada", sees_all=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=FOLDING_LETTERS), max_size=60)


def written(text: str) -> str:
    """Return how a text stands in a document."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


@given(before=TEXTS, needle=TEXTS, after=TEXTS)
@example(before="Ä", needle='ÄRGER mit "ihm"\n', after="")
@example(before="", needle="ΣΑΣ abc Σ", after="x")
def test_who_holds_a_text_has_all_of_its_bits(before: str, needle: str, after: str) -> None:
    document = f'{{"text":"{written(before + needle + after)}"}}'.encode()
    mark = mark_of(written(needle.casefold()))

    assert signature_of(document.lower()) & mark == mark


def test_of_many_tickets_hardly_any_is_looked_through_for_a_text_that_none_holds() -> None:
    rng = random.Random(7)  # noqa: S311 - invented words
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(3000)]
    signatures = [signature_of(" ".join(rng.choices(words, k=150)).encode()) for _ in range(500)]

    mark = mark_of("thunderbird")

    assert sum(signature & mark == mark for signature in signatures) < 10
    assert all(signature.bit_count() < BITS / 2 for signature in signatures)


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        ("printer", [1]),
        ("int", [1, 3]),
        ("strasse", [2]),
        ("straße", [2]),
        ("ärger", [3]),
        ("mit dem int", [3]),
        ("er", [1, 2, 3]),
        ("scanner", []),
        ('"so"', [4]),
    ],
)
def test_what_is_found_is_the_same_however_many_tickets_have_a_signature(needle: str, found: list[int]) -> None:
    store = MemoryStore()
    texts = ["The PRINTER", "In der Straße", "ÄRGER mit dem Intranet", 'Not "so"'] + ["Nothing"] * 2 * _SIGNED_AT_LEAST
    with store.write() as tx:
        for number, text in enumerate(texts, start=1):
            tx.tickets.save(make_ticket(number, title=text))

    for _ in range(4):
        with store.read() as tx:
            page = tx.tickets.search(AGENT, TicketQuery(needles=(needle.casefold(),)))
        assert sorted(line.number for line in page.items) == found


def full(tickets: int) -> DocumentStore:
    """Return a store of so many tickets, one of which has a printer in it."""
    store = MemoryStore()
    with store.write() as tx:
        for number in range(1, tickets + 1):
            tx.tickets.save(make_ticket(number, title="A printer" if number == 7 else "Nothing"))
    return store


def signed(store: DocumentStore) -> int:
    return sum(row.signature is not None for row in store._state.rows.newest_first())  # noqa: SLF001 - seen nowhere


def test_a_store_prepares_itself_step_by_step_and_answers_alike_meanwhile() -> None:
    store = full(1000)

    for step, _ in enumerate(store.prepare(), start=1):
        assert signed(store) >= 200 * step
        with store.read() as tx:
            page = tx.tickets.search(AGENT, TicketQuery(needles=("printer",)))
        assert [line.number for line in page.items] == [7]

    assert signed(store) == 1000
    assert list(store.prepare()) == []


def test_what_is_changed_while_a_store_prepares_itself_is_found_as_it_is_then() -> None:
    store = full(1000)
    steps = store.prepare()
    next(steps)
    with store.write() as tx:
        tx.tickets.save(make_ticket(8, title="A scanner"))

    assert len(list(steps)) == 4
    with store.read() as tx:
        page = tx.tickets.search(AGENT, TicketQuery(needles=("scanner",)))
    assert [line.number for line in page.items] == [8]
