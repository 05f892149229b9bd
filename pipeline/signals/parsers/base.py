"""What a parser is, and the field types that parsers share."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.models import MAX_COUNTER, Payload, Signal

_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 80
_BRIEF.maxlevel = 2


class RefusedError(Exception):
    """An item, or a whole document, that can't become signals. The message is the reason kept in quarantine."""


class Parser(Protocol):
    """How the documents of one source become signals. A module with these three names is a parser."""

    @property
    def ACCOUNT_FIELDS(self) -> frozenset[str]:  # noqa: N802 - a constant of the module
        """Names of the fields that name an account: masked wherever a raw item is shown."""
        ...

    def accounts(self, item: object) -> Sequence[str]:
        """Names of the accounts that the raw item names, its author's first. Never raises; none for a strange item.

        The author is kept as a salted hash; all of them are taken out of the texts.
        """
        ...

    def items(self, text: str) -> Sequence[object]:
        """The raw items of a document. Raises RefusedError if it can't be understood as a whole."""
        ...

    def signal(self, item: object, payload: Payload) -> Signal:
        """The signal of one raw item. Raises RefusedError or ValidationError."""
        ...


def named(item: object, *paths: str) -> list[str]:
    """The texts at these dotted paths of a raw item, where there are such; for `accounts`."""
    found: list[str] = []
    for path in paths:
        value: object = item
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            found.append(value.strip())
    return found


class RawItem(BaseModel):
    """A raw item: the fields that are used, strictly typed; the others are not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def json_document(text: str) -> Any:
    """The JSON document. Raises RefusedError, saying what came instead."""
    if not text.strip():
        raise RefusedError("body: empty, where JSON was expected")
    if text.lstrip().startswith("<"):
        raise RefusedError("body: HTML or XML instead of JSON: most often an error page of the source or of a proxy")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            raise RefusedError(
                f"body: JSON that breaks off after {len(text):,} characters ({error.msg}); nothing was salvaged, "
                "because what is missing can't be known"
            ) from None
        raise RefusedError(f"body: not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise RefusedError("body: JSON nested too deeply to be a listing") from None
    except ValueError as error:
        raise RefusedError(f"body: not JSON that can be read: {error}") from None


def document_list(text: str, field: str) -> list[object]:
    """The list under the field of a JSON object. Raises RefusedError for another shape."""
    document = json_document(text)
    found = document.get(field) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise RefusedError(f"body: expected an object with a list {field!r}, got {shape(document)}")
    return found


def shape(document: object) -> str:
    """The shape of a document in a few words."""
    if isinstance(document, dict):
        keys = ", ".join(shown(key) for key in list(document)[:6])
        return f"an object with {keys}" if keys else "an empty object"
    if isinstance(document, list):
        return f"a list of {len(document)}"
    return shown(document)


def shown(value: object) -> str:
    """A value in a reason: short, on one line, storable."""
    return _BRIEF.repr(value)


def unix_time(seconds: float) -> datetime:
    """Seconds since 1970 as a moment."""
    return datetime.fromtimestamp(seconds, UTC)


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 30 else value


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("should be a time as text, such as 2026-11-23T05:00:00Z")  # noqa: TRY004 - what pydantic reads
    return value


Count = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNTER)]
"""An engagement counter: never negative, never absurd, never a boolean or a fraction."""

DigitCount = Annotated[Count, BeforeValidator(_number)]
"""A counter as some APIs write unsigned 64-bit numbers: digits in a string."""

UnixSeconds = Annotated[float, Field(strict=True, ge=0, lt=253_402_300_800, allow_inf_nan=False)]
"""A time in seconds since 1970, before the year 10000."""

WrittenTime = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time as text with its offset: pydantic alone would read a number as seconds since 1970."""
