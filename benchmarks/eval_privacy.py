"""How well personal data is found: `python -m benchmarks.eval_privacy`.

Recall and precision by kind on labelled texts, false hits on real titles, and the time that it takes. The data lies in
`$ENGINE_SHARED/data` (default `../shared/data`), outside the repository; see docs/privacy.md for what was measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.stage import machine
from pipeline.signals.privacy import KINDS, scrub
from pipeline.signals.privacy.plain import Plain
from pipeline.signals.privacy.scrubbing import DETECTORS, Span, find
from pipeline.signals.text import clean
from tests import recorded

LABELS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
    "STREET_ADDRESS": "address",
}
STRUCTURED = ("email", "phone", "card", "iban", "ssn", "ip")
COVERED = 0.9
"""The part of a labelled span that must be gone for it to count as found."""


class Text(NamedTuple):
    """A labelled text."""

    text: str
    labels: Sequence[Span]


class Tally(NamedTuple):
    """What was right and wrong of a kind."""

    labelled: int
    found: int
    hits: int
    false: int

    @property
    def recall(self) -> float:
        """Labelled pieces that were found, of all; 1 where there are none."""
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """Hits on a label of the kind, of all hits; 1 where there are none."""
        return 1 - self.false / self.hits if self.hits else 1.0


def main() -> None:
    """Print the three tables; end with 1 where a structured kind misses recall .95 or precision .90."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print every miss, every false hit, every hit on a title")
    show = parser.parse_args().show
    console = Console(width=110, highlight=False)
    texts = list(labelled())
    held = _labelled_tables(console, texts, show)
    titles = real_titles()
    _titles_table(console, titles, show)
    _speed_table(console, titles)
    console.print(machine())
    raise SystemExit(0 if held else 1)


def labelled() -> Iterator[tuple[str, Text]]:
    """The labelled texts, each with its half: "dev", on which the rules were made, or "test", by a hash of the text."""
    for each in json.loads((recorded.data_dir() / "pii_labelled" / "texts.json").read_text(encoding="utf-8")):
        spans = [
            Span(span["start_position"], span["end_position"], LABELS[span["entity_type"]])
            for span in each["spans"]
            if span["entity_type"] in LABELS
        ]
        half = "test" if hashlib.sha256(each["full_text"].encode()).digest()[0] % 2 else "dev"
        yield half, Text(each["full_text"], spans)


def real_titles() -> list[str]:
    """Every different title that people wrote on Reddit, YouTube and Hacker News, clean."""
    files = (
        "reddit_hobbies_2013/top_posts.parquet",
        "youtube_us_daily/popular_daily.parquet",
        "hackernews_frontpage/frontpage_snapshots.parquet",
    )
    frames = [pl.read_parquet(recorded.data_dir() / file, columns=["title"]) for file in files]
    return [clean(title) for frame in frames for title in frame["title"].drop_nulls().unique(maintain_order=True)]


def judge(texts: Sequence[Text], misses: list[str] | None = None) -> dict[str, Tally]:
    """Counts by kind; what went wrong is added to `misses`."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text, labels in texts:
        spans = find(text)
        gone = {place for span in spans for place in range(span.start, span.end)}
        for label in labels:
            covered = sum(place in gone for place in range(label.start, label.end)) / (label.end - label.start)
            counts[label.kind].update(labelled=1, found=covered >= COVERED)
            if covered < COVERED and misses is not None:
                misses.append(f"missed {label.kind}: {_shown(text, label)}")
        for span in spans:
            right = any(label.kind == span.kind and _overlap(label, span) for label in labels)
            counts[span.kind].update(hits=1, false=not right)
            if not right and misses is not None:
                misses.append(f"false {span.kind}: {_shown(text, span)}")
    fields = Tally._fields
    return {kind: Tally(*(counts[kind][field] for field in fields)) for kind in KINDS}


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _shown(text: str, span: Span) -> str:
    start, end, _ = span
    return repr(f"{text[max(0, start - 30) : start]}⟦{text[start:end]}⟧{text[end : end + 20]}")


def _labelled_tables(console: Console, texts: Sequence[tuple[str, Text]], show: bool) -> bool:
    table = Table(title=f"Labelled texts: {len(texts)}")
    for column in ("kind", "half", "labelled", "found", "recall", "hits", "false", "precision"):
        table.add_column(column, justify="left" if column in ("kind", "half") else "right")
    wrong: list[str] = []
    tallies = {half: judge([text for each, text in texts if each == half], wrong) for half in ("dev", "test")}
    tallies["both"] = judge([text for _, text in texts])
    held = True
    for kind in KINDS:
        for half, by_kind in tallies.items():
            tally = by_kind[kind]
            rates = f"{tally.recall:.3f}", f"{tally.precision:.3f}"
            counts = [str(value) for value in tally]
            table.add_row(kind, half, *counts[:2], rates[0], *counts[2:], rates[1])
            held = held and (kind not in STRUCTURED or (tally.recall >= 0.95 and tally.precision >= 0.90))
    console.print(table)
    if show:
        console.print(*wrong, sep="\n", markup=False, soft_wrap=True)
    return held


def _titles_table(console: Console, titles: Sequence[str], show: bool) -> None:
    table = Table(title=f"Real titles: {len(titles):,}")
    for column in ("kind", "titles changed", "per 10,000"):
        table.add_column(column, justify="right")
    changed: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for title in titles:
        scrubbed = scrub(title)
        for kind in scrubbed.found:
            changed[kind].append((title, scrubbed.text))
    for kind in KINDS:
        table.add_row(kind, str(len(changed[kind])), f"{len(changed[kind]) / len(titles) * 10_000:.2f}")
    console.print(table)
    if show:
        for kind, pairs in changed.items():
            for before, after in pairs:
                console.print(f"{kind}: {before!r} → {after!r}", markup=False, soft_wrap=True)


def _speed_table(console: Console, titles: Sequence[str], count: int = 100_000) -> None:
    sample = titles[:count]
    start = time.process_time()
    for title in sample:
        scrub(title)
    gated = time.process_time() - start
    start = time.process_time()
    for title in sample:
        plain = Plain.of(title).text
        for detector in DETECTORS:
            list(detector.find(plain))
    always = time.process_time() - start
    console.print(
        f"{len(sample):,} titles: {gated:.2f} s of CPU; every detector on every title: {always:.2f} s "
        f"({always / gated:.1f} times as long)"
    )


if __name__ == "__main__":
    main()
