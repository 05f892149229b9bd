"""An interrupt ends an asset between two pieces of its work, never inside one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

import pytest

from assets.undisturbed import undisturbed


class InterruptError(BaseException):
    """As Dagster's."""


@pytest.fixture(autouse=True)
def interrupting() -> Iterator[None]:
    def interrupt(_: int, __: FrameType | None) -> NoReturn:
        raise InterruptError

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_what_has_begun_is_ended_and_what_has_not_is_left() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.2)
        done.append(number)

    with pytest.raises(InterruptError), undisturbed() as threads:
        for _ in threads.map(work, range(3)):
            pass
    assert done == [0]


def test_an_error_of_the_work_is_the_caller_s() -> None:
    with pytest.raises(ZeroDivisionError), undisturbed() as threads:
        threads.submit(lambda: 1 // 0).result()
