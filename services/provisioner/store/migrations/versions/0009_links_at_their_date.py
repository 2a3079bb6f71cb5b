"""A link that is announced moves a worker at its date."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE worker ADD COLUMN turns_at timestamptz")
