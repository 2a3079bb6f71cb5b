"""Where a message's trace goes on."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE message ADD COLUMN traceparent text")
