"""The report of the evaluations: one Markdown page, its plots beside it.

What belongs here: how results are shown. Numbers are the mean over snapshots ± their standard deviation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from benchmarks.evals.base import Evaluation, Line, Plot, Table

PAGE = "report.md"
KINDS = {"ours": "**{}**", "baseline": "{}", "without": "*{}*"}


def write(folder: Path, done: Mapping[str, Evaluation], left_out: Mapping[str, str], machine: str) -> Path:
    """Write the page and its plots. Returns the page.

    Args:
        folder: Made if it isn't there; files of the same names are replaced.
        done: Name → evaluation, in the order of the page.
        left_out: Name → why it was not run.
        machine: What it was measured on.
    """
    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    for evaluation in done.values():
        for plot in evaluation.plots:
            _draw(plot, folder / f"{plot.name}.png")
    page = folder / PAGE
    page.write_text("\n".join(_page(done, left_out, machine)), encoding="utf-8")
    return page


def _page(done: Mapping[str, Evaluation], left_out: Mapping[str, str], machine: str) -> Iterator[str]:
    yield "# Does the score rank what grows?"
    yield f"\nMeasured by `make eval` on {machine}. Mean over snapshots ± standard deviation; **ours** in bold,"
    yield "*ours with something left out* in italics, baselines plain. ✓ and ✗ compare ours with the target.\n"
    for name, why in left_out.items():
        yield f"- Not run: `{name}`: {why}"
    for name, evaluation in done.items():
        yield f"\n## {evaluation.title}\n"
        yield f"{evaluation.question}\n\n- Data: {evaluation.data}\n- Split: {evaluation.split}\n- Run alone: "
        yield f"  `python -m benchmarks.evals {name}`"
        for table in evaluation.tables:
            yield from _table(table)
        for plot in evaluation.plots:
            yield f"\n![{plot.title}]({plot.name}.png)"
        if evaluation.findings:
            yield ""
            yield from (f"- {finding}" for finding in evaluation.findings)
    yield ""


def _table(table: Table) -> Iterator[str]:
    measures = list(dict.fromkeys(measure for line in table.lines for measure in line.stats))
    yield f"\n### {table.title}\n"
    if table.note:
        yield f"{table.note}\n"
    yield f"| method | {' | '.join(measures)} |"
    yield f"|---|{'---|' * len(measures)}"
    for line in table.lines:
        yield f"| {KINDS[line.kind].format(line.method)} | {' | '.join(_cell(table, line, m) for m in measures)} |"
    if table.targets:
        wanted = (f"{table.targets[m]:.2f}" if m in table.targets else "" for m in measures)
        yield f"| target | {' | '.join(wanted)} |"
    yield f"\nSnapshots ({len(table.snapshots)}): {_span(list(table.snapshots))}."


def _cell(table: Table, line: Line, measure: str) -> str:
    if (stat := line.stats.get(measure)) is None:
        return "–"
    text = f"{stat.mean:.3f} ± {stat.spread:.3f}" if len(stat.values) > 1 else f"{stat.mean:.3f}"
    if line.kind == "ours" and measure in table.targets:
        text += " ✓" if stat.mean >= table.targets[measure] else " ✗"
    return text


def _span(snapshots: list[str]) -> str:
    return ", ".join(snapshots) if len(snapshots) <= 8 else f"{snapshots[0]} … {snapshots[-1]}"


def _draw(plot: Plot, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, values in plot.lines.items():
        axes.plot(
            np.asarray(plot.x), np.asarray(values), marker="o", linewidth=2.6 if name == "ours" else 1.2, label=name
        )
    axes.set(title=plot.title, xlabel=plot.x_label, ylabel=plot.y_label)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)
    plt.close(figure)
