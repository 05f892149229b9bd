"""Versions of the weights of the score: exactly one is in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pipeline.models import Json, Weights
from resources.store.staging import Connection

FACTORS = ("freshness", "engagement", "novelty", "community_fit", "seasonality")
LOCK: LiteralString = "LOCK TABLE scoring_weights IN SHARE ROW EXCLUSIVE MODE"
IN_FORCE: LiteralString = """
SELECT version, freshness, engagement, novelty, community_fit, seasonality
FROM scoring_weights WHERE status = 'in_force'
"""
# What RESTORE would put in force if the day refused them.
TO_BEAT: LiteralString = """
SELECT version, freshness, engagement, novelty, community_fit, seasonality
FROM scoring_weights WHERE status IN ('in_force', 'superseded') AND learned_on IS DISTINCT FROM %(day)s
ORDER BY status = 'in_force' DESC, learned_on DESC NULLS LAST LIMIT 1
"""
SUPERSEDE: LiteralString = """
UPDATE scoring_weights SET status = 'superseded'
WHERE status = 'in_force' AND learned_on IS DISTINCT FROM %(learned_on)s
"""
RECORD: LiteralString = """
INSERT INTO scoring_weights (freshness, engagement, novelty, community_fit, seasonality, status, algorithm,
    outcomes, reason, report, learned_on)
VALUES (%(freshness)s, %(engagement)s, %(novelty)s, %(community_fit)s, %(seasonality)s, %(status)s, %(algorithm)s,
    %(outcomes)s, %(reason)s, %(report)s, %(learned_on)s)
ON CONFLICT (learned_on) DO UPDATE SET
    freshness = excluded.freshness, engagement = excluded.engagement, novelty = excluded.novelty,
    community_fit = excluded.community_fit, seasonality = excluded.seasonality, status = excluded.status,
    algorithm = excluded.algorithm, outcomes = excluded.outcomes, reason = excluded.reason, report = excluded.report
RETURNING version
"""
# A day that had adopted its weights and now refuses them gives way to those that were in force before.
RESTORE: LiteralString = """
UPDATE scoring_weights SET status = 'in_force'
WHERE NOT EXISTS (SELECT FROM scoring_weights WHERE status = 'in_force')
    AND version = (SELECT version FROM scoring_weights WHERE status = 'superseded'
        ORDER BY learned_on DESC NULLS LAST LIMIT 1)
"""


class ScoringWeights:
    """Statements on `scoring_weights`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_force(self) -> Weights:
        """The weights that score now."""
        return self._one(IN_FORCE, {})

    def to_beat(self, day: date) -> Weights:
        """The weights in force, but for what the day itself learned: a day that learns again is not its own rival."""
        return self._one(TO_BEAT, {"day": day})

    def record(
        self,
        weights: Mapping[str, float],
        *,
        status: Literal["in_force", "refused"],
        algorithm: str,
        outcomes: int,
        reason: str,
        report: Json,
        learned_on: date,
    ) -> int:
        """Write what a day's learning run came to; the day's earlier row, if any, is replaced.

        Args:
            weights: by factor; they sum to one.
            status: `in_force` adopts them in place of those in force; `refused` keeps those.
            algorithm: how they were learned.
            outcomes: from how many listings.
            reason: why they were adopted or refused.
            report: the back-test.
            learned_on: the UTC day.

        Returns:
            The version.
        """
        values = {factor: weights[factor] for factor in FACTORS}
        said = {"status": status, "algorithm": algorithm, "outcomes": outcomes, "reason": reason}
        self._connection.execute(LOCK)
        if status == "in_force":
            self._connection.execute(SUPERSEDE, {"learned_on": learned_on})
        row = {**values, **said, "report": Jsonb(report), "learned_on": learned_on}
        (version,) = self._connection.execute(RECORD, row).fetchall()[0]
        self._connection.execute(RESTORE)
        return int(version)

    def _one(self, query: LiteralString, values: Mapping[str, object]) -> Weights:
        with self._connection.cursor(row_factory=class_row(Weights)) as cursor:
            found = cursor.execute(query, values).fetchone()
        if found is None:
            raise LookupError("scoring_weights has no row in force: every database that was migrated has one")
        return found
