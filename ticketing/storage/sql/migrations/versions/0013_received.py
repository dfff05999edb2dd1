"""What is on record of mail that came in."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table of mail that came in."""
    op.create_table(
        "received",
        sa.Column("id", word, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("fate", word, nullable=False),
        sa.Column("raw_sha256", word, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="received_key"),
    )
    for column in ("at", "raw_sha256", "expires_at"):
        op.create_index(f"received_by_{column}", "received", [column])
