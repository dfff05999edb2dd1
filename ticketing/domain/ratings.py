"""How content the requesters are: what they say of a resolution, and what many such answers come to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from ticketing.domain.errors import UnknownChoiceError
from ticketing.domain.text import Stored, clean_text, is_blank

SCORES: Final = range(1, 6)
COMMENT_LIMIT: Final = 1_000


class Rating(Stored):
    """
    What a requester says of one resolution of their ticket, which is told by when it came.

    One click says whether the matter is solved; a score, 5 being the best, and a comment may come with it or after it.
    """

    resolved_at: datetime
    by: str
    at: datetime
    solved: bool
    score: int | None = None
    comment: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether it is the one click and nothing more yet."""
        return self.score is None and self.comment is None

    @property
    def verdict(self) -> str:
        """What it says but for the comment, in words."""
        word = "solved" if self.solved else "not solved"
        return word if self.score is None else f"{word}, {self.score} of {SCORES[-1]}"

    @property
    def label(self) -> str:
        """What it says in the history: of a comment only that there is one."""
        return self.verdict if self.comment is None else f"{self.verdict}, with a comment"


def clean_score(score: int | None) -> int | None:
    """Return a score that there is, or None for none; raises UnknownChoiceError."""
    if score is not None and score not in SCORES:
        raise UnknownChoiceError("Score", str(score))
    return score


def clean_comment(comment: str) -> str | None:
    """Return a comment of at most 1,000 characters, or None for a blank one; raises InvalidInputError."""
    return None if is_blank(comment) else clean_text("Comment", comment, COMMENT_LIMIT)


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """What ratings come to: how many there are, how many say that it is solved, and how many gave each score."""

    rated: int
    solved: int
    scores: Mapping[int, int]

    @classmethod
    def of(cls, verdicts: Iterable[tuple[bool, int | None]]) -> Self:
        """Count what was said, as pairs of whether it is solved and the score, if there is one."""
        said = list(verdicts)
        given = Counter(score for _, score in said)
        return cls(len(said), sum(solved for solved, _ in said), {score: given[score] for score in SCORES})

    @property
    def share_solved(self) -> float | None:
        """The part, from 0 to 1, of those who say that it is solved; None of none."""
        return self.solved / self.rated if self.rated else None

    @property
    def mean_score(self) -> float | None:
        """The mean of the scores that were given; None of none."""
        given = sum(self.scores.values())
        return sum(score * times for score, times in self.scores.items()) / given if given else None
