"""Counts how often hobby communities name each occasion of the calendar, and how far the counts can be trusted.

Run: `python -m benchmarks.count_mentions`; it writes `pipeline/scoring/data/mentions.json`, of which
`pipeline/scoring/attention.py` says what becomes of it. Titles lie in `$ENGINE_SHARED/data/reddit_hobbies_2013`, public
domain (PDDL 1.0); of them only the counts are kept.

Two whole years are counted, so that no season is there more often than another. The spread that is printed, of one year
against the other and of half of the communities against the other half, goes into `attention.DRIFT_SD` by hand.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.titles import FOLDER
from pipeline.models import fold
from pipeline.scoring import attention, ranking
from pipeline.signals.occasions import curated
from tests.recorded import data_dir

FILE = Path(attention.__file__).parent / "data" / attention.FILE
FIRST, MIDDLE, LAST = (datetime(year, 8, 15, tzinfo=UTC) for year in (2011, 2012, 2013))
SOURCE = "titles of 164 hobby communities of Reddit, 15 August 2011 to 14 August 2013"
SAID = {
    "Independence Day": ("4th of July", "July 4th", "Fourth of July"),
    "The Big Game": ("Super Bowl", "Superbowl"),
    "New Year's Day": ("New Years", "New Year"),
    "St Patrick's Day": ("St Paddy's Day", "Saint Patrick's Day", "St Patty's Day"),
    "Christmas": ("Xmas",),
    "Cinco de Mayo": ("5 de Mayo",),
}
"""What people call an occasion, where they seldom call it by its name."""
OFTEN = 10
"""Named so often in both halves together, an occasion says something of the spread."""


def flat(text: str) -> str:
    """Folded, with nothing where an apostrophe stood: half of all people write "valentines day"."""
    return fold(re.sub("['’]", "", text))


def names() -> Mapping[str, frozenset[str]]:
    """Occasion → what it is called; a name that is another occasion's own counts for that one alone."""
    own = {flat(entry.name) for entry in curated()}
    found: dict[str, set[str]] = {}
    for entry in curated():
        called = {flat(name) for name in (*entry.aka, *SAID.get(entry.name, ()))} - own
        found.setdefault(entry.name, set()).update({flat(entry.name)} | called)
    return {name: frozenset(called) for name, called in found.items()}


def count(titles: Iterable[str]) -> dict[str, int]:
    """Occasion → how many of the titles name it."""
    lines = [f" {flat(html.unescape(title))} " for title in titles]
    found = {}
    for name, called in names().items():
        pattern = re.compile("|".join(f" {re.escape(one)} " for one in sorted(called)))
        found[name] = sum(pattern.search(line) is not None for line in lines)
    return found


def spread(one: Mapping[str, int], other: Mapping[str, int]) -> str:
    """How alike two halves are, and how much further apart than chance puts them."""
    x, y = (np.array([half[name] for name in one], np.float64) for half in (one, other))
    known = x + y >= OFTEN
    ratio = np.log((x[known] + 0.5) / (y[known] + 0.5))
    chance = (1 / (x[known] + 0.5) + 1 / (y[known] + 0.5)).mean()
    beyond = np.sqrt(max(ratio.var() - chance, 0.0))
    rank = ranking.spearman(x, y)
    best = len(set(np.argsort(-x, kind="stable")[:15]) & set(np.argsort(-y, kind="stable")[:15]))
    return f"Spearman {rank:.2f}, {best} of the first 15 the same; logs of {known.sum()} differ by a sd of {beyond:.2f}"


def posts(data: Path) -> pl.DataFrame:
    """Posts of the two years: subreddit, created_utc, title.

    Raises:
        FileNotFoundError: the dataset is not there.
    """
    read = pl.read_parquet(data / FOLDER / "top_posts.parquet", columns=["subreddit", "created_utc", "title"])
    return read.filter(pl.col("created_utc").is_between(FIRST.timestamp(), LAST.timestamp(), closed="left"))


def main() -> int:
    """Count, print how reliable the counts are, and write them. Returns 0."""
    try:
        read = posts(data_dir())
    except FileNotFoundError as missing:
        sys.exit(f"no titles: {missing}; set ENGINE_SHARED to the folder that holds data/")
    every = count(read["title"])
    by_year = [
        count(half["title"])
        for half in (
            read.filter(pl.col("created_utc") < MIDDLE.timestamp()),
            read.filter(pl.col("created_utc") >= MIDDLE.timestamp()),
        )
    ]
    odd = pl.col("subreddit").rank("dense") % 2 == 1
    by_community = [count(read.filter(half)["title"]) for half in (odd, ~odd)]
    named = {name: n for name, n in every.items() if n}
    print(f"{len(read):,} titles name {len(named)} of {len(every)} occasions, {sum(named.values()):,} times in all")
    print(f"one year against the other: {spread(*by_year)}")
    print(f"half of the communities against the other: {spread(*by_community)}")
    for name, n in sorted(named.items(), key=lambda one: (-one[1], one[0]))[:25]:
        print(f"  {n:4d}  {name}")
    written = {"source": SOURCE, "titles": len(read), "named": dict(sorted(every.items()))}
    FILE.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
