"""Scopes: the part of what its owner may do that an API key is good for."""

from enum import StrEnum


class Scope(StrEnum):
    """
    What a key may be used for, never beyond its owner's role; `ticketing.domain.policy.SCOPES` says what each takes.

    Read: see tickets, articles, reports and people. Write: that, and open tickets, reply to them and change them.
    Notes: read and write internal notes, beside read or write. Admin: look after accounts, the desk's setup and data.
    """

    READ = "read"
    WRITE = "write"
    NOTES = "notes"
    ADMIN = "admin"
