"""The legal steps of a listing are those of the database."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from pipeline.listings.states import STEPS, may_step
from pipeline.models import ListingStatus

MIGRATION = Path(__file__).parents[3] / "migrations" / "versions" / "0001_the_record.py"


def steps_of_the_database() -> set[tuple[str, str]]:
    spec = importlib.util.spec_from_file_location("the_record", MIGRATION)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    array = re.search(r"ANY \(ARRAY\[(.*?)\]\)", module.UP, re.DOTALL)
    assert array
    return {(a, b) for a, b in re.findall(r"'(\w+)>(\w+)'", array[1])}


def test_the_steps_are_those_of_the_trigger() -> None:
    ours = {(a.value, b.value) for a, wanted in STEPS.items() for b in wanted}
    assert ours == steps_of_the_database()
    assert len(ours) == 16


def test_may_step_agrees_for_every_pair() -> None:
    legal = steps_of_the_database()
    for a in ListingStatus:
        for b in ListingStatus:
            assert may_step(a, b) is (a == b or (a.value, b.value) in legal)
