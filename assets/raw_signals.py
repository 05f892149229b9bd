"""raw_signals: the hour's payloads read into one schema, bad items quarantined, repeated sightings kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import dagster as dg

from assets.contract import WHEN_ANY_SOURCE_ARRIVED, check, classified, declare
from assets.display import table
from assets.partitions import start_of
from assets.scope import scope_of
from pipeline.models import Payload, Rejected, Signal
from pipeline.signals import kin, merge, read
from pipeline.signals.privacy import pseudonym
from pipeline.signals.reading import Reading
from resources.archive import Archive
from resources.bloom import TextFilter
from resources.embedders import embedder
from resources.settings import Settings
from resources.store import Store
from resources.store.health import Counts
from resources.vault import Vault


def raw_signals_asset(sources: Sequence[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    """The asset downstream of these sources."""

    @dg.asset(
        deps=list(sources),
        description="Every item of the hour's payloads as a signal: one schema, duplicates merged, what can't be read "
        "quarantined with its reason. An item seen before becomes another observation of the same signal; the same "
        "words, or words that tell of the same thing, join the topic of the earlier signal.",
        automation_condition=WHEN_ANY_SOURCE_ARRIVED,
        check_specs=[
            check(
                "raw_signals",
                "every_item_accounted_for",
                "Items read = observations kept + duplicates merged + items quarantined.",
                blocking=True,
            )
        ],
        **declare("signals", "postgres"),
    )
    @classified
    def raw_signals(
        context: dg.AssetExecutionContext,
        store: dg.ResourceParam[Store],
        archive: dg.ResourceParam[Archive],
        vault: dg.ResourceParam[Vault],
        settings: dg.ResourceParam[Settings],
    ) -> dg.MaterializeResult:
        hour = start_of(context)
        scope = scope_of(context)
        with store.transaction() as tx:
            landed = scope.payloads(tx, archive)
            gone = tx.erasure.forgotten()
        everything, rejected, counts = _read_all(landed, vault.salt)
        read_signals = [(signal, uri) for signal, uri in everything if not _is_gone(signal, gone, vault.salt)]
        signals = {(signal.id, signal.captured_at): uri for signal, uri in read_signals}
        merged = merge([signal for signal, _ in read_signals])
        texts = TextFilter(settings.data_dir / "bloom")
        embed = embedder(kin.EMBEDDER).embed
        with store.transaction() as tx:
            tx.topics.hold()
            texts.catch_up(tx.topics)
            recorded = tx.signals.record([(s, signals[s.id, s.captured_at]) for s in merged], hour)
            tx.signals.quarantine(rejected, hour)
            tx.health.count(hour, counts)
            tx.audit.record(f"run {context.run.run_id}", "read_archive", hour.isoformat(), {"payloads": len(landed)})
            settled = tx.topics.settle(tx.signals.written, texts, partial(kin.settle, embed=embed))
            texts.catch_up(tx.topics)
            spiking = scope.recorded(tx, merged, datetime.now(UTC))
        texts.save()
        context.log.info(f"{recorded.new} new, {recorded.seen_again} seen again, {len(rejected)} quarantined")
        duplicates = len(read_signals) - len(merged)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": recorded.observations,
                "payloads": len(landed),
                "new": recorded.new,
                "seen_again": recorded.seen_again,
                "duplicates": duplicates,
                "exact_duplicates": settled.exact_duplicates,
                "near_duplicates": settled.near_duplicates,
                "bloom_asked": settled.asked,
                "bloom_maybe": settled.maybe,
                "bloom_known": settled.known,
                "bloom_false_positive_rate": settled.false_positive_rate,
                "bloom_rebuilt": texts.rebuilt or "no",
                "quarantined": len(rejected),
                "forgotten": len(everything) - len(read_signals),
                "spiking": spiking,
                "sample": table(
                    {"source": s.source, "content": s.content, "category": s.category or ""}
                    for s in merged[:: max(1, len(merged) // 8)]
                ),
                "quarantine": table({"source": r.source, "item": r.index, "reason": r.reason} for r, _ in rejected),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="every_item_accounted_for",
                    passed=recorded.observations == len(merged),
                    metadata={"observations": recorded.observations, "read": len(read_signals)},
                )
            ],
        )

    return raw_signals


def _is_gone(signal: Signal, gone: frozenset[str], salt: bytes) -> bool:
    """Whether the signal, its author or its address was forgotten."""
    if not gone:
        return False
    address = pseudonym("url", signal.url.rstrip("/"), salt) if signal.url else None
    return any(key in gone for key in (signal.content_hash, signal.author, address) if key)


def _read_all(
    landed: Sequence[tuple[Payload, str]], salt: bytes
) -> tuple[list[tuple[Signal, str]], list[tuple[Rejected, str]], dict[str, Counts]]:
    readings = [(read(payload, salt), uri) for payload, uri in landed]
    by_source: defaultdict[str, list[Reading]] = defaultdict(list)
    for (payload, _), (reading, _) in zip(landed, readings, strict=True):
        by_source[payload.source].append(reading)
    return (
        [(signal, uri) for reading, uri in readings for signal in reading.signals],
        [(rejected, uri) for reading, uri in readings for rejected in reading.rejected],
        {source: _counted(own) for source, own in by_source.items()},
    )


def _counted(readings: Sequence[Reading]) -> Counts:
    return Counts(
        items=sum(len(reading.signals) for reading in readings),
        refused=sum(len(reading.rejected) for reading in readings),
        purged=sum(sum(reading.purged.values()) for reading in readings),
        newest_item_at=max((s.published_at for r in readings for s in r.signals if s.published_at), default=None),
    )
