"""The coming events, whether a listing of today still makes them, and what waits for next year: a page and JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from pipeline.ideas.seasons import Coming, coming
from pipeline.models import IdeaStatus, Model
from resources.store import Store
from resources.store.seasons import Waiting
from web.views import html

Country = Annotated[
    str | None, Query(pattern="^[A-Z]{2}$", description="ISO 3166 code of a configured country; left out: all of them")
]


class Season(Coming):
    """An event ahead, and the ideas there are for it."""

    ideas: dict[IdeaStatus, int] = Field(description="status → how many; none that wait for their return")


class Seasons(Model):
    """What comes, and what waits."""

    today: dt.date = Field(description="UTC; every runway is counted from it")
    countries: tuple[str, ...] = Field(description="that are configured")
    coming: tuple[Season, ...] = Field(description="within 90 days, the next first")
    waiting: tuple[Waiting, ...] = Field(description="archived ideas by event, the first to return first")


def router(store: Store, countries: Sequence[str]) -> APIRouter:
    """The routes of the seasons; `countries` are those that the calendar looks at."""
    routes = APIRouter()

    def seasons(country: str | None) -> Seasons:
        if country is not None and country not in countries:
            raise HTTPException(404, f"{country} is not configured: ENGINE_COUNTRIES has {', '.join(countries)}.")
        today = datetime.now(UTC).date()
        with store.transaction() as tx:
            counts, waiting = tx.seasons.counts(today), tx.seasons.waiting()
        asked = [country] if country else countries
        return Seasons(
            today=today,
            countries=tuple(countries),
            coming=tuple(_season(one, counts.get((one.name, one.date), {})) for one in coming(today, asked)),
            waiting=tuple(waiting),
        )

    @routes.get("/seasons", response_class=HTMLResponse, include_in_schema=False)
    def page(country: Country = None) -> HTMLResponse:
        """The coming events per country with runway, verdict and ideas, and what waits for next year."""
        return html("seasons.html", seasons=seasons(country), country=country)

    @routes.get("/api/seasons", tags=["seasons"])
    def api(country: Country = None) -> Seasons:
        """Coming events with the runway of each country and how many ideas there are, and what waits to return."""
        return seasons(country)

    return routes


def _season(one: Coming, ideas: Mapping[IdeaStatus, int]) -> Season:
    return Season(**dict(one), ideas=dict(ideas))
