"""
What comes about and goes with an account belongs to one that is there; the databases see to it from now on.

What belongs to nobody goes, such as what the people of an import that was undone had been told.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_OWNED = ("sessions", "devices", "api_keys", "identities", "notices")


def upgrade() -> None:
    """Take away what belongs to nobody, and add the keys."""
    for table in _OWNED:
        rows, users = sa.table(table, sa.column("username")), sa.table("users", sa.column("username"))
        op.execute(sa.delete(rows).where(~sa.exists().where(users.c.username == rows.c.username)))
    if op.get_bind().dialect.name == "sqlite":
        _add_in_sqlite(op.get_bind())
        return
    for table in _OWNED:
        op.create_foreign_key(
            f"{table}_username", table, "users", ["username"], ["username"], deferrable=True, initially="DEFERRED"
        )


def _add_in_sqlite(connection: sa.Connection) -> None:
    """
    Add the keys to the words in which SQLite keeps the tables, as migration 0007 takes a constraint out of them.

    It knows no other way but to copy all rows, and these are as the keys want them already.
    """
    words = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    revise = sa.text("UPDATE sqlite_master SET sql = :words WHERE type = 'table' AND name = :name")
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    for table in _OWNED:
        key = f"CONSTRAINT {table}_username FOREIGN KEY(username) REFERENCES users (username)"
        before = connection.scalar(words, {"name": table}).rstrip().removesuffix(")").rstrip()
        after = f"{before}, \n\t{key} DEFERRABLE INITIALLY DEFERRED\n)"
        connection.execute(revise, {"name": table, "words": after})
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
