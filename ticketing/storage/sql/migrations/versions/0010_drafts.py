"""What people have typed and not sent."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table of drafts."""
    op.create_table(
        "drafts",
        sa.Column("id", word, nullable=False),
        sa.Column("username", word, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="drafts_key"),
    )
    for column in ("username", "expires_at"):
        op.create_index(f"drafts_by_{column}", "drafts", [column])
