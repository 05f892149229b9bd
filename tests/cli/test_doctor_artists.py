"""What `engine doctor` says of the artists: who is asked, who could draw, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.doctor import Finding, _artists
from resources.artists.budget import Budget
from resources.settings import Settings
from resources.store import Store
from tests.resources.artists.test_budget import painting
from tests.sites import Reply, Site


@pytest.fixture
def site() -> Iterator[Site]:
    opened = Site()
    yield opened
    opened.close()


def told(folder: Path, **chosen: object) -> dict[str, Finding]:
    settings = Settings.model_validate({"data_dir": folder, "OPENAI_API_KEY": None, "DATABASE_URL": None, **chosen})
    return {finding.what: finding for finding in _artists(settings)}


def test_by_default_the_composer_draws_and_painters_are_off(tmp_path: Path) -> None:
    findings = told(tmp_path)
    assert findings["artists"].detail == "asked in order: composer"
    assert {what: finding.level for what, finding in findings.items()} == {
        "artist sdxl": "off",
        "artist comfyui": "off",
        "artist automatic1111": "off",
        "artist openai": "off",
        "artist stability": "off",
        "artists": "ok",
    }


def test_what_a_painter_lacks_is_named(tmp_path: Path, site: Site) -> None:
    site.replies = [Reply(404, b'{"detail": "Not Found"}')]
    chosen = {"artists": "comfyui,automatic1111,openai,composer", "comfyui_url": "http://127.0.0.1:1"}
    findings = told(tmp_path, automatic1111_url=site.url, **chosen)
    assert "is it running" in findings["artist comfyui"].detail
    assert "start it with --api" in findings["artist automatic1111"].detail
    assert "OPENAI_API_KEY is not set" in findings["artist openai"].detail
    assert findings["artist openai"].level == "broken"
    assert findings["picture budget"].level == "warning"
    assert "ENGINE_PICTURE_BUDGET_USD=0" in findings["picture budget"].detail


def test_what_is_spent_today_is_told_against_the_budget(tmp_path: Path, store: Store, database_url: str) -> None:
    Budget(store, 2.0).buy("openai", 50_000, lambda: painting(41_000))
    findings = told(tmp_path, artists="openai,composer", picture_budget_usd=2, DATABASE_URL=database_url)
    assert findings["picture budget"].detail == "$2 a day (UTC) for openai, $0.041 of it spent or reserved today"


def test_an_order_that_makes_no_sense_is_broken(tmp_path: Path) -> None:
    assert told(tmp_path, artists="composer,openai")["artists"].level == "broken"
