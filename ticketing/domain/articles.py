"""Articles: what the desk knows, written down once for many."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import ClassVar, Self

from ticketing.domain.definitions import Definition
from ticketing.domain.statuses import GENERAL
from ticketing.domain.text import TITLE_LIMIT, clean_line, clean_text


class Visibility(StrEnum):
    """For whom an article is: nobody but its authors yet, agents, or everybody who is signed in."""

    DRAFT = "draft"
    INTERNAL = "internal"
    PUBLIC = "public"


class Article(Definition):
    """
    An article under its title, which is its name.

    `source` is the number of the ticket that it was made from. `helpful` and `unhelpful` hold who voted so; a vote
    makes no new version.
    """

    kind: ClassVar[str] = "articles"
    is_long: ClassVar[bool] = True
    is_settings: ClassVar[bool] = False
    apart: ClassVar[frozenset[str]] = frozenset({"helpful", "unhelpful"})

    body: str = ""
    category: str = GENERAL
    visibility: Visibility = Visibility.DRAFT
    source: int | None = None
    helpful: tuple[str, ...] = ()
    unhelpful: tuple[str, ...] = ()

    @property
    def updated_at(self) -> datetime:
        """When what it says was changed last; the article has been kept by then."""
        return self.history[-1].at

    def checked(self) -> Self:
        """Return it as it may be kept: title up to 200, text up to 20,000 characters; raises InvalidInputError."""
        return self.model_copy(
            update={"name": clean_line("Title", self.name, TITLE_LIMIT), "body": clean_text("Text", self.body)}
        )

    def voted(self, username: str, *, helpful: bool) -> Self:
        """Return it with this person's vote, in the place of the one they gave before."""
        either = (
            [name for name in self.helpful if name != username],
            [name for name in self.unhelpful if name != username],
        )
        either[0 if helpful else 1].append(username)
        return self.model_copy(update={"helpful": tuple(either[0]), "unhelpful": tuple(either[1])})

    def vote_of(self, username: str) -> bool | None:
        """Return whether it helped this person; None if they have not said."""
        return True if username in self.helpful else False if username in self.unhelpful else None

    def for_reader(self) -> "Article":
        """Return what everybody may read of it, and nothing else: no history, no author, no votes, no ticket."""
        fields = ("id", "name", "body", "category", "visibility", "version")
        return Article(**{field: getattr(self, field) for field in fields})

    def versions(self) -> list["ArticleVersion"]:
        """Return what it said at each time, the present version first."""
        found, fields = [], self.model_dump(mode="json", exclude={"history"})
        for (by, at), changes in groupby(reversed(self.history), key=lambda change: (change.by, change.at)):
            found.append(ArticleVersion(by, at, Article.model_validate(fields)))
            fields |= {change.field: change.old for change in changes if change.field in Article.model_fields}
        return found


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """What an article said from then on, and who wrote that."""

    by: str
    at: datetime
    article: Article
