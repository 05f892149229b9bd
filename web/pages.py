"""The pages: the grid of designs, one idea whole, and how the sources stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse

from pipeline.models import IdeaStatus
from resources.sources.listening import Standing
from resources.store import Store, gallery
from web.filters import Filters, OfHour
from web.views import html

STATUSES = {
    None: "Any (drawn)",
    IdeaStatus.QUEUED: "Queued",
    IdeaStatus.MOCKED: "Mocked",
    IdeaStatus.LIVE: "Live",
    IdeaStatus.ARCHIVED: "Archived",
    IdeaStatus.REJECTED: "Rejected",
}
SORTS = {"newest": "Newest", "score": "Best score"}


def router(store: Store, stand: Callable[[], Sequence[Standing]]) -> APIRouter:
    """The routes of the pages; `stand` tells how the sources do."""
    routes = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @routes.get("/")
    def grid(filters: Annotated[Filters, Query()]) -> HTMLResponse:
        """The designs as pictures, newest or best first."""
        with store.connection() as conn:
            page = gallery.page(conn, **dict(filters))
            facets = gallery.facets(conn)
        return html("grid.html", page=page, facets=facets, filters=filters, statuses=STATUSES, sorts=SORTS)

    @routes.get("/ideas/{idea_id}")
    def idea(idea_id: UUID, filters: Annotated[Filters, Query()]) -> HTMLResponse:
        """One idea: its pictures, score, origin and what became of it, with a way back to the grid as it was."""
        with store.connection() as conn:
            found = gallery.idea(conn, idea_id)
        if found is None:
            raise HTTPException(404, f"No idea has the id {idea_id}.")
        return html("idea.html", idea=found, filters=filters)

    @routes.get("/refusals")
    def refusals(asked: Annotated[OfHour, Query()]) -> HTMLResponse:
        """The ideas of an hour that got no design or no mock-up, and why."""
        with store.connection() as conn:
            page = gallery.refusals(conn, asked.hour)
        return html("refusals.html", page=page)

    @routes.get("/sources")
    def sources() -> HTMLResponse:
        """Every source: whether it is on, when it was last heard, and what is wrong with it."""
        return html("sources.html", sources=stand())

    return routes
