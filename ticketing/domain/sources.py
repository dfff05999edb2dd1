"""Which way what is on record came in."""

from enum import StrEnum


class Source(StrEnum):
    """Which way a message or a change came in; a rule is what the desk does by itself."""

    UI = "ui"
    API = "api"
    MAIL = "mail"
    RULE = "rule"
    IMPORT = "import"
