"""What copies another design, and what is only akin to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from pipeline.designs.copies import Neighbour, copied
from pipeline.models import Factors, Idea, Mood


def an_idea(phrase: str = "Best Mom Ever") -> Idea:
    half = Factors(freshness=0.5, engagement=0.5, novelty=0.5, community_fit=0.5, seasonality=0.5)
    return Idea(
        signal_id=uuid4(),
        hour=datetime(2026, 11, 20, 14, tzinfo=UTC),
        phrase=phrase,
        lines=(phrase,),
        title=phrase,
        description="",
        niche="mom",
        format="text",
        motifs=("heart",),
        mood=Mood.BOLD,
        factors=half,
        score=0.5,
        weights_version=1,
        reason="",
        evidence={},
        embedding_model="test",
    )


def another(**changes: Any) -> Neighbour:
    values = {"idea_id": uuid4(), "phrase": "Best Mum Ever", "niche": "mom", "on_offer": True, "cosine": 0.95}
    return Neighbour.model_validate({**values, "bits": 120, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({}, "says the same for the same niche", id="the same words for the same niche"),
        pytest.param({"bits": None}, "says the same for the same niche", id="before anything is drawn"),
        pytest.param(
            {"phrase": "BEST  mom, ever!", "cosine": None}, "says the same", id="the very words, another model"
        ),
        pytest.param({"niche": "nurse", "bits": 60}, "and looks like it", id="another niche, but it looks alike"),
        pytest.param({"on_offer": False, "bits": 50}, "and looks like it", id="off offer, but it looks alike"),
        pytest.param({"phrase": "Coffee First", "cosine": 0.1, "bits": 4}, "looks the same as", id="other words"),
        pytest.param(
            {"phrase": "Coffee First", "cosine": None, "bits": 0}, "looks the same as", id="words not compared"
        ),
    ],
)
def test_a_near_copy_is_named_with_what_was_measured(changes: dict[str, Any], said: str) -> None:
    other = another(**changes)
    found = copied(an_idea(), [another(phrase="Dogs", cosine=0.1, bits=99), other], near_words=0.9, near_form=60)
    assert found is not None
    assert found.of == other.idea_id
    assert said in found.reason
    assert other.phrase in found.reason
    for number in (other.bits is not None and f"{other.bits} of 256", other.cosine and f"cosine {other.cosine:.2f}"):
        assert not number or number in found.reason


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"niche": "nurse"}, id="the same words for another niche, drawn otherwise"),
        pytest.param({"niche": "nurse", "bits": None}, id="the same words for another niche, not drawn yet"),
        pytest.param({"on_offer": False}, id="last year's, off offer, drawn otherwise"),
        pytest.param({"phrase": "Best Dad Ever", "cosine": 0.85, "bits": 14}, id="the same layout with other words"),
        pytest.param({"cosine": None}, id="vectors of another model say nothing"),
    ],
)
def test_what_is_legitimate_passes(changes: dict[str, Any]) -> None:
    assert copied(an_idea(), [another(**changes)], near_words=0.9, near_form=60) is None


def test_a_series_is_no_copy() -> None:
    earlier = another(phrase="Trail Crew Since 1984", cosine=0.99, bits=20)
    assert copied(an_idea("Trail Crew Since 1985"), [earlier], near_words=0.9, near_form=60) is None
    assert copied(an_idea("Trail Crew Since 1984"), [earlier], near_words=0.9, near_form=60) is not None
    assert copied(an_idea("The Trail Crew Since 1984"), [earlier], near_words=0.9, near_form=60) is not None
