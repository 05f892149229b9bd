"""The instruments of the benchmarks: what they are put around exists, and no time is counted twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from pkgutil import resolve_name

import pytest

from benchmarks.hour import PARTS
from benchmarks.stage import Stopwatch

NAP = 0.1


def inner() -> None:
    time.sleep(NAP)


@contextmanager
def block() -> Iterator[None]:
    time.sleep(NAP)
    yield


def outer() -> None:
    time.sleep(NAP)
    inner()
    with block():
        inner()


@pytest.mark.parametrize("place", sorted(place for places in PARTS.values() for place in places))
def test_every_timed_function_is_where_the_benchmark_looks_for_it(place: str) -> None:
    module, _, path = place.partition(":")
    assert callable(attrgetter(path)(resolve_name(module)))


def test_a_function_is_timed_without_the_timed_ones_that_it_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("inner", "block", "outer"):
        monkeypatch.setattr(f"{__name__}.{name}", globals()[name])  # undone afterwards
    watch = Stopwatch()
    watch.around({name: (f"{__name__}:{name}",) for name in ("inner", "block", "outer")})
    watch.step = "step"
    outer()
    took = {name: watch.seconds["step", name] for name in ("inner", "block", "outer")}
    assert took["inner"] >= 2 * NAP
    assert NAP <= took["block"] < 2 * NAP
    assert NAP <= took["outer"] < 3 * NAP, "with what it calls it takes four"
