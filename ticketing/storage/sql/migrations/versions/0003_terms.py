"""What tickets are found by beside their columns, and indexes of when they were opened and resolved."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
batch = 500


def upgrade() -> None:
    """Make the table, fill it from the documents, and make the indexes."""
    terms = op.create_table(
        "terms",
        sa.Column("number", number, nullable=False),
        sa.Column("field", word, nullable=False),
        sa.Column("value", word, nullable=False),
        sa.PrimaryKeyConstraint("number", "field", "value", name="terms_key"),
        sa.ForeignKeyConstraint(["number"], ["tickets.number"], name="terms_number", ondelete="CASCADE"),
    )
    for documents in _in_batches(op.get_bind()):
        found = [{"number": key, "field": "tag", "value": tag} for key, raw in documents for tag in _tags(raw)]
        op.bulk_insert(terms, found)
    op.create_index("terms_by_value", "terms", ["field", "value", "number"])
    op.create_index("tickets_by_opening", "tickets", ["opened_at"])
    op.create_index("tickets_by_end", "tickets", ["resolved_at"])


def _in_batches(connection: sa.Connection) -> Iterator[list[Any]]:
    tickets = sa.table("tickets", sa.column("number", number), sa.column("document"))
    document = sa.cast(tickets.c.document, sa.Text())
    question = sa.select(tickets.c.number, document).order_by(tickets.c.number).limit(batch)
    found = list(connection.execute(question))
    while found:
        yield found
        found = list(connection.execute(question.where(tickets.c.number > found[-1][0])))


def _tags(raw: str) -> set[str]:
    return {tag.casefold() for tag in json.loads(raw).get("tags") or ()}
