"""
The log on standard error: a line for each record, for people or for machines.

    text    2026-03-02T09:00:00Z WARNING ticketing.desk: The store is busy.
    json    {"at":"2026-03-02T09:00:00Z","level":"WARNING","logger":"ticketing.desk","message":"The store is busy."}

Times are UTC. What people typed may be part of a message, so line breaks and other control characters are escaped:
nobody writes lines of their own into it. A trace follows on lines of its own in text, and is a field in JSON.
"""

import json
import logging
import time
from typing import Literal

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
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=True)


def write_log(form: Literal["text", "json"]) -> None:
    """Have what this package logs written to standard error, in this form from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logger = logging.getLogger("ticketing")
    logger.setLevel(logging.INFO)
    for old in [one for one in logger.handlers if isinstance(one.formatter, TextFormatter | JsonFormatter)]:
        logger.removeHandler(old)
    logger.addHandler(handler)
