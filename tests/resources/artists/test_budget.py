"""The day's budget: nothing is bought beyond it, whoever buys, and the sum is never less than what was spent."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from pipeline.models import Painting
from resources.artists.budget import Budget
from resources.errors import (
    ErrorClass,
    OverBudgetError,
    PermanentError,
    RefusedError,
    TransientError,
)
from resources.settings import ROOT
from resources.store import Store
from resources.store.spending import Spent
from tests.pictures import png

LATE = datetime(2026, 11, 28, 23, 59, 30, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 29, tzinfo=UTC)
BUYS = """
import sys
from resources.artists.budget import Budget
from resources.errors import OverBudgetError
from resources.store import Store
from tests.resources.artists.test_budget import LATE, painting

with Store(sys.argv[1]) as store:
    budget = Budget(store, 1.0, now=lambda: LATE)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(20):
        try:
            budget.buy("openai", 40_000, lambda: painting(40_000))
        except OverBudgetError:
            print("refused")
        else:
            print("bought")
"""


def painting(cost: int) -> Painting:
    return Painting(
        png=png(), width=64, height=96, model="m", licence="l", seed=None, settings={}, seconds=0.1, cost_micros=cost
    )


def spent(store: Store) -> list[Spent]:
    with store.transaction() as tx:
        return tx.spending.day(LATE.date())


def at(store: Store, dollars: float) -> Budget:
    return Budget(store, dollars, now=lambda: LATE)


def test_what_a_picture_cost_takes_the_place_of_what_was_reserved(store: Store) -> None:
    at(store, 1.0).buy("openai", 60_000, lambda: painting(41_000))
    at(store, 1.0).buy("stability", 35_000, lambda: painting(35_000))
    assert spent(store) == [Spent("openai", 1, 41_000), Spent("stability", 1, 35_000)]


def test_the_budget_is_that_of_all_painters_and_a_new_one_begins_at_midnight_utc(store: Store) -> None:
    budget = at(store, 0.1)
    budget.buy("openai", 60_000, lambda: painting(60_000))
    with pytest.raises(OverBudgetError, match=r"\$0\.06 are spent or reserved on 2026-11-28 .*2026-11-29T00") as told:
        budget.buy("stability", 50_000, lambda: pytest.fail("it was asked all the same"))
    assert told.value.until == TOMORROW
    assert spent(store) == [Spent("openai", 1, 60_000)]
    Budget(store, 0.1, now=lambda: TOMORROW).buy("stability", 50_000, lambda: painting(50_000))


def test_nothing_is_bought_unless_a_budget_is_set(store: Store) -> None:
    with pytest.raises(OverBudgetError, match="ENGINE_PICTURE_BUDGET_USD=0"):
        at(store, 0.0).buy("openai", 1, lambda: pytest.fail("it was asked all the same"))
    assert spent(store) == []


@pytest.mark.parametrize("error_class", ["connection", "rate_limited", "unauthorized", "refused"])
def test_what_was_turned_away_costs_nothing(store: Store, error_class: ErrorClass) -> None:
    error = PermanentError("no", error_class=error_class)

    def turned_away() -> Painting:
        raise error

    with pytest.raises(PermanentError):
        at(store, 1.0).buy("openai", 60_000, turned_away)
    assert error.cost_micros == 0
    assert spent(store) == [Spent("openai", 0, 0)]


@pytest.mark.parametrize(
    "error",
    [
        TransientError("no answer", error_class="timeout"),
        TransientError("500", error_class="server"),
        TransientError("half a picture", error_class="unreadable"),
        RefusedError("moderated"),
    ],
)
def test_what_may_have_been_billed_stays_reserved(store: Store, error: TransientError | RefusedError) -> None:
    def fails() -> Painting:
        raise error

    with pytest.raises(type(error)):
        at(store, 1.0).buy("openai", 60_000, fails)
    assert error.cost_micros == 60_000
    assert spent(store) == [Spent("openai", 1, 60_000)]


def test_the_reservation_is_there_before_the_call_and_outlasts_a_crash(store: Store) -> None:
    def crashes() -> Painting:
        assert spent(store) == [Spent("openai", 1, 60_000)]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        at(store, 1.0).buy("openai", 60_000, crashes)
    assert spent(store) == [Spent("openai", 1, 60_000)]


def test_threads_that_buy_at_once_buy_no_more_than_there_is(store: Store) -> None:
    budget = at(store, 0.5)

    def buy(_: int) -> bool:
        try:
            budget.buy("openai", 40_000, lambda: painting(40_000))
        except OverBudgetError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(buy, range(30))) == 12
    assert spent(store) == [Spent("openai", 12, 480_000)]


@pytest.mark.slow
def test_processes_that_buy_at_once_buy_no_more_than_there_is(store: Store) -> None:
    buyers = [
        subprocess.Popen(
            [sys.executable, "-c", BUYS, store.url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for buyer in buyers:
        assert buyer.stdout
        assert buyer.stdout.readline() == "ready\n"
    told = [buyer.communicate("go\n")[0].split() for buyer in buyers]
    assert sum(line == "bought" for lines in told for line in lines) == 25
    assert spent(store) == [Spent("openai", 25, 1_000_000)]
