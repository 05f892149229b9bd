"""What the marketplaces report of listings, and what it says of the ideas behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import polars as pl
from pydantic import AwareDatetime, Field

from pipeline.models import MAX_COUNTER, Event, Model, identity
from resources.store.events import Events
from resources.store.frames import frame
from resources.store.staging import Connection, stage

COLUMNS = {
    "listing_id": "uuid",
    "hour": "timestamptz",
    "views": "int8",
    "favorites": "int8",
    "carts": "int8",
    "sales": "int8",
    "revenue_cents": "int8",
}
KNOWN: LiteralString = "SELECT EXISTS (SELECT FROM metric_reports WHERE sha256 = %(sha256)s)"
REPORT: LiteralString = """
INSERT INTO metric_reports (sha256, file_name, marketplace, rows)
VALUES (%(sha256)s, %(file_name)s, %(marketplace)s, %(rows)s)
ON CONFLICT (sha256) DO NOTHING
"""
RECORD: LiteralString = """
INSERT INTO listing_metrics AS m (listing_id, hour, views, favorites, carts, sales, revenue_cents, report_sha256)
SELECT listing_id, hour, max(views), max(favorites), max(carts), max(sales), max(revenue_cents), %(sha256)s
FROM staged_metrics GROUP BY listing_id, hour ORDER BY listing_id, hour
ON CONFLICT (listing_id, hour) DO UPDATE SET
    views = excluded.views, favorites = excluded.favorites, carts = excluded.carts, sales = excluded.sales,
    revenue_cents = excluded.revenue_cents, report_sha256 = excluded.report_sha256
"""
# A marketplace reports totals so far, so the newest hour has the totals.
TOTALS: LiteralString = """
WITH newest AS (
    SELECT DISTINCT ON (listing_id) * FROM listing_metrics
    WHERE listing_id IN (SELECT listing_id FROM staged_metrics) ORDER BY listing_id, hour DESC
)
UPDATE listings SET performance_metrics = jsonb_build_object('views', n.views, 'favorites', n.favorites,
    'carts', n.carts, 'sales', n.sales, 'revenue_cents', n.revenue_cents,
    'hour', to_char(n.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
FROM newest n WHERE listings.id = n.listing_id
RETURNING listings.id, listings.idea_id
"""
# ctr = Σ favorites / Σ views over the newest totals of the listings that show the picture first, at most 1.
CTR: LiteralString = """
WITH shown AS (
    SELECT mockup_id, sum((performance_metrics->>'favorites')::float8) AS favorites,
        sum((performance_metrics->>'views')::float8) AS views
    FROM listings
    WHERE mockup_id IN (SELECT l.mockup_id FROM listings l JOIN staged_metrics s ON s.listing_id = l.id)
    GROUP BY mockup_id
)
UPDATE mockups SET ctr = least(1, shown.favorites / shown.views)
FROM shown WHERE mockups.id = shown.mockup_id AND shown.views > 0
"""
RESOLVE: LiteralString = """
SELECT k.key, l.id FROM unnest(%(keys)s::text[]) AS k (key)
JOIN listings l ON l.marketplace = %(marketplace)s AND (l.external_id = k.key OR l.id::text = lower(k.key))
ORDER BY k.key, l.external_id = k.key DESC NULLS LAST
"""
OUTCOMES: LiteralString = """
SELECT DISTINCT ON (l.id) l.id::text, i.id::text, l.marketplace, i.niche, i.hour, i.weights_version, i.freshness,
    i.engagement, i.novelty, i.community_fit, i.seasonality, m.views, m.favorites, m.carts, m.sales, m.revenue_cents,
    (greatest(0, extract(epoch FROM m.hour + interval '1 hour' - l.live_at)) / 3600)::float8,
    (SELECT sum(value::float8) FROM jsonb_each_text(i.evidence->'counters')), (i.evidence->>'pace_per_minute')::float8
FROM listings l JOIN ideas i ON i.id = l.idea_id JOIN listing_metrics m ON m.listing_id = l.id
WHERE m.hour < coalesce(%(before)s::timestamptz, 'infinity')
ORDER BY l.id, m.hour DESC
"""
OUTCOMES_SCHEMA = {
    "listing_id": pl.String(),
    "idea_id": pl.String(),
    "marketplace": pl.String(),
    "niche": pl.String(),
    "hour": pl.Datetime("us", "UTC"),
    "weights_version": pl.Int64(),
    "freshness": pl.Float64(),
    "engagement": pl.Float64(),
    "novelty": pl.Float64(),
    "community_fit": pl.Float64(),
    "seasonality": pl.Float64(),
    "views": pl.Int64(),
    "favorites": pl.Int64(),
    "carts": pl.Int64(),
    "sales": pl.Int64(),
    "revenue_cents": pl.Int64(),
    "hours_live": pl.Float64(),
    "total": pl.Float64(),
    "pace": pl.Float64(),
}


class ResolvedMetric(Model):
    """A marketplace's counters, in an hour, for a listing that is ours. Totals so far."""

    listing_id: UUID
    hour: AwareDatetime
    views: int = Field(ge=0, le=MAX_COUNTER)
    favorites: int = Field(ge=0, le=MAX_COUNTER)
    carts: int = Field(ge=0, le=MAX_COUNTER)
    sales: int = Field(ge=0, le=MAX_COUNTER)
    revenue_cents: int = Field(default=0, ge=0, le=MAX_COUNTER)


class Metrics:
    """Statements on `metric_reports` and `listing_metrics`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def report_known(self, sha256: str) -> bool:
        """Whether a report with these bytes was imported."""
        (known,) = self._connection.execute(KNOWN, {"sha256": sha256}).fetchall()[0]
        return bool(known)

    def record(self, sha256: str, file_name: str, marketplace: str, rows: Sequence[ResolvedMetric]) -> int:
        """Write a report's rows, the totals of their listings, `ctr` of their mock-ups and `feedback.received`.

        Of two rows for a listing and hour in a report the larger counters count; a later report replaces an earlier.

        Returns:
            How many listing hours were written.
        """
        report = {"sha256": sha256, "file_name": file_name, "marketplace": marketplace, "rows": len(rows)}
        self._connection.execute(REPORT, report)
        if not rows:
            return 0
        stage(self._connection, "staged_metrics", COLUMNS, (tuple(row.model_dump().values()) for row in rows))
        written = self._connection.execute(RECORD, {"sha256": sha256}).rowcount
        ideas: dict[UUID, UUID] = dict(self._connection.execute(TOTALS).fetchall())
        self._connection.execute(CTR)
        newest = {row.listing_id: row for row in sorted(rows, key=lambda row: row.hour)}
        Events(self._connection).record(
            [_received(row, sha256, marketplace, ideas[row.listing_id]) for row in newest.values()]
        )
        return written

    def resolve(self, marketplace: str, keys: Sequence[str]) -> dict[str, UUID]:
        """The listings that a report means, by its key: the marketplace's id, or our own listing id as text.

        Keys that mean no listing of the marketplace are left out.
        """
        found = self._connection.execute(RESOLVE, {"marketplace": marketplace, "keys": list(set(keys))}).fetchall()
        return {key: id_ for key, id_ in reversed(found)}

    def outcomes(self, before: datetime | None = None) -> pl.DataFrame:
        """What became of each listing that has metrics: one row with its newest totals, its idea's factors, and hours.

        Columns of `OUTCOMES_SCHEMA`; `hours_live` runs from going live to the end of the reported hour, null where it
        is not known when the listing went live; `total` and `pace` are those of the idea's signal when it was scored.

        Args:
            before: metrics of this hour and later ones don't count; None: all do.
        """
        return frame(self._connection, OUTCOMES, {"before": before}, OUTCOMES_SCHEMA)


def _received(row: ResolvedMetric, sha256: str, marketplace: str, idea_id: UUID) -> Event:
    counters = row.model_dump(include={"views", "favorites", "carts", "sales"})
    data = {"listingId": str(row.listing_id), "marketplace": marketplace, "hour": row.hour.isoformat(), **counters}
    return Event(
        event_type="feedback.received",
        source="marketplace_metrics",
        subject=identity("feedback", sha256, row.listing_id),
        data=data,
        correlation_id=idea_id,
    )
