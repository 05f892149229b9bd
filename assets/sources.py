"""One asset per source: it lands the source's payloads untouched in the object store, and notes how the source did.

A live source is asked for the running hour alone; a past hour of it is what was landed then. What it said before is no
news: where all of an hour is unchanged, nothing is materialised, so that nothing downstream has work.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import hour_key, start_of
from pipeline.models import Payload, hour_of
from pipeline.signals.health import Outcome, State
from resources.archive import Archive
from resources.errors import PermanentError, TransientError, WaitingError
from resources.fetching import Web
from resources.settings import Settings
from resources.sources import Source
from resources.sources.listening import Standing, client, off, require_active, standings
from resources.store import Store
from resources.store.health import Attempt, Said

SOURCE_GROUP = "sources"
Result: TypeAlias = dg.MaterializeResult | dg.AssetObservation | dg.AssetCheckResult
Facts: TypeAlias = dict[str, Any]
SourceError: TypeAlias = TransientError | PermanentError | WaitingError


class Answer(NamedTuple):
    """What a source gave, and why it gave no more."""

    payloads: list[Payload]
    error: SourceError | None
    duration_ms: int


def source_asset(source: Source, settings: Settings) -> dg.AssetsDefinition:
    """The asset that lands what the source answers for an hour."""

    @dg.asset(
        name=source.name,
        description=_described(source, settings),
        output_required=False,
        check_specs=[
            check(
                source.name,
                "landed_whole",
                "Every payload of the hour reads back from the object store with its digest.",
                blocking=True,
            ),
            check(source.name, "healthy", "The source's circuit is closed, and it is neither late nor silent."),
        ],
        **declare(SOURCE_GROUP, "json"),
    )
    def land(
        context: dg.AssetExecutionContext, archive: dg.ResourceParam[Archive], store: dg.ResourceParam[Store]
    ) -> Iterator[Result]:
        yield from _landed(context, source, settings, archive, store)

    return land


@classified
def _landed(
    context: dg.AssetExecutionContext, source: Source, settings: Settings, archive: Archive, store: Store
) -> list[Result]:
    hour = start_of(context)
    if source.spec.live and hour < hour_of(datetime.now(UTC)):
        kept = archive.landed(hour, source.name)
        with store.transaction() as tx:
            was_unchanged = any(
                row.source == source.name and row.outcome == "unchanged"
                for row in tx.health.rows(hour, timedelta(hours=1))
            )
        if kept or was_unchanged:
            return _replayed(source, hour, kept)
    require_active(source, settings)
    return _asked(source, settings, hour, archive, store)


def _replayed(source: Source, hour: datetime, kept: Sequence[tuple[Payload, str]]) -> list[Result]:
    """A past hour as it was landed; one that brought nothing new stays so."""
    checks = _checks(source, whole=True, healthy=True, facts={"replayed": True})
    if not kept:
        return [dg.AssetObservation(source.name, partition=hour_key(hour), metadata={"outcome": "unchanged"}), *checks]
    return [dg.MaterializeResult(metadata={"replayed": True, **_shown(kept)}), *checks]


def _asked(source: Source, settings: Settings, hour: datetime, archive: Archive, store: Store) -> list[Result]:
    with client(source, settings, store) as web:
        answer = _fetched(source, hour, web)
    with store.transaction() as tx:
        said = tx.health.said(source.name) if source.spec.live else {}
    news = [payload for payload in answer.payloads if not _is_old(payload, hour, said)]
    landed = [(payload, archive.land(payload)) for payload in news]
    whole = all(archive.read(uri) == payload for payload, uri in landed)

    attempt = _attempt(source, answer, news)
    with store.transaction() as tx:
        tx.health.record(source.name, hour, attempt)
        if source.spec.live and attempt.outcome != "failed":
            tx.health.remember(source.name, hour, {_request(payload): payload.digest for payload in news})
        (standing,) = standings(tx, [source], settings, attempt.at)
    _raise_failure(source, answer.error)

    since = max((said[_request(p)].hour for p in answer.payloads if _request(p) in said), default=None)
    facts = _facts(attempt, standing, hour, since)
    healthy = standing.circuit == "closed" and standing.state not in {State.LATE, State.SILENT}
    checks = _checks(source, whole=whole, healthy=healthy, facts={"state": standing.state.value, "note": standing.note})
    if landed or attempt.outcome == "ok":
        return [dg.MaterializeResult(metadata={**facts, **_shown(landed)}), *checks]
    return [dg.AssetObservation(source.name, partition=hour_key(hour), metadata=facts), *checks]


def _fetched(source: Source, hour: datetime, web: Web) -> Answer:
    """What the source gives, up to its first error: what came before it is not lost."""
    began = time.monotonic()
    payloads: list[Payload] = []
    error: SourceError | None = None
    try:
        for payload in source.fetch(hour, datetime.now(UTC), web):
            payloads.append(payload)
    except (TransientError, PermanentError, WaitingError) as caught:
        error = caught
    return Answer(payloads, error, round((time.monotonic() - began) * 1000))


def _request(payload: Payload) -> str:
    return payload.url or ""


def _is_old(payload: Payload, hour: datetime, said: Mapping[str, Said]) -> bool:
    """Whether the same request was answered by the same bytes in another hour; of this hour, it is landed again."""
    last = said.get(_request(payload))
    return last is not None and last.digest == payload.digest and last.hour != hour


def _attempt(source: Source, answer: Answer, news: Sequence[Payload]) -> Attempt:
    error = answer.error
    outcome: Outcome
    if isinstance(error, WaitingError):
        outcome = "waiting"
    elif error is not None:
        outcome = "failed"
    else:
        outcome = "ok" if news or not source.spec.live else "unchanged"
    return Attempt(
        outcome=outcome,
        at=datetime.now(UTC),
        duration_ms=answer.duration_ms,
        payloads=len(news),
        bytes=sum(len(payload.body) for payload in news),
        error_class=_class_of(error) if error else None,
        error=str(error) if error else None,
        waiting_until=error.until if isinstance(error, WaitingError) else None,
    )


def _class_of(error: SourceError) -> str:
    return error.error_class or ("transient" if isinstance(error, TransientError) else "permanent")


def _raise_failure(source: Source, error: SourceError | None) -> None:
    """Raise what must fail the step. A live source has been asked patiently: the recovery sensor asks again."""
    if isinstance(error, TransientError) and source.spec.live:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    if isinstance(error, (TransientError, PermanentError)):
        raise error


def _facts(attempt: Attempt, standing: Standing, hour: datetime, since: datetime | None) -> Facts:
    """What the Dagster UI shows of an attempt; of what is not known, nothing."""
    facts = {
        "outcome": attempt.outcome,
        "lag_seconds": (attempt.at - hour).total_seconds(),
        "duration_ms": attempt.duration_ms,
        "circuit": standing.circuit,
        "quota": standing.quota_units and f"{standing.quota_used} of {standing.quota_units}",
        "last_changed": since and f"{since:%Y-%m-%d %H:00} UTC",
        "waiting_until": attempt.waiting_until and f"{attempt.waiting_until:%Y-%m-%d %H:%M} UTC",
        "error": attempt.error,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def _shown(landed: Sequence[tuple[Payload, str]]) -> Facts:
    return {
        "payloads": len(landed),
        "bytes": sum(len(payload.body) for payload, _ in landed),
        "sample": table(
            {"source": payload.source, "captured": payload.captured_at, "bytes": len(payload.body), "uri": uri}
            for payload, uri in landed
        ),
    }


def _checks(source: Source, *, whole: bool, healthy: bool, facts: Facts) -> list[dg.AssetCheckResult]:
    """Both checks: Dagster takes an asset that yields nothing only if all its checks were made."""
    return [
        dg.AssetCheckResult(asset_key=source.name, check_name="landed_whole", passed=whole),
        dg.AssetCheckResult(
            asset_key=source.name,
            check_name="healthy",
            passed=healthy,
            severity=dg.AssetCheckSeverity.WARN,
            metadata=facts,
        ),
    ]


def _described(source: Source, settings: Settings) -> str:
    facts = source.spec.model_dump(include={"cadence", "terms", "counters", "history"})
    mend = off(source, settings)
    listed = "\n".join(f"- {name}: {fact}" for name, fact in (({"off": mend} if mend else {}) | facts).items())
    return f"Lands the raw payloads of the hour, byte for byte, in the object store.\n\n{listed}"


def source_assets(sources: Iterable[Source], settings: Settings) -> list[dg.AssetsDefinition]:
    """One asset for each source, on or off."""
    return [source_asset(source, settings) for source in sources]
