"""What pictures cost: `prices.json`, with where each price was read, when, and how far it can be trusted.

What belongs here: looking a price up. What does not: whether it may be spent (`resources.artists.budget`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, TypeAdapter

from pipeline.models import Model
from resources.errors import PermanentError


class Tokens(Model):
    """Millionths of a US dollar for a token: of the prompt, of a picture that is sent, of the picture that is made."""

    text: int = Field(ge=0)
    image: int = Field(ge=0)
    output: int = Field(ge=0)


class Price(Model):
    """What a model's pictures cost, in millionths of a US dollar."""

    painter: str
    model: str
    pictures: dict[str, int] = Field(description="quality and size, such as `medium 1024x1024` → price of the picture")
    tokens: Tokens | None = Field(default=None, description="None: there is no other price than that of the picture")
    start_tokens: int = Field(default=0, ge=0, description="tokens of a picture to start from, at the most")
    source: str
    date: str = Field(description="when the source was of that opinion")
    trust: str


@cache
def prices() -> tuple[Price, ...]:
    """Every price that is known."""
    text = Path(__file__).with_name("prices.json").read_bytes()
    return TypeAdapter(tuple[Price, ...]).validate_json(text)


def price(painter: str, model: str, variable: str) -> Price:
    """What the model's pictures cost.

    Args:
        painter: as it is called in the table.
        model: as its painter calls it.
        variable: the environment variable that chose the model, for the error.

    Raises:
        PermanentError: no price is known, so no budget could hold it.
    """
    known = {found.model: found for found in prices() if found.painter == painter}
    if model not in known:
        raise PermanentError(f"{variable}={model!r} has no known price: use one of {', '.join(known)}")
    return known[model]
