"""What the gallery reads: a page of ideas with their pictures, one idea whole, what was refused, where pictures lie.

What belongs here: SELECTs for pages and their row models. What does not: writes, HTML, URLs of the site.
Every function takes an open psycopg connection and sends a fixed number of statements, however many rows it answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.sql import SQL, Composed
from pydantic import Field, computed_field

from pipeline.models import (
    Attempt,
    Factors,
    GarmentColor,
    IdeaStatus,
    Json,
    ListingStatus,
    Model,
    Proof,
    Variant,
    Verdict,
)
from pipeline.models import Card as ScoreCard
from pipeline.scoring.card import is_unsure
from resources.store.designs import DesignFile
from resources.store.refusals import Stage

AnyConnection = Connection[Any]
PictureKind = Literal["mockup", "design", "proof"]
Sort = Literal["newest", "score"]


class Cursor(Model):
    """The place of a card in either order: the page after it starts behind it."""

    hour: datetime
    score: float
    id: UUID


class Picture(Model):
    """A mock-up, without its bytes."""

    id: UUID
    variant: Variant
    color: str
    width: int
    height: int
    version: str = Field(description="changes when the picture does")


class Card(Model):
    """An idea as the grid shows it."""

    id: UUID
    title: str
    phrase: str
    niche: str
    format: str
    status: IdeaStatus
    returns_on: date | None = Field(description="archived till this day, when its season comes again; null: it is not")
    hour: datetime
    source: str = Field(description="source of the signal it came from")
    score: float
    score_low: float | None = Field(description="lower end of the score's interval; null: scored before there were any")
    score_high: float | None
    factors: Factors
    reason: str
    confidence: float | None = Field(description="how far its source could be trusted then, 0 to 1; null: not told")
    card: ScoreCard | None = Field(description="why it has its score; null: scored before cards were written")
    pictures: tuple[Picture, ...] = Field(description="fronts first, then colourways, then backs")

    @computed_field(description="whether its score is to be taken with care; null: not known")  # type: ignore[prop-decorator]
    @property
    def unsure(self) -> bool | None:
        """Whether its interval is wide or its source late."""
        if self.score_low is None or self.score_high is None:
            return None
        return is_unsure(self.score_low, self.score_high, self.confidence)

    @property
    def cursor(self) -> Cursor:
        """Where this card stands."""
        return Cursor(hour=self.hour, score=self.score, id=self.id)


class Page(Model):
    """Some cards in order, and where the next page starts."""

    cards: tuple[Card, ...]
    next: Cursor | None


class Facets(Model):
    """What there is to filter by."""

    hours: tuple[datetime, ...] = Field(description="newest first, HOURS_OFFERED at most")
    sources: tuple[str, ...]
    niches: tuple[str, ...]


class Weights(Model):
    """The weights that a score was made with."""

    version: int
    freshness: float
    engagement: float
    novelty: float
    community_fit: float
    seasonality: float
    algorithm: str
    reason: str


class Observation(Model):
    """One sighting of a signal."""

    captured_at: datetime
    likes: int | None
    comments: int | None
    views: int | None
    dislikes: int | None
    payload_uri: str


class SignalSeen(Model):
    """The signal an idea came from, with its latest sightings."""

    id: UUID
    source: str
    content: str
    url: str | None
    category: str | None
    published_at: datetime | None
    captured_at: datetime
    observations: tuple[Observation, ...] = Field(description="newest first, OBSERVATIONS_SHOWN at most")


class Copied(Model):
    """A design that another one would be a near-copy of, without its bytes."""

    id: UUID
    idea_id: UUID
    phrase: str
    width: int
    height: int
    version: str = Field(description="changes when the picture does")


class RefusalSeen(Model):
    """Why an idea got no design, or no mock-up."""

    idea_id: UUID
    phrase: str
    niche: str
    score: float
    hour: datetime
    stage: Stage = Field(description="who refused it")
    reason: str
    verdicts: tuple[Verdict, ...]
    attempts: tuple[Attempt, ...]
    copies: Copied | None = Field(description="the design that it would copy")
    created_at: datetime


class RefusedHour(Model):
    """An hour with refusals."""

    hour: datetime
    refusals: int


class RefusalPage(Model):
    """The refusals of an hour, and the hours that have some."""

    hour: datetime | None = Field(description="null: nothing was ever refused")
    refusals: tuple[RefusalSeen, ...] = Field(description="that of the best idea first")
    hours: tuple[RefusedHour, ...] = Field(description="newest first, REFUSED_HOURS at most")


class DesignMade(Model):
    """A design's recipe and print file, without its bytes."""

    id: UUID
    artist: str
    seed: int
    layout: str
    palette: str
    typefaces: tuple[str, ...]
    prompt: str
    spec: Json
    licences: dict[str, str]
    s3_uri: str
    sha256: str
    width: int
    height: int
    dpi: int
    garments: tuple[GarmentColor, ...]
    contrasts: dict[str, float]
    attempts: tuple[Attempt, ...] = Field(description="who was asked, in order; the last one drew")
    cost_micros: int = Field(description="what all attempts cost, in millionths of a US dollar")
    gpu_seconds: float
    verdicts: tuple[Verdict, ...] = Field(description="what the screens found in words, pictures and other designs")
    proof: Proof | None = Field(description="what was measured in the print file; null: drawn before there were proofs")
    proof_uri: str | None = Field(description="the proof as one picture")
    files: dict[str, DesignFile] = Field(description="every other file by name, with its proof")
    created_at: datetime


class ListingWritten(Model):
    """A listing as it stands on its marketplace."""

    id: UUID
    marketplace: str
    product: str
    status: ListingStatus
    status_reason: str
    external_id: str | None
    listing_url: str | None
    title: str
    description: str
    bullets: tuple[str, ...]
    tags: tuple[str, ...]
    price_cents: int
    currency: str
    verdicts: tuple[Verdict, ...]
    pack_uri: str | None
    handed_over_at: datetime | None
    live_at: datetime | None
    updated_at: datetime


class DecisionMade(Model):
    """A choice that led to this product, and on what evidence."""

    subject: str
    subject_id: UUID
    kind: str
    choice: Json
    because: Json
    decided_by: str
    created_at: datetime


class EventSeen(Model):
    """A state change in the life of an idea."""

    event_id: UUID
    event_type: str
    occurred_at: datetime
    source: str
    data: Json


class IdeaWhole(Card):
    """An idea with everything that led to it and everything made of it."""

    description: str
    lines: tuple[str, ...]
    motifs: tuple[str, ...]
    mood: str
    occasion: str | None
    event_date: date | None
    evidence: Json
    embedding_model: str
    created_at: datetime
    updated_at: datetime
    weights: Weights
    signal: SignalSeen
    design: DesignMade | None
    refusal: RefusalSeen | None = Field(description="why there is no design, or no mock-up")
    listings: tuple[ListingWritten, ...]
    decisions: tuple[DecisionMade, ...]
    events: tuple[EventSeen, ...]


class Place(Model):
    """Where a picture lies in the object store."""

    uri: str
    thumb_uri: str
    version: str


class Pulse(Model):
    """How far the database is migrated, and how fresh it is."""

    revision: str | None
    newest_hour: datetime | None


HOURS_OFFERED = 72
OBSERVATIONS_SHOWN = 24
REFUSED_HOURS = 24

# A mock-up is a function of the print file, the parameters and the place it is kept.
_VERSION = SQL("left(md5(d.sha256 || m.generation_params::text || m.s3_uri), 16)")
_CARD = SQL("""
    i.id, i.title, i.phrase, i.niche, i.format, i.status, i.returns_on, i.hour, s.source, i.score, i.score_low,
    i.score_high, i.reason, i.card,
    (i.evidence #>> '{{confidence,value}}')::float8 AS confidence,
    jsonb_build_object('freshness', i.freshness, 'engagement', i.engagement, 'novelty', i.novelty,
        'community_fit', i.community_fit, 'seasonality', i.seasonality) AS factors,
    COALESCE((
        SELECT jsonb_agg(jsonb_build_object('id', m.id, 'variant', m.variant, 'color', m.color, 'width', m.width,
            'height', m.height, 'version', {version})
            ORDER BY array_position('{{front,colorway,back}}'::mockup_variant[], m.variant), m.color)
        FROM mockups m JOIN designs d ON d.id = m.design_id WHERE m.idea_id = i.id
    ), '[]') AS pictures""").format(version=_VERSION)
_REFUSAL: LiteralString = """
    SELECT r.idea_id, i.phrase, i.niche, i.score, r.hour, r.stage, r.reason, r.verdicts, r.attempts, r.created_at,
        (SELECT to_jsonb(c) FROM (
            SELECT d.id, d.idea_id, o.phrase, d.width, d.height, left(d.sha256, 16) AS version
            FROM designs d JOIN ideas o ON o.id = d.idea_id WHERE d.id = r.copies) c) AS copies
    FROM refusals r JOIN ideas i ON i.id = r.idea_id
"""
_ORDERS: dict[Sort, tuple[LiteralString, LiteralString]] = {
    "newest": ("i.hour DESC, i.score DESC, i.id DESC", "(i.hour, i.score, i.id)"),
    "score": ("i.score DESC, i.hour DESC, i.id DESC", "(i.score, i.hour, i.id)"),
}
_BEHIND: dict[Sort, LiteralString] = {
    "newest": "(%(after_hour)s, %(after_score)s, %(after_id)s)",
    "score": "(%(after_score)s, %(after_hour)s, %(after_id)s)",
}


def page(
    conn: AnyConnection,
    *,
    hour: datetime | None = None,
    source: str | None = None,
    niche: str | None = None,
    status: IdeaStatus | None = None,
    sort: Sort = "newest",
    after: Cursor | None = None,
    limit: int = 24,
) -> Page:
    """One page of ideas, best of the newest hour first, or best first. One statement.

    Without a status the page holds the ideas that have a mock-up; with one, all ideas of that status.
    """
    wanted: list[LiteralString] = [
        "i.status = %(status)s" if status else "EXISTS (SELECT FROM mockups m WHERE m.idea_id = i.id)"
    ]
    if hour:
        wanted.append("i.hour = %(hour)s")
    if source:
        wanted.append("s.source = %(source)s")
    if niche:
        wanted.append("i.niche = %(niche)s")
    order, key = _ORDERS[sort]
    if after:
        wanted.append(f"{key} < {_BEHIND[sort]}")
    statement: Composed = SQL(
        "SELECT {card} FROM ideas i JOIN signals s ON s.id = i.signal_id WHERE {wanted}"
        " ORDER BY {order} LIMIT %(limit)s + 1"
    ).format(card=_CARD, wanted=SQL(" AND ").join(map(SQL, wanted)), order=SQL(order))
    values = {
        "hour": hour,
        "source": source,
        "niche": niche,
        "status": status,
        "limit": limit,
        "after_hour": after and after.hour,
        "after_score": after and after.score,
        "after_id": after and after.id,
    }
    with conn.cursor(row_factory=class_row(Card)) as cursor:
        cards: Sequence[Card] = cursor.execute(statement, values).fetchall()
    return Page(cards=tuple(cards[:limit]), next=cards[limit - 1].cursor if len(cards) > limit else None)


def facets(conn: AnyConnection) -> Facets:
    """The hours and niches of ideas and the sources of signals. One statement, which hops along the indexes."""
    statement = """
        WITH RECURSIVE hours (value, n) AS (
            (SELECT hour, 1 FROM ideas ORDER BY hour DESC LIMIT 1)
            UNION ALL
            SELECT (SELECT hour FROM ideas WHERE hour < value ORDER BY hour DESC LIMIT 1), n + 1
            FROM hours WHERE value IS NOT NULL AND n < %(hours)s
        ), niches (value) AS (
            (SELECT niche FROM ideas ORDER BY niche LIMIT 1)
            UNION ALL
            SELECT (SELECT niche FROM ideas WHERE niche > value ORDER BY niche LIMIT 1)
            FROM niches WHERE value IS NOT NULL
        ), sources (value) AS (
            (SELECT source FROM signals ORDER BY source LIMIT 1)
            UNION ALL
            SELECT (SELECT source FROM signals WHERE source > value ORDER BY source LIMIT 1)
            FROM sources WHERE value IS NOT NULL
        )
        SELECT ARRAY(SELECT value FROM hours WHERE value IS NOT NULL ORDER BY value DESC) AS hours,
            ARRAY(SELECT value FROM niches WHERE value IS NOT NULL ORDER BY value) AS niches,
            ARRAY(SELECT value FROM sources WHERE value IS NOT NULL ORDER BY value) AS sources"""
    with conn.cursor(row_factory=class_row(Facets)) as cursor:
        found = cursor.execute(statement, {"hours": HOURS_OFFERED}).fetchone()
    if found is None:
        raise LookupError("facets: a SELECT of arrays always answers one row")
    return found


def idea(conn: AnyConnection, idea_id: UUID) -> IdeaWhole | None:
    """One idea with its weights, signal, design or refusal, pictures, listings, decisions, events; None: there is none.

    Five statements.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            SQL("""
            SELECT {card}, i.description, i.lines, i.motifs, i.mood, i.occasion, i.event_date, i.evidence,
                i.embedding_model, i.created_at, i.updated_at,
                (SELECT to_jsonb(w) FROM (
                    SELECT version, freshness, engagement, novelty, community_fit, seasonality, algorithm, reason
                    FROM scoring_weights WHERE version = i.weights_version) w) AS weights,
                jsonb_build_object('id', s.id, 'source', s.source, 'content', s.content, 'url', s.url,
                    'category', s.category, 'published_at', s.published_at, 'captured_at', s.captured_at,
                    'observations', COALESCE((SELECT jsonb_agg(to_jsonb(o) ORDER BY o.captured_at DESC) FROM (
                        SELECT captured_at, likes, comments, views, dislikes, payload_uri
                        FROM signal_observations
                        WHERE signal_id = s.id ORDER BY captured_at DESC LIMIT %(shown)s) o), '[]')) AS signal,
                (SELECT to_jsonb(d) FROM (
                    SELECT id, artist, seed, layout, palette, typefaces, prompt, spec, licences, s3_uri, sha256, width,
                        height, dpi, garments, contrasts, attempts, cost_micros, gpu_seconds, verdicts, proof,
                        proof_uri, files, created_at
                    FROM designs WHERE idea_id = i.id) d) AS design
            FROM ideas i JOIN signals s ON s.id = i.signal_id WHERE i.id = %(id)s
            """).format(card=_CARD),
            {"id": idea_id, "shown": OBSERVATIONS_SHOWN},
        ).fetchone()
        if row is None:
            return None
        refusal = cursor.execute(_REFUSAL + "WHERE r.idea_id = %s", [idea_id]).fetchone()
        listings = cursor.execute(
            """
            SELECT id, marketplace, product, status, status_reason, external_id, listing_url, title, description,
                bullets, tags, price_cents, currency, verdicts, pack_uri, handed_over_at, live_at, updated_at
            FROM listings WHERE idea_id = %s ORDER BY marketplace, product
            """,
            [idea_id],
        ).fetchall()
        decisions = cursor.execute(
            """
            SELECT subject, subject_id, kind, choice, because, decided_by, created_at FROM decisions
            WHERE subject_id = %(id)s OR subject_id IN (SELECT id FROM designs WHERE idea_id = %(id)s)
                OR subject_id IN (SELECT id FROM listings WHERE idea_id = %(id)s)
            ORDER BY array_position('{idea,design,listing}', subject), subject_id, kind
            """,
            {"id": idea_id},
        ).fetchall()
        events = cursor.execute(
            """
            SELECT event_id, event_type, occurred_at, source, data FROM events
            WHERE correlation_id = %s ORDER BY occurred_at, event_type
            """,
            [idea_id],
        ).fetchall()
    return IdeaWhole.model_validate(
        {**row, "refusal": refusal, "listings": listings, "decisions": decisions, "events": events}
    )


def refusals(conn: AnyConnection, hour: datetime | None = None) -> RefusalPage:
    """What was refused in the hour, or in the newest that has refusals. Two statements."""
    with conn.cursor(row_factory=class_row(RefusedHour)) as cursor:
        hours = cursor.execute(
            "SELECT hour, count(*) AS refusals FROM refusals GROUP BY hour ORDER BY hour DESC LIMIT %s", [REFUSED_HOURS]
        ).fetchall()
    wanted = hour or (hours[0].hour if hours else None)
    with conn.cursor(row_factory=class_row(RefusalSeen)) as cursor:
        found = cursor.execute(_REFUSAL + "WHERE r.hour = %s ORDER BY i.score DESC, i.id", [wanted]).fetchall()
    return RefusalPage(hour=wanted, refusals=tuple(found), hours=tuple(hours))


def place(conn: AnyConnection, kind: PictureKind, picture_id: UUID) -> Place | None:
    """Where the picture of this kind with this id lies; None if there is none. One statement."""
    statements: dict[PictureKind, SQL | Composed] = {
        "mockup": SQL("""
            SELECT m.s3_uri AS uri, m.thumb_uri, {version} AS version
            FROM mockups m JOIN designs d ON d.id = m.design_id WHERE m.id = %s""").format(version=_VERSION),
        # A design's thumbnail stands on a garment's colour: it is no smaller print file.
        "design": SQL(
            "SELECT s3_uri AS uri, s3_uri AS thumb_uri, left(sha256, 16) AS version FROM designs WHERE id = %s"
        ),
        "proof": SQL(
            "SELECT proof_uri AS uri, proof_uri AS thumb_uri, left(sha256, 16) AS version FROM designs"
            " WHERE id = %s AND proof_uri IS NOT NULL"
        ),
    }
    with conn.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(statements[kind], [picture_id]).fetchone()


def pulse(conn: AnyConnection) -> Pulse:
    """The migrated revision and the newest hour with ideas. Two statements."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        revision = cursor.execute("SELECT version_num FROM alembic_version").fetchone()
        newest = cursor.execute("SELECT max(hour) FROM ideas").fetchone()
    return Pulse(revision=revision, newest_hour=newest)
