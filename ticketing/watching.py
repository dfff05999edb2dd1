"""
What watches the services at work, so that none of them has to tell of itself.

Each call of a service that changes something, and each that is refused, is one line in the log and one more among the
figures. A call that only looks is neither, nor is what it notes by the way, such as that a session was used: for that
it waits a moment only, whereas whoever wants to change something waits as long as a person would.
"""

import inspect
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import cache, wraps
from types import MethodType, TracebackType
from typing import Any, Final, TypeVar

from ticketing.domain.errors import (
    MaintenanceError,
    OnlyLookingError,
    PermissionDeniedError,
    SignedOutError,
    StorageError,
    TicketingError,
    TicketNotFoundError,
)
from ticketing.domain.people import Actor, username_key
from ticketing.domain.store import AuditRepository, Files, Presences, Store, StoreHealth, Transaction
from ticketing.figures import Durations, Figures
from ticketing.logs import NOBODY, NOTHING, Event, tell

DONE: Final = "done"
FAILED: Final = "failed"
LEFT: Final = "left"
_READ: Final = "read"
_WRITE: Final = "write"

Service = TypeVar("Service")
# Is done in a transaction when all else is; raises what stands against keeping what it has changed.
LastStep = Callable[[Transaction], None]
# Takes who was refused something, from where, of which ticket, and how.
Denied = Callable[[str, str, int | None, TicketingError], None]
_DENIALS: Final = (PermissionDeniedError, TicketNotFoundError)


class _Call:
    """A call of a service that is under way."""

    __slots__ = ("is_change", "number")

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.is_change = False
        number = arguments.get("number")
        self.number = number if isinstance(number, int) else None


_under_way: ContextVar[_Call | None] = ContextVar("call", default=None)


class WatchedStore:
    """
    A store whose transactions are timed, and noted in the call that they belong to.

    What one of them refuses to somebody is handed to *denied* once it is undone. Before what one has changed is kept,
    unless it is noted by the way, the *last_steps* are done. Nothing is kept of somebody who only looks.
    """

    def __init__(self, store: Store, figures: Figures, denied: Denied, *last_steps: LastStep) -> None:
        self._store = store
        self._durations = figures.store
        self._denied = denied
        self._last_steps = last_steps

    @property
    def files(self) -> Files:
        """The contents of attached files."""
        return self._store.files

    @property
    def presences(self) -> Presences:
        """Who is there."""
        return self._store.presences

    def read(self) -> AbstractContextManager[Transaction]:
        """Return a consistent view."""
        return _Timed(self._store.read(), self._durations, _READ, self._denied)

    def one_view(self) -> AbstractContextManager[None]:
        """Let what this thread reads in the block come from one view."""
        return self._store.one_view()

    def no_view(self) -> AbstractContextManager[None]:
        """Let each thing that this thread reads in the block have a view of its own."""
        return self._store.no_view()

    def write(self, patience: float | None = None) -> AbstractContextManager[Transaction]:
        """Return the one writer's transaction."""
        call = _under_way.get()
        if call is not None and patience is None:
            call.is_change = True
        last_steps = self._last_steps if patience is None else ()
        return _Timed(self._store.write(patience), self._durations, _WRITE, self._denied, last_steps)

    def prepare(self) -> Iterator[None]:
        """Make ready what the first questions would else wait for."""
        return self._store.prepare()

    def ping(self) -> None:
        """Raise StorageError unless the store answers."""
        self._store.ping()

    def health(self) -> StoreHealth:
        """Return what is to be known about the store."""
        return self._store.health()

    def close(self) -> None:
        """Let go of all files."""
        self._store.close()


class _Timed:
    """
    A transaction that is timed from the wish for it to its end.

    A class and no generator, since each run of each page goes through several.
    """

    __slots__ = ("_began", "_denied", "_durations", "_kind", "_last_steps", "_log", "_transaction", "_tx")

    def __init__(
        self,
        transaction: AbstractContextManager[Transaction],
        durations: Durations,
        kind: str,
        denied: Denied,
        last_steps: Iterable[LastStep] = (),
    ) -> None:
        self._transaction = transaction
        self._durations = durations
        self._kind = kind
        self._denied = denied
        self._last_steps = last_steps

    def __enter__(self) -> Transaction:
        self._began = time.perf_counter()
        try:
            tx = self._transaction.__enter__()
        except BaseException:
            self._note()
            raise
        self._tx, self._log = tx, tx.audit
        return tx

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        try:
            if error is None and self._kind == _WRITE:
                self._ask()
            return self._transaction.__exit__(kind, error, trace)
        finally:
            self._note()
            if isinstance(error, _DENIALS):
                self._tell_of_denial(error)

    def _ask(self) -> None:
        """Undo all of it if it may not be kept."""
        try:
            _require_no_view(self._log)
            for do in self._last_steps:
                do(self._tx)
        except BaseException as refusal:
            self._transaction.__exit__(type(refusal), refusal, refusal.__traceback__)
            raise

    def _tell_of_denial(self, error: TicketingError) -> None:
        username, address = self._log.acting
        if username:
            call = _under_way.get()
            self._denied(username, address, call.number if call else None, error)

    def _note(self) -> None:
        self._durations.note(self._kind, time.perf_counter() - self._began)


def _require_no_view(log: AuditRepository) -> None:
    if log.only_looks:
        raise OnlyLookingError


def watched(name: str, service: Service, figures: Figures) -> Service:
    """Return the service, which from now on is told of under this name."""
    for method_name, method in inspect.getmembers(service, inspect.ismethod):
        if not method_name.startswith("_"):
            setattr(service, method_name, _telling(f"{name}.{method_name}", method, figures))
    return service


@cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Name what a method takes besides its object; that is slow to find out, and the same for every desk."""
    return tuple(inspect.signature(function).parameters)[1:]


def _telling(action: str, method: MethodType, figures: Figures) -> Callable[..., Any]:
    parameters = _parameters(method.__func__)

    @wraps(method)
    def call_and_tell(*given: Any, **named: Any) -> Any:
        if _under_way.get() is not None:  # a part of another call, which is told as a whole
            return method(*given, **named)
        arguments = dict(zip(parameters, given, strict=False)) | named
        call, began, result = _Call(arguments), time.perf_counter(), None
        error: BaseException | None = None
        outside = _under_way.set(call)
        try:
            result = method(*given, **named)
        except BaseException as raised:
            error = raised
            raise
        finally:
            _under_way.reset(outside)
            if call.is_change or _is_told(error):
                event = _event(action, arguments, result, error, time.perf_counter() - began)
                figures.events.add(event.action, event.outcome)
                tell(event, logging.ERROR if _is_ours(error) else logging.INFO)
        return result

    return call_and_tell


def _is_told(error: BaseException | None) -> bool:
    """Whether an error is told even of a call that only looks; that nobody is signed in is no more than an answer."""
    return isinstance(error, Exception) and not isinstance(error, SignedOutError)


def _is_ours(error: BaseException | None) -> bool:
    """Whether those who run the desk have to look after it."""
    if isinstance(error, MaintenanceError):
        return False
    return isinstance(error, StorageError) or (isinstance(error, Exception) and not isinstance(error, TicketingError))


def _outcome(error: BaseException | None) -> str:
    """Name what came of a call; one is left when the process or the run of a page ends, which is nobody's failure."""
    if error is None:
        return DONE
    if isinstance(error, TicketingError):
        return error.code
    return FAILED if isinstance(error, Exception) else LEFT


def _event(
    action: str, arguments: dict[str, Any], result: object, error: BaseException | None, seconds: float
) -> Event:
    actor = arguments.get("actor")
    subject = _subject(arguments, result, is_done=error is None)
    return Event(
        action=action,
        # Whoever has no session yet, or none any more, is the one whose account it is about.
        actor=actor.username if isinstance(actor, Actor) else NOBODY if subject == NOTHING else subject,
        object=subject,
        outcome=_outcome(error),
        seconds=seconds,
        address=str(arguments.get("address") or ""),
    )


def _subject(arguments: dict[str, Any], result: object, *, is_done: bool) -> str:
    """
    Name the ticket or the account that it was about.

    A name that was refused is not told: in its field, people also type their passwords.
    """
    number = arguments.get("number")
    if isinstance(number, int):
        return f"T-{number}"
    if not is_done:
        return NOTHING
    if "username" in arguments:
        return username_key(arguments["username"])
    name = getattr(result, "label", None) or getattr(result, "username", None)
    return name if isinstance(name, str) else NOTHING
