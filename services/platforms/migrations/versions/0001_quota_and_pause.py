"""The shared budget of calls, and what is paused."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    # One row an API, updated with every call: a low fillfactor keeps the updates inside the page (HOT).
    """CREATE TABLE quota (
      target text NOT NULL, api text NOT NULL,
      gap interval NOT NULL,
      free_at timestamptz NOT NULL DEFAULT '-infinity',
      blocked_until timestamptz NOT NULL DEFAULT '-infinity',
      PRIMARY KEY (target, api)
    ) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200)""",
    """CREATE TABLE pause (
      target text PRIMARY KEY,
      by_whom text NOT NULL, reason text NOT NULL, at timestamptz NOT NULL DEFAULT now()
    )""",
    "COMMENT ON TABLE pause IS 'No platform call starts on these targets; * is all of them'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
