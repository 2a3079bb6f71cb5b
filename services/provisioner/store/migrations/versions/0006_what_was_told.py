"""What the IT team was told of, and when each source was heard last."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("CREATE TABLE attended (matter text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())")
    op.execute("CREATE TABLE heard (source text PRIMARY KEY, at timestamptz NOT NULL)")
    op.execute("COMMENT ON COLUMN heard.at IS 'business time at which the newest record was taken in'")
