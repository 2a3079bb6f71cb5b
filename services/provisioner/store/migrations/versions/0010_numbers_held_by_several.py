"""A number that several humans had: later holders are found by it."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE worker ADD COLUMN number text")
    op.execute("CREATE INDEX worker_number ON worker (id_space, number) WHERE number IS NOT NULL")
