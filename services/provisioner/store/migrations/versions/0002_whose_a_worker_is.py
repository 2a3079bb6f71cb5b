"""What names a worker's person is kept beside whom that comes to, since a person may be named by another worker's id.

`named` is what facts or a decision say, `person_id` what it comes to when workers that are named as persons are
followed. `by_tenure`: the decision was Tenure's own, which HR's link overrides and a hire does not.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE worker ADD COLUMN named text, ADD COLUMN by_tenure boolean NOT NULL DEFAULT false")
    op.execute("UPDATE worker SET named = person_id")
    op.execute("ALTER TABLE worker ALTER COLUMN named SET NOT NULL")
    op.execute("CREATE INDEX worker_named ON worker (named)")
    op.execute("CREATE INDEX worker_own ON worker ((id_space || '/' || worker_id))")
