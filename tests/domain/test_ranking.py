"""Which text answers a question best."""

import math
import random
import statistics
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.ranking import counted, ranked, words_of

TEXTS = {
    "vpn": ("VPN drops every hour", "Renew the certificate, then the tunnel stays."),
    "printer": ("The printer prints nothing", "Switch it off and on. If the VPN is on, leave it first."),
    "password": ("Forgotten password", "The desk resets passwords. It takes a minute."),
    "screen": ("A dark screen", "Press the button below the screen."),
}


def best(question: str, least: float = 0.0) -> list[str]:
    """Return the names of the texts that answer, best first."""
    found = ranked(question, [counted(*text) for text in TEXTS.values()], least=least)
    return [list(TEXTS)[place] for place, _ in found]


def test_a_word_in_the_title_counts_for_more_than_one_in_the_text() -> None:
    assert best("vpn") == ["vpn", "printer"]


def test_a_rare_word_weighs_more_than_one_that_many_hold() -> None:
    assert best("the screen")[0] == "screen"
    assert best("the tunnel")[0] == "vpn"


@pytest.mark.parametrize("question", ["PASSWORDS", "password", "\uff50assword", "password?", "«Password»"])
def test_case_width_marks_and_the_plural_make_no_difference(question: str) -> None:
    assert best(question) == ["password"]


@pytest.mark.parametrize("question", ["", " ", "?!", "zebra"])
def test_what_no_text_holds_finds_nothing(question: str) -> None:
    assert best(question) == []


def test_of_no_texts_none_is_found() -> None:
    assert ranked("vpn", []) == []


def test_a_text_that_holds_too_little_of_the_question_is_left_out() -> None:
    assert best("my vpn tunnel") == ["vpn", "printer"]
    assert best("my vpn tunnel", least=0.5) == ["vpn"]


def test_what_nobody_has_written_of_takes_nothing_from_what_somebody_has() -> None:
    assert best("vpn xyzzy plugh quux", least=1.0) == ["vpn", "printer"]


def test_the_score_is_that_of_the_formula() -> None:
    texts = [counted("", "hum hum buzz whir"), counted("Whir", "hiss")]

    found = ranked("hum whir", texts)

    # Four words each, as a title counts three times. One text of two holds "hum": ln(1 + 1.5/1.5); both "whir".
    one_of_two, both = math.log(2), math.log(1.2)
    expected = {0: one_of_two * 2 * 2.2 / (2 + 1.2) + both * 2.2 / (1 + 1.2), 1: both * 3 * 2.2 / (3 + 1.2)}
    assert [place for place, _ in found] == [0, 1]
    assert dict(found) == pytest.approx(expected)


@given(st.text(max_size=200), st.lists(st.tuples(st.text(max_size=30), st.text(max_size=80)), max_size=8))
def test_any_question_finds_exactly_the_texts_that_share_a_word_with_it(
    question: str, texts: list[tuple[str, str]]
) -> None:
    asked = set(words_of(question))

    found = ranked(question, [counted(*text) for text in texts])

    assert sorted(place for place, _ in found) == [
        place for place, text in enumerate(texts) if asked & set(words_of(" ".join(text)))
    ]


def test_five_hundred_articles_are_ranked_in_20_ms() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    vocabulary = [f"word{n}" for n in range(5_000)]
    texts = [counted(*(" ".join(chance.choices(vocabulary, k=k)) for k in (8, 300))) for _ in range(500)]
    spent = []
    for _ in range(9):
        question = " ".join(chance.choices(vocabulary, k=12))
        begun = time.thread_time()
        ranked(question, texts)
        spent.append(time.thread_time() - begun)

    assert statistics.median(spent) < 0.02
