"""Trends whose growth is known beforehand, in the record as sources would have left them.

What belongs here: making them. What does not: what ought to come of them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from pipeline.ideas.lexicon import topics
from pipeline.models import Counters, Signal
from resources.store import Store

HOURS = (2, 8, 14, 20)
AGAIN = (6,)
"""Hours after which a post is seen again: in the hour of the next posts."""
SCALES = {"reddit_posts": 1.0, "youtube_videos": 400.0}
"""Sources count in units of their own."""


def grow(store: Store, first: date, days: int, *, truth: float, seed: int = 1, posts: int = 24) -> None:
    """Posts of `days` days, each seen in the hour after it was published and once more, six hours later.

    Args:
        store: the record.
        first: the first day.
        days: how many.
        truth: how far its growth follows its first pace: 0, not at all; 1, but for a little noise, wholly.
        seed: of the chance in it.
        posts: how many an hour.
    """
    rng = np.random.default_rng(seed)
    words = sorted(topics())
    for hour in (datetime.combine(first + timedelta(days=d), time(h), UTC) for d in range(days) for h in HOURS):
        chosen = rng.choice(words, posts, replace=False)
        pace = rng.lognormal(0, 1, posts)
        factor = np.exp(truth * np.log(pace) + (1.05 - truth) * rng.standard_normal(posts))
        seen: dict[datetime, list[Signal]] = {}
        for i, word in enumerate(chosen):
            source = list(SCALES)[i % len(SCALES)]
            early = SCALES[source] * pace[i] * 60
            for after, total in ((0, early), *((n, early + SCALES[source] * factor[i] * 60 * n) for n in AGAIN)):
                at = hour + timedelta(hours=after, minutes=30)
                signal = Signal(
                    source=source,
                    external_id=f"{hour:%m%d%H}-{i}",
                    content=f"Look at this {word} that we found for the {word} club",
                    published_at=hour - timedelta(minutes=30),
                    captured_at=at,
                    counters=Counters(likes=int(total)),
                    metadata={"kind": "post"},
                )
                seen.setdefault(at.replace(minute=0), []).append(signal)
        with store.transaction() as tx:
            for when, batch in seen.items():
                tx.signals.record([(one, f"file:///{when:%d%H}") for one in batch], when)
