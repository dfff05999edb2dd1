"""
Drafts: each person's own unsent texts, which outlast their browser.

Nobody else reads one: there is no way to name somebody else's. They go when the text is sent, and after 30 days.
"""

from collections.abc import Collection, Mapping
from typing import Final

from ticketing.domain import policy
from ticketing.domain.drafts import DRAFTS_PER_PERSON, FORM, NOTE, REPLY, Draft, draft_id
from ticketing.domain.errors import UnknownChoiceError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import A_MOMENT, Clock, Gate, reach

# What somebody must be allowed to do with a ticket to type into a field for it.
_NEEDED: Final[Mapping[str, Action]] = {
    REPLY: Action.REPLY,
    NOTE: Action.WRITE_NOTE,
    **dict.fromkeys(FORM, Action.REPLY),
}


class Drafts:
    """What people can do with their own drafts; `number` is a ticket's, 0 for a new one that follows none."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def own(self, actor: Actor, number: int = 0) -> Draft | None:
        """
        Return what the actor has typed there and not sent, of what they may still send; None for nothing.

        It is for nobody else, not even for an admin who views the desk as them.
        """
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            fields = _fields(tx, actor, number)
            draft = tx.drafts.find(draft_id(actor.username, number))
        if draft is None or actor.viewer or draft.expires_at <= self._clock():
            return None
        draft.texts = {field: text for field, text in draft.texts.items() if field in fields}
        return draft if draft.texts else None

    def keep(self, actor: Actor, number: int, field: str, text: str) -> None:
        """
        Keep what the actor has typed into a field, or forget it with ""; the same once more writes nothing.

        Raises TooLongError beyond 20,000 characters, ForbiddenCharacterError, and StorageBusyError where others write
        just now: there will be another time.
        """
        with self._store.read() as tx:
            if self._changed(tx, actor, number, field, text) is None:
                return
        with self._store.write(patience=A_MOMENT) as tx:
            draft = self._changed(tx, actor, number, field, text)
            if draft is not None:
                _save(tx, draft)

    def _changed(self, tx: Transaction, actor: Actor, number: int, field: str, text: str) -> Draft | None:
        """Return the draft with this text in it; None if that is there already."""
        now, actor = self._clock(), self._gate.admit(tx, actor)
        if field not in _fields(tx, actor, number):
            raise UnknownChoiceError("Draft", field)
        draft = tx.drafts.find(draft_id(actor.username, number)) or Draft.empty(actor.username, number, now)
        return draft if draft.put(field, text, now) else None


def forget(tx: Transaction, actor: Actor, number: int, *fields: str) -> None:
    """Forget what the actor has typed into these fields, which is sent by this transaction."""
    draft = tx.drafts.find(draft_id(actor.username, number))
    if draft is not None and not draft.texts.keys().isdisjoint(fields):
        draft.texts = {field: text for field, text in draft.texts.items() if field not in fields}
        _save(tx, draft)


def _save(tx: Transaction, draft: Draft) -> None:
    """Keep a draft that holds something; beyond 100 of a person the oldest goes."""
    if not draft.texts:
        tx.drafts.remove(draft.id)
        return
    if tx.drafts.find(draft.id) is None:
        theirs = sorted(tx.drafts.of_user(draft.username), key=lambda one: one.saved_at, reverse=True)
        for old in theirs[DRAFTS_PER_PERSON - 1 :]:
            tx.drafts.remove(old.id)
    tx.drafts.save(draft)


def _fields(tx: Transaction, actor: Actor, number: int) -> Collection[str]:
    """Return the fields into which the actor may type there; raises TicketNotFoundError."""
    if not number:
        policy.require(actor, Action.OPEN_TICKET)
        return FORM
    ticket = reach(tx, actor, number)
    return {field for field, needed in _NEEDED.items() if policy.may(actor, needed, ticket)}
