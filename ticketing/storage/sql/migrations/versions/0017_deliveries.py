"""What webhooks are told."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table; no webhook was told anything so far."""
    op.create_table(
        "deliveries",
        sa.Column("id", word, nullable=False),
        sa.Column("webhook", word, nullable=False),
        sa.Column("state", word, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="deliveries_key"),
    )
    op.create_index("deliveries_by_due", "deliveries", ["webhook", "state", "due_at", "id"])
    op.create_index("deliveries_by_at", "deliveries", ["webhook", "at", "id"])
    op.create_index("deliveries_by_expires_at", "deliveries", ["expires_at"])
