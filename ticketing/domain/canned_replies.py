"""Canned replies: texts that agents send again and again, and macros, which change fields of the ticket as well."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field

from ticketing.domain.categories import references_to
from ticketing.domain.changes import Changes
from ticketing.domain.definitions import Definition
from ticketing.domain.errors import InvalidInputError
from ticketing.domain.templates import check_template
from ticketing.domain.text import clean_text, is_blank
from ticketing.domain.tickets import Ticket


class CannedReply(Definition):
    """
    A text with variables, changes of the ticket, or both: then it is a macro.

    `categories` are those in whose tickets it is offered; none means all.
    """

    kind: ClassVar[str] = "canned_replies"
    is_agents: ClassVar[bool] = True

    text: str = ""
    categories: tuple[str, ...] = ()
    changes: Changes = Field(default_factory=Changes)

    def checked(self) -> Self:
        """Return it as it may be kept; raises InvalidInputError, such as for a variable that there is none of."""
        text = "" if is_blank(self.text) else clean_text("Text", self.text)
        check_template("Text", text)
        changes = self.changes.checked()
        if not text and not changes:
            raise InvalidInputError("Text", "A canned reply needs a text, something to change, or both.")
        categories = tuple(dict.fromkeys(self.categories))
        return super().checked().model_copy(update={"text": text, "categories": categories, "changes": changes})

    def content(self) -> Mapping[str, Any]:
        """Return what was set up, each change of the ticket as a field of its own."""
        content = dict(super().content())
        return content | {name: value for name, value in content.pop("changes").items() if value}

    def references(self) -> frozenset[tuple[str, str]]:
        """Return the team to which it gives tickets, and all categories in it."""
        return self.changes.references() | references_to(self.categories)

    def people(self) -> frozenset[str]:
        """Return to whom it gives tickets."""
        return self.changes.people()

    def without(self, people: frozenset[str]) -> Self:
        """Return it as one that gives tickets to none of these people."""
        return self.model_copy(update={"changes": self.changes.without(people)})

    def is_for(self, ticket: Ticket) -> bool:
        """Whether it is offered in this ticket."""
        return not self.categories or ticket.category in self.categories
