"""Listening to the world: health and quotas of sources, hot runs, topics, authors, and who looked at what.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from pipeline.models import fold, sha256

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE signals ADD COLUMN author text CHECK (author ~ '^[0-9a-f]{32}$');
ALTER TABLE signals ADD COLUMN text_hash text CHECK (text_hash ~ '^[0-9a-f]{64}$');
ALTER TABLE signals ADD COLUMN topic_id uuid;
ALTER TABLE signals ADD COLUMN topic_likeness double precision NOT NULL DEFAULT 1
    CHECK (topic_likeness BETWEEN 0 AND 1);
ALTER TABLE signals ADD COLUMN recorded_seq bigint GENERATED ALWAYS AS IDENTITY;

CREATE TABLE hot_topics (
    hour          timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour, 'UTC')),
    rank          int NOT NULL CHECK (rank > 0),
    topic_id      uuid NOT NULL,
    title         text NOT NULL,
    sources       text[] NOT NULL CHECK (cardinality(sources) > 0),
    signals       int NOT NULL CHECK (signals > 0),
    authors       int NOT NULL CHECK (authors >= 0),
    first_seen    timestamptz NOT NULL,
    last_seen     timestamptz NOT NULL,
    velocity      double precision,
    evidence      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (hour, rank)
);

CREATE TABLE source_health (
    source          text NOT NULL,
    hour            timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour, 'UTC')),
    outcome         text NOT NULL CHECK (outcome IN ('ok', 'unchanged', 'waiting', 'failed')),
    attempts        int NOT NULL DEFAULT 1 CHECK (attempts > 0),
    attempted_at    timestamptz NOT NULL,
    error_class     text,
    error           text,
    payloads        int NOT NULL DEFAULT 0 CHECK (payloads >= 0),
    bytes           bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    items           int CHECK (items >= 0),
    refused         int CHECK (refused >= 0),
    purged          int CHECK (purged >= 0),
    newest_item_at  timestamptz,
    lag_seconds     double precision NOT NULL CHECK (lag_seconds >= 0),
    duration_ms     int NOT NULL CHECK (duration_ms >= 0),
    waiting_until   timestamptz,
    PRIMARY KEY (source, hour),
    CHECK ((outcome IN ('ok', 'unchanged')) = (error IS NULL)),
    CHECK ((outcome = 'waiting') = (waiting_until IS NOT NULL))
);
CREATE INDEX source_health_hour ON source_health (hour);

CREATE TABLE source_digests (
    source   text NOT NULL,
    request  text NOT NULL,
    digest   text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    hour     timestamptz NOT NULL,
    PRIMARY KEY (source, request)
);

CREATE TABLE source_gates (
    source        text PRIMARY KEY,
    tokens        double precision,
    tokens_at     timestamptz,
    failures      int NOT NULL DEFAULT 0 CHECK (failures >= 0),
    opened_at     timestamptz,
    opened_until  timestamptz,
    last_error    text
);

CREATE TABLE quota_ledger (
    source    text NOT NULL,
    key       text NOT NULL,
    spent_at  timestamptz NOT NULL DEFAULT now(),
    cost      int NOT NULL CHECK (cost > 0)
);
CREATE INDEX quota_ledger_spent ON quota_ledger (source, spent_at);

ALTER TYPE inbox_status ADD VALUE 'taken' AFTER 'received';
-- As text: a new value of an enum can't be named in the transaction that adds it.
ALTER TABLE webhook_inbox DROP CONSTRAINT webhook_inbox_check;
ALTER TABLE webhook_inbox ADD CONSTRAINT webhook_inbox_check
    CHECK ((status::text IN ('received', 'taken')) = (processed_at IS NULL));
ALTER TABLE webhook_inbox ADD COLUMN hour timestamptz CHECK (hour = date_trunc('hour', hour, 'UTC'));
ALTER TABLE webhook_inbox ADD COLUMN run_id text;
ALTER TABLE webhook_inbox ADD COLUMN attempts int NOT NULL DEFAULT 0 CHECK (attempts >= 0);
ALTER TABLE webhook_inbox ADD COLUMN signal_ids uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE webhook_inbox ADD COLUMN error text;
CREATE INDEX webhook_inbox_run ON webhook_inbox (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE forgotten (
    key  text PRIMARY KEY CHECK (key ~ '^[0-9a-f]{32,64}$'),
    at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,
    action   text NOT NULL,
    subject  text NOT NULL,
    detail   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is only ever added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

SEALED = """
ALTER TABLE signals ALTER COLUMN text_hash SET NOT NULL, ALTER COLUMN topic_id SET NOT NULL;
CREATE INDEX signals_text_hash ON signals (text_hash);
CREATE INDEX signals_topic ON signals (topic_id);
CREATE INDEX signals_captured ON signals (captured_at, id);
CREATE UNIQUE INDEX signals_recorded_seq ON signals (recorded_seq);
CREATE INDEX signals_author ON signals (author) WHERE author IS NOT NULL;
"""

DOWN = """
DROP SCHEMA IF EXISTS marts CASCADE;
DROP TABLE audit_log, forgotten, quota_ledger, source_gates, source_digests, source_health, hot_topics;
DROP FUNCTION refuse_change();
ALTER TABLE webhook_inbox DROP COLUMN hour, DROP COLUMN run_id, DROP COLUMN attempts, DROP COLUMN signal_ids,
    DROP COLUMN error;
-- A value of an enum can't be dropped; the type is made again without it.
ALTER TABLE webhook_inbox DROP CONSTRAINT webhook_inbox_check;
DROP INDEX webhook_inbox_waiting;
ALTER TABLE webhook_inbox ALTER COLUMN status DROP DEFAULT;
ALTER TYPE inbox_status RENAME TO inbox_status_0002;
CREATE TYPE inbox_status AS ENUM ('received', 'processed', 'refused');
ALTER TABLE webhook_inbox ALTER COLUMN status TYPE inbox_status
    USING (CASE status::text WHEN 'taken' THEN 'received' ELSE status::text END)::inbox_status;
ALTER TABLE webhook_inbox ALTER COLUMN status SET DEFAULT 'received';
DROP TYPE inbox_status_0002;
CREATE INDEX webhook_inbox_waiting ON webhook_inbox (received_at) WHERE status = 'received';
ALTER TABLE webhook_inbox ADD CONSTRAINT webhook_inbox_check CHECK ((status = 'received') = (processed_at IS NULL));
ALTER TABLE signals DROP COLUMN author, DROP COLUMN text_hash, DROP COLUMN topic_id, DROP COLUMN topic_likeness,
    DROP COLUMN recorded_seq;
DROP INDEX signals_captured;
"""

COMMENTS = {
    "signals": {
        "author": "Salted hash of the account, for counting distinct authors; null where the source names none.",
        "text_hash": "SHA-256 of the folded words: the same words at another source have the same.",
        "topic_id": "The first signal of the topic it belongs to; its own id where it is the first or alone.",
        "topic_likeness": "Probability, 0 to 1, that it tells of the same thing as its topic; 1 of the first.",
        "recorded_seq": "Order of recording, or of the last change of its words: what came after a mark.",
    },
    "hot_topics": {
        "": "What was trending across sources in the 48 hours before the end of an hour, best first.",
        "hour": "The UTC hour at whose end it was looked at.",
        "rank": "1 is the hottest.",
        "topic_id": "The topic, as in signals.topic_id.",
        "title": "The words of the topic's first signal.",
        "sources": "Where it was seen.",
        "signals": "Distinct items that tell of it.",
        "authors": "Distinct accounts, where sources name them.",
        "first_seen": "First sighting of all (UTC).",
        "last_seen": "Latest sighting (UTC).",
        "velocity": "Robust z of its fastest signal's pace against its source's usual pace; null: not measured.",
        "evidence": "What was measured, per source.",
    },
    "source_health": {
        "": "How each source did in each hour.",
        "source": "The source.",
        "hour": "The UTC hour it was asked for.",
        "outcome": "ok; unchanged: nothing new since it was last asked; waiting: quota or open circuit; failed.",
        "attempts": "How often it was asked for this hour.",
        "attempted_at": "When it was last asked (UTC).",
        "error_class": "timeout, rate_limited, unauthorized, server, unreadable, …",
        "error": "What went wrong and how to mend it; no secrets.",
        "payloads": "Payloads landed.",
        "bytes": "Their size together.",
        "items": "Items read into signals; null before raw_signals has read them.",
        "refused": "Items quarantined.",
        "purged": "Pieces of personal data removed from its texts.",
        "newest_item_at": "When the newest item was published (UTC), where the source says.",
        "lag_seconds": "From the start of the hour to the landing.",
        "duration_ms": "How long it took to answer.",
        "waiting_until": "When it may be asked again (UTC); only of waiting.",
    },
    "source_digests": {
        "": "The last payload of each request of a source: the same one again is no news.",
        "source": "The source.",
        "request": "What was asked: the payload's URL without secrets.",
        "digest": "SHA-256 of the payload.",
        "hour": "The UTC hour it was landed for.",
    },
    "source_gates": {
        "": "What holds a source back: its token bucket and its circuit breaker.",
        "source": "The source.",
        "tokens": "Requests that may be made at once at tokens_at.",
        "tokens_at": "When the tokens were counted (UTC).",
        "failures": "Failures in a row.",
        "opened_at": "Since when the circuit is open (UTC); null: closed.",
        "opened_until": "When one request may try again (UTC).",
        "last_error": "The error that counted last; no secrets.",
    },
    "quota_ledger": {
        "": "What was spent of the sources' quotas, so that a restart does not forget it.",
        "source": "The source.",
        "key": "What it was spent on; quotas of distinct things count the key once.",
        "spent_at": "When (UTC).",
        "cost": "Units of the source's quota.",
    },
    "webhook_inbox": {
        "status": "received; taken by a run; processed: its listings are handed over, or it led to none; refused.",
        "hour": "The UTC hour of the run that took it.",
        "run_id": "The run that took it last.",
        "attempts": "How many runs took it.",
        "signal_ids": "The signals it brought.",
        "error": "Why it was refused.",
    },
    "forgotten": {
        "": "Who and what must not come back: signals of these keys are dropped when they are read again.",
        "key": "Salted hash of an author or an address, or a content_hash of signals.",
        "at": "When it was forgotten (UTC).",
    },
    "audit_log": {
        "": "Who looked at raw data or erased it, and when. Only ever added to.",
        "id": "Order of the entries.",
        "at": "When (UTC).",
        "actor": "A run, a command or a person.",
        "action": "read_archive, record, expire, forget, …",
        "subject": "What it was done to, without personal data.",
        "detail": "Counts and keys.",
    },
}


def upgrade() -> None:
    """Add what listening needs; signals that are there get their text hash and a topic of their own."""
    bind = op.get_bind()
    run = bind.exec_driver_sql
    run(UP.replace("%", "%%"))
    rows = bind.execute(text("SELECT id, content FROM signals")).all()
    if rows:
        bind.execute(
            text("UPDATE signals SET text_hash = :text_hash, topic_id = id WHERE id = :id"),
            [{"id": row.id, "text_hash": sha256(fold(row.content).encode())} for row in rows],
        )
    run(SEALED)
    for table, comments in COMMENTS.items():
        for column, comment in comments.items():
            target = f"COLUMN {table}.{column}" if column else f"TABLE {table}"
            quoted = comment.replace("'", "''")
            run(f"COMMENT ON {target} IS '{quoted}'")


def downgrade() -> None:
    """Take it away again; taken webhooks wait once more."""
    op.get_bind().exec_driver_sql(DOWN)
