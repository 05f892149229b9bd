"""The words of the house as types: what one room hands to the next.

What belongs here: value objects that more than one room speaks of, and how their identities are made.
What does not: rules (they live in the rooms beside), and anything that reads a clock, a file or a database.

Every identity is a UUIDv5 of the natural key, so the same thing seen twice has the same id and every write can be
an upsert. Every time is timezone-aware UTC.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, computed_field, field_validator

NAMESPACE = UUID("6b1c0d0e-8a55-5d2b-9a3e-2f7c4c1d9e10")
_NAMESPACE_BYTES = NAMESPACE.bytes
EMBEDDING_DIM = 768
FIRST_HOUR = datetime(2025, 1, 1, tzinfo=UTC)
"""The first hour that can be run."""

Vectors = NDArray[np.float32]
"""Shape (n, EMBEDDING_DIM), rows of unit length; a smaller model's vectors are padded with zeros."""

Json = dict[str, Any]


def identity(kind: str, *natural_key: object) -> UUID:
    """The id of the thing of this kind with this natural key; the same key always gives the same id."""
    # What uuid.uuid5 gives, which takes NAMESPACE apart anew for each of hundreds of thousands.
    name = "\x1f".join([kind, *map(str, natural_key)]).encode()
    return UUID(bytes=hashlib.sha1(_NAMESPACE_BYTES + name, usedforsecurity=False).digest()[:16], version=5)


def sha256(data: bytes) -> str:
    """Hex digest of the bytes."""
    return hashlib.sha256(data).hexdigest()


def hour_of(moment: datetime) -> datetime:
    """The UTC hour that holds the moment. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError(f"moment={moment!r} has no time zone: pass an aware datetime")
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def fold(text: str) -> str:
    """Text reduced to what makes two phrases the same: NFKC, case-folded, words only, single spaces."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


class Model(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


# ---------------------------------------------------------------------------------------------------------------------
# sources → raw_signals


class Payload(Model):
    """What a source answered, byte for byte, before anything else happened to it."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    captured_at: AwareDatetime
    body: bytes
    media_type: str = "application/json"
    url: str | None = Field(default=None, description="where it came from, without secrets")

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return sha256(self.body)


MAX_COUNTER = 10**12


class Counters(Model):
    """A source's engagement counters at one moment. None means that the source does not give the counter."""

    likes: Annotated[int, Field(ge=0, le=MAX_COUNTER)] | None = None
    comments: Annotated[int, Field(ge=0, le=MAX_COUNTER)] | None = None
    views: Annotated[int, Field(ge=0, le=MAX_COUNTER)] | None = None
    dislikes: Annotated[int, Field(ge=0, le=MAX_COUNTER)] | None = None
    """Votes against; likes are less them."""


class Signal(Model):
    """One thing seen at a source, at one moment."""

    source: str
    external_id: str | None = Field(default=None, max_length=300, description="the source's own id of the item")
    content: str = Field(min_length=2, max_length=500, description="one line of clean text")
    url: str | None = Field(default=None, max_length=2000)
    category: str | None = Field(default=None, max_length=100, description="the source's own grouping: a subreddit, …")
    published_at: AwareDatetime | None = None
    captured_at: AwareDatetime
    author: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{32}$", description="salted hash of the account, for counting distinct authors"
    )
    counters: Counters = Counters()
    metadata: Json = Field(default_factory=dict)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def content_hash(self) -> str:
        """Identity of the item: its source's id where there is one, else its folded text."""
        return sha256("\x1f".join([self.source, self.external_id or fold(self.content)]).encode())

    @property
    def id(self) -> UUID:
        """The id of the row in `signals`."""
        return identity("signal", self.content_hash)

    @property
    def text_hash(self) -> str:
        """Identity of the words alone, whatever the source: SHA-256 of the folded content."""
        return sha256(fold(self.content).encode())

    @field_validator("published_at")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        return value.astimezone(UTC) if value else None


class Rejected(Model):
    """A raw item that can't become a signal: kept with the reason, in quarantine."""

    source: str
    index: int = Field(ge=0, description="position of the item in its payload; 0 when the whole payload is refused")
    reason: str
    excerpt: str = Field(max_length=2000, description="the item as it came, cut")


# ---------------------------------------------------------------------------------------------------------------------
# scored_ideas


class Factors(Model):
    """The five factors of the score, each on the common range 0 … 1."""

    freshness: float = Field(ge=0, le=1)
    engagement: float = Field(ge=0, le=1)
    novelty: float = Field(ge=0, le=1)
    community_fit: float = Field(ge=0, le=1)
    seasonality: float = Field(ge=0, le=1)


class Weights(Model):
    """A version of the five weights. They are not negative and sum to one."""

    version: int = Field(ge=1)
    freshness: float = Field(ge=0, le=1)
    engagement: float = Field(ge=0, le=1)
    novelty: float = Field(ge=0, le=1)
    community_fit: float = Field(ge=0, le=1)
    seasonality: float = Field(ge=0, le=1)


class Share(Model):
    """What one factor brings to a score."""

    factor: str
    value: float = Field(ge=0, le=1)
    weight: float = Field(ge=0, le=1)
    points: float = Field(ge=0, le=1, description="weight × value: the points of all factors add up to the score")
    low: float = Field(ge=0, le=1, description="lower end of the interval of the value")
    high: float = Field(ge=0, le=1)
    inputs: Json = Field(description="what the value was computed from")
    told: str = Field(description="the same in a sentence")


class Change(Model):
    """Something that would change a score, and to what."""

    told: str = Field(description="what would have to be otherwise, in a sentence")
    score: float = Field(ge=0, le=1)


class Card(Model):
    """Why an idea has its score, how sure that is, and what would change it."""

    low: float = Field(ge=0, le=1, description="lower end of the interval of the score")
    high: float = Field(ge=0, le=1)
    level: float = Field(gt=0, lt=1, description="the probability that the interval is meant to cover")
    shares: tuple[Share, ...] = Field(min_length=5, max_length=5, description="by points, the most first")
    unsure: tuple[str, ...] = Field(description="what makes the interval wide, the chief cause first")
    changes: tuple[Change, ...] = Field(description="what would change the score most, the largest change first")


class Mood(StrEnum):
    """The air of an idea: steers typeface, palette and ornament."""

    BOLD = "bold"
    PLAYFUL = "playful"
    COZY = "cozy"
    RETRO = "retro"
    ELEGANT = "elegant"
    OUTDOORSY = "outdoorsy"
    FESTIVE = "festive"
    SPOOKY = "spooky"
    MINIMAL = "minimal"
    SPORTY = "sporty"
    NERDY = "nerdy"
    HEARTFELT = "heartfelt"


class IdeaStatus(StrEnum):
    """Where an idea stands."""

    QUEUED = "queued"
    MOCKED = "mocked"
    LIVE = "live"
    ARCHIVED = "archived"
    REJECTED = "rejected"


class Idea(Model):
    """What a design could say or show, derived from one or more signals, for a niche, in a format."""

    signal_id: UUID
    hour: AwareDatetime
    phrase: str = Field(min_length=2, max_length=80, description="the words on the design")
    lines: tuple[str, ...] = Field(min_length=1, description="the phrase broken by meaning; names are never split")
    emphasis: tuple[str, ...] = Field(default=(), description="words of the phrase that carry it")
    title: str = Field(min_length=2, max_length=120, description="how a person would call the idea")
    description: str
    niche: str
    format: str
    motifs: tuple[str, ...] = Field(min_length=1, description="pictograms (Font Awesome solid names), best first")
    mood: Mood
    occasion: str | None = Field(default=None, description="the dated event it is made for")
    event_date: date | None = None
    factors: Factors
    score: float = Field(ge=0, le=1)
    weights_version: int
    reason: str = Field(description="one plain sentence that explains the score with its inputs")
    evidence: Json = Field(description="what was measured: counters, velocities, baselines, dates, neighbours")
    card: Card | None = Field(default=None, description="None: scored by a version that wrote none")
    embedding_model: str

    @property
    def key(self) -> str:
        """Natural key: the folded words, for the niche."""
        return f"{self.niche}:{fold(self.phrase)}"

    @property
    def id(self) -> UUID:
        """The id of the row in `ideas`."""
        return identity("idea", self.key)


# ---------------------------------------------------------------------------------------------------------------------
# designs → mockups


class GarmentColor(Model):
    """A colour that a product is offered in."""

    name: str
    hex: str = Field(pattern=r"^#[0-9A-F]{6}$")


class Brief(Model):
    """What an artist is asked to draw."""

    idea_id: UUID
    phrase: str
    lines: tuple[str, ...]
    emphasis: tuple[str, ...]
    niche: str
    format: str
    motifs: tuple[str, ...]
    mood: Mood
    occasion: str | None
    seed: int = Field(ge=0, lt=2**63)

    @classmethod
    def of(cls, idea: Idea) -> Brief:
        """The brief for an idea; its seed comes from the idea's id, so the same idea is drawn the same way."""
        return cls(
            idea_id=idea.id,
            phrase=idea.phrase,
            lines=idea.lines,
            emphasis=idea.emphasis,
            niche=idea.niche,
            format=idea.format,
            motifs=idea.motifs,
            mood=idea.mood,
            occasion=idea.occasion,
            seed=idea.id.int % 2**63,
        )


class PictureRequest(Model):
    """What a painter is asked for: one picture, of no words."""

    prompt: str = Field(min_length=3, max_length=4000)
    negative_prompt: str = Field(default="", max_length=4000)
    width: int = Field(ge=64, le=4096, description="pixels, a multiple of 8")
    height: int = Field(ge=64, le=4096)
    seed: int = Field(ge=0, lt=2**63)
    init_image: bytes | None = Field(default=None, repr=False, description="PNG to start from; None: from noise")
    strength: float = Field(default=0.7, gt=0, le=1, description="of an init image: 1 keeps nothing of it")


class Painting(Model):
    """A picture as a painter made it, before anything was cut out or cleaned."""

    png: bytes = Field(repr=False)
    width: int
    height: int
    model: str = Field(description="the model's name with its version, as the painter knows it")
    licence: str = Field(description="under which pictures of the model may be used: SPDX id, or the terms' name")
    seed: int | None = Field(description="None: the service neither takes nor tells one")
    settings: Json = Field(description="every other number that made the picture")
    seconds: float = Field(ge=0)
    cost_micros: int = Field(default=0, ge=0, description="millionths of a US dollar, as the price list says")


class Verdict(Model):
    """What a check found: never better than what was compared."""

    check: str
    result: Literal["passed", "failed", "not_checked"]
    detail: str
    source: str = Field(description="what was compared with, and of which date")


class Attempt(Model):
    """What one artist made of a brief: who drew it, or why not."""

    artist: str
    outcome: Literal["drew", "refused", "unavailable", "over_budget", "faulty"]
    detail: str = Field(description="the model that drew; or what was wrong, with the mend")
    seconds: float = Field(ge=0)
    cost_micros: int = Field(default=0, ge=0)


class Recipe(Model):
    """How a design was made, completely enough to make it again."""

    artist: str = Field(description="name and version")
    seed: int
    layout: str
    palette: str
    typefaces: tuple[str, ...]
    prompt: str = Field(description="the words asked for: of a composer, the phrase")
    spec: Json = Field(description="the layered spec from which the pixels are rendered")
    licences: dict[str, str] = Field(description="every typeface and pictogram used → its licence")


class Drawing(Model):
    """An artist's answer: the print file of the standard tee, and what it may be printed on."""

    recipe: Recipe
    png: bytes = Field(repr=False)
    width: int
    height: int
    dpi: int
    garments: tuple[GarmentColor, ...] = Field(min_length=1, description="colours it is readable on, best first")
    contrasts: dict[str, float] = Field(description="colour name → WCAG contrast ratio of the ink, offered or not")
    pictures: dict[str, bytes] = Field(
        default_factory=dict, repr=False, description="SHA-256 → PNG of every picture layer of the recipe's spec"
    )
    attempts: tuple[Attempt, ...] = Field(default=(), description="who was asked, in order; the last one drew")
    verdicts: tuple[Verdict, ...] = Field(default=(), description="what the screens found in words and picture")

    @property
    def digest(self) -> str:
        """SHA-256 of the PNG."""
        return sha256(self.png)


class Proof(Model):
    """What was measured in one print file, and what that forbids. Lengths are those of the printed piece."""

    area: str = Field(description="name of the print area")
    width: int
    height: int
    dpi: float = Field(description="effective: pixels per printed inch of what was drawn, before any upscaling")
    file_dpi: float = Field(default=300.0, description="pixels per printed inch of the file")
    min_stroke_mm: float = Field(description="thinnest inked line: the 1st percentile of local widths")
    fringe: float = Field(ge=0, le=1, description="share of inked pixels that are half transparent and no clean edge")
    dead_margin: float = Field(ge=0, le=1, description="share of the area outside the inked box")
    ink: float = Field(ge=0, le=1, description="share of the area that is inked")
    out_of_gamut: float | None = Field(description="share of inked pixels CMYK can't print; None: no profile")
    profile: str | None = Field(default=None, description="of the press that out_of_gamut is about")
    contrasts: dict[str, float] = Field(description="garment colour → lowest WCAG ratio of ink that carries the design")
    dropped: dict[str, str] = Field(description="garment colour → why the design isn't offered on it")
    size_bytes: int
    refused: dict[str, str] = Field(default_factory=dict, description="marketplace → why it doesn't take the file")
    faults: tuple[str, ...] = Field(description="what stops the design, each with what was measured and the limit")


class Variant(StrEnum):
    """Which picture of the product a mock-up is."""

    FRONT = "front"
    BACK = "back"
    COLORWAY = "colorway"


class MockupImage(Model):
    """One composited picture."""

    product: str = "tee"
    variant: Variant
    garment: GarmentColor
    jpeg: bytes = Field(repr=False)
    width: int
    height: int
    params: Json = Field(description="every number that made the picture")


# ---------------------------------------------------------------------------------------------------------------------
# listings → metrics


class ListingStatus(StrEnum):
    """Where a listing stands. The legal steps are in pipeline.listings.states and in the database."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHING = "publishing"
    LIVE = "live"
    REJECTED = "rejected"
    FAILED = "failed"
    RETIRED = "retired"


class Listing(Model):
    """A mocked idea on one marketplace."""

    idea_id: UUID
    design_id: UUID
    mockup_id: UUID
    marketplace: str
    product: str
    title: str
    description: str
    bullets: tuple[str, ...]
    tags: tuple[str, ...]
    price_cents: int = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    verdicts: tuple[Verdict, ...]

    @property
    def id(self) -> UUID:
        """The id of the row in `listings`."""
        return identity("listing", self.idea_id, self.marketplace, self.product)

    @property
    def content_hash(self) -> str:
        """Changes with anything a buyer would see; an approval holds for one content hash."""
        seen = self.model_dump_json(exclude={"verdicts"})
        return sha256(seen.encode())


class Decision(Model):
    """A choice that leads to a product, kept so that sales can be joined to it."""

    subject: Literal["idea", "design", "listing"]
    subject_id: UUID
    kind: str = Field(description="phrase, palette, layout, price, tags, …")
    choice: Json
    because: Json = Field(description="the evidence it was chosen on")
    decided_by: str = Field(description="the rule, model or person, with its version")

    @property
    def id(self) -> UUID:
        """The id of the row in `decisions`."""
        return identity("decision", self.subject, self.subject_id, self.kind)


EventType = Literal["signal.ingested", "idea.scored", "mockup.generated", "listing.published", "feedback.received"]


class Event(Model):
    """The envelope of a state change."""

    event_type: EventType
    source: str = Field(description="the asset that wrote it")
    subject: UUID = Field(description="what changed; with event_type it makes the event's id")
    version: str = "1"
    data: Json
    correlation_id: UUID = Field(description="the idea, or the hour's batch, that it belongs to")

    @property
    def id(self) -> UUID:
        """The id of the row in `events`: one event of a type for a subject."""
        return identity("event", self.event_type, self.subject)
