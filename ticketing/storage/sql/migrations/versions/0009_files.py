"""Attached files: their contents in pieces, and what was sent and waits to be attached."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the tables; no ticket has had any file so far."""
    op.create_table(
        "files",
        sa.Column("sha256", word, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("put_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="files_key"),
    )
    op.create_index("files_by_put_at", "files", ["put_at"])
    op.create_table(
        "file_pieces",
        sa.Column("sha256", word, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("piece", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "number", name="file_pieces_key"),
        sa.ForeignKeyConstraint(["sha256"], ["files.sha256"], name="file_pieces_sha256", ondelete="CASCADE"),
    )
    op.create_table(
        "uploads",
        sa.Column("id", word, nullable=False),
        sa.Column("username", word, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="uploads_key"),
    )
    op.create_index("uploads_by_username", "uploads", ["username"])
    op.create_index("uploads_by_expires_at", "uploads", ["expires_at"])
