"""Titles of real communities, split by time: for the evaluation of community fit and for the fit of its parameters.

They lie in `$ENGINE_SHARED/data/reddit_hobbies_2013`: the top posts of hobby subreddits up to August 2013, dedicated to
the public domain (PDDL 1.0). Nothing of them is stored here.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.ideas.lexicon import niches
from pipeline.models import fold

FOLDER = "reddit_hobbies_2013"
ENOUGH = 200
"""Titles that a community must have to be drawn."""
OLDER = 0.6
"""The share of a community's titles, oldest first, that is learned from; the newer ones are judged on."""

Titles = Mapping[str, Sequence[str]]


class Split(NamedTuple):
    """A community's titles on both sides of a moment."""

    older: list[str]
    newer: list[str]


def read(data: Path) -> Titles:
    """Community in lower case → its titles, oldest first; a title that stands more than once anywhere is left out.

    Raises:
        FileNotFoundError: the dataset is not there.
    """
    path = data / FOLDER / "top_posts.parquet"
    if not path.is_file():
        raise FileNotFoundError(path)
    posts = pl.read_parquet(path, columns=["subreddit", "id", "created_utc", "title"]).sort("created_utc", "id")
    clean = pl.Series([" ".join(html.unescape(title).split()) for title in posts["title"]])
    folded = pl.Series([fold(title) for title in clean])
    posts = posts.with_columns(
        pl.col("subreddit").str.to_lowercase(), title=clean, folded=folded.replace("", None)
    ).filter(pl.col("folded").is_not_null(), pl.col("folded").is_unique())
    grouped = posts.group_by("subreddit", maintain_order=True).agg("title").filter(pl.col("title").list.len() >= ENOUGH)
    return dict(sorted(grouped.iter_rows()))


def split(titles: Titles, low: float = 0.0, middle: float = OLDER, high: float = 1.0) -> dict[str, Split]:
    """Each community's titles of [low, middle) and [middle, high), as shares of its time-ordered titles."""
    return {
        name: Split(
            list(found[int(len(found) * low) : int(len(found) * middle)]),
            list(found[int(len(found) * middle) : int(len(found) * high)]),
        )
        for name, found in titles.items()
    }


def owners(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Community → the niches that name it in `niches.yaml`; those that nobody names are left out."""
    found = {name: frozenset(niche.name for niche in niches().values() if name in niche.subreddits) for name in names}
    return {name: whose for name, whose in found.items() if whose}


def of_niches(older: Titles) -> dict[str, dict[str, Sequence[str]]]:
    """Niche → community → titles, as the engine learns from them."""
    return {
        niche.name: {name: older[name] for name in sorted(niche.subreddits) if name in older}
        for niche in niches().values()
    }
