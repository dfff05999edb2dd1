"""
Custom fields: what a desk asks about its tickets beyond what every desk does, category by category.

A ticket keeps each value under a name that tells who may read it: `field.KEY` everybody in the ticket, `agents.KEY`
agents alone. So what was written for agents stays theirs, whatever becomes of the field. Values are kept as they were
taken; one that no longer fits its field is shown as it is, and mended when somebody changes it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import Strict

from ticketing.domain.categories import references_to
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import BlankError, InvalidInputError, UnknownChoiceError, quoted
from ticketing.domain.text import clean_line, clean_name, clean_text, is_blank

OPTION_LIMIT: Final = 80
OPTIONS_LIMIT: Final = 50
HINT_LIMIT: Final = 200
LINE_LIMIT: Final = 500
LONG_TEXT_LIMIT: Final = 5_000
POSITIONS: Final = range(1_000)
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
# What comes before a field's key in the names of values, in the history, and in queries.
PUBLIC: Final = "field."
INTERNAL: Final = "agents."
# Nobody asks for longer ones, and an index takes them in any alphabet.
_LONGEST_TERM: Final = 200
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?")

# Numbers are kept as decimals without needless zeros, dates as 2026-01-31.
FieldValue = str | list[str] | Annotated[bool, Strict()]


class FieldType(StrEnum):
    """What can be put into a field."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    DATE = "date"
    CHECK_BOX = "check_box"

    @property
    def has_options(self) -> bool:
        """Whether one chooses from a list."""
        return self in {FieldType.CHOICE, FieldType.MULTI_CHOICE}


class CustomField(Definition):
    """
    One thing that the desk asks about tickets of some categories; without any, of all.

    Its id is the key by which it is asked for. Without a value in what is `required` nobody opens a ticket. What is
    `agents_only` no requester ever learns of.
    """

    kind: ClassVar[str] = "fields"

    type: FieldType = FieldType.TEXT
    hint: str = ""
    options: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    required: bool = False
    agents_only: bool = False
    position: int = 0

    @property
    def value_name(self) -> str:
        """The name under which a ticket keeps what is written in it now."""
        return f"{INTERNAL if self.agents_only else PUBLIC}{self.id}"

    def checked(self) -> Self:
        """Return it with hint and options cleaned; raises InvalidInputError for what no ticket could satisfy."""
        if self.required and self.type is FieldType.CHECK_BOX:
            raise InvalidInputError("Required", "A check box is ticked or not: it cannot be required.")
        if self.required and self.agents_only:
            raise InvalidInputError("Required", "Requesters cannot fill in what is for agents only.")
        if self.position not in POSITIONS:
            raise InvalidInputError("Position", f"Position is a number from 0 to {POSITIONS[-1]}.")
        cleaned = {
            "hint": "" if is_blank(self.hint) else clean_line("Hint", self.hint, HINT_LIMIT),
            "options": self._checked_options(),
            "categories": tuple(sorted(set(self.categories))),
        }
        return super().checked().model_copy(update=cleaned)

    def references(self) -> frozenset[tuple[str, str]]:
        """Return the categories for which it is."""
        return references_to(self.categories)

    def _checked_options(self) -> tuple[str, ...]:
        options = tuple(clean_name("Option", one, OPTION_LIMIT) for one in self.options if not is_blank(one))
        if self.type.has_options and not options:
            raise InvalidInputError("Options", "There is nothing to choose from. Please write some options.")
        if options and not self.type.has_options:
            raise InvalidInputError("Options", "Only choices have options. Please change the type, or remove them.")
        if len(options) > OPTIONS_LIMIT:
            raise InvalidInputError("Options", f"A field has at most {OPTIONS_LIMIT} options.")
        read: set[str] = set()
        for option in options:
            if option.casefold() in read:
                raise InvalidInputError("Options", f"“{option}” is there twice. Please leave one out.")
            read.add(option.casefold())
        return options

    def is_asked(self, category: str, *, of_agent: bool) -> bool:
        """Whether it is to be filled in for tickets of this category."""
        is_theirs = of_agent or not self.agents_only
        return is_theirs and not self.removed and (not self.categories or category in self.categories)

    def value(self, typed: Any) -> FieldValue | None:
        """Return what is kept of what was typed, None for nothing; raises InvalidInputError, which has its label."""
        if typed is None or (isinstance(typed, str) and not typed.strip()):
            return None
        read: dict[FieldType, Callable[[Any], FieldValue | None]] = {
            FieldType.TEXT: lambda text: clean_line(self.name, self._text(text), LINE_LIMIT),
            FieldType.LONG_TEXT: lambda text: clean_text(self.name, self._text(text), LONG_TEXT_LIMIT),
            FieldType.NUMBER: lambda text: self._number(self._text(text).strip()),
            FieldType.CHOICE: self._option,
            FieldType.MULTI_CHOICE: self._several,
            FieldType.DATE: lambda text: self._date(self._text(text).strip()),
            FieldType.CHECK_BOX: self._ticked,
        }
        return read[self.type](typed)

    def fits(self, value: FieldValue) -> bool:
        """Whether a value that a ticket has is one that could be typed as it is now."""
        try:
            return self.value(value) == value
        except InvalidInputError:
            return False

    def _text(self, typed: Any) -> str:
        if not isinstance(typed, str):
            raise InvalidInputError(self.name, f"{self.name} takes a text.")
        return typed

    def _number(self, typed: str) -> str:
        if not _NUMBER.fullmatch(typed):
            raise InvalidInputError(
                self.name,
                f"{self.name} cannot be “{quoted(typed, 40)}”. Please write a number with a point before its decimals, "
                "such as 12.5: up to 15 digits before it and 10 after it.",
            )
        return format((Decimal(typed) + 0).normalize(), "f")

    def _date(self, typed: str) -> str:
        try:
            is_written_so = typed.isascii() and len(typed) == len("2026-01-31")
            day = date.fromisoformat(typed) if is_written_so else None
        except ValueError:
            day = None
        if day is None or day.isoformat() != typed or not FIRST_DAY <= day <= LAST_DAY:
            raise InvalidInputError(
                self.name,
                f"{self.name} cannot be “{quoted(typed, 40)}”. Please write a day from 1900 to 2999, such as "
                "2026-01-31.",
            )
        return typed

    def _option(self, typed: Any) -> str:
        option = self._text(typed)
        if option not in self.options:
            raise UnknownChoiceError(self.name, option)
        return option

    def _several(self, typed: Any) -> list[str] | None:
        if not isinstance(typed, list | tuple):
            raise InvalidInputError(self.name, f"{self.name} takes a list of choices.")
        chosen = {self._option(one) for one in typed}
        return [option for option in self.options if option in chosen] or None

    def _ticked(self, typed: Any) -> bool:
        if not isinstance(typed, bool):
            raise InvalidInputError(self.name, f"{self.name} is ticked or not.")
        return typed


def in_order(fields: Iterable[CustomField]) -> list[CustomField]:
    """Return fields in the order in which people fill them in."""
    return sorted(fields, key=lambda field: (field.position, field.name.casefold(), field.id))


def filled_in(
    fields: Iterable[CustomField], category: str, typed: Mapping[str, Any], *, by_agent: bool
) -> dict[str, FieldValue]:
    """
    Return what a new ticket of this category has in its fields, by the names of the values.

    *typed* goes by key. What is typed for a field that was taken away meanwhile is left out. Raises InvalidInputError
    for what is missing or does not fit, and for a field that this person is not asked for here.
    """
    known = {field.id: field for field in fields}
    asked = {key: field for key, field in known.items() if field.is_asked(category, of_agent=by_agent)}
    for key in typed:
        is_gone = key in known and known[key].removed and (by_agent or not known[key].agents_only)
        if key not in asked and not is_gone:
            raise unknown_field(key)
    values: dict[str, FieldValue] = {}
    for field in in_order(asked.values()):
        value = field.value(typed.get(field.id))
        if value is not None:
            values[field.value_name] = value
        elif field.required:
            raise BlankError(field.name)
    return values


def unknown_field(key: str) -> InvalidInputError:
    """Return the refusal of a field that is not there, or not for this person."""
    return InvalidInputError("Field", f"There is no field “{quoted(key, 40)}” to fill in here.")


def key_in(name: str) -> str | None:
    """Return the key of the field that a value or an event of this name belongs to; None if to no field."""
    return next((name.removeprefix(prefix) for prefix in (PUBLIC, INTERNAL) if name.startswith(prefix)), None)


def value_in(values: Mapping[str, FieldValue], key: str) -> FieldValue | None:
    """Return what values by name hold of the field of this key, None for nothing."""
    return values.get(f"{PUBLIC}{key}", values.get(f"{INTERNAL}{key}"))


def told(values: Mapping[str, FieldValue], *, to_agents: bool) -> dict[str, FieldValue]:
    """Return of values by name those that agents may read, or everybody in the ticket."""
    return {name: value for name, value in values.items() if to_agents or name.startswith(PUBLIC)}


def words_of(value: FieldValue) -> list[str]:
    """Return what a value says, each choice for itself."""
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [value] if isinstance(value, str) else value


def terms_in(values: Mapping[str, FieldValue]) -> frozenset[tuple[str, str]]:
    """Return by what values are found: name and casefolded word, of all that is one line and not too long."""
    words = ((name, word) for name, value in values.items() for word in words_of(value))
    return frozenset((name, word.casefold()) for name, word in words if len(word) <= _LONGEST_TERM and "\n" not in word)


def texts_in(values: Mapping[str, FieldValue], *, public: bool) -> list[str]:
    """Return the words in values that everybody in the ticket may read, or those that are for agents alone."""
    told = (value for name, value in values.items() if name.startswith(PUBLIC) is public)
    return [word for value in told if not isinstance(value, bool) for word in words_of(value)]
