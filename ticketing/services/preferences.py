"""What people prefer to see: each sees and changes their own alone."""

from collections.abc import Callable, Iterable, Mapping

from ticketing.domain import policy
from ticketing.domain.errors import DefinitionNotFoundError, PersonNotFoundError
from ticketing.domain.notifications import Mailed, MailPreferences, NoticeKind
from ticketing.domain.people import Actor, User
from ticketing.domain.policy import Action
from ticketing.domain.preferences import Column, QueuePreferences
from ticketing.domain.queries import View
from ticketing.domain.saved_views import SavedView
from ticketing.domain.store import Store, Transaction
from ticketing.services.access import Gate
from ticketing.services.definitions import reach_definition


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

    def show_columns(self, actor: Actor, columns: Iterable[Column] | None) -> QueuePreferences:
        """Have the actor's queue show these columns beside number and title, or with None those that the desk has."""
        return self._change(actor, lambda present: present.show(columns))

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
