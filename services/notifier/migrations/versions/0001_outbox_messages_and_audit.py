"""What the notifier remembers: outcomes it has seen, what it has to publish and to send, and the length of the log."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """CREATE TABLE seen (
      source text NOT NULL, id text NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, id)
    )""",
    "COMMENT ON TABLE seen IS 'CloudEvents taken in: a repeat is dropped'",
    "CREATE INDEX seen_at ON seen USING brin (at)",
    """CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      topic text NOT NULL, key text NOT NULL, value bytea NOT NULL, headers text NOT NULL,
      at timestamptz NOT NULL DEFAULT now()
    )""",
    """CREATE TABLE sent (
      id bigint PRIMARY KEY, topic text NOT NULL, key text NOT NULL, value bytea NOT NULL, headers text NOT NULL,
      at timestamptz NOT NULL, sent_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX sent_sent_at ON sent (sent_at)",
    "CREATE TABLE epoch (epoch text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())",
    """CREATE TABLE leader (
      duty text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL, lease_until timestamptz NOT NULL
    )""",
    """CREATE TABLE audit_log (
      one boolean PRIMARY KEY DEFAULT true CHECK (one), next bigint NOT NULL CHECK (next >= 0)
    )""",
    "COMMENT ON TABLE audit_log IS 'Number of the next audit record; its row lock makes the writer single'",
    "INSERT INTO audit_log (next) VALUES (0)",
    """CREATE TABLE message (
      message_id text PRIMARY KEY,
      event_source text NOT NULL, event_id text NOT NULL, event_revision integer NOT NULL, event_type text NOT NULL,
      person_id text, audience text NOT NULL, channel text NOT NULL, target text, "to" text[] NOT NULL,
      text text NOT NULL,
      state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sending', 'sent', 'perhaps_sent', 'failed')),
      created_at timestamptz NOT NULL DEFAULT now(), not_before timestamptz NOT NULL DEFAULT now(),
      attempts integer NOT NULL DEFAULT 0, tried_at timestamptz, doubt_since timestamptz,
      holder text, lease_until timestamptz, ended_at timestamptz, code text
    )""",
    "COMMENT ON COLUMN message.text IS 'names somebody: emptied when the message has ended'",
    "COMMENT ON COLUMN message.doubt_since IS 'start of the first call whose outcome is unknown'",
    """CREATE INDEX message_open ON message (state, created_at) WHERE state IN ('waiting', 'sending')""",
    "CREATE INDEX message_ended ON message (ended_at) WHERE ended_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
