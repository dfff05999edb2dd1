"""
What the parts of a ticket's page send, and how each report has one effect and one answer.

The browser's side is `ticket_outbox.js`: it numbers what a person does and sends it until it is answered. Here each
number is dealt with once, in order, under the lock of the visitor's deeds. What must be remembered is kept in objects
that were fetched from the session's state before, since the run may be cut short wherever it next asks for that state.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from ticketing.domain.errors import TicketingError
from ticketing.domain.people import Actor
from ticketing.ui.deeds import turn
from ticketing.ui.feedback import next_flash, sentence_of
from ticketing.ui.memory import recall
from ticketing.ui.packing import component, on_report, packed
from ticketing.ui.session import require_actor
from ticketing.ui.undoing import LastDeed, Undo
from ticketing.ui.wording import t

_EVENT = "outbox"

Report = tuple[int, list[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a report: the sentence that confirms it, "" for none, and how it can be taken back."""

    sentence: str = ""
    undo: Undo | None = None


# Does what a report asks for and returns what came of it, None if it asked for nothing that is to be had; it draws
# nothing, and asks nothing of the session's state but what `recall` has by then.
Deed = Callable[[Actor, int, list[Any]], Outcome | None]


@dataclass(slots=True)
class Inbox:
    """Up to which number the reports of one part were dealt with, and why some of the last were refused."""

    done: int = 0
    refusals: dict[int, str] = field(default_factory=dict)

    def unanswered(self, reports: Any) -> list[Report]:
        """Return what is new of the reports, in order."""
        found, last = [], self.done
        for number, content in _numbered(reports):
            if number > last:
                found.append((number, content))
                last = number
        return found

    def forget_answered(self, reports: Any) -> None:
        """Let go of refusals that the browser knows of: it no longer sends what they answer."""
        sent = {number for number, _content in _numbered(reports)}
        self.refusals = {number: sentence for number, sentence in self.refusals.items() if number in sent}

    def deal_with(self, report: Report, actor: Actor, deed: Deed) -> Outcome | None:
        """Do it and return what came of it, if anything; until it is done, also by a fault of ours, it is refused."""
        number, content = report
        self.done, self.refusals[number] = number, t("failure.not_done")
        try:
            outcome = deed(actor, number, content)
        except TicketingError as error:
            self.refusals[number] = sentence_of(error)
            return None
        del self.refusals[number]
        return outcome


@dataclass(slots=True)
class _Inboxes:
    """The inboxes of all parts that this visitor was shown."""

    by_key: dict[str, Inbox] = field(default_factory=dict)


def _numbered(reports: Any) -> list[Report]:
    """Return the reports' numbers and contents; anything that bears no number is dropped."""
    found = [report for report in reports if isinstance(report, list)] if isinstance(reports, list) else []
    return [(report[0], report[1:]) for report in found if report and type(report[0]) is int]


class TicketPart:
    """A part of a ticket's page: a component of ours together with what it reports."""

    def __init__(self, name: str, *, flashes_refusals: bool = True) -> None:
        self._flashes_refusals = flashes_refusals
        self._mount = component(name)

    def draw(self, key: str, data: dict[str, object], deed: Deed, **callbacks: Any) -> Any:
        """Draw it under *key*, deal with what it reports, and return what else came back from the browser."""
        inbox = _inbox(key)
        answer = {"done": inbox.done, "refusals": list(inbox.refusals.items())}
        result = self._mount(
            key=key,
            data=packed(data | {"answer": answer}),
            on_outbox_change=on_report(key, _EVENT, partial(self._hear, key, deed)),
            **callbacks,
        )
        # A session that has just begun, as after a broken line, knows of no callback when a report reaches it.
        if self._receive(key, deed, getattr(result, _EVENT, None)):
            st.rerun()
        return result

    def _hear(self, key: str, deed: Deed, reports: Any) -> None:
        if reports and not self._receive(key, deed, reports):
            next_flash().say_again()

    def _receive(self, key: str, deed: Deed, reports: Any) -> bool:
        """Deal with what is new of the reports; tell whether anything was."""
        inbox = _inbox(key)
        if not inbox.unanswered(reports):
            return False
        actor, flash, last = require_actor(), next_flash(), recall(LastDeed)
        with turn():
            inbox.forget_answered(reports)
            for report in inbox.unanswered(reports):
                try:
                    outcome = inbox.deal_with(report, actor, deed)
                    flash.say(outcome.sentence if outcome else "")
                    if outcome:
                        last.undo = outcome.undo
                finally:
                    if self._flashes_refusals and report[0] in inbox.refusals:
                        flash.refuse(inbox.refusals[report[0]])
        return True


def _inbox(key: str) -> Inbox:
    return recall(_Inboxes).by_key.setdefault(key, Inbox())
