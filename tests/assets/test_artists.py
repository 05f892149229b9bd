"""An hour whose designs are drawn by a chain: who drew, at what cost, and why others did not, as the record has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.artists.composer import Composer
from tests.forms import form
from tests.pictures import encoded, png
from tests.sites import Reply, Seen, Site
from tests.worlds import World

pytestmark = pytest.mark.slow

STEPS = ("raw_signals", "scored_ideas", "designs")
USAGE = {
    "input_tokens": 60,
    "input_tokens_details": {"text_tokens": 60, "image_tokens": 1000},
    "output_tokens": 1056,
    "total_tokens": 2116,
}
COST = 60 * 5 + 1000 * 8 + 1056 * 32


@pytest.fixture
def site() -> Iterator[Site]:
    """OpenAI."""
    opened = Site()
    yield opened
    opened.close()


def painted(_: Seen) -> Reply:
    body = {"created": 1, "data": [{"b64_json": encoded(png(1024, 1024))}], "usage": USAGE}
    return Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def refused(_: Seen) -> Reply:
    body = {"error": {"message": "violence", "type": "u", "param": None, "code": "moderation_blocked"}}
    return Reply(400, json.dumps(body).encode(), {"Content-Type": "application/json"})


def ran(folder: Path, url: str, site: Site, *, designs: int = 1, budget: float = 1.0) -> World:
    world = World(
        folder,
        url,
        artists="comfyui,openai,composer",
        comfyui_url="http://127.0.0.1:1",
        openai_url=site.url,
        OPENAI_API_KEY="sk-a-secret-of-forty-characters-0000000000",
        picture_budget_usd=budget,
        designs_per_hour=designs,
    )
    assert world.run("sources").success
    assert world.run("hour", only=STEPS).success
    assert [row for row in world.select("SELECT stage, reason FROM refusals") if row[0] != "artist"] == []
    return world


def test_a_painted_design_keeps_who_painted_it_and_what_it_cost(database_url: str, tmp_path: Path, site: Site) -> None:
    site.answer = painted
    world = ran(tmp_path, database_url, site)
    ((name, cost, attempts, pictures, licences, prompt, spec),) = world.select(
        "SELECT artist, cost_micros, attempts, pictures, licences, prompt, spec FROM designs"
    )
    assert name == f"openai gpt-image-1.5 + {Composer.name}"
    assert cost == COST
    assert [(attempt["artist"], attempt["outcome"]) for attempt in attempts] == [
        ("comfyui", "unavailable"),
        ("openai", "drew"),
    ]
    assert "is it running" in attempts[0]["detail"]
    assert licences["picture gpt-image-1.5"] == "OpenAI Terms of Use"
    assert len(pictures) == 1
    sent = form(site.seen[0].headers["content-type"], site.seen[0].body)
    assert sent["prompt"].value.decode() == prompt
    assert sent["image"].value.startswith(b"\x89PNG")
    assert spec["painting"]["settings"]["quality"] == "medium"
    assert world.select("SELECT painter, pictures, cost_micros FROM picture_spending") == [("openai", 1, COST)]


def test_when_the_budget_is_spent_the_composer_draws_the_rest(database_url: str, tmp_path: Path, site: Site) -> None:
    site.answer = painted
    world = ran(tmp_path, database_url, site, designs=2, budget=0.13)
    rows = world.select("SELECT artist, attempts FROM designs d JOIN ideas i ON i.id = d.idea_id ORDER BY score DESC")
    assert [artist.split()[0] for artist, _ in rows] == ["openai", "composer"]
    _, second = rows[1]
    assert [attempt["outcome"] for attempt in second] == ["unavailable", "over_budget", "drew"]
    assert "a new day begins at" in second[1]["detail"]
    assert len(site.seen) == 1


def test_a_refusal_of_a_moderation_leaves_the_idea_without_a_design(
    database_url: str, tmp_path: Path, site: Site
) -> None:
    site.answer = refused
    world = ran(tmp_path, database_url, site)
    assert world.count("designs") == 0
    ((stage, reason, attempts),) = world.select("SELECT stage, reason, attempts FROM refusals")
    assert stage == "artist"
    assert "violence" in reason
    assert [attempt["outcome"] for attempt in attempts] == ["unavailable", "refused"]
