"""The evaluation of the calendar: on the published file, and on a small one whose answer is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.evals import calendars
from benchmarks.evals.base import Evaluation, Line


def write(folder: Path, *rows: str) -> Path:
    """A file of published holidays in a folder of datasets."""
    path = folder / calendars.FILE
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(["date,country,name", *rows]) + "\n", encoding="utf-8")
    return folder


def line(found: Evaluation, table: int, method: int) -> Line:
    return found.tables[table].lines[method]


def test_recall_counts_what_is_missed_and_the_moving_ones_apart(tmp_path: Path) -> None:
    thanksgiving = ("2024-11-28", "2025-11-27")
    data = write(
        tmp_path,
        *(f"{day},US,Thanksgiving Day" for day in thanksgiving),
        *(f"{year}-12-25,US,Christmas Day" for year in (2024, 2025)),
        *(f"{year}-08-03,US,Feast of Nobody" for year in (2024, 2025)),
        "2025-07-05,US,Independence Day (observed)",
    )
    found = calendars.run(data)
    assert line(found, 0, 0).stats["US"].values == (2 / 3,)
    assert line(found, 0, 2).stats["US"].values == (2 / 3,), "fixed dates find Christmas and nobody's feast"
    assert line(found, 1, 0).stats["US"].values == (1.0,)
    assert line(found, 1, 2).stats["US"].values == (0.0,)
    assert "US 2025-08-03 Feast of Nobody" in found.findings[0]


def test_without_its_data_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        calendars.run(tmp_path)


@pytest.mark.slow
def test_ours_beats_fixed_dates_on_the_published_holidays(shared: Path) -> None:
    found = calendars.run(shared / "data")
    for table in found.tables:
        ours, _, fixed = table.lines
        assert ours.stats["mean"].mean >= table.targets["mean"] > fixed.stats["mean"].mean
