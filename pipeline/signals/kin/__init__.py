"""Kin: do two lines of text tell of the same thing, and which topic does a signal belong to?

What belongs here: what is measured of a pair of texts (`pairs`), the fitted model that turns it into a probability
(`model`), which pairs are worth measuring (`blocking`), what no likeness may bridge (`marks`), and how texts become
topics (`grouping`). What does not: the fitting (benchmarks.eval_duplicates), SQL, loading an embedder. What was
measured, and how far titles can carry at all, is in docs/duplicates.md.
"""

from pipeline.signals.kin.grouping import WINDOW, Membership, Sighted, settle
from pipeline.signals.kin.model import EMBEDDER, THRESHOLD
from pipeline.signals.kin.pairs import FEATURES, likeness

__all__ = ["EMBEDDER", "FEATURES", "THRESHOLD", "WINDOW", "Membership", "Sighted", "likeness", "settle"]
