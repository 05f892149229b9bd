"""Ideas, recipes and listings for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

import pytest

from pipeline.listings.artwork import ARTWORK
from pipeline.listings.copywriter import write
from pipeline.listings.marketplaces import marketplaces
from pipeline.models import NAMESPACE, Factors, GarmentColor, Idea, Listing, Mood, Recipe, Verdict, identity

BLACK = GarmentColor(name="Black", hex="#000000")
SCREENED = Verdict(check=ARTWORK, result="passed", detail="screened", source="a list")
NAVY = GarmentColor(name="Navy", hex="#14213D")


def an_idea(**changes: Any) -> Idea:
    """A camping idea, changed as told."""
    values: dict[str, Any] = {
        "signal_id": uuid5(NAMESPACE, "signal"),
        "hour": datetime(2026, 11, 23, 5, tzinfo=UTC),
        "phrase": "Born To Camp Forced To Work",
        "lines": ("Born To Camp", "Forced To Work"),
        "title": "Camping over work",
        "description": "A camper's Monday.",
        "niche": "camping",
        "format": "slogan",
        "motifs": ("campground", "fire"),
        "mood": Mood.OUTDOORSY,
        "factors": Factors(freshness=0.5, engagement=0.6, novelty=0.7, community_fit=0.8, seasonality=0.1),
        "score": 0.55,
        "weights_version": 1,
        "reason": "seen twice as often as in the week before",
        "evidence": {"likes_per_minute": 3.2},
        "embedding_model": "test",
    }
    return Idea(**{**values, **changes})


def a_recipe(idea: Idea, **changes: Any) -> Recipe:
    """A composer's recipe for the idea, which drew its first motif."""
    values: dict[str, Any] = {
        "artist": "composer 1",
        "seed": 7,
        "layout": "stack",
        "palette": "dusk",
        "typefaces": ("Bungee",),
        "prompt": idea.phrase,
        "spec": {"icon": idea.motifs[0]},
        "licences": {"Bungee": "OFL-1.1", idea.motifs[0]: "CC-BY-4.0"},
    }
    return Recipe(**{**values, **changes})


def a_listing(market: str = "etsy", idea: Idea | None = None, **recipe: Any) -> Listing:
    """The listing that is written for the idea."""
    idea = idea or an_idea()
    made = a_recipe(idea, **recipe)
    design = identity("design", idea.id)
    return write(
        idea,
        made,
        (BLACK, NAVY),
        marketplaces()[market],
        design_id=design,
        mockup_id=identity("mockup", design),
        artwork=SCREENED,
    )[0]


@pytest.fixture
def idea_of() -> Callable[..., Idea]:
    return an_idea


@pytest.fixture
def recipe_of() -> Callable[..., Recipe]:
    return a_recipe


@pytest.fixture
def listing_of() -> Callable[..., Listing]:
    return a_listing
