"""An admin views the desk as somebody else does, in one browser and for half an hour, and changes nothing there."""

from dataclasses import replace

from ticketing.domain import policy
from ticketing.domain.audit import AuditAction
from ticketing.domain.errors import NotActiveError, SignedOutError
from ticketing.domain.people import Actor
from ticketing.domain.policy import Action
from ticketing.domain.store import Store
from ticketing.services.access import Clock, Gate, reach_person
from ticketing.services.sessions import log_account


class Viewing:
    """
    Begins and ends what is on record in the session; the gate sees to it at each step, and the store keeps no change.

    The session of a browser says it, so all tabs of that browser show the same person's desk.
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def begin(self, actor: Actor, username: str) -> None:
        """
        Have the actor's browser show the desk as this person sees it, for 30 minutes at most.

        Where it does already, nothing happens.

        Raises PersonNotFoundError, PermissionDeniedError for the account of an admin, and NotActiveError.
        """
        now = self._clock()
        with self._store.write() as tx:
            actor = self._gate.admit(tx, actor)
            person = reach_person(tx, actor, username)
            policy.require(actor, Action.VIEW_AS, person)
            if not person.active:
                raise NotActiveError(person.display_name)
            session = tx.sessions.find(actor.session or "")
            if session is None:
                raise SignedOutError
            if session.viewed_at(now) == person.id:
                return
            session.view(person.id, now)
            tx.sessions.save(session)
            log_account(tx, actor.username, AuditAction.VIEW_BEGUN, person.id, now)

    def end(self, actor: Actor) -> None:
        """Have the browser show the desk as its owner sees it; where it does already, nothing happens."""
        with self._store.write() as tx:
            owner = self._gate.admit(tx, replace(actor, username=actor.signed_in_as, viewer=None))
            session = tx.sessions.find(owner.session or "")
            if session is None or not session.viewed:
                return
            viewed = session.viewed
            session.end_view()
            tx.sessions.save(session)
            log_account(tx, owner.username, AuditAction.VIEW_ENDED, viewed, self._clock())
