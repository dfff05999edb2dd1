"""Who is there, as processes tell each other; PostgreSQL keeps no log of it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table of who is there."""
    is_server = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "presences",
        sa.Column("id", word, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="presences_key"),
        prefixes=["UNLOGGED"] if is_server else [],
    )
    op.create_index("presences_by_expires_at", "presences", ["expires_at"])
