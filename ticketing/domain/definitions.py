"""
What people set up for the desk: teams, saved views, canned replies, calendars and the like.

Each is a small document; there are few of a kind, so a store gives all of a kind at once. A definition is never changed
in place: what is kept of it comes from `revised`, which notes in its history what changed, and one that is taken away
stays behind as removed, so that whatever names it can still be read.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

from pydantic import ConfigDict, JsonValue

from ticketing.domain.errors import NameTakenError, OnlyOneError
from ticketing.domain.text import Stored, clean_name

if TYPE_CHECKING:
    from ticketing.domain.categories import Category

Kind = TypeVar("Kind", bound="Definition")


# What a settings file has of no definition.
NO_SETTINGS: Final = frozenset({"owner", "version", "history"})


class Revision(Stored):
    """One change of one field of a definition, old → new."""

    model_config = ConfigDict(frozen=True)

    field: str
    old: JsonValue = None
    new: JsonValue = None
    by: str
    at: datetime


class Definition(Stored):
    """
    One thing that was set up; `kind` is the name of the collection of all such things.

    `owner` is None for what the whole desk shares; else it is that agent's own, and nobody else learns of it. `version`
    counts the changes; 0 is one that was never kept.
    """

    model_config = ConfigDict(frozen=True)

    kind: ClassVar[str]
    # Whether each agent keeps such things, their own and shared ones; the others are the admins' business.
    is_agents: ClassVar[bool] = False
    # Whether they are long texts, which are not read along with everything else that is set up.
    is_long: ClassVar[bool] = False
    # Whether a settings file holds those that are shared; what is content or keeps track of something is no setting.
    is_settings: ClassVar[bool] = True
    # Whether only their own service has to do with them, such as those that hold secrets.
    is_inner: ClassVar[bool] = False
    # What the one of its kind is called that each desk has from the beginning, with the kind's name as its id; "" for
    # kinds of which there is any number.
    only: ClassVar[str] = ""
    # Fields that nobody sets up, such as whose turn it is: a change of them is no new version, and goes into no file.
    apart: ClassVar[frozenset[str]] = frozenset()

    id: str = ""
    name: str
    owner: str | None = None
    removed: bool = False
    version: int = 0
    history: tuple[Revision, ...] = ()

    @classmethod
    def all_of(cls, kept: Iterable[Self]) -> list[Self]:
        """Return all of the kind that there are, in order, given those that are kept, which come by name."""
        found = list(kept)
        return found or ([cls(id=cls.kind, name=cls.only)] if cls.only else [])

    def checked(self) -> Self:
        """Return it as it may be kept, with what was typed cleaned; raises InvalidInputError."""
        return self.model_copy(update={"name": clean_name("Name", self.name)})

    def require_room(self, others: Iterable[Self]) -> None:
        """
        Raise the refusal for which it cannot stand beside the others of its kind, of which none is removed.

        Names are told apart by what is read, so the same letters in another case are the same name.
        """
        if self.only and self.id != self.kind:
            raise OnlyOneError(self.only)
        taken = {one.name.casefold() for one in others if one.owner == self.owner}
        if self.name.casefold() in taken:
            raise NameTakenError(self.name)

    def require_dispensable(self, others: Iterable[Self]) -> None:  # noqa: ARG002 - of other kinds, one must remain
        """Raise the refusal for which it cannot be taken away from the others of its kind, of which none is removed."""
        if self.only:
            raise OnlyOneError(self.only)

    def require_understood(self, categories: "Iterable[Category]") -> None:
        """Raise QueryError if it asks for tickets in words that a desk with these categories does not know."""

    def revised(self, before: Self | None, by: str, now: datetime) -> Self:
        """Return it as it is kept after *before*: of the next version, with each change noted; or as it was."""
        if before is None:
            made = Revision(field="created", new=self.name, by=by, at=now)
            return self.model_copy(update={"version": 1, "history": (made,)})
        changes = tuple(
            Revision(field=field, old=old, new=new, by=by, at=now) for field, old, new in self.changes_since(before)
        )
        if not changes:
            return before
        return self.model_copy(update={"version": before.version + 1, "history": before.history + changes})

    def changes_since(self, before: Self) -> list[tuple[str, Any, Any]]:
        """Return each field that differs, old → new."""
        old, new = before.content(), self.content()
        return [
            (field, old.get(field), new.get(field))
            for field in dict.fromkeys((*old, *new))
            if old.get(field) != new.get(field)
        ]

    def content(self) -> Mapping[str, Any]:
        """Return what was set up, field by field, as plain JSON."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"id", "version", "history", *self.apart})

    def as_settings(self) -> dict[str, Any]:
        """Return it as it stands in a settings file, of which it can be read as it is."""
        left_out = {*NO_SETTINGS, *self.apart, *(() if self.removed else ("removed",))}
        return self.known().model_dump(mode="json", exclude_none=True, exclude=left_out)

    def brought_in(self, _before: Self | None) -> Self:
        """Return it as a settings file puts it in the place of what is here."""
        return self

    def references(self) -> frozenset[tuple[str, str]]:
        """Return what else that was set up it names, by kind and id."""
        return frozenset()

    def people(self) -> frozenset[str]:
        """Return the usernames of those whom it names."""
        return frozenset()

    def without(self, _people: frozenset[str]) -> Self:
        """Return it without these people; what names none stays as it is."""
        return self


def by_name(definition: Definition) -> tuple[str, str]:
    """Return what definitions are ordered by where they have no order of their own."""
    return definition.name.casefold(), definition.id


def read_definition(kind: type[Kind], raw: str | bytes) -> Kind:
    """Return what a store keeps of a definition; the same object for the same text, since none is ever changed."""
    found: Kind = _read(kind, raw)
    return found


_read = lru_cache(maxsize=2048)(lambda kind, raw: kind.model_validate_json(raw))
