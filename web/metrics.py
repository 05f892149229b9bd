"""`/metrics`: how drawing and its queue stand, in Prometheus' text format 0.0.4.

What belongs here: names, kinds and help of the metrics, and how they are written. What does not: what is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from fastapi import APIRouter, Response

from pipeline.models import hour_of
from resources.queues import Pool
from resources.store import Store
from resources.store.drawing import Drawing, drawing

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOOKED_BACK = timedelta(hours=2)
"""Before the running hour: automation draws for these as well."""

Sample = tuple[Mapping[str, str], float]


class Family(NamedTuple):
    """A metric with its samples."""

    name: str
    kind: Literal["counter", "gauge"]
    told: str
    samples: Sequence[Sample]


def families(standing: Drawing, pools: Iterable[Pool]) -> list[Family]:
    """The metrics of how things stand."""
    pools = list(pools)
    by_artist = [({"artist": one.artist}, one) for one in standing.drawn]
    states = [({"pool": p.pool, "state": name}, float(getattr(p, name))) for p in pools for name in STATES]
    return [
        Family("engine_pool_slots", "gauge", "Steps that may draw from the pool at once.", [
            ({"pool": pool.pool}, pool.slots) for pool in pools
        ]),
        Family("engine_pool_steps", "gauge", "Steps that hold a slot of the pool, or wait for one.", states),
        Family("engine_designs_waiting", "gauge", "Ideas of the last hours that are to be drawn.", [
            ({}, standing.waiting)
        ]),
        Family("engine_designs_total", "counter", "Designs drawn.", [
            (labels, one.designs) for labels, one in by_artist
        ]),
        Family("engine_designs_refused_total", "counter", "Ideas that got no design or no mock-up.", [
            ({"stage": stage}, count) for stage, count in standing.refused.items()
        ]),
        Family("engine_gpu_seconds_total", "counter", "Time on a GPU that designs took.", [
            (labels, one.gpu_seconds) for labels, one in by_artist
        ]),
        Family("engine_drawing_cost_dollars_total", "counter", "What designs cost, in US dollars.", [
            (labels, one.cost_micros / 1e6) for labels, one in by_artist
        ]),
    ]  # fmt: skip


STATES = ("claimed", "waiting")


def text(metrics: Iterable[Family]) -> str:
    """The metrics as Prometheus reads them; one without samples is only announced."""
    return "".join(line for family in metrics for line in _lines(family))


def _lines(family: Family) -> Iterable[str]:
    yield f"# HELP {family.name} {family.told}\n"
    yield f"# TYPE {family.name} {family.kind}\n"
    for labels, value in family.samples:
        told = ",".join(f'{name}="{_escaped(one)}"' for name, one in labels.items())
        yield f"{family.name}{f'{{{told}}}' if told else ''} {value:.15g}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def router(store: Store, pools: Callable[[], Sequence[Pool]], per_hour: int) -> APIRouter:
    """The route; `pools` tells of Dagster's pools, `per_hour` how many ideas of an hour are drawn."""
    routes = APIRouter()

    @routes.get("/metrics", tags=["health"], response_class=Response)
    def metrics() -> Response:
        """For Prometheus: the pools' queues, what waits to be drawn, what was drawn and what it took."""
        since = hour_of(datetime.now(UTC)) - LOOKED_BACK
        with store.connection() as conn:
            standing = drawing(conn, since, per_hour)
        return Response(text(families(standing, pools())), media_type=MEDIA_TYPE)

    return routes
