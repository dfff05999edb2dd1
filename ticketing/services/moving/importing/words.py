"""What statuses, priorities and categories of other systems are called here, unless a mapping says otherwise."""

from collections.abc import Iterable
from typing import Final

from ticketing.domain.categories import Category
from ticketing.domain.imports import Mapping, word_key
from ticketing.domain.statuses import Priority, Status

# osTicket: include/i18n/en_US/ticket_status.yaml; Zammad: db/seeds/ticket_states.rb; FreeScout: app/Conversation.php.
_STATUSES: Final = {
    Status.OPEN: "open new active reopened in-progress assigned",
    Status.PENDING: "pending answered waiting pending-reminder pending-close waiting-for-customer",
    Status.ON_HOLD: "on-hold hold",
    Status.RESOLVED: "resolved solved done",
    Status.CLOSED: "closed archived deleted merged removed spam complete",
}
_PRIORITIES: Final = {
    Priority.LOW: "low 1-low lowest minor trivial",
    Priority.NORMAL: "normal 2-normal medium middle",
    Priority.HIGH: "high 3-high major important",
    Priority.URGENT: "urgent emergency critical highest blocker 4-urgent",
}
_STATUS_OF: Final = {word: status for status, words in _STATUSES.items() for word in words.split()}
_PRIORITY_OF: Final = {word: priority for priority, words in _PRIORITIES.items() for word in words.split()}


class Words:
    """Puts words of another system into those of this desk; None for one that nobody knows here."""

    def __init__(self, mapping: Mapping, categories: Iterable[Category]) -> None:
        self._mapping = mapping
        offered = [one for one in categories if not one.removed]
        self._categories = {word_key(one.name): one.id for one in offered} | {one.id: one.id for one in offered}
        self._offered = {one.id for one in offered}

    def status(self, word: str) -> Status | None:
        """Return the status; a table may have none, and then all of it is open."""
        key = word_key(word)
        return self._mapping.statuses.get(key) or _STATUS_OF.get(_bare(key) or "open")

    def priority(self, word: str) -> Priority | None:
        """Return the priority."""
        key = word_key(word)
        return self._mapping.priorities.get(key) or _PRIORITY_OF.get(_bare(key) or "normal")

    def category(self, word: str) -> str | None:
        """Return the id of the category."""
        key = word_key(word)
        mapped = self._mapping.categories.get(key)
        return mapped if mapped in self._offered else self._categories.get(key)


def _bare(key: str) -> str:
    """Return a word as it stands in the lists: “pending reminder”, “on_hold”."""
    return key.replace("_", " ").replace(" ", "-")
