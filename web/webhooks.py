"""Webhook ingress: `POST /webhooks/{source}` verifies, validates, stores, and only then answers 202.

What belongs here: the order of the questions and the answer to each. What does not: signatures (`web.signatures`), the
body's schema (`pipeline.signals.parsers.webhook_events`), rates and commits (`web.intake`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field, ValidationError
from starlette.requests import ClientDisconnect

from pipeline.models import Json, Model
from pipeline.signals.parsers import webhook_events
from pipeline.signals.parsers.base import shown
from resources.errors import PermanentError, TransientError
from resources.store.inbox import Message, Receipt
from web.intake import Intake
from web.signatures import HMACS, SIGNATURE_HEADERS, SignatureError, StaleError, verify

MAX_BODY: Final = 256 * 1024
"""Bytes of a body."""
COME_BACK_SECONDS: Final = 10
"""Retry-After while the database is away."""
MAX_FAULTS: Final = 20
KEPT_HEADERS: Final = (
    *("content-type", "user-agent", "webhook-id", "webhook-timestamp", "x-github-event"),
    *(name for scheme in HMACS.values() for name in (scheme.id, scheme.timestamp) if name),
)
"""What is stored of a message's headers: no signature among them."""


class Taken(Model):
    """What became of a message."""

    status: Literal["accepted", "duplicate"]
    id: UUID = Field(description="of the message in the inbox")


class Fault(Model):
    """What is wrong with a field of the body."""

    field: str
    value: str
    problem: str


class Refused(Model):
    """Why a message was not taken."""

    detail: str


class Invalid(Model):
    """What is wrong with a body."""

    detail: tuple[Fault, ...]


ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": Taken, "description": "Taken before: the same id with the same body."},
    400: {"model": Refused, "description": "Its id or timestamp is missing, or more than 5 minutes from now."},
    401: {"model": Refused, "description": "Its signature is missing or wrong."},
    404: {"model": Refused, "description": "No source has this name."},
    409: {"model": Refused, "description": "Its id was taken before with another body."},
    413: {"model": Refused, "description": f"Its body is larger than {MAX_BODY // 1024} KiB."},
    415: {"model": Refused, "description": "Its content type is not JSON."},
    422: {"model": Invalid, "description": "Its body is not JSON, or breaks the schema."},
    429: {
        "model": Refused,
        "description": "The source sends too much.",
        "headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}},
    },
    503: {
        "model": Refused,
        "description": "It could not be stored: send it again with the same id.",
        "headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}},
    },
}


def router(intake: Intake) -> APIRouter:
    """The route of the ingress."""
    routes = APIRouter()

    @routes.post(
        "/webhooks/{source}",
        status_code=202,
        response_model=Taken,
        tags=["webhooks"],
        responses=ANSWERS,
        openapi_extra=_description(),
    )
    async def receive(
        source: Annotated[str, Path(description="a name in ENGINE_WEBHOOKS")], request: Request
    ) -> Taken | JSONResponse:
        """Tell of something that is trending. 202: it is stored, and will become signals with the next run.

        Signed by the source's scheme: Standard Webhooks, or the HMAC headers of GitHub, Slack or Printify.
        """
        message = await _verified(intake, source, request)
        if wait := intake.admit(source):
            raise HTTPException(
                429, f"more than {intake.sources[source].rate_per_minute} messages a minute", _after(math.ceil(wait))
            )
        if faults := _faults(message.body):
            return JSONResponse(Invalid(detail=tuple(faults)).model_dump(), 422)
        try:
            receipt = await intake.receive(message)
        except (TransientError, PermanentError) as error:
            raise HTTPException(503, "not stored: send it again with the same id", _after(COME_BACK_SECONDS)) from error
        match receipt:
            case Receipt.CONFLICT:
                raise HTTPException(409, f"the id {message.webhook_id!r} was taken before with another body")
            case Receipt.DUPLICATE:
                return JSONResponse(Taken(status="duplicate", id=message.id).model_dump(mode="json"), 200)
        return Taken(status="accepted", id=message.id)

    return routes


async def _verified(intake: Intake, name: str, request: Request) -> Message:
    source = intake.sources.get(name)
    if source is None:
        raise HTTPException(404, "no webhook source has this name")
    _require_json(request.headers.get("content-type", ""))
    body = await _body(request)
    try:
        webhook_id = verify(source, request.headers, body, datetime.now(UTC))
    except SignatureError as error:
        raise HTTPException(401, str(error)) from error
    except StaleError as error:
        raise HTTPException(400, str(error)) from error
    return Message(source=name, webhook_id=webhook_id, headers=_kept(request.headers), body=body)


def _require_json(content_type: str) -> None:
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    json = media == "application/json" or (media.startswith("application/") and media.endswith("+json"))
    charsets = [p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")]
    if not json or not {"utf-8", "utf8"}.issuperset(charsets):
        raise HTTPException(415, "Content-Type: send application/json, in UTF-8")


async def _body(request: Request) -> bytes:
    """The body, of which no more is kept in memory than may be sent."""
    too_large = HTTPException(413, f"the body is larger than {MAX_BODY:,} bytes: send its items in several messages")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:12]) > MAX_BODY:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise too_large
    except ClientDisconnect:
        raise HTTPException(400, "the body breaks off") from None
    return bytes(body)


def _kept(headers: Mapping[str, str]) -> Json:
    found = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    return {name: "".join(c for c in value if c.isprintable())[:300] for name, value in found.items()}


def _faults(body: bytes) -> Sequence[Fault]:
    try:
        webhook_events.message(body)
    except ValidationError as error:
        return [
            Fault(
                field=".".join(map(str, fault["loc"])) or "body",
                value=shown(fault["input"]),
                problem=fault["msg"].removeprefix("Value error, "),
            )
            for fault in error.errors(include_url=False, include_context=False)[:MAX_FAULTS]
        ]
    except ValueError as error:
        return [Fault(field="body", value=shown(body), problem=f"not JSON: {error}")]
    return []


def _after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}


def _description() -> Json:
    """What OpenAPI can't see in a handler that reads the raw body: the schema of the body, and the headers."""
    headers = (*sorted(SIGNATURE_HEADERS), "webhook-id", "webhook-timestamp", "x-github-delivery")
    return {
        "parameters": [
            {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
            for name in (*headers, "x-slack-request-timestamp")
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _inlined()}}},
    }


def _inlined() -> Json:
    """The schema of the body in one piece: what it refers to by name would be looked for elsewhere."""
    schema = webhook_events.Message.model_json_schema()
    named = schema.pop("$defs")

    def whole(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return whole(named[part["$ref"].rpartition("/")[2]])
            return {key: whole(value) for key, value in part.items()}
        return [whole(value) for value in part] if isinstance(part, list) else part

    inlined: Json = whole(schema)
    return inlined
