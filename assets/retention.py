"""retention: what is personal or raw ends when it has been kept long enough."""

from datetime import timedelta

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import DAILY, start_of
from resources.archive import Archive
from resources.settings import Settings
from resources.store import Store


@dg.asset(
    description="Ends what was kept for `ENGINE_RAW_RETENTION_DAYS` days: raw payloads of the archive, quarantined "
    "excerpts, webhooks that are done with. Signals stay: they hold no personal data.",
    check_specs=[
        check(
            "retention",
            "nothing_older_is_left",
            "No payload of the archive is older than the day allows.",
            blocking=True,
            partitions=DAILY,
        )
    ],
    **declare("privacy", "postgres", partitions=DAILY, fresh_within=timedelta(hours=26)),
)
@classified
def retention(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    archive: dg.ResourceParam[Archive],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    """Expire what is older than the retention, counted back from the end of the day."""
    before = start_of(context) + timedelta(days=1) - timedelta(days=settings.raw_retention_days)
    expired = archive.expire(before)
    with store.transaction() as tx:
        rows = tx.retention.expire(before)
        detail = {"before": before.isoformat(), "payloads": expired.payloads, **rows}
        tx.audit.record(f"run {context.run.run_id}", "expire", "raw archive", detail)
    left = archive.older_than(before)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": expired.payloads + sum(rows.values()),
            "before": before.isoformat(),
            "sample": table({"what": what, "ended": n} for what, n in {"payloads": expired.payloads, **rows}.items()),
        },
        check_results=[
            dg.AssetCheckResult(check_name="nothing_older_is_left", passed=not left, metadata={"left": left})
        ],
    )
