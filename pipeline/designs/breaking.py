"""Where lines break: by meaning first, then by the shape the layout wants. Words are never split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

from pipeline.models import fold

WEAK = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "de",
        "el",
        "for",
        "from",
        "i'm",
        "in",
        "is",
        "it",
        "it's",
        "la",
        "my",
        "of",
        "on",
        "or",
        "our",
        "so",
        "than",
        "that",
        "the",
        "this",
        "to",
        "via",
        "with",
        "y",
        "your",
        "&",
        "+",
        "vs",
    ]
)
"""Words that carry little: they may be set small, and should not end a line."""

MOST_WORDS = 14
"""With more words, only the breaks by meaning and their merges are tried (the number of others grows as 2^n)."""

Lines = tuple[str, ...]


def is_weak(text: str) -> bool:
    """Whether the text has only words that carry little."""
    return all(word.strip(",.!?…").casefold() in WEAK for word in text.split())


def breaks(lines: Sequence[str], most: int, fewest: int = 1) -> list[Lines]:
    """Every way to set the words in `fewest` … `most` lines, or, if there are fewer words, one word a line."""
    words = [word for line in lines for word in line.split()]
    meant = _boundaries(lines)
    places = sorted(meant) if len(words) > MOST_WORDS else list(range(1, len(words)))
    fewest = min(fewest, len(places) + 1)
    found = []
    for count in range(fewest - 1, min(most, len(places) + 1)):
        for cuts in combinations(places, count):
            edges = (0, *cuts, len(words))
            found.append(tuple(" ".join(words[a:b]) for a, b in pairwise(edges)))
    return found


def _boundaries(lines: Sequence[str]) -> frozenset[int]:
    """Numbers of words after which the lines end, the last one excepted."""
    ends, total = set(), 0
    for line in lines:
        total += len(line.split())
        ends.add(total)
    return frozenset(ends - {total})


def best_breaks(
    lines: Sequence[str], most: int, cost: Callable[[Lines], float], fewest: int = 1, meaning: float = 1.0
) -> Lines:
    """The breaks of least cost: what the layout says, plus what the breaks do to the meaning.

    Args:
        lines: the breaks by meaning.
        most: lines at most.
        cost: of a candidate, as the layout sees it.
        fewest: lines at least, words permitting.
        meaning: weight of the meaning against `cost`.
    """
    meant = _boundaries(lines)

    def total(candidate: Lines) -> float:
        taken = _boundaries(candidate)
        amiss = 1.0 * len(taken - meant) + 0.3 * len(meant - taken)
        dangling = sum(1.1 for line in candidate[:-1] if not is_weak(line) and is_weak(line.split()[-1]))
        pauses = sum(0.5 * line[:-1].count(", ") for line in candidate)
        return cost(candidate) + meaning * (amiss + dangling + pauses)

    return min(breaks(lines, most, fewest), key=total)


def spread(values: Sequence[float]) -> float:
    """How unequal sizes are: the log of the greatest over the smallest."""
    return math.log(max(values) / min(values))


def emphatic(line: str, emphasis: Sequence[str]) -> bool:
    """Whether the line has a word of the emphasis."""
    wanted = {word for phrase in emphasis for word in fold(phrase).split()}
    return bool(wanted & set(fold(line).split()))


def hero(lines: Sequence[str], emphasis: Sequence[str]) -> int:
    """Index of the line that carries the phrase: of the emphasis, else the longest that says something."""
    marked = [i for i, line in enumerate(lines) if emphatic(line, emphasis)]
    strong = marked or [i for i, line in enumerate(lines) if not is_weak(line)] or list(range(len(lines)))
    return max(strong, key=lambda i: (len(lines[i]), i))
