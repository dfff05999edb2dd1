"""What is set up for the desk: seen, made, changed and taken away. Each method is one intention and one transaction."""

import re
from datetime import datetime
from secrets import token_hex
from typing import Any
from unicodedata import normalize

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction, AuditEntry, changed
from ticketing.domain.definitions import Definition, Kind
from ticketing.domain.errors import DefinitionNotFoundError, StaleDefinitionError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Clock, Gate
from ticketing.services.categories import all_categories

_LONGEST_ID = 40


class Definitions:
    """
    What one can do with what is set up.

    Admins change what makes the desk what it is. Views and canned replies are the agents': each keeps some of their
    own, which nobody else ever sees, and any of them changes those that all share.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def all(self, actor: Actor, kind: type[Kind], *, removed: bool = False) -> list[Kind]:
        """Return all of a kind that the desk shares or that are the actor's own, in order; or those taken away."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.SEE_SETUP)
            _require_outer(kind)
            theirs = {None, actor.username}
            return [one for one in _all_of(tx, kind) if one.removed is removed and one.owner in theirs]

    def get(self, actor: Actor, kind: type[Kind], key: str) -> Kind:
        """Return one, also if it was removed; raises DefinitionNotFoundError."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.SEE_SETUP)
            _require_outer(kind)
            return reach_definition(tx, actor, kind, key)

    def save(self, actor: Actor, definition: Kind) -> Kind:
        """
        Keep what the actor made, or what they changed, and return it as it is kept.

        One that is new has neither id nor version. Raises StaleDefinitionError if somebody changed it since the actor
        read it, InvalidInputError, and what the others of its kind leave no room for, such as NameTakenError.
        """
        kind, now = type(definition), self._clock()
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            _require_change(actor, definition)
            _require_outer(kind)
            before = reach_definition(tx, actor, kind, definition.id) if definition.id else None
            if before is not None:
                _require_change(actor, before)
            return keep_definition(tx, actor, before, definition, now)

    def remove(self, actor: Actor, kind: type[Kind], key: str, version: int) -> Kind:
        """Take one away; what names it can still be read, and `save` brings it back."""
        found = self.get(actor, kind, key)
        return self.save(actor, found.model_copy(update={"removed": True, "version": version}))


def keep_definition(tx: Transaction, actor: Actor, before: Kind | None, definition: Kind, now: datetime) -> Kind:
    """Keep what takes the place of *before*, if it can stand beside the others, and log what it changes."""
    kind = type(definition)
    if before is not None and before.version != definition.version:
        raise StaleDefinitionError(before.name)
    checked = definition.checked()
    checked.require_understood(all_categories(tx))
    others = [one for one in _all_of(tx, kind) if one.id != definition.id]
    present = [one for one in others if not one.removed]
    if checked.removed:
        checked.require_dispensable(present)
    else:
        checked.require_room(present)
    if not checked.id:
        checked = checked.model_copy(update={"id": _new_id(checked, {one.id for one in others})})
    saved = checked.revised(before, actor.username, now)
    if saved is not before:
        tx.definitions(kind).save(saved)
        log_setup(tx, actor, before, saved, now)
    return saved


def log_setup(tx: Transaction, actor: Actor, before: Kind | None, saved: Kind, now: datetime) -> None:
    """Write into the audit log which fields of what was set up were changed; what is somebody's own is private."""
    if saved.owner is not None:
        return
    if before is None:
        facts = {"created": "yes" if saved.is_long else saved.name}
    else:
        named = "" if saved.is_long else "name"
        facts = {field: _fact(old, new, is_told=field == named) for field, old, new in saved.changes_since(before)}
    tx.audit.add(AuditEntry(actor.username, AuditAction.SETUP_CHANGED, now, saved.kind, saved.id, facts))


def _fact(old: Any, new: Any, *, is_told: bool) -> str:
    """Return old → new of what is told, a number or a yes or no; of anything else, that it was changed."""
    if not is_told and not all(isinstance(value, int | float | None) for value in (old, new)):
        return "changed"
    return changed(*(None if value is None else str(value) for value in (old, new)))


def reach_definition(tx: Transaction, actor: Actor, kind: type[Kind], key: str) -> Kind:
    """Fetch what the actor may see; what is somebody else's own reads the same as what does not exist."""
    found = tx.definitions(kind).find(key) or next((one for one in kind.all_of(()) if one.id == key), None)
    if found is None or found.owner not in {None, actor.username}:
        raise DefinitionNotFoundError
    return found


def _all_of(tx: Transaction, kind: type[Kind]) -> list[Kind]:
    return kind.all_of(tx.definitions(kind).all())


def _require_outer(kind: type[Definition]) -> None:
    """Raise DefinitionNotFoundError for what only its own service has to do with."""
    if kind.is_inner:
        raise DefinitionNotFoundError


def _require_change(actor: Actor, definition: Definition) -> None:
    policy.require(actor, Action.KEEP_SHORTCUTS if definition.is_agents else Action.CHANGE_SETUP, definition)


def _new_id(definition: Definition, taken: set[str]) -> str:
    """Return an id that people can read, made of the name; nobody else's own can be guessed by it."""
    if definition.owner is not None:
        return token_hex(8)
    plain = normalize("NFKD", definition.name.casefold()).encode("ascii", "ignore").decode()
    word = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_ID].strip("-") or token_hex(4)
    return next(one for one in (word, *(f"{word}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)
