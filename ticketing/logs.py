"""
The log on standard error: a line for each record, for people or for machines.

    text    2026-03-02T09:00:00Z WARNING ticketing.desk: The store is busy.
    json    {"at":"2026-03-02T09:00:00Z","level":"WARNING","logger":"ticketing.desk","message":"The store is busy."}

Times are UTC. What people typed may be part of a message, so line breaks and other control characters are escaped:
nobody writes lines of their own into it. A trace follows on lines of its own in text, and is a field in JSON.

Whatever somebody asks for and that changes something, or is refused, is an event, whose parts are fields in JSON:

    2026-03-02T09:00:00Z INFO ticketing.events: carla tickets.reply T-12: done in 8.4 ms, reference 12ab34cd

An event tells of no text and of no secret. All that comes of one click or one request has the same reference, also
the failure of a page.
"""

import json
import logging
import random
import time
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Final, Literal

NOBODY: Final = "-"
NOTHING: Final = "-"

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, 0x85, 0x2028, 0x2029)}


class _Formatter(logging.Formatter):
    """Tells times in UTC."""

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        return time.gmtime(seconds)


class TextFormatter(_Formatter):
    """For people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name in the standard library
        """Return the line without a trace."""
        record.message = record.message.translate(_ESCAPES)
        return super().formatMessage(record)


class JsonFormatter(_Formatter):
    """For machines: JSON Lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        fields = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "event", {}),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What somebody asked for, and what came of it; `address` is where those came from who are not signed in."""

    action: str
    outcome: str
    actor: str = NOBODY
    object: str = NOTHING
    address: str = ""
    seconds: float


_events = logging.getLogger("ticketing.events")
_events.addHandler(logging.NullHandler())  # where no log is written, the command line tells its person itself
_reference: ContextVar[str] = ContextVar("reference", default="")
# Marks are no secrets; to ask the system for each of them would cost each request a turn.
_marks = random.Random()  # noqa: S311 - see above


def tell(event: Event, level: int = logging.INFO) -> None:
    """Write an event into the log."""
    fields = {name: value for name, value in asdict(event).items() if value != ""} | {"reference": reference()}
    fields["ms"] = round(fields.pop("seconds") * 1000, 1)
    _events.log(
        level,
        "%(actor)s %(action)s %(object)s: %(outcome)s in %(ms)s ms, %(came)sreference %(reference)s",
        fields | {"came": f"from {event.address}, " if event.address else ""},
        extra={"event": fields},
    )


def reference() -> str:
    """Return the mark under which all stands in the log that this thread or task does for one click or request."""
    return _reference.get() or new_reference()


def new_reference() -> str:
    """Begin a request, and return its mark."""
    mark = f"{_marks.getrandbits(32):08x}"
    _reference.set(mark)
    return mark


def write_log(form: Literal["text", "json"]) -> None:
    """Have what this package logs written to standard error, in this form from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logger = logging.getLogger("ticketing")
    logger.setLevel(logging.INFO)
    for old in [one for one in logger.handlers if isinstance(one.formatter, TextFormatter | JsonFormatter)]:
        logger.removeHandler(old)
    logger.addHandler(handler)
