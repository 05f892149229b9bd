"""One asset per source: it lands the source's payloads untouched in the object store, and nothing more."""

from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import start_of
from resources.archive import Archive
from resources.fetching.client import Client
from resources.sources import Source

SOURCE_GROUP = "sources"


def source_asset(source: Source) -> dg.AssetsDefinition:
    """The asset that lands what the source answers for an hour."""

    @dg.asset(
        name=source.name,
        description=_described(source),
        check_specs=[
            check(
                source.name,
                "landed_whole",
                "Every payload of the hour reads back from the object store with its digest.",
                blocking=True,
            )
        ],
        **declare(SOURCE_GROUP, "json"),
    )
    @classified
    def land(context: dg.AssetExecutionContext, archive: dg.ResourceParam[Archive]) -> dg.MaterializeResult:
        hour = start_of(context)
        landed = [
            (payload, archive.land(payload)) for payload in source.fetch(hour, datetime.now(UTC), Client(source.name))
        ]
        kept = {uri for _, uri in archive.landed(hour)}
        return dg.MaterializeResult(
            metadata={
                "payloads": len(landed),
                "bytes": sum(len(payload.body) for payload, _ in landed),
                "sample": table(
                    {"source": payload.source, "captured": payload.captured_at, "bytes": len(payload.body), "uri": uri}
                    for payload, uri in landed
                ),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="landed_whole",
                    passed=all(uri in kept for _, uri in landed),
                    metadata={"payloads": len(landed)},
                )
            ],
        )

    return land


def _described(source: Source) -> str:
    facts = source.spec.model_dump(include={"cadence", "terms", "counters", "history"})
    listed = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    return f"Lands the raw payloads of the hour, byte for byte, in the object store.\n\n{listed}"


def source_assets(sources: Iterable[Source]) -> list[dg.AssetsDefinition]:
    """One asset for each source."""
    return [source_asset(source) for source in sources]
