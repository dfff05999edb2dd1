"""Mails that go out."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table; no mail has gone out so far."""
    op.create_table(
        "outgoing",
        sa.Column("id", word, nullable=False),
        sa.Column("username", word, nullable=False),
        sa.Column("address", word, nullable=False),
        sa.Column("state", word, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="outgoing_key"),
    )
    op.create_index("outgoing_by_due", "outgoing", ["state", "due_at", "id"])
    op.create_index("outgoing_by_state", "outgoing", ["state", "at"])
    op.create_index("outgoing_by_at", "outgoing", ["at", "id"])
    op.create_index("outgoing_by_address", "outgoing", ["address", "sent_at"])
    op.create_index("outgoing_by_expires_at", "outgoing", ["expires_at"])
