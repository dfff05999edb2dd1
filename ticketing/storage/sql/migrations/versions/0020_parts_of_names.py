"""An index by which PostgreSQL finds people by a part of their name, as each search does."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the index where the texts have theirs: SQLite has none of this kind, nor a server without the extension."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    if connection.scalar(sa.text("SELECT true FROM pg_extension WHERE extname = 'pg_trgm'")):
        op.create_index(
            "users_by_part_of_name",
            "users",
            ["folded_name"],
            postgresql_using="gin",
            postgresql_ops={"folded_name": "gin_trgm_ops"},
        )
