"""A link that is announced moves a worker at its date."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE worker ADD COLUMN turns_at timestamptz")
