"""What people prefer to see: each sees and changes their own alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketing.domain import policy
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.errors import DefinitionNotFoundError, PersonNotFoundError, UnknownChoiceError
from ticketing.domain.notifications import Mailed, MailPreferences, NoticeKind
from ticketing.domain.people import Actor, User
from ticketing.domain.policy import Action
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import View
from ticketing.domain.saved_views import SavedView
from ticketing.domain.sla import SlaPolicy
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Gate
from ticketing.services.custom_fields import fields_to_fill_in
from ticketing.services.definitions import reach_definition


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that somebody can choose: what every desk knows of a ticket, and the desk's own fields, in order."""

    usual: Sequence[Column] = ()
    fields: Sequence[CustomField] = ()


class Preferences:
    """What one can prefer; it is kept on one's account."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    def own(self, actor: Actor) -> QueuePreferences:
        """Return what the actor prefers."""
        with self._store.read() as tx:
            _, user = self._myself(tx, actor)
            return user.preferences

    def begin_with(self, actor: Actor, view: View) -> QueuePreferences:
        """Have the actor's queue begin with a built-in view."""
        return self._change(actor, lambda present: present.begin_with(view))

    def begin_with_saved(self, actor: Actor, key: str) -> QueuePreferences:
        """Have the actor's queue begin with a saved view; raises DefinitionNotFoundError for one that is not there."""
        with self._store.write() as tx:
            actor, user = self._myself(tx, actor)
            policy.require(actor, Action.SEE_SETUP)
            if reach_definition(tx, actor, SavedView, key).removed:
                raise DefinitionNotFoundError
            return _kept(tx, user, user.preferences.begin_with(saved_view=key))

    def columns(self, actor: Actor) -> Columns:
        """Return the columns that the actor can choose for the queue: of due times only where anything is promised."""
        with self._store.read() as tx:
            actor = self._gate.admit(tx, actor)
            policy.require(actor, Action.SEE_SETUP)
            is_promised = not all(one.removed for one in tx.definitions(SlaPolicy).all())
            usual = [column for column in Column if is_promised or column is not Column.DUE]
            return Columns(usual, fields_to_fill_in(tx, actor))

    def show_columns(
        self, actor: Actor, columns: Iterable[Column] | None, fields: Iterable[str] | None = None
    ) -> QueuePreferences:
        """
        Have the actor's queue show these columns beside number and title, or with None those that the desk has.

        *fields* are the keys of the custom fields that are columns as well, None for those that are already. Raises
        UnknownChoiceError for one that the actor cannot choose.
        """
        with self._store.write() as tx:
            actor, user = self._myself(tx, actor)
            present = user.preferences.fields
            wanted = present if fields is None else tuple(fields)
            known = {*present, *(field.id for field in fields_to_fill_in(tx, actor))}
            for key in wanted:
                if key not in known:
                    raise UnknownChoiceError("Columns", key)
            return _kept(tx, user, user.preferences.show(columns, wanted))

    def mail(self, actor: Actor) -> MailPreferences:
        """Return how the actor wants what kind of notice by mail."""
        with self._store.read() as tx:
            _, user = self._myself(tx, actor)
            return user.mail

    def want_by_mail(self, actor: Actor, chosen: Mapping[NoticeKind, Mailed]) -> MailPreferences:
        """Have these kinds of notices come by mail as it is chosen; of all others nothing changes."""
        with self._store.write() as tx:
            _, user = self._myself(tx, actor)
            mail = user.mail.choose(chosen)
            if mail != user.mail:
                user.mail = mail
                tx.users.save(user)
            return mail

    def _change(self, actor: Actor, change: Callable[[QueuePreferences], QueuePreferences]) -> QueuePreferences:
        with self._store.write() as tx:
            _, user = self._myself(tx, actor)
            return _kept(tx, user, change(user.preferences))

    def _myself(self, tx: Transaction, actor: Actor) -> tuple[Actor, User]:
        actor = self._gate.admit(tx, actor)
        user = tx.users.find(actor.username)
        if user is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, Action.EDIT_OWN_PROFILE, user)
        return actor, user


def _kept(tx: Transaction, user: User, preferences: QueuePreferences) -> QueuePreferences:
    if preferences != user.preferences:
        user.preferences = preferences
        tx.users.save(user)
    return preferences
