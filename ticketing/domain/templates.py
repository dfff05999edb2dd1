"""
Texts with variables in them, such as `Dear {{ requester.name }}`.

A variable is a name out of a fixed table between double braces; there is nothing else, so nothing can be run. What is
no variable is refused when the text is kept. Filling in then cannot fail, and what was filled in is never read again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Final

from ticketing.domain.errors import TemplateError, UnknownVariableError
from ticketing.domain.tickets import Ticket

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What a text is about: a ticket, by their display names who asks and who answers, and the day of the answer.

    `category` is what the ticket's one is called.
    """

    ticket: Ticket
    requester: str
    agent: str
    day: date
    category: str


VARIABLES: Final[Mapping[str, Callable[[Subject], str]]] = {
    "requester.name": lambda subject: subject.requester,
    "requester.username": lambda subject: subject.ticket.requester,
    "agent.name": lambda subject: subject.agent,
    "ticket.label": lambda subject: subject.ticket.label,
    "ticket.title": lambda subject: subject.ticket.title,
    "ticket.status": lambda subject: subject.ticket.status.label,
    "ticket.category": lambda subject: subject.category,
    "today": lambda subject: f"{subject.day.day} {subject.day:%B %Y}",
}
_VARIABLE = re.compile(r"\{\{\s*(" + "|".join(map(re.escape, VARIABLES)) + r")\s*\}\}")
_OPENING = re.compile(r"\{\{|\{%")
_NAME = re.compile(r"\w+(\.\w+)*")


def check_template(field: str, text: str) -> None:
    """Raise TemplateError or UnknownVariableError for the first thing in the text that only looks like a variable."""
    # What is in order gives way to as many blanks, so that the rest stays where it is.
    rest = _VARIABLE.sub(lambda found: " " * len(found[0]), text)
    opening = _OPENING.search(rest)
    if opening is None:
        return
    start = opening.start()
    place = (text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
    if opening[0] == "{%":
        raise TemplateError(field, *place, "there are no blocks such as “{% if %}”, only variables.")
    end = text.find("}}", start)
    if end < 0:
        raise TemplateError(field, *place, "“{{” has no “}}” after it.")
    name = text[start + 2 : end].strip()
    if not _NAME.fullmatch(name):
        raise TemplateError(field, *place, "between “{{” and “}}” stands the name of a variable and nothing else.")
    close = get_close_matches(name.lower(), VARIABLES, n=1) if len(name) <= _LONGEST_NAME else []
    raise UnknownVariableError(field, *place, name, next(iter(close), None))


def filled_in(text: str, subject: Subject) -> str:
    """Return the text with each variable replaced by what it stands for; anything else stays as it is."""
    return _VARIABLE.sub(lambda found: VARIABLES[found[1]](subject), text)
