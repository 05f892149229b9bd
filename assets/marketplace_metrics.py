"""marketplace_metrics: what the marketplaces report of the listings, read from report files dropped into a folder."""

from datetime import UTC, datetime

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import start_of
from pipeline.feedback.matching import match
from pipeline.feedback.reports import Report, ReportError, parse_report
from pipeline.listings.marketplaces import marketplaces
from pipeline.models import sha256
from resources.objects import Objects
from resources.reports import ReportFolder
from resources.store import ResolvedMetric, Store, Transaction

COUNTED = {"hour", "views", "favorites", "carts", "sales", "revenue_cents"}


@dg.asset(
    deps=["live_listings"],
    description="Views, favourites, carts and sales of the listings, from CSV reports dropped into a folder. A file "
    "counts once, whatever it is called. A row that names no listing of ours is quarantined with the reason.",
    check_specs=[
        check(
            "marketplace_metrics",
            "reports_readable",
            "Every report in the folder has a form that can be read; a refused file is not read in part.",
            blocking=True,
        )
    ],
    **declare("feedback", "csv"),
)
@classified
def marketplace_metrics(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    objects: dg.ResourceParam[Objects],
    reports: dg.ResourceParam[ReportFolder],
) -> dg.MaterializeResult:
    """Read the reports that are new in the folder."""
    hour = start_of(context)
    imported: list[dict[str, object]] = []
    refused: list[str] = []
    for name, body in reports.files():
        with store.transaction() as tx:
            if tx.metrics.report_known(sha256(body)):
                continue
            try:
                report = parse_report(name, body, marketplaces=list(marketplaces()), now=datetime.now(UTC))
            except ReportError as error:
                context.log.warning(str(error))
                refused.append(str(error))
                continue
            uri = objects.put_content(f"raw-signals/reports/{report.marketplace}", body, ".csv")
            imported.append(_import(tx, report, hour, uri))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(int(str(row["rows"])) for row in imported),
            "files": len(imported),
            "sample": table(imported),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="reports_readable",
                passed=not refused,
                description="; ".join(refused) or None,
                metadata={"refused": table({"error": error} for error in refused)},
            )
        ],
    )


def _import(tx: Transaction, report: Report, hour: datetime, uri: str) -> dict[str, object]:
    ids = tx.metrics.resolve(report.marketplace, [row.listing for row in report.metrics])
    statuses = {stored.id: stored.status for stored in tx.listings.get(list(ids.values()))}
    matched = match(report, {key: (id_, statuses[id_]) for key, id_ in ids.items()})
    for listing_id, row in matched.newly_live:
        tx.listings.confirm_live(listing_id, row.listing, row.url, row.hour)
    rows = [ResolvedMetric(listing_id=id_, **row.model_dump(include=COUNTED)) for id_, row in matched.counted]
    tx.metrics.record(report.sha256, report.file_name, report.marketplace, rows)
    tx.signals.quarantine([(rejected, uri) for rejected in matched.rejected], hour)
    return {
        "file": report.file_name,
        "marketplace": report.marketplace,
        "rows": len(rows),
        "newly_live": len(matched.newly_live),
        "rejected": len(matched.rejected),
    }
