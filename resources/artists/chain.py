"""Several artists, asked in order until one draws. Every one that was asked is recorded, and why it did not draw.

What leads on to the next artist: a service that is not there, busy, or too slow (`unavailable`), a budget that is spent
(`over_budget`), and an artist that is set up wrongly or made something of no use (`faulty`). Such an artist rests: one
that was unavailable is not asked again for `REST`, one whose budget is spent until it says that there is more, one that
a person must mend for as long as the chain lives, which is a run. So an hour of many designs waits for a server that
hangs once, and not once for each design.

What does not lead on is a moderation's refusal. It speaks of what was asked for, and not of who was asked: another
artist would draw, or set as type, the words that a moderation has just called unfit to be drawn, and nobody would have
looked again. To try the next service would also be to shop for the laxest. So it is a verdict on the idea:
`RefusedError` goes to the caller with the attempts so far, and the idea gets no design.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from pipeline.designs.areas import Area
from pipeline.models import Attempt, Brief, Drawing, Recipe
from resources.artists.base import Artist
from resources.errors import (
    OverBudgetError,
    PermanentError,
    RefusedError,
    TransientError,
    UndrawableError,
    WaitingError,
)

REST = timedelta(minutes=2)
EVER = datetime.max.replace(tzinfo=UTC)

Failure = TransientError | WaitingError | PermanentError
Outcome = Literal["refused", "unavailable", "over_budget", "faulty"]


def _now() -> datetime:
    return datetime.now(UTC)


class _Rest(NamedTuple):
    """Why an artist is not asked, and until when."""

    until: datetime
    error: Failure


class Chain:
    """An `Artist` made of several.

    Args:
        artists: in the order in which they are asked.
        now: the clock.
    """

    def __init__(self, artists: Sequence[Artist], *, now: Callable[[], datetime] = _now) -> None:
        self._artists = artists
        self._now = now
        self._resting: dict[str, _Rest] = {}
        self.name = " → ".join(artist.name for artist in artists)

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The first artist's drawing that comes, with the attempts.

        Raises:
            RefusedError: a moderation or a screen refuses the idea.
            UndrawableError: nobody can draw this brief; others may be drawn.
            TransientError: nobody can draw now.
            PermanentError: nobody can draw until a person mends something.
        """
        attempts: list[Attempt] = []
        failures: list[Failure] = []
        for artist in self._artists:
            rest = self._rest(artist)
            if rest:
                attempts.append(_attempt(artist, rest.error, 0.0, f"not asked until {_told(rest.until)}: "))
                failures.append(rest.error)
                continue
            start = time.monotonic()
            try:
                drawing = artist.draw(brief, recent)
            except (TransientError, WaitingError, PermanentError) as error:
                attempts.append(_attempt(artist, error, time.monotonic() - start))
                if isinstance(error, RefusedError):
                    error.attempts = tuple(attempts)
                    raise
                failures.append(error)
                self._let_rest(artist, error)
                continue
            drew = drawing.attempts or (_drew(artist, drawing, time.monotonic() - start),)
            return drawing.model_copy(update={"attempts": (*attempts, *drew)})
        raise _nobody(attempts, failures)

    def render(self, recipe: Recipe, area: Area, pictures: Mapping[str, bytes]) -> bytes:
        """The same design for another print area: the pixels come from the recipe, whoever drew it."""
        return self._artists[-1].render(recipe, area, pictures)

    def _rest(self, artist: Artist) -> _Rest | None:
        rest = self._resting.get(artist.name)
        return rest if rest and self._now() < rest.until else None

    def _let_rest(self, artist: Artist, error: Failure) -> None:
        match error:
            case UndrawableError():
                return
            case WaitingError():
                until = error.until
            case TransientError():
                until = self._now() + max(REST, timedelta(seconds=error.retry_after or 0))
            case _:
                until = EVER
        self._resting[artist.name] = _Rest(until, error)


def _attempt(artist: Artist, error: Failure, seconds: float, before: str = "") -> Attempt:
    outcome: Outcome
    match error:
        case RefusedError():
            outcome = "refused"
        case OverBudgetError():
            outcome = "over_budget"
        case TransientError() | WaitingError():
            outcome = "unavailable"
        case _:
            outcome = "faulty"
    cost = 0 if before or isinstance(error, WaitingError) else error.cost_micros
    return Attempt(
        artist=artist.name, outcome=outcome, detail=f"{before}{error}", seconds=round(seconds, 3), cost_micros=cost
    )


def _drew(artist: Artist, drawing: Drawing, seconds: float) -> Attempt:
    return Attempt(artist=artist.name, outcome="drew", detail=drawing.recipe.artist, seconds=round(seconds, 3))


def _nobody(attempts: Sequence[Attempt], failures: Sequence[Failure]) -> PermanentError | TransientError:
    """What the caller is told when all failed: that a retry may help, if it may help one of them."""
    said = "; ".join(f"{attempt.artist} ({attempt.outcome}): {attempt.detail}" for attempt in attempts)
    if any(isinstance(error, UndrawableError) for error in failures):
        undrawable = UndrawableError(f"nobody can draw this: {said}")
        undrawable.attempts = tuple(attempts)
        return undrawable
    for error in failures:
        if not isinstance(error, PermanentError):
            return TransientError(f"nobody can draw now: {said}", retry_after=getattr(error, "retry_after", None))
    return PermanentError(f"nobody can draw: {said}")


def _told(moment: datetime) -> str:
    return "a person mended it" if moment == EVER else f"{moment:%H:%M} UTC"
