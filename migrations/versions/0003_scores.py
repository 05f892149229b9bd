"""Scores: their cards and intervals, seasons that return, niches learned from titles, and the back-test's decisions.

Revision ID: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE ideas ADD COLUMN card jsonb;
ALTER TABLE ideas ADD COLUMN score_low double precision CHECK (score_low BETWEEN 0 AND 1);
ALTER TABLE ideas ADD COLUMN score_high double precision CHECK (score_high BETWEEN 0 AND 1);
ALTER TABLE ideas ADD CONSTRAINT ideas_interval CHECK (score_low <= score_high);
ALTER TABLE ideas ADD COLUMN earlier_hour timestamptz CHECK (earlier_hour < hour);
ALTER TABLE ideas ADD COLUMN returns_on date;
CREATE INDEX ideas_model_hour ON ideas (embedding_model, coalesce(earlier_hour, hour));
ALTER TABLE ideas ADD CONSTRAINT ideas_only_the_archived_return CHECK (returns_on IS NULL OR status = 'archived');

CREATE INDEX ideas_event ON ideas (event_date) WHERE event_date IS NOT NULL;
CREATE INDEX ideas_returning ON ideas (returns_on) WHERE returns_on IS NOT NULL;

CREATE TABLE niche_embeddings (
    niche        text NOT NULL,
    model        text NOT NULL,
    embedding    vector(768) NOT NULL,
    titles       int NOT NULL CHECK (titles >= 0),
    communities  text[] NOT NULL,
    words        jsonb NOT NULL,
    built_on     date NOT NULL,
    PRIMARY KEY (model, built_on, niche)
);

CREATE TABLE backtests (
    id           uuid PRIMARY KEY,
    day          date NOT NULL,
    subject      text NOT NULL,
    candidate    jsonb NOT NULL,
    in_force     int NOT NULL REFERENCES scoring_weights,
    decision     text NOT NULL CHECK (decision IN ('adopted', 'refused', 'not enough data')),
    reason       text NOT NULL,
    report       jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (day, subject)
);

ALTER TABLE scoring_weights ADD COLUMN learned_from text NOT NULL DEFAULT 'outcomes'
    CHECK (learned_from IN ('prior', 'outcomes', 'trends'));
UPDATE scoring_weights SET learned_from = 'prior' WHERE algorithm = 'prior';
"""
COMMENTS = {
    "ideas": {
        "card": "why it has its score: shares, interval, what would change it; null: scored before cards were",
        "score_low": "lower end of the interval of the score",
        "score_high": "upper end of the interval of the score",
        "earlier_hour": "an earlier hour that brought it too, but was recorded later; null: none",
        "returns_on": "archived because its event was too near: the day from which it is in time again",
    },
    "niche_embeddings": {
        "": "what the communities of a niche write about, as a vector",
        "niche": "name of the niche",
        "model": "embedding model; vectors of different models are never compared",
        "embedding": "of unit length",
        "titles": "how many titles it was built of",
        "communities": "whose titles they were",
        "words": "word to in how many of the titles; only those that at least two titles hold",
        "built_on": "UTC day whose titles were the last that counted",
    },
    "backtests": {
        "": "what a night tried against the weights in force on past hours, and what was decided",
        "id": "of day and subject",
        "day": "UTC day whose night it was",
        "subject": "what was tried: weights, or a factor that is computed otherwise",
        "candidate": "the weights, or the change, that was tried",
        "in_force": "version of the weights it was tried against",
        "decision": "adopted, refused, or not enough data",
        "reason": "why, in a sentence",
        "report": "the measures of candidate, weights in force and baselines",
        "created_at": "first written",
    },
    "scoring_weights": {"learned_from": "prior, outcomes of listings, or growth of trends"},
}
DOWN = """
ALTER TABLE scoring_weights DROP COLUMN learned_from;
DROP TABLE backtests;
DROP TABLE niche_embeddings;
DROP INDEX ideas_event;
DROP INDEX ideas_model_hour;
ALTER TABLE ideas DROP COLUMN returns_on;
ALTER TABLE ideas DROP COLUMN earlier_hour;
ALTER TABLE ideas DROP COLUMN score_high;
ALTER TABLE ideas DROP COLUMN score_low;
ALTER TABLE ideas DROP COLUMN card;
"""


def upgrade() -> None:
    """Add what scores bring."""
    op.execute(UP)
    for table, comments in COMMENTS.items():
        for column, comment in comments.items():
            op.execute(f"COMMENT ON {f'COLUMN {table}.{column}' if column else f'TABLE {table}'} IS '{comment}'")


def downgrade() -> None:
    """Take it away again."""
    op.execute(DOWN)
