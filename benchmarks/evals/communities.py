"""Does a title find its own community, by what was learned from older titles?

Titles come from real communities, split by time: the oldest 60 % of each are learned from, the newest 40 % are judged
on. A title that stands twice is on neither side. Ours is the engine's own path: `scoring.communities` and
`factors.affinity`, with the parameters as shipped (fitted on other titles: `benchmarks.fit_communities`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.evals.base import SEED, Evaluation, Line, Plot, Stat, Table
from benchmarks.titles import FOLDER, Split, Titles, of_niches, owners, read, split
from pipeline.ideas.lexicon import niches
from pipeline.scoring.communities import Voices, learned
from resources.embedders import embedder

DRAWS = 3
CLASSES = 40
TAGS_EACH = 40
"""Tags joined from the newer titles of a community."""
AMOUNTS = (5, 25, 100, 600)
"""Titles per community, along the learning curve."""
PAIR = re.compile(r"\b([A-Za-z]{4,}) ([A-Za-z]{4,})\b")

Scores = NDArray[np.float64]
Method = Callable[[Titles, Sequence[str]], Scores]
"""Older titles by community, and texts → scores of shape (texts, communities)."""

embed = embedder("wordllama").embed


class Found(NamedTuple):
    """The shares of texts whose own is first, and among the first five."""

    top_1: float
    top_5: float


def found(scores: Scores, own: NDArray[np.bool_]) -> Found:
    """How often one of a text's own is first, or among the first five; of equals the own comes last."""
    best = np.where(own, scores, -np.inf).max(axis=1, keepdims=True)
    before = (np.where(own, -np.inf, scores) >= best).sum(axis=1)
    return Found(float((before < 1).mean()), float((before < 5).mean()))


def ours(older: Titles, texts: Sequence[str]) -> Scores:
    """The engine's affinity, of titles alone: most of these communities have no description."""
    return _voices(older).affinity(texts, embed(texts))


def likeness(older: Titles, texts: Sequence[str]) -> Scores:
    """The cosine alone."""
    return _voices(older).likeness(embed(texts))


def spoken(older: Titles, texts: Sequence[str]) -> Scores:
    """The words alone."""
    return _voices(older).spoken(texts)


def _voices(older: Titles) -> Voices:
    described = dict.fromkeys(older, "")
    return Voices(described, learned(described, {name: {name: titles} for name, titles in older.items()}, embed), embed)


def tfidf_centroid(older: Titles, texts: Sequence[str]) -> Scores:
    """Cosine of TF-IDF bags with the mean bag of each community."""
    vectorizer, bags, truth = _bags(older)
    centroids = np.stack([np.asarray(bags[truth == place].mean(axis=0)).ravel() for place in range(len(older))])
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    return np.asarray(vectorizer.transform(texts) @ centroids.T)


def tfidf_regression(older: Titles, texts: Sequence[str]) -> Scores:
    """Multinomial logistic regression on TF-IDF bags."""
    vectorizer, bags, truth = _bags(older)
    fitted = LogisticRegression(C=10, max_iter=200).fit(bags, truth)
    return np.asarray(fitted.decision_function(vectorizer.transform(texts)))


def _bags(older: Titles) -> tuple[TfidfVectorizer, NDArray[np.float64], NDArray[np.intp]]:
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    bags = vectorizer.fit_transform([title for titles in older.values() for title in titles])
    return vectorizer, bags, np.repeat(np.arange(len(older)), [len(titles) for titles in older.values()])


METHODS: Mapping[str, tuple[str, Method]] = {
    "ours": ("ours", ours),
    "ours, cosine alone": ("without", likeness),
    "ours, words alone": ("without", spoken),
    "TF-IDF + logistic regression": ("baseline", tfidf_regression),
    "TF-IDF + cosine to centroid": ("baseline", tfidf_centroid),
}


def run(data: Path) -> Evaluation:
    """Judge on several draws of communities."""
    titles = read(data)
    rng = np.random.default_rng(SEED)
    draws = [sorted(rng.choice(sorted(titles), min(CLASSES, len(titles)), replace=False)) for _ in range(DRAWS)]
    parts = split(titles)
    snapshots = [f"draw {number}" for number in range(1, DRAWS + 1)]
    communities = _table_of_communities(draws, parts, snapshots)
    in_lexicon = _table_of_niches(draws, parts, snapshots)
    tags = _table_of_tags(draws, parts, snapshots)
    curve = _curve(draws[0], parts)
    return Evaluation(
        title="Communities",
        question="Does a title that was not learned from find its own community?",
        data=f"`{FOLDER}`: {sum(map(len, titles.values())):,} titles of {len(titles)} subreddits, 2006 to August 2013, "
        "PDDL 1.0",
        split="of each subreddit the oldest 60 % of the titles are learned from, the newest 40 % judged on; titles "
        "that stand twice are left out; parameters were fitted within the older part",
        tables=[communities, in_lexicon, tags],
        plots=[curve],
        findings=_findings(communities, in_lexicon, tags, curve),
    )


def _table_of_communities(draws: Sequence[Sequence[str]], parts: Mapping[str, Split], names: Sequence[str]) -> Table:
    reached: dict[str, list[Found]] = defaultdict(list)
    for draw in draws:
        older, texts, own = _asked(draw, parts)
        for name, (_, method) in METHODS.items():
            reached[name].append(found(method(older, texts), own))
        reached["chance"].append(Found(1 / len(draw), 5 / len(draw)))
    kinds = {name: kind for name, (kind, _) in METHODS.items()}
    return Table(
        f"A newer title among {len(draws[0])} communities",
        [_line(name, kinds.get(name, "baseline"), values) for name, values in reached.items()],
        names,
        note="Learned from titles alone: no description is given.",
    )


def _asked(draw: Sequence[str], parts: Mapping[str, Split]) -> tuple[Titles, list[str], NDArray[np.bool_]]:
    older = {name: parts[name].older for name in draw}
    texts = [title for name in draw for title in parts[name].newer]
    truth = np.repeat(np.arange(len(draw)), [len(parts[name].newer) for name in draw])
    return older, texts, truth[:, None] == np.arange(len(draw))


def _table_of_niches(draws: Sequence[Sequence[str]], parts: Mapping[str, Split], names: Sequence[str]) -> Table:
    whose = owners(parts)
    described = {niche.name: niche.described for niche in niches().values()}
    plain = Voices(described, {}, embed)
    taught = learned(described, of_niches({name: parts[name].older for name in whose}), embed)
    voices = Voices(described, taught, embed)
    asked: dict[str, Callable[[list[str]], Scores]] = {
        "ours": lambda texts: voices.affinity(texts, embed(texts)),
        "ours, description alone": lambda texts: plain.affinity(texts, embed(texts)),
        "cosine with the description": lambda texts: plain.likeness(embed(texts)),
    }
    kinds = {"ours": "ours", "ours, description alone": "without"}
    reached: dict[str, list[Found]] = defaultdict(list)
    told: dict[str, list[float]] = defaultdict(list)
    for draw in draws:
        texts = [(title, name) for name in draw if name in whose for title in parts[name].newer]
        own = np.array([[niche in whose[name] for niche in voices.names] for _, name in texts])
        for name, score in asked.items():
            scores = score([title for title, _ in texts])
            reached[name].append(found(scores, own))
            told[name].append(float(roc_auc_score(own.ravel(), scores.ravel())))
    lines = [_line(name, kinds.get(name, "baseline"), values) for name, values in reached.items()]
    lines = [line._replace(stats={**line.stats, "AUC": Stat(tuple(told[line.method]))}) for line in lines]
    return Table(
        f"A newer title among all {len(described)} niches, where one of them names its community",
        lines,
        names,
        note="A niche that nobody's titles were given for is there by its description, and competes. AUC: of a title "
        "and a niche of its own against one that isn't.",
    )


def _table_of_tags(draws: Sequence[Sequence[str]], parts: Mapping[str, Split], names: Sequence[str]) -> Table:
    reached: dict[str, list[Found]] = defaultdict(list)
    for draw in draws:
        voices = _voices({name: parts[name].older for name in draw})
        pairs = [(tag, place) for place, name in enumerate(draw) for tag in joined(parts[name].newer)]
        named = [(name, place) for place, name in enumerate(draw)]
        for tags, what in ((named, "the community's name"), (pairs, "two words of a title")):
            own = np.array([place for _, place in tags])[:, None] == np.arange(len(draw))
            split_up = [voices.split(tag) for tag, _ in tags]
            as_is = [tag for tag, _ in tags]
            reached[f"{what}, split"].append(found(voices.affinity(split_up, embed(split_up)), own))
            reached[f"{what}, as it is"].append(found(voices.affinity(as_is, embed(as_is)), own))
    kinds = {True: "ours", False: "without"}
    return Table(
        f"A tag among {len(draws[0])} communities",
        [_line(name, kinds[name.endswith("split")], values) for name, values in reached.items()],
        names,
        note="Tags in lower case: the names of the subreddits as they are, and two neighboring words of four letters "
        "or more, joined, from the newer titles.",
    )


def joined(titles: Sequence[str]) -> list[str]:
    """A tag from each of the first titles that have two neighboring words of four letters or more."""
    matches = (PAIR.search(title) for title in titles)
    return ["".join(match.groups()).lower() for match in matches if match][:TAGS_EACH]


def _curve(draw: Sequence[str], parts: Mapping[str, Split]) -> Plot:
    older, texts, own = _asked(draw, parts)
    names = [name for name in METHODS if "words" not in name]
    lines: dict[str, list[float]] = {name: [] for name in names}
    for amount in AMOUNTS:
        newest = {name: list(titles)[-amount:] for name, titles in older.items()}
        for name in names:
            lines[name].append(found(METHODS[name][1](newest, texts), own).top_1)
    return Plot(
        "communities-learning-curve",
        f"How many titles it takes (draw 1, {len(draw)} communities)",
        "titles per community",
        "share of titles whose own community is first",
        AMOUNTS,
        lines,
    )


def _line(name: str, kind: str, values: Sequence[Found]) -> Line:
    stats = {"top-1": Stat(tuple(one.top_1 for one in values)), "top-5": Stat(tuple(one.top_5 for one in values))}
    return Line(name, kind, stats)


def _findings(communities: Table, in_lexicon: Table, tags: Table, curve: Plot) -> list[str]:
    first, lexicon, tagged = (
        {line.method: line.stats["top-1"].mean for line in table.lines} for table in (communities, in_lexicon, tags)
    )
    best = max((name for name in first if METHODS.get(name, ("baseline",))[0] == "baseline"), key=first.__getitem__)
    gain = first["ours"] - first[best]
    said = "above" if gain > 0 else "below"
    told = [
        f"Ours is {abs(gain):.3f} {said} the best baseline ({best}) at top-1: {first['ours']:.3f} against "
        f"{first[best]:.3f}. The cosine alone reaches {first['ours, cosine alone']:.3f}, the words alone "
        f"{first['ours, words alone']:.3f}.",
        f"Titles bring a niche from {lexicon['ours, description alone']:.3f} to {lexicon['ours']:.3f} at top-1 among "
        f"all niches; the plain cosine with its description gives {lexicon['cosine with the description']:.3f}.",
    ]
    for what in ("the community's name", "two words of a title"):
        told.append(
            f"Split, a tag of {what} finds its community in {tagged[f'{what}, split']:.3f} of the cases, as it is in "
            f"{tagged[f'{what}, as it is']:.3f}."
        )
    behind = [
        f"{amount} ({name}: {curve.lines[name][at]:.3f} against {curve.lines['ours'][at]:.3f})"
        for at, amount in enumerate(AMOUNTS)
        for name in curve.lines
        if name != "ours" and curve.lines[name][at] > curve.lines["ours"][at]
    ]
    told.append(
        f"Along the learning curve ours is behind at {', '.join(behind)} titles per community."
        if behind
        else "Along the whole learning curve ours is ahead of every other line."
    )
    return told
