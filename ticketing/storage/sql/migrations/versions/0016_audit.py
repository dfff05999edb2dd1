"""The audit log, and its newest record."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "audit",
        sa.Column("number", number, nullable=False, autoincrement=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor", word, nullable=False),
        sa.Column("action", word, nullable=False),
        sa.Column("object", word, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="audit_key"),
    )
    for column in ("actor", "action", "object", "at"):
        op.create_index(f"audit_by_{column}", "audit", [column, "number"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", word, nullable=False),
        sa.PrimaryKeyConstraint("id", name="audit_head_key"),
    )
