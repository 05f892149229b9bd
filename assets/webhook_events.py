"""webhook_events: what senders posted, taken from the inbox and landed as it came. Only hot runs have this step."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import start_of
from assets.scope import going, posted
from assets.sources import SOURCE_GROUP
from resources.archive import Archive
from resources.store import Store
from resources.store.hot import SPIKE


@dg.asset(
    description="Lands the signed webhooks that wait in the inbox, byte for byte, in the object store: those that no "
    "run has taken, or that a run died with. They stay taken by this run until `live_listings` ends the batch.",
    check_specs=[
        check(
            "webhook_events",
            "landed_whole",
            "The batch's payload reads back from the object store with its digest.",
            blocking=True,
        )
    ],
    **declare(SOURCE_GROUP, "json", fresh_within=timedelta(days=30)),
)
@classified
def webhook_events(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store], archive: dg.ResourceParam[Archive]
) -> dg.MaterializeResult:
    """Take what waits and land it. One transaction: what could not be landed was not taken."""
    hour = start_of(context)
    others = [run_id for run_id in going(context.instance) if run_id != context.run.run_id]
    with store.transaction() as tx:
        refused = tx.hot.refuse_hopeless(others)
        rows = tx.hot.take(context.run.run_id, hour, others)
        landed = posted(rows, hour)
        uris = [archive.land(one) for one in landed]
    lacking = [uri for one, uri in zip(landed, uris, strict=True) if archive.read(uri) != one]
    now = datetime.now(UTC)
    waited = max(((now - row.received_at).total_seconds() for row in rows), default=0.0)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "payloads": len(landed),
            "bytes": sum(len(one.body) for one in landed),
            "spikes": sum(row.source == SPIKE for row in rows),
            "refused": refused,
            "longest_wait_seconds": waited,
            "sample": table(
                {"source": row.source, "webhook": row.webhook_id, "received": row.received_at} for row in rows
            ),
        },
        check_results=[
            dg.AssetCheckResult(check_name="landed_whole", passed=not lacking, metadata={"payloads": len(landed)})
        ],
    )
