"""When tickets that sleep will wake up; none did before."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the column, and an index over the few tickets that have anything in it."""
    op.add_column("tickets", sa.Column("wakes_at", moment))
    asleep: dict[str, Any] = {
        f"{dialect}_where": sa.text("wakes_at IS NOT NULL") for dialect in ("postgresql", "sqlite")
    }
    op.create_index("tickets_by_waking", "tickets", ["wakes_at", "number"], **asleep)
