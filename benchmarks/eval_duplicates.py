"""How well near-duplicates are told from titles, on labelled pairs; and the fitting of the model.

Run: `python -m benchmarks.eval_duplicates`; with `--fit` the model is fitted first and `pipeline/signals/data/kin.json`
is written. The pairs lie in `$ENGINE_SHARED/data/near_duplicate_titles`: posts that link to the same page are
positives; negatives are random, or share rare words ("hard"). Pairs whose titles hang together, by any chain of pairs,
are on the same side of the split; every number is of the test side alone.

What the numbers mean, and how far titles can carry, is in docs/duplicates.md.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from benchmarks.stage import machine
from pipeline.models import fold
from pipeline.signals.kin import EMBEDDER, FEATURES, THRESHOLD, Sighted, settle
from pipeline.signals.kin.bags import Words, grams
from pipeline.signals.kin.blocking import candidates
from pipeline.signals.kin.grouping import links
from pipeline.signals.kin.marks import apart, marks
from pipeline.signals.kin.model import GRAM_BITS, Model, bucket, model
from pipeline.signals.kin.pairs import Embed, measure
from resources.embedders import embedder
from tests.recorded import data_dir

MODEL_FILE = Path(__file__).resolve().parent.parent / "pipeline" / "signals" / "data" / "kin.json"
TEST_TENTHS = 4
FILLED_WEIGHT = 0.3
RARE = 4
BOOTSTRAPS = 200
EARLIER, NEW, SAMPLE = 100_000, 10_000, 200
"""Titles of the two days, of the hour, and how many of these the plain way is timed with."""
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP, FREE, DOWN = 1, 0, -1
DIRECTION = {
    "jaccard": FREE, "rare_jaccard": FREE, "shared": UP, "rarest_shared": FREE, "unshared": DOWN, "neighbours": UP,
    "characters": UP, "meaning": UP, "words_meaning_less": UP, "words_meaning_more": UP, "lighter": FREE,
    "heavier": FREE,
}  # fmt: skip
"""Which way a feature may move the probability. Free where less of it can speak for a pair: of two pairs equally near
in meaning, the one that shares fewer words owes its nearness to what is said."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Pairs(NamedTuple):
    """Labelled pairs of titles."""

    one: list[str]
    other: list[str]
    same: Mask
    exact: Mask
    hard: Mask
    """Negatives that share rare words."""
    jaccard: Floats
    hours: Floats
    test: Mask
    group: list[str]


class Judged(NamedTuple):
    """A way to tell, on the test side."""

    name: str
    pairs: Floats
    filled: Floats | None


def main() -> None:
    """Fit if asked to, then print what was measured."""
    folder = data_dir() / "near_duplicate_titles"
    if not folder.is_dir():
        sys.exit(f"no labelled pairs at {folder}: set ENGINE_SHARED to the folder that holds data/")
    pairs, embed = labelled(folder), embedder(EMBEDDER).embed
    base = rarities(pairs)
    if "--fit" in sys.argv:
        print(f"fitting on {(~pairs.test).sum():,} pairs …")
        write(base, Lesson.of(pairs, embed, base).learn(FILLED_WEIGHT))
    lesson = Lesson.of(pairs, embed, base)
    show(lesson, rows(lesson))
    titles = stream(embed)
    hour(titles, embed)


class Lesson(NamedTuple):
    """The pairs as the model sees them."""

    pairs: Pairs
    seen: Floats
    filled_train: Floats
    filled_test: Floats

    @classmethod
    def of(cls, pairs: Pairs, embed: Embed, base: Model) -> Lesson:
        """Measured."""
        gaps = [filled(pairs, side, base, n) for side, n in ((~pairs.test, 6000), (pairs.test, 4000))]
        measured = [of_pairs([a for a, _ in gap], [b for _, b in gap], embed, base) for gap in gaps]
        return cls(pairs, of_pairs(pairs.one, pairs.other, embed, base), *measured)

    def learn(self, weight: float, columns: Sequence[str] = tuple(FEATURES), directions: bool = True) -> Any:
        """Trees fitted on the training side; `weight` is what a filled-in negative counts beside a labelled pair."""
        at, train = [list(FEATURES).index(c) for c in columns], ~self.pairs.test
        return HistGradientBoostingClassifier(
            max_iter=160, learning_rate=0.08, max_leaf_nodes=10, l2_regularization=1.0, random_state=0,
            monotonic_cst=[DIRECTION[c] if directions else FREE for c in columns],
        ).fit(
            np.r_[self.seen[train], self.filled_train][:, at],
            np.r_[self.pairs.same[train], np.zeros(len(self.filled_train), bool)],
            sample_weight=np.r_[np.ones(train.sum()), np.full(len(self.filled_train), weight + 1e-9)],
        )  # fmt: skip


def rows(lesson: Lesson) -> list[Judged]:
    """Every way to tell, scored on the test side."""
    pairs, test = lesson.pairs, lesson.pairs.test
    one, other = ([t for t, hidden in zip(side, test, strict=True) if hidden] for side in (pairs.one, pairs.other))
    seen, gap = lesson.seen[test], lesson.filled_test
    # As the baseline was first measured: its TF-IDF counted in all titles, whatever their side.
    tfidf = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2)
    tfidf.fit([*pairs.one, *pairs.other])
    characters = np.asarray(tfidf.transform(one).multiply(tfidf.transform(other)).sum(1)).ravel()

    def column(name: str) -> tuple[Floats, Floats]:
        at = list(FEATURES).index(name)
        return seen[:, at], gap[:, at]

    def learned(weight: float, without: Sequence[str] = (), directions: bool = True) -> tuple[Floats, Floats]:
        columns = [c for c in FEATURES if c not in without]
        at, trees = [list(FEATURES).index(c) for c in columns], lesson.learn(weight, columns, directions)
        return trees.decision_function(seen[:, at]), trees.decision_function(gap[:, at])

    meaning = ("meaning", "words_meaning_less", "words_meaning_more")
    return [
        Judged("token Jaccard", pairs.jaccard[test], column("jaccard")[1]),
        Judged("character TF-IDF cosine", characters, None),
        Judged("wordllama cosine", *column("meaning")),
        Judged("shipped model", model().probability(seen), model().probability(gap)),
        Judged("… without embeddings", *learned(FILLED_WEIGHT, meaning)),
        Judged("… without characters", *learned(FILLED_WEIGHT, ("characters",))),
        Judged("… filled-in negatives count 1", *learned(1)),
        Judged("… no filled-in negatives, free", *learned(0, directions=False)),
        Judged("… hours between (no title feature)", -pairs.hours[test], None),
        Judged("shipped model and hours between", *_with_hours(lesson)),
    ]


def _with_hours(lesson: Lesson) -> tuple[Floats, None]:
    pairs, train = lesson.pairs, ~lesson.pairs.test
    x = np.c_[lesson.seen, np.log1p(pairs.hours)]
    trees = HistGradientBoostingClassifier(
        max_iter=160, learning_rate=0.08, max_leaf_nodes=10, monotonic_cst=[*DIRECTION.values(), DOWN], random_state=0
    ).fit(x[train], pairs.same[train])
    return trees.decision_function(x[pairs.test]), None


def show(lesson: Lesson, judged: Sequence[Judged]) -> None:
    """The tables."""
    pairs, test = lesson.pairs, lesson.pairs.test
    same, exact, hard = pairs.same[test], pairs.exact[test], pairs.hard[test]
    rng = np.random.default_rng(1)
    print(f"{machine()}; {len(same):,} test pairs, {same.sum():,} positive ({exact.sum():,} the same words), "
          f"{hard.sum():,} hard negatives, {len(lesson.filled_test):,} filled-in negatives")  # fmt: skip
    print("AUC with 95 % intervals (bootstrap over pairs). all: positives against all negatives; hard: positives of "
          "other words against hard negatives; filled: the same against hard and filled-in negatives")  # fmt: skip
    for row in judged:
        cells = [interval(same, row.pairs, rng)]
        at = (same & ~exact) | hard
        cells.append(interval(same[at], row.pairs[at], rng))
        if row.filled is not None:
            labels = np.r_[same[at], np.zeros(len(row.filled), bool)]
            cells.append(interval(labels, np.r_[row.pairs[at], row.filled], rng))
        print(f"  {row.name:36s} " + "   ".join(cells))
    ours = judged[3].pairs
    print("AUC of the shipped model where the positives are only those that …")
    tokens = pairs.jaccard[test]
    for name, some in (("share a word", tokens > 0), ("share none", tokens == 0), ("have Jaccard ≥ .3", tokens >= 0.3)):
        of = same & some
        at = of | (~same)
        at_hard = (of & ~exact) | hard
        print(f"  {name:20s} {of.sum() / same.sum():4.0%} of positives: all {roc_auc_score(of[at], ours[at]):.3f}, "
              f"hard {roc_auc_score(of[at_hard], ours[at_hard]):.3f}")  # fmt: skip
    curve(lesson, ours)


def interval(labels: Mask, scores: Floats, rng: np.random.Generator) -> str:
    """The AUC and its bootstrap interval."""
    draws = []
    for _ in range(BOOTSTRAPS):
        at = rng.integers(0, len(labels), len(labels))
        draws.append(roc_auc_score(labels[at], scores[at]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{roc_auc_score(labels, scores):.3f} ({low:.3f}–{high:.3f})"


def curve(lesson: Lesson, ours: Floats) -> None:
    """Precision and recall over thresholds, as labelled, and what they become where few candidates are the same."""
    pairs, test = lesson.pairs, lesson.pairs.test
    same, exact, hard = pairs.same[test], pairs.exact[test], pairs.hard[test]
    titles = list(zip(np.array(pairs.one, object)[test], np.array(pairs.other, object)[test], strict=True))
    may = np.array([not apart(marks(a), marks(b)) for a, b in titles])
    met = blocked(titles)
    print("the shipped model, pairs of other words; after the veto of numbers and dates")
    print("  threshold  recall  precision: all negatives  hard only (as labelled)  false alarms among hard")
    for threshold in sorted({0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, THRESHOLD}):
        yes = (ours >= threshold) & may & ~exact
        good, bad, bad_hard = (yes & same).sum(), (yes & ~same).sum(), (yes & hard).sum()
        mark = "*" if threshold == THRESHOLD else " "
        print(f" {mark}{threshold:9.3f} {good / (same & ~exact).sum():7.3f} {good / max(good + bad, 1):17.3f} "
              f"{good / max(good + bad_hard, 1):21.3f} {bad_hard / hard.sum():21.4f}")  # fmt: skip
    above = same & ~exact & (ours >= THRESHOLD) & may
    print(
        f"the veto alone: {1 - may[same & ~exact].mean():.1%} of those positives, "
        f"{1 - may[hard].mean():.1%} of hard negatives"
    )
    print(f"blocking meets {met[above].mean():.1%} of the positives above the threshold ({above.sum()}), "
          f"{met[same & ~exact].mean():.1%} of all, {met[hard].mean():.1%} of hard negatives")  # fmt: skip
    for name, found in (
        ("positives told apart", same & (ours < 0.1)),
        ("negatives thought the same", ~same & may & (ours >= THRESHOLD)),
    ):
        print(
            name,
            *(f"  {ours[i]:.2f} {titles[i][0][:90]!r} / {titles[i][1][:90]!r}" for i in np.flatnonzero(found)[:12]),
            sep="\n",
        )


def blocked(titles: Sequence[tuple[str, str]]) -> Mask:
    """Whether blocking lets a pair through, in a window of all these titles after 100,000 others."""
    hobby = pl.read_parquet(data_dir() / "reddit_hobbies_2013" / "top_posts.parquet")["title"].sample(100_000, seed=1)
    own = sorted({title for pair in titles for title in pair})
    texts = [*map(html.unescape, hobby), *own]
    at = {title: i for i, title in enumerate(own, len(hobby))}
    later, earlier = candidates(texts, len(own))
    met = set(zip(later.tolist(), earlier.tolist(), strict=True))
    return np.array([(max(at[a], at[b]), min(at[a], at[b])) in met for a, b in titles])


def stream(embed: Embed) -> Sequence[str]:
    """What settling does to a stream: years of posts, in windows of 48 hours; the same page tells what is the same.

    Returns the titles, in order, none twice.
    """
    data = pl.read_parquet(data_dir() / "reddit_hobbies_2013" / "top_posts.parquet").sort("created_utc", "id")
    titles = [html.unescape(t).replace("\n", " ") for t in data["title"]]
    url, at = data["url"].to_list(), data["created_utc"].to_list()
    own_page = [not is_self for is_self in data["is_self"]]
    first: dict[str, int] = {}
    for i, title in enumerate(titles):
        first.setdefault(fold(title), i)
    heads = sorted(first.values())
    begun = time.perf_counter()
    texts = [Sighted(UUID(int=i), titles[i], datetime.fromtimestamp(at[i], UTC)) for i in heads]
    found: list[tuple[int, int, float]] = []
    for start in range(0, len(texts), 20_000):
        part = texts[start : start + 20_000]
        found += [(part[i].id.int, part[k].id.int, p) for i, k, p in zip(*links(part, len(part), embed), strict=True)]
    took = time.perf_counter() - begun
    print(f"stream of {len(texts):,} titles in {took:.0f} s: {len(found):,} candidates within 48 hours")
    for low, high in ((THRESHOLD, 1.01), (0.95, THRESHOLD), (0.9, 0.95), (0.8, 0.9), (0.5, 0.8)):
        band = [(i, k, p) for i, k, p in found if low <= p < high]
        pages = [(i, k) for i, k, _ in band if own_page[i] and own_page[k]]
        right = sum(url[i] == url[k] for i, k in pages)
        print(
            f"  {low:.2f} to {min(high, 1):.2f}: {len(band)}; of {len(pages)} that both link to a page, "
            f"{right} to the same"
        )
        doubtful = [(i, k, p) for i, k, p in band if url[i] != url[k]]
        for i, k, p in random.Random(3).sample(doubtful, min(25, len(doubtful))):
            print(f"    {p:.3f} {titles[i][:100]!r} / {titles[k][:100]!r}")
    return [titles[i] for i in heads]


def hour(titles: Sequence[str], embed: Embed) -> None:
    """What settling an hour of many titles against two days takes; beside it the cosines of all pairs of n-grams."""
    titles = titles[: EARLIER + NEW]
    texts = [Sighted(UUID(int=i), title, NOON + timedelta(seconds=i)) for i, title in enumerate(titles)]
    begun = time.perf_counter()
    settle(texts[:EARLIER], texts[EARLIER:], embed)
    took = time.perf_counter() - begun
    tracemalloc.start()
    settle(texts[:EARLIER], texts[EARLIER:], embed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    begun = time.perf_counter()
    trigrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32).fit_transform(titles)
    made = time.perf_counter() - begun
    begun = time.perf_counter()
    (trigrams[EARLIER : EARLIER + SAMPLE] @ trigrams[:EARLIER].T).max(axis=1)
    plain = made + (time.perf_counter() - begun) * NEW / SAMPLE
    print(
        f"{NEW:,} new titles against {EARLIER:,}: {took:.1f} s, {peak / 1e6:.0f} MB more at most; cosines of all pairs "
        f"by character trigrams: {plain:.0f} s, from {SAMPLE} of them ({plain / took:.0f} times as long)"
    )


def labelled(folder: Path) -> Pairs:
    """The pairs, split."""
    data = pl.read_parquet(folder / "reddit_same_url_pairs.parquet")
    one, other = ([html.unescape(t) for t in data[c]] for c in ("title_a", "title_b"))
    parent: dict[str, str] = {}

    def root(of: str) -> str:
        while parent.setdefault(of, of) != of:
            parent[of] = parent[parent[of]]
            of = parent[of]
        return of

    for a, b in zip(one, other, strict=True):
        parent[root(fold(a))] = root(fold(b))
    group = [root(fold(a)) for a in one]
    test = np.array([int(hashlib.sha256(g.encode()).hexdigest(), 16) % 10 < TEST_TENTHS for g in group])
    return Pairs(
        one, other, data["label"].to_numpy() == 1, data["exact_norm"].to_numpy(),
        (data["source"] == "hard_negative_lexical").to_numpy(), data["jaccard"].to_numpy(),
        np.abs((data["created_a"] - data["created_b"]).to_numpy()) / 3600, test, group,
    )  # fmt: skip


def rarities(pairs: Pairs) -> Model:
    """A model without trees: how rare words and runs of characters are in titles that are not on the test side."""
    secret = {
        fold(t) for t, hidden in zip([*pairs.one, *pairs.other], [*pairs.test, *pairs.test], strict=True) if hidden
    }
    hobby = pl.read_parquet(data_dir() / "reddit_hobbies_2013" / "top_posts.parquet")["title"].to_list()
    titles = {fold(html.unescape(t)) for t in [*pairs.one, *pairs.other, *hobby]} - secret - {""}
    words = Words.of(sorted(titles)).bags()
    codes, counts = np.unique(words.codes, return_counts=True)
    often = counts >= RARE
    sample = sorted(titles)[:: max(1, len(titles) // 40_000)]
    runs = grams(sample)
    seen = np.bincount(bucket(runs.codes), minlength=1 << GRAM_BITS)
    gram_idf = np.log((len(sample) + 1) / (seen / 2 + 1)).clip(0, 15.9)
    empty = np.zeros((0, 1))
    return Model(
        embedder(EMBEDDER).model, len(titles), codes[often], counts[often].astype(float),
        (gram_idf * 16).round() / 16, 0.0, empty.astype(int), empty, empty.astype(int), empty.astype(int), empty,
    )  # fmt: skip


def of_pairs(one: Sequence[str], other: Sequence[str], embed: Embed, base: Model) -> Floats:
    """The features of pairs, the lesser text on the left as the model sees them."""
    texts = [*one, *other]
    folded = [fold(t) for t in texts]
    left, right = np.arange(len(one)), np.arange(len(one), len(texts))
    swap = np.array([folded[i] > folded[k] for i, k in zip(left, right, strict=True)])
    return measure(texts, folded, np.where(swap, right, left), np.where(swap, left, right), embed, base)


def filled(pairs: Pairs, side: Mask, base: Model, number: int) -> list[tuple[str, str]]:
    """Negatives that the labelled ones leave out: they share a rare word, but less than .15 of their words."""
    rng = random.Random(5)
    told = [
        (t, g)
        for i in np.flatnonzero(side)
        for t, g in ((pairs.one[i], pairs.group[i]), (pairs.other[i], pairs.group[i]))
    ]
    split = [frozenset(fold(t).split()) for t, _ in told]
    having: dict[str, list[int]] = {}
    for i, words in enumerate(split):
        for word in words:
            having.setdefault(word, []).append(i)
    vocabulary = sorted(having)
    idf = dict(zip(vocabulary, base.word_idf(Words.of(vocabulary).code), strict=True))
    found: list[tuple[str, str]] = []
    while len(found) < number:
        i = rng.randrange(len(told))
        rare = [w for w in sorted(split[i], key=lambda w: (-idf[w], w))[:6] if 1 < len(having[w]) < 60]
        if not rare:
            continue
        k = rng.choice(having[rng.choice(rare)])
        if told[k][1] != told[i][1] and len(split[i] & split[k]) / len(split[i] | split[k]) < 0.15:
            found.append((told[i][0], told[k][0]))
    return found


def write(base: Model, trees: Any) -> None:
    """Keep the model as plain numbers."""
    nodes = [one[0].nodes for one in trees._predictors]
    width = max(map(len, nodes))

    def table(name: str, dtype: str) -> str:
        rows = np.zeros((len(nodes), width), dtype)
        for row, tree in zip(rows, nodes, strict=True):
            values = np.where(tree["is_leaf"], -1, tree["feature_idx"]) if name == "feature_idx" else tree[name]
            row[: len(tree)] = values
        return base64.b64encode(rows.tobytes()).decode()

    def packed(array: NDArray[Any], dtype: str) -> str:
        return base64.b64encode(array.astype(dtype).tobytes()).decode()

    stored = {
        "about": "Fitted by benchmarks.eval_duplicates --fit; arrays are little-endian, base64.",
        "features": list(FEATURES),
        "embedder": base.embedder,
        "documents": base.documents,
        "trees": len(nodes),
        "intercept": float(np.ravel(trees._baseline_prediction)[0]),
        "feature": table("feature_idx", "<i2"),
        "split": table("num_threshold", "<f8"),
        "left": table("left", "<i2"),
        "right": table("right", "<i2"),
        "value": table("value", "<f8"),
        "word_codes": packed(base.word_codes, "<u4"),
        "word_counts": packed(base.word_counts, "<u4"),
        "gram_idf": packed(base.gram_idf * 16, "u1"),
    }
    model.cache_clear()
    MODEL_FILE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
