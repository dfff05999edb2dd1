"""What people set up for the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of definitions."""
    op.create_table(
        "definitions",
        sa.Column("kind", word, nullable=False),
        sa.Column("id", word, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="definitions_key"),
    )
