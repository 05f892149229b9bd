"""The gallery as an ASGI application: routes, what every answer carries, and how failures are told.

`uvicorn --factory web.app:app_from_settings` serves it on the store and objects of the settings.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resources.cache import Cache
from resources.errors import PermanentError, TransientError
from resources.objects import Objects
from resources.postgres import database_urls
from resources.queues import Pool, pools
from resources.settings import Settings, settings
from resources.sources import sources
from resources.sources.listening import Standing, standings
from resources.store import Store
from resources.webhooks import webhook_sources
from web import api, metrics, pages, pictures, seasons, topics, webhooks
from web.filters import Filters
from web.intake import Intake
from web.views import HERE, html

logger = logging.getLogger(__name__)

SECURITY: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
JSON_PATHS: Final = ("/api/", "/health", "/metrics", "/openapi.json", "/webhooks/")
SHOWN: Final = 200


class SecurityHeaders:
    """Adds the headers of SECURITY to every answer that has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class HeadAsGet:
    """Answers HEAD as GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as GET, and the answer back with nothing in it."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, send_head)


def _answer(
    request: Request, status_code: int, heading: str, sentence: str, mends: list[Any] | None = None
) -> Response:
    """What went wrong, for a person or for a program."""
    if request.url.path.startswith(JSON_PATHS):
        return JSONResponse({"detail": mends or sentence}, status_code)
    return html("message.html", status_code, heading=heading, sentence=sentence, mends=mends or [])


def _not_valid(request: Request, error: Exception) -> Response:
    """422 that names field, value and mend; a path that can't name anything is simply not there."""
    if not isinstance(error, RequestValidationError):
        raise error
    problems = error.errors()
    if any(problem["loc"][0] == "path" for problem in problems) and not request.url.path.startswith(JSON_PATHS):
        if request.url.path.startswith("/images/"):
            return pictures.missing(404)
        return _answer(request, 404, "Not here", "This address names no idea: follow a link of the gallery.")
    return _answer(
        request,
        422,
        "That can't be shown",
        "The address asks for something the gallery does not know:",
        [_mend(problem) for problem in problems],
    )


def _mend(problem: Mapping[str, Any]) -> dict[str, str]:
    field = str(problem["loc"][-1])
    known = Filters.model_fields.get(field)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = f"is no filter: take it away, or use one of {', '.join(Filters.model_fields)}"
    return {
        "field": field[:SHOWN],
        "value": str(problem.get("input"))[:SHOWN],
        "problem": message,
        "meaning": (known.description or "") if known else "",
    }


def _http_error(request: Request, error: Exception) -> Response:
    """404 and its kin."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404:
        sentence = "Nothing is at this address." if error.detail == "Not Found" else error.detail
        return _answer(request, 404, "Not here", sentence)
    answer = _answer(request, error.status_code, HTTPStatus(error.status_code).phrase, error.detail)
    answer.headers.update(error.headers or {})
    return answer


def _away(request: Request, error: Exception) -> Response:
    """503: the store or the objects do not answer, or are not ready."""
    logger.error("%s: %s", request.url.path, error, exc_info=error)
    answer = _answer(request, 503, "The gallery can't read its data", f"{error}. Mend that, then load this page again.")
    answer.headers["Retry-After"] = "10"
    return answer


def _mark() -> FileResponse:
    """What a browser asks for when it shows a picture alone."""
    return FileResponse(HERE / "static" / "mark.svg")


def create_app(
    store: Store,
    objects: Objects,
    intake: Intake | None = None,
    chosen: Settings | None = None,
    cache: Cache | None = None,
    told_pools: Callable[[], Sequence[Pool]] = tuple,
) -> FastAPI:
    """The gallery on this store and these objects.

    Args:
        store: the record.
        objects: where pictures lie.
        intake: of webhooks; by default nobody may send any.
        chosen: the settings by which sources are on or off; by default those of the process.
        cache: of hot topics; by default there is none, and the record serves them.
        told_pools: Dagster's pools, for the metrics; by default none.
    """
    cache = cache or Cache(None)
    config = chosen or settings()
    listened = sources(config)

    def stand() -> list[Standing]:
        with store.transaction() as tx:
            return standings(tx, listened, config, datetime.now(UTC))

    app = FastAPI(
        title="Design Idea Engine",
        summary="Ideas, designs and listings, to read; and webhooks, to tell of what is trending.",
        version="1",
        # The pages of FastAPI load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(pages.router(store, stand))
    app.include_router(api.router(store, objects, stand, cache))
    app.include_router(metrics.router(store, told_pools, config.designs_per_hour))
    app.include_router(topics.router(store, cache))
    app.include_router(seasons.router(store, config.country_codes))
    app.include_router(pictures.router(store, objects))
    app.include_router(webhooks.router(intake or Intake(store, {})))
    app.add_api_route("/favicon.ico", _mark, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.add_middleware(HeadAsGet)
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(TransientError, _away)
    app.add_exception_handler(PermanentError, _away)
    return app


def app_from_settings() -> FastAPI:
    """The gallery on the database and objects of the settings, for uvicorn; the database is let go when it stops."""
    chosen = settings()
    held = ExitStack()
    try:
        senders = webhook_sources(chosen)
        urls = held.enter_context(database_urls(chosen))
        store = held.enter_context(Store(urls.engine))
        # A connection of its own: whoever looks at the gallery does not keep webhooks waiting.
        intake = Intake(held.enter_context(Store(urls.engine, connections=1)), senders)
        cache = held.enter_context(Cache(chosen.redis_url))
        objects = Objects(chosen.object_store_url or str(chosen.data_dir / "objects"), chosen.object_store_endpoint)
    except BaseException:
        held.close()
        raise

    @asynccontextmanager
    async def until_stopped(_: FastAPI) -> AsyncIterator[None]:
        with held:
            yield

    app = create_app(store, objects, intake, chosen, cache, partial(pools, urls.dagster))
    app.router.lifespan_context = until_stopped
    return app
