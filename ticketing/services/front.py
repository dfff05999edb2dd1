"""The desk as it presents itself on every page, to strangers as well: its name, its picture, and what it announces."""

from dataclasses import dataclass
from typing import Final

from ticketing.domain import policy
from ticketing.domain.banners import DISMISSED_LIMIT, Banner, BannerLevel
from ticketing.domain.branding import Branding
from ticketing.domain.errors import MaintenanceError, PersonNotFoundError
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.people import Actor, User
from ticketing.domain.policy import Action
from ticketing.domain.store import Store, Transaction
from ticketing.services import maintenance
from ticketing.services.access import A_MOMENT, Clock, Gate

_GRAVEST_FIRST: Final = (BannerLevel.WARNING, BannerLevel.INFO)


@dataclass(frozen=True, slots=True)
class Look:
    """What stands around a page; `closed` is the sentence that nothing can be changed, "" where it can be."""

    branding: Branding
    banners: tuple[Banner, ...]
    closed: str = ""


class Front:
    """What every page shows, whosever it is."""

    def __init__(self, store: Store, clock: Clock, gate: Gate) -> None:
        self._store = store
        self._clock = clock
        self._gate = gate

    def look(self, actor: Actor) -> Look:
        """Return what stands around a page of the actor."""
        with self._store.read() as tx:
            return self._look(tx, self._myself(tx, actor))

    def outside(self) -> Look:
        """Return what stands around a page of somebody who is not signed in."""
        with self._store.read() as tx:
            return self._look(tx, None)

    def branding(self) -> Branding:
        """Return how the desk presents itself to everybody."""
        with self._store.read() as tx:
            return branding_of(tx)

    def dismiss(self, actor: Actor, mark: str) -> None:
        """Show the actor a banner no more, of which this is the mark; unless it is one that cannot be put away."""
        with self._store.write(patience=A_MOMENT) as tx:
            user = self._myself(tx, actor)
            there = {banner.mark for banner in tx.definitions(Banner).all() if banner.can_be_dismissed}
            if mark in there and mark not in user.dismissed:
                still_there = [one for one in user.dismissed if one in there]
                user.dismissed = [*still_there, mark][-DISMISSED_LIMIT:]
                tx.users.save(user)

    def _look(self, tx: Transaction, user: User | None) -> Look:
        now, dismissed = self._clock(), user.dismissed if user else ()
        kept = tx.definitions(Banner, along=(Branding, Maintenance)).all()
        shown = [one for one in kept if one.is_shown(now, signed_in=user is not None)]
        wanted = [one for one in shown if not (one.can_be_dismissed and one.mark in dismissed)]
        banners = tuple(sorted(wanted, key=lambda one: _GRAVEST_FIRST.index(one.level)))
        return Look(branding_of(tx), banners, _sentence(tx))

    def _myself(self, tx: Transaction, actor: Actor) -> User:
        actor = self._gate.admit(tx, actor, with_one_time_password=True, without_second_factor=True)
        user = tx.users.find(actor.username)
        if user is None:
            raise PersonNotFoundError(actor.username)
        policy.require(actor, Action.EDIT_OWN_PROFILE, user)
        return user


def branding_of(tx: Transaction) -> Branding:
    """Return how the desk presents itself."""
    found: Branding
    (found,) = Branding.all_of(tx.definitions(Branding).all())
    return found


def _sentence(tx: Transaction) -> str:
    closed = maintenance.present(tx)
    return str(MaintenanceError(closed.message)) if closed.is_on else ""
