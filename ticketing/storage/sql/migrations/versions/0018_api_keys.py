"""API keys."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table of API keys."""
    op.create_table(
        "api_keys",
        sa.Column("id", word, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("username", word, nullable=False),
        sa.PrimaryKeyConstraint("id", name="api_keys_key"),
    )
    op.create_index("api_keys_by_expires_at", "api_keys", ["expires_at"])
    op.create_index("api_keys_by_username", "api_keys", ["username"])
