"""Who may send webhooks: ENGINE_WEBHOOKS, read and judged.

What belongs here: names, secrets and rates of the senders. What does not: how a signature is verified
(`web.signatures`), and what a message may say (`pipeline.signals.parsers.webhook_events`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, TypeAdapter, ValidationError, model_validator

from pipeline.models import Model
from pipeline.signals.parsers import PARSERS
from resources.errors import PermanentError
from resources.settings import Settings

VARIABLE: Final = "ENGINE_WEBHOOKS"
RESERVED: Final = frozenset({"spike"})
"""Names that mean something else where a run is told of its source."""

Scheme = Literal["standard", "github", "slack", "printify"]


class WebhookSource(Model):
    """One sender: how it signs, with what, and how much it may send."""

    scheme: Scheme
    secrets: Annotated[tuple[SecretStr, ...], Field(min_length=1, max_length=3)]
    """All of them are good: while a secret is changed, the old and the new one."""
    rate_per_minute: int = Field(default=600, ge=1, le=1_000_000)
    """Verified messages in a minute, and as many at once, for each web process."""

    @model_validator(mode="after")
    def _strong(self) -> Self:
        for index, secret in enumerate(self.secrets):
            if fault := _fault(self.scheme, secret.get_secret_value()):
                raise ValueError(f"secrets.{index}: {fault}")
        return self


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
_SOURCES = TypeAdapter(dict[Name, WebhookSource])


def webhook_sources(settings: Settings) -> Mapping[str, WebhookSource]:
    """The senders by name; none where the variable is unset.

    Raises:
        PermanentError: the variable can't be read, or a name is taken. It names the field and shows no secret.
    """
    if settings.webhooks is None:
        return {}
    try:
        found = _SOURCES.validate_json(settings.webhooks.get_secret_value())
    except ValidationError as error:
        raise PermanentError(f"{VARIABLE}: {_faults(error)}; docs/webhooks.md shows how it is written") from None
    if clash := sorted((RESERVED | set(PARSERS)) & set(found)):
        raise PermanentError(f"{VARIABLE}: {clash[0]!r} is the name of a source of the engine: take another")
    return found


def _fault(scheme: Scheme, secret: str) -> str | None:
    if scheme != "standard":
        return None if len(secret) >= 16 else f"has {len(secret)} characters: take 16 or more, chosen at random"
    try:
        size = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        return "is not whsec_ and base64: make one with: echo whsec_$(openssl rand -base64 32)"
    return None if 24 <= size <= 64 else f"holds {size} bytes: take 24 to 64"


def _faults(error: ValidationError) -> str:
    """Every fault with its field, without what was found there: it may be a secret."""
    told = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        message = fault["msg"].removeprefix("Value error, ")
        told.append(f"{field}: {message}" if field else message)
    return "; ".join(told)
