"""
The desk: all services wired to one store. Whatever comes in, by page, HTTP or command line, ends here.

What a desk at work never needs, such as the import from the original app, is loaded when it is first asked for: a
server is to be there at once.
"""

import logging
import threading
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ticketing.domain.errors import SettingsError
from ticketing.domain.store import Store
from ticketing.figures import Figures
from ticketing.logs import write_log
from ticketing.services.access import Clock, Gate
from ticketing.services.accounts import Accounts
from ticketing.services.agents import Agents
from ticketing.services.first_launch import FirstLaunch
from ticketing.services.health import Health
from ticketing.services.passwords import Passwords
from ticketing.services.sessions import Sessions
from ticketing.services.throttle import Throttle
from ticketing.services.tickets import Tickets
from ticketing.settings import Settings, read_settings
from ticketing.storage.opening import open_store
from ticketing.watching import WatchedStore, watched

if TYPE_CHECKING:
    from ticketing.services.demonstration.demo import Demo
    from ticketing.services.moving.exports import Exports
    from ticketing.services.moving.seeds import Seeds

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


class Desk:
    """All that one can do, in one object; make it with `open_desk`."""

    def __init__(self, settings: Settings, store: Store, clock: Clock = utc_now, password_rounds: int = 12) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.figures = figures = Figures()
        store = WatchedStore(store, figures)
        limits = settings.session_limits
        self._gate = gate = Gate(clock, limits)
        self._passwords = passwords = Passwords(rounds=password_rounds)
        throttle = Throttle(clock)
        accounts = Accounts(
            store, clock, gate, passwords, throttle, limits=limits, registration_open=settings.registration == "open"
        )
        agents = Agents(
            store, clock, gate, passwords, throttle, agents_may_register_agents=settings.agents_may_register_agents
        )
        self.accounts = watched("accounts", accounts, figures)
        self.sessions = watched("sessions", Sessions(store, clock, gate, limits), figures)
        self.agents = watched("agents", agents, figures)
        self.tickets = watched("tickets", Tickets(store, clock, gate), figures)
        self.health = watched("health", Health(store, gate, figures), figures)
        self.first_launch = FirstLaunch(store, clock, passwords)

    @cached_property
    def seeds(self) -> "Seeds":
        """What comes in from the original app."""
        from ticketing.services.moving.seeds import Seeds  # noqa: PLC0415 - see above

        return Seeds(self.store, self.clock, self._gate, self._passwords)

    @cached_property
    def exports(self) -> "Exports":
        """What goes out for use elsewhere."""
        from ticketing.services.moving.exports import Exports  # noqa: PLC0415 - see above

        return Exports(self.store, self._gate)

    @cached_property
    def demo(self) -> "Demo":
        """Invented people and tickets."""
        from ticketing.services.demonstration.demo import Demo  # noqa: PLC0415 - see above

        return Demo(self.store, self.clock, self._gate, self._passwords)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def open_desk(settings: Settings | None = None, *, clock: Clock = utc_now, password_rounds: int = 12) -> Desk:
    """
    Open the store that the settings name, with a first account if it has none, and return the desk over it.

    Raises SettingsError or StorageError with a sentence that says what to do. `password_rounds` is the cost of bcrypt.
    """
    settings = settings or read_settings()
    desk = Desk(settings, open_store(settings.store_url), clock, password_rounds)
    try:
        make_ready(desk)
    except BaseException:
        desk.close()
        raise
    return desk


def make_ready(desk: Desk) -> None:
    """See to it that somebody can sign in, and that nobody can whose password everybody knows."""
    settings = desk.settings
    if settings.demo:
        if settings.is_public and not settings.demo_anywhere:
            raise SettingsError("A demo is for this machine alone: leave TICKETING_BASE_URL out.")
        desk.demo.ensure()
        return
    if desk.first_launch.is_of_a_demo:
        raise SettingsError("This data directory holds a demo. Start it with --demo, or choose another directory.")
    secret = settings.admin_password.get_secret_value() if settings.admin_password else None
    one_time_password = desk.first_launch.ensure(settings.base_url if settings.is_public else None, secret)
    if one_time_password:
        log.warning("First account: support_agent, one-time password: %s (shown once)", one_time_password)


_opening = threading.Lock()
_shared: Desk | None = None


def shared_desk() -> Desk:
    """Return this process' desk, opened when first asked for."""
    global _shared  # noqa: PLW0603 - one store per process: its locks and memory are the process' own
    with _opening:
        if _shared is None:
            settings = read_settings()
            write_log(settings.log_format)
            _shared = open_desk(settings)
        return _shared


def close_shared_desk() -> None:
    """Close this process' desk if it is open; the next request for it opens it again."""
    global _shared  # noqa: PLW0603 - see shared_desk
    with _opening:
        if _shared is not None:
            _shared.close()
            _shared = None
