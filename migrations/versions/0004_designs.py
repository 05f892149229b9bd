"""Designs: who was asked and what it cost, pictures of models, proofs, print files, verdicts, fingerprints, refusals.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE designs ADD COLUMN attempts jsonb NOT NULL DEFAULT '[]';
ALTER TABLE designs ADD COLUMN cost_micros bigint NOT NULL DEFAULT 0 CHECK (cost_micros >= 0);
ALTER TABLE designs ADD COLUMN gpu_seconds double precision NOT NULL DEFAULT 0 CHECK (gpu_seconds >= 0);
ALTER TABLE designs ADD COLUMN pictures jsonb NOT NULL DEFAULT '{}';
ALTER TABLE designs ADD COLUMN verdicts jsonb NOT NULL DEFAULT '[]';
ALTER TABLE designs ADD COLUMN proof jsonb;
ALTER TABLE designs ADD COLUMN proof_uri text;
ALTER TABLE designs ADD COLUMN files jsonb NOT NULL DEFAULT '{}';
ALTER TABLE designs ADD COLUMN fingerprint bit(256);
CREATE INDEX designs_fingerprint ON designs USING hnsw (fingerprint bit_hamming_ops);

ALTER TABLE mockups ADD COLUMN product text NOT NULL DEFAULT 'tee';
ALTER TABLE mockups DROP CONSTRAINT mockups_design_id_variant_color_key;
ALTER TABLE mockups ADD CONSTRAINT mockups_of_a_design UNIQUE (design_id, product, variant, color);

CREATE TABLE refusals (
    idea_id     uuid PRIMARY KEY REFERENCES ideas ON DELETE CASCADE,
    hour        timestamptz NOT NULL,
    stage       text NOT NULL CHECK (stage IN ('words', 'artist', 'picture', 'proof', 'duplicate', 'mockup')),
    reason      text NOT NULL,
    basis       text NOT NULL DEFAULT '',
    verdicts    jsonb NOT NULL DEFAULT '[]',
    attempts    jsonb NOT NULL DEFAULT '[]',
    cost_micros bigint NOT NULL DEFAULT 0 CHECK (cost_micros >= 0),
    copies      uuid REFERENCES designs ON DELETE SET NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refusals_hour ON refusals (hour);

CREATE TABLE picture_spending (
    day          date NOT NULL,
    painter      text NOT NULL,
    pictures     int NOT NULL CHECK (pictures >= 0),
    cost_micros  bigint NOT NULL CHECK (cost_micros >= 0),
    PRIMARY KEY (day, painter)
);
"""
COMMENTS = {
    "designs": {
        "attempts": "every artist that was asked, in order: outcome, why, seconds, cost; the last one drew",
        "cost_micros": "what all attempts cost, in millionths of a US dollar",
        "gpu_seconds": "time on a GPU that the drawing took",
        "pictures": "SHA-256 of every picture layer to the URI of its PNG",
        "verdicts": "what the screens found in the words and in the picture",
        "proof": "what was measured in the print file of the tee; null: drawn before proofs were kept",
        "proof_uri": "the proof as one picture",
        "files": "every other file by name: print areas, SVG, CMYK; URI, SHA-256 and proof of each",
        "fingerprint": "perceptual hash of the inked area, blind to colour; null: drawn before hashes were kept",
    },
    "mockups": {"product": "what the design is printed on"},
    "refusals": {
        "": "ideas of an hour that got no design or no mock-up, and why",
        "idea_id": "the idea",
        "hour": "in which it was refused",
        "stage": "words, artist, picture, proof, duplicate or mockup: who refused it",
        "reason": "why, with what was measured and what would mend it",
        "basis": "digest of the idea, the code and the settings it was decided on: with another one it is tried again",
        "verdicts": "what the screens found",
        "attempts": "every artist that was asked",
        "cost_micros": "what all attempts cost, in millionths of a US dollar",
        "copies": "the design that it would copy",
        "created_at": "first written",
    },
    "picture_spending": {
        "": "what painters were paid on a day, reserved before the call and settled after it",
        "day": "UTC day",
        "painter": "whose pictures",
        "pictures": "how many",
        "cost_micros": "millionths of a US dollar",
    },
}
DOWN = """
DROP TABLE picture_spending;
DROP TABLE refusals;
DELETE FROM mockups WHERE product <> 'tee';
ALTER TABLE mockups DROP CONSTRAINT mockups_of_a_design;
ALTER TABLE mockups DROP COLUMN product;
ALTER TABLE mockups ADD CONSTRAINT mockups_design_id_variant_color_key UNIQUE (design_id, variant, color);
DROP INDEX designs_fingerprint;
ALTER TABLE designs DROP COLUMN fingerprint;
ALTER TABLE designs DROP COLUMN files;
ALTER TABLE designs DROP COLUMN proof_uri;
ALTER TABLE designs DROP COLUMN proof;
ALTER TABLE designs DROP COLUMN verdicts;
ALTER TABLE designs DROP COLUMN pictures;
ALTER TABLE designs DROP COLUMN gpu_seconds;
ALTER TABLE designs DROP COLUMN cost_micros;
ALTER TABLE designs DROP COLUMN attempts;
"""


def upgrade() -> None:
    """Add what designs bring."""
    op.execute(UP)
    for table, comments in COMMENTS.items():
        for column, comment in comments.items():
            op.execute(f"COMMENT ON {f'COLUMN {table}.{column}' if column else f'TABLE {table}'} IS '{comment}'")


def downgrade() -> None:
    """Take it away again."""
    op.execute(DOWN)
