"""When a whole target was last compared with what is remembered of it, and what differed by kind."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("CREATE TABLE sweep (target text PRIMARY KEY, at timestamptz NOT NULL, counts json NOT NULL)")
    op.execute("COMMENT ON COLUMN sweep.at IS 'business time at which the reading began'")
