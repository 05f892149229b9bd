"""A painter that gives way: no picture is waited for longer than the limit.

A service's own client knows the limit and tidies up behind itself; this is for what hangs all the same, such as a model
on a device that stopped answering. Python can't end a thread: the picture goes on behind, is thrown away if it ever
comes, and until then the painter is busy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from pipeline.models import Painting, PictureRequest
from resources.artists.base import Painter
from resources.errors import TransientError

GRACE_S = 10.0
"""Longer than the limit, so that a painter that knows the limit says itself what was wrong."""

_Outcome = Painting | BaseException


class Punctual:
    """A `Painter` that asks another one, which is made when it is first asked: that may fail, or take its time, too.

    Args:
        name: of the painter.
        make: makes it.
        limit: seconds that a picture may take.
    """

    def __init__(self, name: str, make: Callable[[], Painter], limit: float) -> None:
        self.name = name
        self._make = make
        self._painter: Painter | None = None
        self._limit = limit
        self._late: threading.Thread | None = None

    def paint(self, request: PictureRequest) -> Painting:
        """As the painter.

        Raises:
            TransientError: it takes too long, or is still at a picture that took too long.
        """
        if self._late and self._late.is_alive():
            raise TransientError(f"{self.name} is still busy with a picture that took too long", error_class="timeout")
        outcome: SimpleQueue[_Outcome] = SimpleQueue()
        worker = threading.Thread(target=self._work, args=(request, outcome), name=f"paint {self.name}", daemon=True)
        worker.start()
        try:
            painted = outcome.get(timeout=self._limit)
        except Empty:
            self._late = worker
            told = f"{self.name} made no picture in {self._limit:g} s (ENGINE_PAINTER_SECONDS)"
            raise TransientError(told, error_class="timeout") from None
        if isinstance(painted, BaseException):
            raise painted
        return painted

    def _work(self, request: PictureRequest, outcome: SimpleQueue[_Outcome]) -> None:
        try:
            self._painter = self._painter or self._make()
            outcome.put(self._painter.paint(request))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            outcome.put(error)
