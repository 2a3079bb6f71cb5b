"""What facts announce to accounts, so that guards see a mass change whole before its first step.

`wave` orders what is due at the same instant by when it was taken in; `change_state` counts every write, so that what
was read of a stretch can be kept until something changes.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE change (
          person_id text NOT NULL, cause text NOT NULL, kind text NOT NULL, due_at timestamptz NOT NULL,
          wave bigint NOT NULL, immediate boolean NOT NULL, announced_at timestamptz NOT NULL,
          PRIMARY KEY (person_id, cause, kind, due_at)
        )"""
    )
    op.execute("COMMENT ON COLUMN change.due_at IS 'business time, as announced_at'")
    op.execute("CREATE INDEX change_stretch ON change (cause, kind, due_at, wave)")
    op.execute(
        """CREATE TABLE change_state (
          one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL, wave bigint NOT NULL,
          last_at timestamptz NOT NULL
        )"""
    )
    op.execute("INSERT INTO change_state (version, wave, last_at) VALUES (0, 0, now())")
    op.execute("CREATE INDEX due_verdict ON due (target, verdict_reason) WHERE verdict = 'held'")
