"""Who signs in by an OpenID provider, and browsers on their way to it and back."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the tables of both."""
    op.create_table(
        "identities",
        sa.Column("id", word, nullable=False),
        sa.Column("username", word, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="identities_key"),
    )
    op.create_index("identities_by_username", "identities", ["username"])
    op.create_table(
        "sign_in_requests",
        sa.Column("id", word, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="sign_in_requests_key"),
    )
    op.create_index("sign_in_requests_by_expires_at", "sign_in_requests", ["expires_at"])
