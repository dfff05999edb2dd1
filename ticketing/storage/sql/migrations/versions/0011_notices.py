"""What people are told, and which tickets become urgent next."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
is_unread = sa.text("NOT read")
is_urgent = sa.text("warn_at IS NOT NULL")


def upgrade() -> None:
    """Make the table of notices, and an index over what becomes urgent."""
    op.create_table(
        "notices",
        sa.Column("id", word, nullable=False),
        sa.Column("username", word, nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="notices_key"),
    )
    op.create_index("notices_by_expires_at", "notices", ["expires_at"])
    by_person = ["username", "expires_at"]
    op.create_index("notices_by_username", "notices", by_person)
    op.create_index("notices_by_unread", "notices", by_person, postgresql_where=is_unread, sqlite_where=is_unread)
    by_urgency = ["warn_at", "number"]
    op.create_index("tickets_by_urgent", "tickets", by_urgency, postgresql_where=is_urgent, sqlite_where=is_urgent)
