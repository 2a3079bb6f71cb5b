"""Everything the provisioner remembers: what it was told, what is due, what it did, and what it has to tell.

JSON is kept as `json`, not `jsonb`: it is read whole, and HR's free fields may hold an escaped NUL, which jsonb
refuses.
"""

from alembic import op

revision = "0001"
down_revision = None

CLOCK = (
    """CREATE TABLE clock (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      real_at timestamptz NOT NULL, business_at timestamptz NOT NULL, speed float8 NOT NULL
    )""",
    """CREATE FUNCTION business_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
      SELECT coalesce((SELECT c.business_at + (now() - c.real_at) * c.speed FROM provisioner.clock AS c), now())
    $$""",
)

RECORD = (
    """CREATE TABLE position (
      epoch text NOT NULL, topic text NOT NULL, partition integer NOT NULL, next bigint NOT NULL,
      PRIMARY KEY (epoch, topic, partition)
    )""",
    """CREATE TABLE event (
      event_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      epoch text NOT NULL, topic text NOT NULL, partition integer NOT NULL, "offset" bigint NOT NULL,
      state text NOT NULL, reason text, accepted_at timestamptz NOT NULL,
      source text, id text, revision integer, type text,
      raw bytea, headers text NOT NULL,
      UNIQUE (epoch, topic, partition, "offset")
    )""",
    "CREATE INDEX event_key ON event (source, id)",
    "CREATE INDEX event_state ON event (state, accepted_at)",
    """CREATE TABLE fact (
      fact_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      source text NOT NULL, id text NOT NULL, revision integer NOT NULL,
      type text NOT NULL, body json NOT NULL,
      effective_at timestamptz NOT NULL, zone text NOT NULL,
      "time" timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
      digest text NOT NULL, id_space text, worker_id text, person_id text, rank integer NOT NULL,
      UNIQUE (source, id, revision)
    )""",
    # Whose a fact is: one row an id, all its revisions together. `owner_*` follows withdrawals to what they are about.
    """CREATE TABLE subject (
      source text NOT NULL, id text NOT NULL, revision integer NOT NULL,
      id_space text, worker_id text, department_id text, about_source text, about_id text,
      owner_space text, owner_worker text, owner_department text, withdrawn boolean NOT NULL DEFAULT false,
      PRIMARY KEY (source, id)
    )""",
    "CREATE INDEX subject_owner ON subject (owner_space, owner_worker)",
    "CREATE INDEX subject_department ON subject (owner_department) WHERE owner_department IS NOT NULL",
    "CREATE INDEX subject_about ON subject (about_source, about_id) WHERE about_id IS NOT NULL",
    "CREATE TABLE department_version (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL)",
    "INSERT INTO department_version (version) VALUES (0)",
    """CREATE TABLE worker (
      id_space text NOT NULL, worker_id text NOT NULL, person_id text NOT NULL, decided_at timestamptz,
      PRIMARY KEY (id_space, worker_id)
    )""",
    "CREATE INDEX worker_person ON worker (person_id text_pattern_ops)",
    "CREATE INDEX worker_id ON worker (worker_id text_pattern_ops)",
    """CREATE TABLE word (
      folded text NOT NULL, id_space text NOT NULL, worker_id text NOT NULL, PRIMARY KEY (folded, id_space, worker_id)
    )""",
    "CREATE INDEX word_folded ON word (folded text_pattern_ops)",
    """CREATE TABLE decision (
      decision_id text PRIMARY KEY, person_id text NOT NULL, kind text NOT NULL, body json NOT NULL,
      effective_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL
    )""",
    "CREATE INDEX decision_person ON decision (person_id)",
)

QUEUE = (
    # A random id, not a sequence: after a failover to a late standby a sequence would repeat, and so would a holder.
    """CREATE TABLE process (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, lease_until timestamptz NOT NULL
    )""",
    """CREATE TABLE due (
      person_id text NOT NULL, target text NOT NULL,
      lane smallint NOT NULL,
      due_at timestamptz NOT NULL,
      generation bigint NOT NULL DEFAULT 1, seen bigint, settled_generation bigint,
      fence bigint NOT NULL DEFAULT 0, holder uuid, attempts smallint NOT NULL DEFAULT 0,
      not_before timestamptz NOT NULL DEFAULT '-infinity',
      marked_at timestamptz NOT NULL DEFAULT now(),
      verdict text NOT NULL DEFAULT 'new', verdict_reason text, since timestamptz NOT NULL DEFAULT now(),
      reached_at timestamptz, result json, department_id text,
      PRIMARY KEY (person_id, target)
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
            autovacuum_vacuum_cost_delay = 0)""",
    "COMMENT ON COLUMN due.due_at IS 'business time; infinity: nothing to do'",
    "COMMENT ON COLUMN due.not_before IS 'machine time; a new fact does not override it'",
    "CREATE INDEX due_free ON due (target, lane, due_at) WHERE holder IS NULL AND due_at < 'infinity'",
    "CREATE INDEX due_held ON due (holder) WHERE holder IS NOT NULL",
    "CREATE INDEX due_department ON due (department_id) WHERE department_id IS NOT NULL",
    """CREATE TABLE plan (
      plan_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      person_id text NOT NULL, target text NOT NULL, fence bigint NOT NULL,
      at timestamptz NOT NULL DEFAULT now(), ended boolean NOT NULL DEFAULT false, steps json NOT NULL
    )""",
    "CREATE INDEX plan_open ON plan (person_id, target) WHERE NOT ended",
    """CREATE TABLE outcome (
      plan_id bigint NOT NULL, number integer NOT NULL, person_id text NOT NULL, at timestamptz NOT NULL,
      late boolean NOT NULL DEFAULT false, body json NOT NULL,
      PRIMARY KEY (plan_id, number)
    )""",
    "CREATE INDEX outcome_person ON outcome (person_id, plan_id, number)",
    """CREATE TABLE account (
      person_id text NOT NULL, target text NOT NULL, native_id text NOT NULL, folded text NOT NULL,
      checked_at timestamptz, body json NOT NULL,
      PRIMARY KEY (person_id, target)
    )""",
    "CREATE INDEX account_native ON account (folded text_pattern_ops, target)",
    """CREATE TABLE name (
      target text NOT NULL, folded text NOT NULL, name text NOT NULL,
      person_id text, given_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (target, folded)
    )""",
    "COMMENT ON COLUMN name.person_id IS 'to whom it was given, for ever; null: somebody else has it on the platform'",
    "CREATE UNIQUE INDEX name_person ON name (target, person_id) WHERE person_id IS NOT NULL",
    """CREATE TABLE department (
      target text NOT NULL, department_id text NOT NULL, native_id text NOT NULL, PRIMARY KEY (target, department_id)
    )""",
)

TELLING = (
    """CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      topic text NOT NULL, key text NOT NULL, value bytea NOT NULL, headers text NOT NULL
    )""",
    """CREATE TABLE sent (
      id bigint PRIMARY KEY, topic text NOT NULL, key text NOT NULL, value bytea NOT NULL, headers text NOT NULL,
      sent_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX sent_sent_at ON sent (sent_at)",
    "CREATE TABLE epoch (epoch text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())",
    """CREATE TABLE leader (
      duty text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL, lease_until timestamptz NOT NULL
    )""",
)


def upgrade() -> None:
    for statement in (*CLOCK, *RECORD, *QUEUE, *TELLING):
        op.execute(statement)
