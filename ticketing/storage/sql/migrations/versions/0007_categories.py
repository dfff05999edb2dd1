"""Categories are what the admins say: the table of tickets takes any."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_CHECK = re.compile(r",\s*CONSTRAINT tickets_category_is_known CHECK \(category IN \([^)]*\)\)")


def upgrade() -> None:
    """Drop the constraint."""
    if op.get_bind().dialect.name == "sqlite":
        _drop_in_sqlite(op.get_bind())
    else:
        op.drop_constraint("tickets_category_is_known", "tickets")


def _drop_in_sqlite(connection: sa.Connection) -> None:
    """
    Take the constraint out of the words in which SQLite keeps the table.

    It knows no other way but to copy all tickets. This one is in its manual (https://sqlite.org/lang_altertable.html,
    section 7) for changes that leave what is stored as it is.
    """
    words = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'tickets'"))
    without, times = _CHECK.subn("", words)
    if times != 1:
        raise RuntimeError("the table of tickets is not as a migration made it")
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'tickets'"), {"sql": without}
    )
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
