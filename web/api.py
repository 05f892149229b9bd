"""The same as the pages, as JSON, and whether all is well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import Field

from pipeline.models import Model
from resources.cache import Cache
from resources.errors import PermanentError, TransientError
from resources.objects import Objects
from resources.sources.listening import Standing
from resources.store import Store, gallery
from web.filters import Filters, OfHour, cursor_token


class IdeaPage(Model):
    """Some ideas in order."""

    ideas: tuple[gallery.Card, ...]
    next: str | None = Field(description="the value of `after` for the page after this; null on the last")


class Problem(Model):
    """Why there is no answer."""

    detail: str


class Health(Model):
    """Whether the gallery can do its work."""

    status: Literal["ok", "unavailable"]
    database: str = Field(description="ok, or what is wrong with it")
    revision: str | None = Field(description="the migration the database stands at")
    object_store: str = Field(description="ok, or what is wrong with it")
    cache: str = Field(description="ok, off, or what is wrong with it: the record serves then, and all is well")
    newest_hour: datetime | None = Field(description="the newest hour with ideas; null when there are none")
    age_seconds: float | None = Field(description="time since that hour began")


def _health(store: Store, objects: Objects, cache: Cache) -> Health:
    database = object_store = "ok"
    pulse = None
    try:
        with store.connection() as conn:
            pulse = gallery.pulse(conn)
    except (TransientError, PermanentError) as error:
        database = str(error)
    try:
        objects.exists("generated-mockups/any")
    except (TransientError, PermanentError) as error:
        object_store = str(error)
    newest = pulse.newest_hour if pulse else None
    return Health(
        status="ok" if database == object_store == "ok" else "unavailable",
        database=database,
        revision=pulse.revision if pulse else None,
        object_store=object_store,
        cache=cache.state(),
        newest_hour=newest,
        age_seconds=(datetime.now(UTC) - newest).total_seconds() if newest else None,
    )


def router(store: Store, objects: Objects, stand: Callable[[], Sequence[Standing]], cache: Cache) -> APIRouter:
    """The routes of the JSON API; `stand` tells how the sources do."""
    routes = APIRouter()

    @routes.get("/api/ideas", tags=["ideas"])
    def ideas(filters: Annotated[Filters, Query()]) -> IdeaPage:
        """Ideas with their factors and mock-ups. A mock-up's picture is at `/images/mockup/{id}`."""
        with store.connection() as conn:
            page = gallery.page(conn, **dict(filters))
        return IdeaPage(ideas=page.cards, next=cursor_token(page.next) if page.next else None)

    @routes.get("/api/ideas/{idea_id}", tags=["ideas"], responses={404: {"model": Problem}})
    def idea(idea_id: UUID) -> gallery.IdeaWhole:
        """One idea, what led to it and what was made of it. Pictures: `/images/design/{id}`, `/images/proof/{id}`."""
        with store.connection() as conn:
            found = gallery.idea(conn, idea_id)
        if found is None:
            raise HTTPException(404, f"No idea has the id {idea_id}.")
        return found

    @routes.get("/api/refusals", tags=["ideas"])
    def refusals(asked: Annotated[OfHour, Query()]) -> gallery.RefusalPage:
        """The ideas of an hour that got no design or no mock-up, and why. A copied design: `/images/design/{id}`."""
        with store.connection() as conn:
            return gallery.refusals(conn, asked.hour)

    @routes.get("/api/sources", tags=["sources"])
    def sources() -> tuple[Standing, ...]:
        """How each source stands: on or off, when it was last heard, its items, quota, circuit and last error."""
        return tuple(stand())

    @routes.get("/health", tags=["health"], responses={503: {"model": Health}})
    def health(response: Response) -> Health:
        """200 when database and object store answer and the database is migrated, else 503 with what is wrong."""
        checks = _health(store, objects, cache)
        response.status_code = 200 if checks.status == "ok" else 503
        response.headers["Cache-Control"] = "no-store"
        return checks

    return routes
