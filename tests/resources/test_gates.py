"""What holds sources back survives restarts and holds across threads and processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from resources.errors import PermanentError, WaitingError
from resources.fetching import Quota
from resources.fetching.gate import Pass, StoreGate
from resources.fetching.rules import FAILURES, FIRST_OPEN, TRIAL
from resources.settings import ROOT
from resources.store import Store
from tests.sites import NOON, Clock

DAY = timedelta(days=1)
BOOKS = """
import sys
from datetime import datetime
from resources.fetching.gate import StoreGate
from resources.store import Store

with Store(sys.argv[1]) as store:
    gate = StoreGate(
        store, "busy_posts", requests_per_minute=60, quota=None, now=lambda: datetime.fromisoformat(sys.argv[2])
    )
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(40):
        print(gate.enter(1, "").wait)
"""


def gate(store: Store, clock: Clock, per_minute: float = 600, quota: Quota | None = None) -> StoreGate:
    return StoreGate(store, "test_posts", requests_per_minute=per_minute, quota=quota, now=clock.now)


def broken(store: Store, clock: Clock) -> StoreGate:
    """A gate whose circuit is open."""
    made = gate(store, clock)
    for _ in range(FAILURES):
        made.failed(made.enter(1, ""), "it answered 500", None)
    return made


def test_two_processes_share_one_bucket(store: Store) -> None:
    store.counts()
    both = [
        subprocess.Popen(
            [sys.executable, "-c", BOOKS, store.url, NOON.isoformat()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = [process.communicate("go\n", timeout=60)[0] for process in both]
    waits = sorted(float(line) for lines in said for line in lines.split())
    assert waits == pytest.approx([0.0] * 60 + list(range(1, 21))), "sixty at once, then one a second"


def test_who_would_wait_longer_than_a_minute_is_sent_away_and_books_nothing(store: Store) -> None:
    clock = Clock()
    slow = gate(store, clock, per_minute=1)
    assert [slow.enter(1, "").wait for _ in range(2)] == [0, 60]
    for _ in range(3):
        with pytest.raises(WaitingError, match="the next one is due in 120 s") as raised:
            slow.enter(1, "")
        assert raised.value.until == NOON + timedelta(seconds=120)
    clock.sleep(60)
    assert slow.enter(1, "").wait == 60


def test_a_quota_is_spent_until_its_window_lets_go_and_a_restart_forgets_nothing(store: Store) -> None:
    clock, quota = Clock(), Quota(units=10, window=DAY)
    gate(store, clock, quota=quota).enter(4, "")
    clock.sleep(3600)
    gate(store, clock, quota=quota).enter(5, "")
    with Store(store.url) as after_restart:
        again = gate(after_restart, clock, quota=quota)
        with pytest.raises(WaitingError, match="test_posts: 9 of its quota of 10") as raised:
            again.enter(3, "")
        assert raised.value.until == NOON + DAY
        again.enter(1, "")
        clock.at = NOON + DAY
        again.enter(3, "")
        with pytest.raises(WaitingError):
            again.enter(2, "")


def test_a_request_that_waits_for_its_quota_took_no_token(store: Store) -> None:
    clock, quota = Clock(), Quota(units=1, window=DAY)
    held = gate(store, clock, per_minute=1, quota=quota)
    assert held.enter(1, "").wait == 0
    clock.sleep(60)
    for _ in range(5):
        with pytest.raises(WaitingError, match="quota"):
            held.enter(1, "")
    clock.at = NOON + DAY
    assert held.enter(1, "").wait == 0


def test_distinct_things_are_counted_once_however_often_they_are_asked_for(store: Store) -> None:
    clock, quota = Clock(), Quota(units=2, window=7 * DAY, distinct=True)
    tags = gate(store, clock, quota=quota)
    for tag in ("cats", "dogs", "cats", "dogs", "cats"):
        tags.enter(1, tag)
        clock.sleep(60)
    with pytest.raises(WaitingError) as raised:
        tags.enter(1, "birds")
    assert raised.value.until == NOON + 7 * DAY, "asking for cats again does not keep them in the window"
    tags.enter(1, "dogs")
    clock.at = raised.value.until
    tags.enter(1, "birds")


def test_what_no_quota_could_bear_is_no_waiting(store: Store) -> None:
    with pytest.raises(PermanentError, match="costs 11 can never be made: the quota is 10"):
        gate(store, Clock(), quota=Quota(units=10, window=DAY)).enter(11, "")


def test_the_ledger_keeps_no_more_than_its_window(store: Store, database_url: str) -> None:
    clock = Clock()
    held = gate(store, clock, quota=Quota(units=1, window=DAY))
    for _ in range(5):
        held.enter(1, "")
        clock.at += DAY
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM quota_ledger").fetchall() == [(1,)]


def test_threads_can_not_overspend(store: Store) -> None:
    held = gate(store, Clock(), quota=Quota(units=10, window=DAY))

    def one(_: int) -> bool:
        try:
            held.enter(1, "")
        except WaitingError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(25))) == 10


def test_an_open_circuit_lets_nobody_through_not_even_after_a_restart(store: Store) -> None:
    clock = Clock()
    broken(store, clock)
    with pytest.raises(WaitingError, match="open until 2026-11-23 12:32:00 UTC, after 5 failures") as raised:
        gate(store, clock).enter(1, "")
    assert raised.value.until == NOON + FIRST_OPEN


def test_exactly_one_of_many_may_try_a_half_open_circuit(store: Store) -> None:
    clock = Clock()
    held = broken(store, clock)
    clock.at += FIRST_OPEN
    start = threading.Barrier(8)

    def one(_: int) -> Pass | None:
        start.wait()
        try:
            return held.enter(1, "")
        except WaitingError:
            return None

    with ThreadPoolExecutor(8) as threads:
        (leave,) = [leave for leave in threads.map(one, range(8)) if leave]
    assert leave.trial
    held.succeeded(leave)
    assert held.enter(1, "").trial is False, "closed"


def test_a_trial_that_fails_opens_again_and_one_that_dies_gives_way(store: Store) -> None:
    clock = Clock()
    held = broken(store, clock)
    clock.at += FIRST_OPEN
    assert held.failed(held.enter(1, ""), "still 500", None) == clock.at + 2 * FIRST_OPEN
    clock.at += 2 * FIRST_OPEN
    held.enter(1, "")  # and is never heard of again
    with pytest.raises(WaitingError):
        held.enter(1, "")
    clock.at += TRIAL
    assert held.enter(1, "").trial


def test_a_trial_that_may_not_be_made_for_its_quota_leaves_the_trial_to_others(store: Store) -> None:
    clock = Clock()
    broken(store, clock)
    clock.at += FIRST_OPEN
    gate(store, clock, quota=Quota(units=5, window=DAY)).enter(5, "")
    clock.at += TRIAL
    with pytest.raises(WaitingError, match="quota"):
        gate(store, clock, quota=Quota(units=5, window=DAY)).enter(1, "")
    assert gate(store, clock).enter(1, "").trial


def test_what_holds_sources_back_is_told_by_name(store: Store) -> None:
    clock = Clock()
    broken(store, clock)
    other = StoreGate(store, "a_videos", requests_per_minute=9, quota=Quota(units=9, window=DAY), now=clock.now)
    other.enter(7, "")
    with store.transaction() as tx:
        videos, posts = tx.gates.all(NOON, {"a_videos": DAY, "never_asked": DAY})
    assert (videos.source, videos.state, videos.failures, videos.used) == ("a_videos", "closed", 0, 7)
    assert (posts.source, posts.state, posts.failures, posts.used) == ("test_posts", "open", FAILURES, None)
    assert posts.opened_until == NOON + FIRST_OPEN
    assert posts.last_error == "it answered 500"
    with store.transaction() as tx:
        videos, posts = tx.gates.all(NOON + DAY, {"a_videos": DAY})
    assert (videos.used, posts.state) == (0, "half_open")
