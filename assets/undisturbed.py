"""Work that an interrupt does not reach.

A signal raises Dagster's interrupt wherever the main thread is. Where that is a function that a C library called, the
library ignores the error: the interrupt is lost, and a glyph that was being drawn is cut off without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def undisturbed(threads: int = 1) -> Iterator[ThreadPoolExecutor]:
    """Threads for such work. Upon an error or an interrupt, work that has begun is ended; what has not is given up."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
