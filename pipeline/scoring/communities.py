"""What communities write about, learned from their titles, and how much a text has in common with that.

What belongs here: a niche's vector and word counts, and a text's likeness and word evidence. What does not: how both
become an affinity (`factors`), which communities are whose (`ideas.lexicon`), and where titles come from. Sources of
the formulas, how the parameters were chosen, what was tried and left: docs/communities.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.models import Vectors
from pipeline.scoring import factors

Embed = Callable[[Sequence[str]], Vectors]
Floats = NDArray[np.float64]

FEW = 5
"""With fewer titles than this the description alone counts."""

DESCRIPTION_TITLES = 10.0
"""So many titles the description weighs in a vector: the pseudo-count of the shrunken mean."""

DESCRIPTION_COUNT = 5
"""In so many titles a word of the description counts as seen."""

PRIOR_WORDS = 8_000.0
"""So many words of everybody's are added to a niche's own before their shares are compared."""

LEAST_TITLES = 2
"""In so many titles, of whatever community, a word must stand to be kept: what one person once wrote is not."""

BATCH = 4096
"""Texts whose words are looked up at once; bounds memory."""

WORD = re.compile(r"[^\W_](?:[\w'’]*\w)?")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)|[\W_]+")

PLACES = frozenset(
    [
        "community", "gram", "insta", "instagram", "reels", "shorts", "tik", "tiktok", "tok", "twitter", "youtube",
    ]
)  # fmt: skip
"""Where a tag is used; it says nothing of what it is about."""

GLUE = PLACES | frozenset(
    [
        "a", "addict", "addicts", "an", "and", "are", "at", "best", "by", "club", "daily", "day", "days",
        "enthusiast", "enthusiasts", "every", "family", "for", "friends", "from", "gang", "girl", "girls", "goals",
        "good", "guy", "guys", "happy", "i", "in", "is", "it", "life", "lifestyle", "love", "lover", "lovers", "me",
        "moments", "my", "nation", "of", "on", "our", "people", "photo", "photos", "pic", "pics", "squad", "the",
        "this", "time", "tips", "to", "u", "us", "vibes", "video", "videos", "we", "week", "with", "world", "you",
        "your",
    ]
)  # fmt: skip
"""Words that tags are joined with, whatever they are about."""

STRANGE_LETTER = math.log(1e-2)
"""What a letter of an unknown word costs when a tag is split, so that known words are preferred."""

LONGEST_TAG = 60
"""Letters of a tag that are looked at."""


class Community(NamedTuple):
    """What is known of a niche from its communities' titles."""

    vector: NDArray[np.float32]
    """Shape (EMBEDDING_DIM,), unit length: shrunken mean of description and titles."""
    titles: int
    """How many it was built of; 0: of the description alone."""
    communities: tuple[str, ...]
    """Whose they were."""
    words: Mapping[str, int]
    """Word → in how many of the titles."""


def words(text: str) -> list[str]:
    """The distinct words of a text, in lower case, without the s of a plural or a genitive."""
    return list(dict.fromkeys(_stem(match) for match in WORD.findall(text.lower())))


def _stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("’s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def learned(
    described: Mapping[str, str], titles: Mapping[str, Mapping[str, Sequence[str]]], embed: Embed
) -> dict[str, Community]:
    """Each niche as its communities speak of it.

    The vector is (DESCRIPTION_TITLES · description + Σ titles) / length: with few titles it stays near the description,
    with many it is their mean. A title counts once for a niche, in whichever of its communities it stands.

    Args:
        described: Niche → its description; may be empty.
        titles: Niche → community → titles.
        embed: Texts → unit vectors, shape (n, EMBEDDING_DIM).
    """
    distinct = {name: _distinct(titles.get(name, {})) for name in described}
    everywhere = {title: words(title) for found in distinct.values() for title in found}
    common = Counter(word for spoken in everywhere.values() for word in spoken)
    about = embed(list(described.values()))
    made: dict[str, Community] = {}
    for (name, found), description in zip(distinct.items(), about, strict=True):
        if len(found) < FEW:
            made[name] = Community(description, 0, (), {})
            continue
        total = DESCRIPTION_TITLES * description + embed(list(found)).sum(axis=0)
        counts = Counter(word for title in found for word in everywhere[title] if common[word] >= LEAST_TITLES)
        whose = tuple(sorted(set(found.values())))
        made[name] = Community(_unit(total), len(found), whose, dict(sorted(counts.items())))
    return made


def _distinct(titles: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Title → community, in the order of both: the same titles give the same sums."""
    return {title: name for name in sorted(titles) for title in sorted(set(titles[name])) if title.strip()}


def _unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return (vector / length if length > 0 else vector).astype(np.float32)


class Voices:
    """The niches side by side: what a text has in common with each, against all of them.

    Args:
        described: Niche → its description, in the order of the columns of all that is measured.
        communities: Niche → what was learned; of a niche that is not among them the description alone counts.
        embed: Texts → unit vectors; of the model that the communities were learned with.
    """

    def __init__(self, described: Mapping[str, str], communities: Mapping[str, Community], embed: Embed) -> None:
        about = dict(zip(described, embed(list(described.values())), strict=True))
        known = [communities.get(name) or Community(about[name], 0, (), {}) for name in described]
        self.names = tuple(described)
        self.titles = tuple(community.titles for community in known)
        self.vectors = np.stack([community.vector for community in known])
        counts = [
            Counter(community.words) + Counter(dict.fromkeys(words(text), DESCRIPTION_COUNT))
            for community, text in zip(known, described.values(), strict=True)
        ]
        everybody: Counter[str] = Counter()
        for one in counts:
            everybody.update(one)
        total = everybody.total() + 0.5 * len(everybody)
        self._share = {word: (count + 0.5) / total for word, count in everybody.items()}
        self._place = {word: place for place, word in enumerate(everybody, 1)}
        # Row 0 is of words that nobody knows: they say nothing.
        self._weight = np.zeros((len(everybody) + 1, len(counts)), np.float32)
        for column, one in enumerate(counts):
            rows = [self._place[word] for word in one]
            more = [count / (PRIOR_WORDS * self._share[word]) for word, count in one.items()]
            self._weight[1:, column] = -math.log1p(one.total() / PRIOR_WORDS)
            self._weight[rows, column] += np.log1p(more)

    def likeness(self, vectors: Vectors) -> Floats:
        """Cosine of each text with each niche, shape (texts, niches)."""
        return np.asarray(vectors @ self.vectors.T, np.float64)

    def spoken(self, texts: Sequence[str]) -> Floats:
        """How much more often each niche says the words of each text than all niches do, shape (texts, niches).

        Σ over the text's words of log(share in the niche / share overall), where the niche's share has a prior of
        PRIOR_WORDS words shared out as overall (Monroe, Colaresi and Quinn 2008). 0: no word of it is known.
        """
        told = np.zeros((len(texts), len(self.names)))
        for start in range(0, len(texts), BATCH):
            rows = [[self._place.get(word, 0) for word in words(text)] or [0] for text in texts[start : start + BATCH]]
            ends = np.cumsum([0, *map(len, rows[:-1])])
            flat = np.fromiter((place for row in rows for place in row), np.intp)
            told[start : start + len(rows)] = np.add.reduceat(self._weight[flat], ends, axis=0)
        return told

    def affinity(self, texts: Sequence[str], vectors: Vectors) -> Floats:
        """How much each text is each niche's, 0 … 1, shape (texts, niches)."""
        return factors.affinity(self.likeness(vectors), self.spoken(texts))

    def split(self, tag: str) -> str:
        """A tag as the words it was joined of: at capitals, digits and underscores, then where known words meet.

        The likeliest row of words, each as likely as it is frequent (after Norvig, "Natural Language Corpus Data",
        2009). A single unknown word stays whole; where a tag is used (…OfTikTok) is left out unless it is all there is.
        """
        pieces = [piece for piece in HUMP.split(tag[:LONGEST_TAG]) if piece]
        found = [word for piece in pieces for word in self._parts(piece.lower())]
        return " ".join([word for word in found if word not in PLACES] or found)

    def _parts(self, letters: str) -> list[str]:
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(letters) + 1):
            best.append(max((best[start][0] + self._cost(letters[start:end]), start) for start in range(end)))
        return list(_back(letters, [start for _, start in best]))

    def _cost(self, word: str) -> float:
        """Its logarithmic likelihood; an unknown word's falls with each letter."""
        if share := self._share.get(_stem(word)):
            return math.log(share) if len(word) > 2 else math.log(share) + STRANGE_LETTER
        return math.log(1e-3) if word in GLUE else STRANGE_LETTER * (len(word) + 1)


def _back(letters: str, starts: Sequence[int]) -> Iterator[str]:
    ends = [len(letters)]
    while ends[-1]:
        ends.append(starts[ends[-1]])
    ends.reverse()
    return (letters[start:end] for start, end in pairwise(ends))
