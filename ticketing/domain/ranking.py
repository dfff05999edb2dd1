"""
Which texts answer a question best: BM25, in which a word of a title counts for several of the text.

After S. Robertson and H. Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, Foundations and Trends in
Information Retrieval 3 (2009), with their usual constants. As in most search engines, one is added to what the weight
of a word is the logarithm of, lest a word that most texts hold count against them.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Final, NamedTuple
from unicodedata import normalize

_SATURATION: Final = 1.2  # k1: how soon more of the same word says nothing more
_BY_LENGTH: Final = 0.75  # b: how much a long text has to hold a word more often
_TITLE: Final = 3
_WORD: Final = re.compile(r"\w+")
_SHORTEST_PLURAL: Final = 4


class Counted(NamedTuple):
    """A text as it is ranked: how often it holds each word, and how many words it has."""

    words: Mapping[str, int]
    length: int


def words_of(text: str) -> list[str]:
    """Return the words of a text whatever their case, an English plural as its singular."""
    return [_singular(word) for word in _WORD.findall(normalize("NFKC", text).casefold())]


def counted(title: str, text: str) -> Counted:
    """Count the words of a text and its title."""
    words = Counter(words_of(title) * _TITLE)
    words.update(words_of(text))
    return Counted(words, words.total())


def ranked(question: str, texts: Sequence[Counted], *, least: float = 0.0) -> list[tuple[int, float]]:
    """
    Return place and score of those of the texts that hold a word of the question, best first.

    *least* is the part of the question, from 0 to 1, that a text has to hold by weight: rare words weigh more, and
    words that no text holds nothing at all.
    """
    weights = _weights(question, texts)
    enough = least * sum(weights.values())
    mean = sum(text.length for text in texts) / max(1, len(texts))
    scores = []
    for place, text in enumerate(texts):
        held = [(weight, text.words[word]) for word, weight in weights.items() if word in text.words]
        if held and sum(weight for weight, _ in held) >= enough:
            damping = _SATURATION * (1 - _BY_LENGTH + _BY_LENGTH * text.length / mean)
            score = sum(weight * times * (_SATURATION + 1) / (times + damping) for weight, times in held)
            scores.append((place, score))
    return sorted(scores, key=lambda found: -found[1])


def _weights(question: str, texts: Sequence[Counted]) -> dict[str, float]:
    holding = {word: sum(word in text.words for text in texts) for word in dict.fromkeys(words_of(question))}
    return {word: log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in holding.items() if n}


def _singular(word: str) -> str:
    return word[:-1] if len(word) >= _SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss") else word
