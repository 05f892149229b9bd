"""What an evaluation answers: tables of methods by measures, over snapshots, with what it was measured on.

What belongs here: the shape of results, shared by the evaluations and their report. What does not: any measure
(`pipeline.scoring.ranking`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

SEED = 20_251_124
"""Of every generator that breaks ties or draws samples."""


class Stat(NamedTuple):
    """A measure over snapshots."""

    values: tuple[float, ...]
    """One for each snapshot, in their order."""

    @property
    def mean(self) -> float:
        """Over the snapshots."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Standard deviation over the snapshots; 0 for a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else 0.0


class Line(NamedTuple):
    """A method and what it reached."""

    method: str
    kind: str
    """ours, baseline, or without: ours with something left out."""
    stats: Mapping[str, Stat]


class Table(NamedTuple):
    """Methods that were measured on the same snapshots."""

    title: str
    lines: Sequence[Line]
    snapshots: Sequence[str]
    """What each value of a stat was measured on."""
    targets: Mapping[str, float] = {}
    """Measure → the least that ours should reach."""
    note: str = ""
    """What a reader must know to read it: items, censoring, how ties are broken."""


class Plot(NamedTuple):
    """A picture: one line for each method over a common axis."""

    name: str
    """Of the file, without suffix."""
    title: str
    x_label: str
    y_label: str
    x: Sequence[float] | Sequence[str]
    lines: Mapping[str, Sequence[float]]


class Evaluation(NamedTuple):
    """One question, put to real data."""

    title: str
    question: str
    data: str
    """What it was measured on: dataset, span, counts, licence."""
    split: str
    """What was fitted on which part, and what was judged on."""
    tables: Sequence[Table]
    plots: Sequence[Plot] = ()
    findings: Sequence[str] = ()
    """What the numbers say, written from the numbers."""


Run = Callable[[Path], Evaluation]
"""Takes the folder of the datasets; raises FileNotFoundError where its own is not there."""
