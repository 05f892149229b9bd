"""The job `reembedding`: ideas of another text model get vectors of the one that is configured, newest first.

It is started by hand, from the UI or by `engine reembed`, after ENGINE_EMBEDDER has changed. What is left to do is what
the record says (`embedding_model`), so there is nothing to resume: stopped or killed at any moment it goes on where it
was, and two at once only do the same twice. Hourly runs go on beside it.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import dagster as dg

from assets.contract import classified
from resources.embedders import Embedder
from resources.store import Store
from resources.store.reembedding import START, Place

BATCH = 1000
"""Ideas in a transaction: some seconds of work are the most that a kill undoes."""


class Reembedded(NamedTuple):
    """What was done."""

    ideas: int
    seconds: float
    niches_waiting: int
    """Niches that are still to be learned with this model."""


def reembed(store: Store, embedder: Embedder, say: Callable[[str], None], batch: int = BATCH) -> Reembedded:
    """Re-embed every idea of another model, each batch in a transaction of its own.

    No row is locked while texts are embedded. Ideas that a run of the old model writes meanwhile are met in a further
    pass.

    Raises:
        PermanentError: as `embed` and the store do.
        TransientError: as the store does.
    """
    started = time.monotonic()
    with store.transaction() as tx:
        waiting = tx.reembedding.waiting(embedder.model)
    say(f"{waiting.ideas:,} ideas wait for vectors of {embedder.model} ({embedder.device})")
    done, renewed = 0, waiting.ideas
    while renewed:
        renewed = 0
        for count in _pass(store, embedder, batch):
            renewed += count
            done += count
            rate = done / (time.monotonic() - started)
            say(f"{done:,} ideas done, {max(0, waiting.ideas - done):,} to go, {rate:,.0f}/s")
    return Reembedded(done, round(time.monotonic() - started, 1), waiting.niches)


def _pass(store: Store, embedder: Embedder, batch: int) -> Iterator[int]:
    """Once from the newest idea to the oldest; how many each transaction renewed."""
    place: Place = START
    while True:
        with store.transaction() as tx:
            stale = tx.reembedding.next(embedder.model, place, batch)
        if not stale:
            return
        vectors = embedder.embed([row.phrase for row in stale])
        with store.transaction() as tx:
            count = tx.reembedding.renew(embedder.model, stale, vectors)
        place = Place.of(stale[-1])
        yield count


@dg.op(
    name="reembed_ideas",
    description="Give ideas of another text model vectors of the one that is configured.",
    tags={"kind": "postgres"},
)
@classified
def reembed_ideas(
    context: dg.OpExecutionContext, store: dg.ResourceParam[Store], embedder: dg.ResourceParam[Embedder]
) -> None:
    """Re-embed, with progress in the run's log."""
    done = reembed(store, embedder, context.log.info)
    context.add_output_metadata({"model": embedder.model, "device": embedder.device, **done._asdict()})


@dg.job(
    name="reembedding",
    executor_def=dg.in_process_executor,
    description="After ENGINE_EMBEDDER has changed: ideas get vectors of the new model, newest first. Can be stopped "
    "and started again at any time.",
)
def reembedding() -> None:
    """One op: its batches are its own transactions."""
    reembed_ideas()
