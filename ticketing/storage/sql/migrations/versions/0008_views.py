"""Indexes for the views of what is new and of what was closed lately, which hold all that these are ordered by."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

is_new = sa.text("is_new")


def upgrade() -> None:
    """Make the one over new tickets, and the other one anew with more columns."""
    columns = ["updated_at", "number", "status", "urgency", "category", "assignee", "requester", "due_at"]
    op.drop_index("tickets_by_end", "tickets")
    op.create_index("tickets_by_end", "tickets", ["resolved_at", *columns])
    op.create_index("tickets_by_newness", "tickets", [*columns, "is_new"], postgresql_where=is_new, sqlite_where=is_new)
