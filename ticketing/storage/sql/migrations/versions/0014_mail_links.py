"""Links that are mailed, and the way from a Message-ID to the mail that went out under it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
moment = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
FILL = {
    "sqlite": "UPDATE outgoing SET message_id = json_extract(document, '$.message_id')",
    "postgresql": "UPDATE outgoing SET message_id = document ->> 'message_id'",
}


def upgrade() -> None:
    """Make the table of links; read the Message-IDs off the mails that there are."""
    op.create_table(
        "mail_links",
        sa.Column("id", word, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="mail_links_key"),
    )
    op.create_index("mail_links_by_expires_at", "mail_links", ["expires_at"])
    op.add_column("outgoing", sa.Column("message_id", word))
    op.execute(FILL[op.get_bind().dialect.name])
    op.create_index("outgoing_by_message_id", "outgoing", ["message_id"])
