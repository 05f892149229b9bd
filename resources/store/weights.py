"""Versions of the weights of the score: exactly one is in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
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
AS_OF: LiteralString = """
SELECT version, freshness, engagement, novelty, community_fit, seasonality
FROM scoring_weights WHERE status IN ('in_force', 'superseded')
    AND (learned_on IS NULL OR (learned_on + %(rules_after)s::interval) AT TIME ZONE 'UTC' <= %(hour)s)
ORDER BY learned_on DESC NULLS LAST LIMIT 1
"""
TO_BEAT: LiteralString = """
SELECT version, freshness, engagement, novelty, community_fit, seasonality
FROM scoring_weights WHERE status IN ('in_force', 'superseded') AND (learned_on IS NULL OR learned_on < %(day)s)
ORDER BY learned_on DESC NULLS LAST LIMIT 1
"""
STEP_DOWN: LiteralString = "UPDATE scoring_weights SET status = 'superseded' WHERE status = 'in_force'"
RECORD: LiteralString = """
INSERT INTO scoring_weights (freshness, engagement, novelty, community_fit, seasonality, status, algorithm,
    outcomes, reason, report, learned_on, learned_from)
VALUES (%(freshness)s, %(engagement)s, %(novelty)s, %(community_fit)s, %(seasonality)s, %(status)s, %(algorithm)s,
    %(outcomes)s, %(reason)s, %(report)s, %(learned_on)s, %(learned_from)s)
ON CONFLICT (learned_on) DO UPDATE SET
    freshness = excluded.freshness, engagement = excluded.engagement, novelty = excluded.novelty,
    community_fit = excluded.community_fit, seasonality = excluded.seasonality, status = excluded.status,
    algorithm = excluded.algorithm, outcomes = excluded.outcomes, reason = excluded.reason, report = excluded.report,
    learned_from = excluded.learned_from
RETURNING version
"""
# Of all that was adopted, the newest day's: a day that is run late, or refuses what it had adopted, changes no other.
STEP_UP: LiteralString = """
UPDATE scoring_weights SET status = 'in_force'
WHERE version = (SELECT version FROM scoring_weights WHERE status = 'superseded'
    ORDER BY learned_on DESC NULLS LAST LIMIT 1)
"""
RULES_AFTER = timedelta(days=1, hours=4)
"""From the start of the day that weights were learned of: its night is over by then, so they rule the hours from then
on, whenever those are scored. Hours of the same morning were ranked by the weights before."""


class ScoringWeights:
    """Statements on `scoring_weights`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_force(self) -> Weights:
        """The newest weights that were adopted."""
        return self._one(IN_FORCE, {})

    def as_of(self, hour: datetime) -> Weights:
        """The weights that rule the hour: the newest that a night before it adopted."""
        return self._one(AS_OF, {"hour": hour, "rules_after": RULES_AFTER})

    def to_beat(self, day: date) -> Weights:
        """What the day's night would replace: the newest that an earlier day adopted."""
        return self._one(TO_BEAT, {"day": day})

    def hold(self) -> None:
        """Let nobody else write versions till the end of the transaction."""
        self._connection.execute(LOCK)

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
        learned_from: Literal["outcomes", "trends"],
    ) -> int:
        """Write what a day's learning run came to; the day's earlier row, if any, is replaced.

        Args:
            weights: by factor; they sum to one.
            status: `in_force` adopts them, and puts them in force unless a later day adopted others; `refused` keeps
                what there is.
            algorithm: how they were learned.
            outcomes: from how many listings.
            reason: why they were adopted or refused.
            report: the back-test.
            learned_on: the UTC day.
            learned_from: what kind of outcome taught them.

        Returns:
            The version.
        """
        said = {"algorithm": algorithm, "outcomes": outcomes, "reason": reason, "learned_from": learned_from}
        row = {factor: weights[factor] for factor in FACTORS} | said | {"report": Jsonb(report)}
        self.hold()
        self._connection.execute(STEP_DOWN)
        stood = "superseded" if status == "in_force" else "refused"
        (version,) = self._connection.execute(RECORD, {**row, "status": stood, "learned_on": learned_on}).fetchall()[0]
        self._connection.execute(STEP_UP)
        return int(version)

    def _one(self, query: LiteralString, values: Mapping[str, object]) -> Weights:
        with self._connection.cursor(row_factory=class_row(Weights)) as cursor:
            found = cursor.execute(query, values).fetchone()
        if found is None:
            raise LookupError("scoring_weights has no row in force: every database that was migrated has one")
        return found
