"""
When tickets are due, and when that becomes urgent; nothing was promised for any before.

Facts tell of promises from now on, so they are made anew out of the documents once the tables are there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the columns, and the index that is the order of what is due; empty the facts."""
    op.execute("DELETE FROM facts")
    for name in ("due_at", "warn_at"):
        op.add_column("tickets", sa.Column(name, moment))
    columns = ["due_at", "updated_at", "number", "status", "urgency", "category", "assignee", "requester"]
    op.create_index("tickets_by_due", "tickets", columns)
