"""Who is in doubt over somebody is asked with every batch: found by the reason, without reading the whole inbox."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("CREATE INDEX event_inbox ON event (reason) WHERE state = 'inbox'")
