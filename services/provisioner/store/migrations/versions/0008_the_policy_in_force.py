"""One policy is in force for all processes; whoever runs another one claims nothing."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE policy (
          one bool PRIMARY KEY DEFAULT true CHECK (one),
          version text NOT NULL,
          text text NOT NULL,
          looked bool NOT NULL)"""
    )
    op.execute("ALTER TABLE process ADD COLUMN policy text")
