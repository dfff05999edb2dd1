"""What reports count by; the rows are made of the documents once the tables are there."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "facts",
        sa.Column("number", number, nullable=False),
        sa.Column("facts", word, nullable=False),
        sa.PrimaryKeyConstraint("number", name="facts_key"),
        sa.ForeignKeyConstraint(["number"], ["tickets.number"], name="facts_number", ondelete="CASCADE"),
    )
