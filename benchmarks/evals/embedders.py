"""Which embedder to choose: speed, size and load time against quality on labelled pairs of titles.

The light default, and, where a folder of a sentence-transformers model is named in EVAL_SENTENCE_MODEL, that model with
torch and its ONNX forms; what is not named is not measured. Quality is of the test side of `benchmarks.eval_duplicates`
and nothing is fitted: all pairs, the hard ones, and pairs that say the same in other words.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import wordllama
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from benchmarks.eval_duplicates import Floats, Mask, Pairs, labelled
from benchmarks.evals.base import SEED, Evaluation, Line, Stat, Table
from pipeline.scoring.communities import Embed
from resources.embedders import embedder
from resources.embedders.calibrating import Labelled, pair_cosines
from resources.embedders.exporting import export
from resources.embedders.onnx import Precision

VARIABLE = "EVAL_SENTENCE_MODEL"
FOLDER = "near_duplicate_titles"
PAIRS = 1000
"""Of the test side so many are judged: a transformer embeds them in some seconds on two cores."""
SPEED_TEXTS = 256
PLAIN = "onnx, float32"
LOW_OVERLAP = 0.1
"""Jaccard of words below which two titles that say the same count as a paraphrase."""
SECONDS = 1.0
WEIGHTS = {".safetensors", ".onnx", ".bin", ".json", ".txt"}
ROOT = Path(__file__).resolve().parents[2]
# One processor from the start, so that every library makes as many threads.
ALONE = """
import json, os, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
texts, started = json.load(sys.stdin), time.perf_counter()
from resources.embedders import embedder
mine = embedder({setting!r})
load = time.perf_counter() - started
mine.embed(texts[:8])
latencies = []
for text in texts[:30]:
    started = time.perf_counter()
    mine.embed([text])
    latencies.append(time.perf_counter() - started)
started = time.perf_counter()
mine.embed(texts)
print(load, sorted(latencies)[15], len(texts) / (time.perf_counter() - started))
"""


class Model(NamedTuple):
    """An embedder to measure."""

    name: str
    setting: str
    files: Path


class Sample(NamedTuple):
    """Pairs that are judged."""

    one: list[str]
    other: list[str]
    same: Mask
    exact: Mask
    hard: Mask
    jaccard: Floats


def run(data: Path) -> Evaluation:
    """Measure every embedder there is."""
    if not (data / FOLDER).is_dir():
        raise FileNotFoundError(data / FOLDER)
    sample = sampled(labelled(data / FOLDER))
    source = os.environ.get(VARIABLE)
    speed: list[Line] = []
    quality = [Line(name, "baseline", judged(sample, cosines)) for name, cosines in baselines(sample).items()]
    pairs = Labelled(sample.one, sample.other, sample.same)
    with models(source) as found:
        for model in found:
            speed.append(Line(model.name, "ours", {name: Stat((v,)) for name, v in timed(model, sample).items()}))
            if model.name != PLAIN:  # its vectors are its source's
                cosines = pair_cosines(embedder(model.setting), pairs)
                quality.append(Line(model.name, "ours", judged(sample, cosines)))
    missing = [] if source else [f"Transformers: not measured here; name a model's folder in {VARIABLE}."]
    snapshots = [f"{len(sample.one):,} pairs"]
    return Evaluation(
        title="Which embedder to choose",
        question="How fast is each, and how well does its cosine tell pairs of titles that say the same?",
        data=f"{len(sample.one):,} of the labelled pairs of Reddit titles of 2013 (PDDL), drawn with seed {SEED}: "
        f"{sample.same.sum():,} link to the same page; {sample.hard.sum():,} do not and share rare words",
        split="nothing is fitted; pairs are of the test side of `benchmarks.eval_duplicates`",
        tables=[
            Table(
                "Speed", speed, snapshots,
                note=f"Titles a second, {SPEED_TEXTS} at once, on one core and on all; on one core milliseconds for "
                "one title alone, and seconds to import and load in a new process; megabytes of the model's files "
                "(torch itself has 750 more).",
            ),
            Table(
                "Quality", quality, snapshots,
                note="AUC. all: same against different; hard: the same in other words against different that share "
                f"rare words; paraphrase: the same with a Jaccard of words below {LOW_OVERLAP} against all different; "
                "paraphrase, hard: the same against the hard ones, which share words where a paraphrase shares none: "
                f"below 0.5 shared words weigh more than meaning. `{PLAIN}` gives its source's vectors.",
            ),
        ],
        findings=[*advice(quality, speed), *missing],
    )  # fmt: skip


def sampled(pairs: Pairs) -> Sample:
    """PAIRS of the test side."""
    at = np.flatnonzero(pairs.test)
    at = np.sort(np.random.default_rng(SEED).choice(at, min(PAIRS, len(at)), replace=False))
    one, other = ([side[i] for i in at] for side in (pairs.one, pairs.other))
    return Sample(one, other, pairs.same[at], pairs.exact[at], pairs.hard[at], pairs.jaccard[at])


@contextmanager
def models(source: str | None) -> Iterator[list[Model]]:
    """The embedders there are; ONNX forms lie in a temporary folder."""
    default = Model("wordllama", "wordllama", Path(wordllama.__file__).parent)
    if not source:
        yield [default]
        return
    with tempfile.TemporaryDirectory(prefix="engine-eval-") as made:
        precisions: tuple[Precision, ...] = ("float32", "int8")
        forms = [export(source, Path(made) / precision, precision).folder for precision in precisions]
        yield [
            default,
            Model("sentence-transformers", f"sentence-transformers:{source}", Path(source)),
            *(Model(f"onnx, {folder.name}", f"onnx:{folder}", folder) for folder in forms),
        ]


def timed(model: Model, sample: Sample) -> dict[str, float]:
    """Speed, by the names of the table's columns."""
    texts = [*sample.one, *sample.other][:SPEED_TEXTS]
    alone = subprocess.run(
        [sys.executable, "-c", ALONE.format(setting=model.setting)],
        input=json.dumps(texts), capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    load, latency, single = map(float, alone.stdout.split()[-3:])
    return {
        "titles/s, 1 core": single,
        "titles/s": rate(embedder(model.setting).embed, texts),
        "one title, ms": latency * 1000,
        "load, s": load,
        "MB": sum(path.stat().st_size for path in model.files.rglob("*") if path.suffix in WEIGHTS) / 1e6,
    }


def rate(embed: Embed, texts: Sequence[str]) -> float:
    """Texts a second, the best of as many rounds as SECONDS hold."""
    embed(texts[:8])
    best, started = 0.0, time.perf_counter()
    while not best or time.perf_counter() - started < SECONDS:
        begun = time.perf_counter()
        embed(texts)
        best = max(best, len(texts) / (time.perf_counter() - begun))
    return best


def judged(sample: Sample, cosines: Floats) -> dict[str, Stat]:
    """Quality, by the names of the table's columns."""
    same, different, hard = sample.same, ~sample.same, sample.hard
    other_words = same & ~sample.exact
    paraphrase = other_words & (sample.jaccard < LOW_OVERLAP)
    parts = {
        "all": (same, different),
        "hard": (other_words, hard),
        "paraphrase": (paraphrase, different),
        "paraphrase, hard": (paraphrase, hard),
    }
    found = {name: auc(cosines[good], cosines[bad]) for name, (good, bad) in parts.items()}
    return {name: Stat((value,)) for name, value in found.items()}


def auc(good: Floats, bad: Floats) -> float:
    """The chance that one of the good is above one of the bad."""
    labels = np.r_[np.ones(len(good)), np.zeros(len(bad))]
    return float(roc_auc_score(labels, np.r_[good, bad]))


def baselines(sample: Sample) -> dict[str, Floats]:
    """What needs no model."""
    tfidf = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit([*sample.one, *sample.other])
    one, other = tfidf.transform(sample.one), tfidf.transform(sample.other)
    return {
        "token Jaccard": sample.jaccard,
        "character TF-IDF": np.asarray(one.multiply(other).sum(1)).ravel(),
    }


def advice(quality: Sequence[Line], speed: Sequence[Line]) -> Iterator[str]:
    """Which to choose, from the numbers."""
    fast = {line.method: line.stats["titles/s"].mean for line in speed}
    good = {line.method: line.stats for line in quality if line.method != PLAIN}
    fast = {name: rate for name, rate in fast.items() if name in good}
    default, *others = fast
    yield (
        f"{default}: {fast[default]:,.0f} titles a second, AUC {good[default]['all'].mean:.3f} on all pairs and "
        f"{good[default]['hard'].mean:.3f} on hard ones; nothing to install."
    )
    for name in others:
        gain = good[name]["hard"].mean - good[default]["hard"].mean
        words = good[name]["paraphrase"].mean - good[default]["paraphrase"].mean
        yield (
            f"{name}: {gain:+.3f} AUC on hard pairs and {words:+.3f} on paraphrases against {default}, at "
            f"1/{fast[default] / fast[name]:.0f} of its speed ({fast[name]:,.0f} titles a second)."
        )
    if others:
        near = max(good[name]["hard"].mean for name in others) - 0.01
        pick = max((name for name in others if good[name]["hard"].mean >= near), key=lambda name: fast[name])
        yield (
            f"Where meaning matters more than speed choose {pick}: the fastest within 0.01 of the best on hard pairs. "
            f"An hour of 12,000 phrases "
            f"takes it {12_000 / fast[pick]:.0f} s here, {default} {12_000 / fast[default]:.1f} s."
        )
