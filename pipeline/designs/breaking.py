"""Where lines break: by meaning first, then by the shape the layout wants. Words are never split."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

from pipeline.models import fold

WEAK = frozenset({
    "a", "an", "and", "as", "at", "but", "by", "de", "el", "for", "from", "i'm", "in", "is", "it",
    "it's", "la", "my", "of", "on", "or", "our", "so", "than", "that", "the", "this", "to", "via",
    "with", "y", "your", "&", "+", "vs",
})  # fmt: skip
"""Words that carry little: they may be set small, and lean on what follows."""

OPENING = frozenset({
    "and", "as", "at", "but", "by", "de", "for", "from", "in", "of", "on", "or", "so", "than", "that",
    "to", "via", "with", "y", "&", "+", "vs",
})  # fmt: skip
"""Weak words that open a phrase of their own: a break before them is a natural one."""

JOINING = frozenset({"&", "+", "and", "or", "y", "vs"})
"""Words between two of a kind: they stay with the second."""

LEANING = frozenset({
    "dr", "mr", "mrs", "ms", "prof", "st", "mt", "no", "nr", "vol", "est",
})  # fmt: skip
"""Short forms that belong to what follows, though a full stop may end them."""

NUMBER = re.compile(r"[#$€£]?\d[\d.,:/]*(?:st|nd|rd|th|s|k|%)?", re.IGNORECASE)

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


def tie(before: str, after: str) -> float:
    """What a break between two neighbouring words costs: 0.1 at a pause, more than 2 inside what is one thing."""
    bare = before.strip(",.!?…:;()'\"").casefold()
    if bare in LEANING or NUMBER.fullmatch(before):
        return 2.5
    if before[-1] in ",.!?…:;)":
        return 0.1
    if is_weak(before):
        return 1.7
    if after.casefold() in OPENING or after.startswith("("):
        return 0.5
    return 0.8 if is_weak(after) else 1.3


def best_breaks(
    lines: Sequence[str],
    most: int,
    cost: Callable[[Lines], float],
    fewest: int = 1,
    meaning: float = 1.0,
    wholes: Sequence[str] = (),
) -> Lines:
    """The breaks of least cost: what the layout says, plus what the breaks do to the meaning.

    A break that is not one of `lines` costs its `tie`; between a weak word and one of `wholes` 0.4 only, unless the
    word is one of JOINING; inside one of them 2 more. A line of all the weak words between two others leans on
    nothing. A break of `lines` that is not taken costs 0.3, a pause inside a line 0.5.

    Args:
        lines: the breaks by meaning.
        most: lines at most.
        cost: of a candidate, as the layout sees it.
        fewest: lines at least, words permitting.
        meaning: weight of the meaning against `cost`.
        wholes: names and compounds that belong on one line.
    """
    words = [word for line in lines for word in line.split()]
    meant = _boundaries(lines)
    starts, inside = _places(words, wholes)

    def price(place: int) -> float:
        within = 2.0 * (place in inside)
        if place in meant:
            return within
        before = words[place - 1]
        leads = place in starts and is_weak(before) and before.casefold() not in JOINING
        return within + (0.4 if leads else tie(before, words[place]))

    ties = {place: price(place) for place in range(1, len(words))}

    def total(candidate: Lines) -> float:
        taken = _boundaries(candidate)
        amiss = sum(ties[place] for place in taken) + 0.3 * len(meant - taken)
        place = 0
        for line in candidate[:-1]:
            place += len(line.split())
            if is_weak(line) and not is_weak(words[place]):
                amiss += min(ties[place], 0.5) - ties[place]
        pauses = sum(0.5 * line[:-1].count(", ") for line in candidate)
        return cost(candidate) + meaning * (amiss + pauses)

    return min(breaks(lines, most, fewest), key=total)


def _places(words: Sequence[str], wholes: Sequence[str]) -> tuple[frozenset[int], frozenset[int]]:
    """Numbers of words after which one of the wholes begins, and those after which a break would split one."""
    bare = [fold(word) for word in words]
    starts: set[int] = set()
    inside: set[int] = set()
    for whole in wholes:
        parts = [fold(word) for word in whole.split()]
        for start in range(len(bare) - len(parts) + 1):
            end = start + len(parts)
            if bare[start:end] == parts:
                starts.add(start)
                inside.update(range(start + 1, end))
    return frozenset(starts - inside), frozenset(inside)


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
