"""Runs the evaluations and writes their report; prints what is going on and where the report lies."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.evals import report
from benchmarks.evals.base import Evaluation, Run
from benchmarks.stage import machine
from tests.recorded import data_dir

EVALUATIONS = ("youtube", "reddit", "hackernews", "communities", "calendars", "embedders")
"""Modules beside this one, in the order of the report."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for. Returns 0; 1 if nothing could be run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evals", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(EVALUATIONS)}; all by default")
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"), help="the report's folder")
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.names) - set(EVALUATIONS)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(EVALUATIONS)}")
    done, left_out = run({name: _load(name) for name in asked.names or EVALUATIONS}, data_dir())
    page = report.write(asked.out, done, left_out, machine())
    print(page.read_text(encoding="utf-8"))
    print(f"{page}, with its plots beside it", file=sys.stderr)
    return 0 if done else 1


def run(evaluations: Mapping[str, Run], data: Path) -> tuple[dict[str, Evaluation], dict[str, str]]:
    """What was answered, and which could not be asked, with the reason: datasets may be missing."""
    done: dict[str, Evaluation] = {}
    left_out: dict[str, str] = {}
    for name, evaluate in evaluations.items():
        started = time.perf_counter()
        print(f"{name} …", end="", file=sys.stderr, flush=True)
        try:
            done[name] = evaluate(data)
        except FileNotFoundError as error:
            left_out[name] = f"its data is not here: {error}"
        print(f" {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return done, left_out


def _load(name: str) -> Run:
    found: Run = import_module(f"benchmarks.evals.{name}").run
    return found


if __name__ == "__main__":
    sys.exit(main())
