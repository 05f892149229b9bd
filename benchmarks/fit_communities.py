"""Fits how likeness and words become an affinity, and says where the thresholds of pairing lie.

Run: `python -m benchmarks.fit_communities`; the numbers go into `pipeline/scoring/factors.py` and
`pipeline/ideas/candidates.py` by hand. Communities are learned from the oldest 45 % of their titles and everything is
fitted on the next 15 %, so the newest 40 %, which the evaluation judges on, have no part in it.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.evals.base import SEED
from benchmarks.titles import OLDER, of_niches, owners, read, split
from pipeline.ideas.lexicon import niches
from pipeline.scoring import factors
from pipeline.scoring.communities import Voices, learned
from resources.embedders import embedder
from tests.recorded import data_dir

LEARNED = 0.45
AMOUNTS = (0, 30, 1000)
"""Titles a community is learned from: none, some, all that there are. The affinity has to hold for each."""

Pairs = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]


def pairs(model: str, amount: int) -> Pairs:
    """Cosine, words and truth of titles with a niche of theirs, and of as many with a niche that isn't."""
    titles = read(data_dir())
    whose = owners(titles)
    parts = split({name: titles[name] for name in whose}, middle=LEARNED, high=OLDER)
    embed = embedder(model).embed
    described = {niche.name: niche.described for niche in niches().values()}
    older = {name: part.older[-amount:] if amount else [] for name, part in parts.items()}
    voices = Voices(described, learned(described, of_niches(older), embed), embed)
    texts = [(title, name) for name, part in parts.items() for title in part.newer]
    own = np.array([[niche in whose[name] for niche in voices.names] for _, name in texts])
    words = [title for title, _ in texts]
    cosine, spoken = voices.likeness(embed(words)), voices.spoken(words)
    rng = np.random.default_rng(SEED)
    mine = np.where(own, rng.random(own.shape), -1).argmax(axis=1)
    other = np.where(own, -1, rng.random(own.shape)).argmax(axis=1)
    rows = np.arange(len(texts))
    column = [np.concatenate([table[rows, mine], table[rows, other]]) for table in (cosine, spoken)]
    return column[0], column[1], np.repeat([True, False], len(texts))


def main(model: str) -> int:
    """Print the coefficients, how well they tell, and the thresholds. Returns 0."""
    tables = {amount: pairs(model, amount) for amount in AMOUNTS}
    cosine, words, truth = (np.concatenate(column) for column in zip(*tables.values(), strict=True))
    fitted = LogisticRegression(C=1.0).fit(np.column_stack([cosine, words]), truth)
    print(f"AFFINITY_OFFSET, AFFINITY_PER_COSINE, AFFINITY_PER_WORDS = {fitted.intercept_[0]:.2f}, ", end="")
    print(", ".join(f"{value:.2f}" for value in fitted.coef_[0]))
    print("\ntitles  AUC cosine  AUC affinity  mean affinity of own and others  own ≥ ½  others ≥ ½")
    for amount, (cosine, words, truth) in tables.items():
        told = factors.sigmoid(fitted.decision_function(np.column_stack([cosine, words])))
        auc = roc_auc_score(truth, cosine), roc_auc_score(truth, told)
        means = told[truth].mean(), told[~truth].mean()
        print(f"{amount:6d}  {auc[0]:10.3f}  {auc[1]:12.3f}  {means[0]:12.2f} {means[1]:.2f}", end="")
        print(f"  {(told[truth] >= 0.5).mean():22.2f} {(told[~truth] >= 0.5).mean():.2f}")
        bins = np.clip((told * 5).astype(int), 0, 4)
        print("        of those told so much, are own: ", end="")
        print(", ".join(f"{b / 5:.1f}–{b / 5 + 0.2:.1f} {truth[bins == b].mean():.2f}" for b in range(5)))
        for share in (0.8, 0.9):
            least = float(np.quantile(told[truth], 1 - share))
            print(
                f"        {share:.0%} of own are at {least:.3f} or more, and {(told[~truth] >= least).mean():.0%} ",
                end="",
            )
            print("of others")
        print(f"        1 % of others are at {np.quantile(told[~truth], 0.99):.3f} or more, and ", end="")
        print(f"{(told[truth] >= np.quantile(told[~truth], 0.99)).mean():.0%} of own")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["wordllama"])))
