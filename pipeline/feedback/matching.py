"""Which listing a report's row speaks of, and whether it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from pipeline.feedback.reports import Report, ReportRow
from pipeline.models import ListingStatus, Rejected

ON_SALE = frozenset({ListingStatus.PUBLISHING, ListingStatus.LIVE, ListingStatus.RETIRED})
"""What was never handed over can't be on sale, so a row can't be of it."""


class Matched(NamedTuple):
    """A report's rows, sorted by what they come to."""

    counted: tuple[tuple[UUID, ReportRow], ...]
    newly_live: tuple[tuple[UUID, ReportRow], ...]
    """The first row of each listing that waited for a marketplace to name it."""
    rejected: tuple[Rejected, ...]


def match(report: Report, listings: Mapping[str, tuple[UUID, ListingStatus]]) -> Matched:
    """Sort the rows of a report.

    Args:
        report: what was read.
        listings: what a row may call a listing → the listing and where it stands.
    """
    source = f"report_{report.marketplace}"
    rejected = [Rejected(source=source, index=r.line, reason=r.reason, excerpt=r.excerpt) for r in report.rejected]
    counted: list[tuple[UUID, ReportRow]] = []
    newly_live: dict[UUID, ReportRow] = {}
    for row in report.metrics:
        listing_id, status = listings.get(row.listing, (None, None))
        if listing_id is None or status not in ON_SALE:
            reason = f"listing={row.listing!r} is no listing that was handed over to {report.marketplace}"
            rejected.append(Rejected(source=source, index=row.line, reason=reason, excerpt=row.listing[:2000]))
            continue
        counted.append((listing_id, row))
        if status is ListingStatus.PUBLISHING:
            earlier = newly_live.get(listing_id, row)
            newly_live[listing_id] = min(earlier, row, key=lambda r: r.hour)
    return Matched(tuple(counted), tuple(newly_live.items()), tuple(rejected))
