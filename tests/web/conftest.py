"""A seeded gallery: two dozen plausible ideas with drawn pictures, in the real store and object store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from importlib import import_module
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pyvips
from fastapi.testclient import TestClient
from psycopg import sql
from psycopg.types.json import Jsonb

from pipeline.models import identity, sha256
from resources.objects import Objects
from resources.store import Store
from web.app import create_app

# anyio imports this when the first file is served. Under pytest, which rewrites what it imports, two threads that do so
# at once end in CPython 3.11's "AST constructor recursion depth mismatch".
import_module("anyio._core._fileio")

NEWEST = datetime(2026, 11, 23, 5, tzinfo=UTC)
GARMENTS = [("Black", "#17181A"), ("White", "#F7F6F2"), ("Forest", "#20432F"), ("Heather Blue", "#5C7DA3")]
INKS = ["#F2C14E", "#F78154", "#4D9078", "#B4436C", "#5FAD56", "#E8E6E1"]
IDEAS = [
    ("My Cat Is My Alarm Clock", "cats", "playful"),
    ("Powered By Sourdough", "baking", "cozy"),
    ("Trail Mix Is My Love Language", "hiking", "outdoorsy"),
    ("Just One More Chapter", "reading", "cozy"),
    ("Yarn Now Chores Later", "knitting", "playful"),
    ("Born To Fish Forced To Work", "fishing", "bold"),
    ("Plants Before Plans", "gardening", "minimal"),
    ("Nurse Fueled By Coffee", "nursing", "bold"),
    ("Sleigh All Day", "christmas", "festive"),
    ("Dink Responsibly", "pickleball", "sporty"),
    ("Retro Pixel Hero", "gaming", "retro"),
    ("Eat Sleep Telescope Repeat", "astronomy", "nerdy"),
]
SOURCES = ["reddit_posts", "wikipedia_topics", "calendar_events"]
STATUSES = ["mocked", "mocked", "live", "archived"]


def artwork(phrase: str, inks: tuple[str, str]) -> str:
    """The design as SVG, 900 × 1080, on a transparent ground."""
    lines = phrase.upper().split()
    step = 640 / max(len(lines), 3)
    words = "".join(
        f'<text x="450" y="{300 + step * i}" font-family="sans-serif" font-weight="bold" text-anchor="middle" '
        f'font-size="{min(step * 1.05, 1250 / max(len(word), 5)):.0f}" fill="{inks[i % 2]}">{escape(word)}</text>'
        for i, word in enumerate(lines)
    )
    return f'<circle cx="450" cy="120" r="70" fill="{inks[1]}"/><path d="M150 1000h600" stroke="{inks[0]}" \
stroke-width="14"/>{words}'


def png(svg: str, width: int, height: int, viewbox: str) -> pyvips.Image:
    """The SVG as an image."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="{viewbox}">'
    return pyvips.Image.svgload_buffer(f"{head}{svg}</svg>".encode())


def tee(art: str, color: str) -> bytes:
    """A shirt of the colour with the design on it, as a JPEG of 640 × 640."""
    shirt = (
        '<rect width="1000" height="1000" fill="#dfe2e6"/>'
        f'<path d="M330 120 L120 240 L180 420 L270 380 L270 900 L730 900 L730 380 L820 420 L880 240 L670 120 '
        f'Q500 240 330 120Z" fill="{color}"/><path d="M330 120 Q500 240 670 120" fill="none" stroke="#0003" '
        f'stroke-width="12"/><g transform="translate(330 280) scale(.38)">{art}</g>'
    )
    jpeg: bytes = png(shirt, 640, 640, "0 0 1000 1000").flatten().jpegsave_buffer(Q=85)
    return jpeg


@dataclass(frozen=True)
class Seeded:
    """What was written, newest hour first."""

    ids: tuple[UUID, ...]
    queued: UUID


def insert(conn: psycopg.Connection[Any], table: str, **values: Any) -> None:
    """One row."""
    row = {
        k: Jsonb(v) if isinstance(v, dict) or k in ("verdicts", "garments", "attempts") else v
        for k, v in values.items()
    }
    conn.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
        ),
        row,
    )


CARD = {
    "low": 0.52, "high": 0.81, "level": 0.8,
    "shares": [
        {"factor": name, "value": 0.6, "weight": 0.2, "points": 0.12, "low": 0.6 - spread, "high": 0.6 + spread,
         "inputs": inputs, "told": told}
        for name, spread, inputs, told in (
            ("seasonality", 0.0, {"event": {"name": "Christmas", "days": 32}}, "Christmas is 32 days away."),
            ("engagement", 0.3, {"pace_per_minute": 4.183333, "z": 3.1}, "655 interactions, 3.2× the usual pace."),
            ("freshness", 0.25, {"hours_since_peak": 1.25, "half_life_hours": 12.0}, "It went fastest an hour ago."),
            ("novelty", 0.05, {"cosine_centroid": 0.41}, "We have nothing like it yet."),
            ("community_fit", 0.1, {"topic": "cats"}, "Cats speak to cat people."),
        )
    ],
    "unsure": ["It was seen only once: how fast it goes now is known roughly."],
    "changes": [
        {"told": "If its pace fell back to what is usual, it would score 0.48.", "score": 0.48},
        {"told": "Posted in a community of the niche itself, it would score 0.71.", "score": 0.71},
    ],
}  # fmt: skip
"""A card as it is kept; its score is 0.6."""


ATTEMPTS = [
    {
        "artist": "comfyui",
        "outcome": "unavailable",
        "detail": "nobody answers: start it",
        "seconds": 0.2,
        "cost_micros": 0,
    },
    {"artist": "openai", "outcome": "drew", "detail": "gpt-image-1.5", "seconds": 31.5, "cost_micros": 42_000},
]
PROOF = {
    "area": "tee", "width": 4500, "height": 5400, "dpi": 152.3, "min_stroke_mm": 0.71, "fringe": 0.0004, "ink": 0.183,
    "dead_margin": 0.27, "out_of_gamut": 0.031, "profile": "a press", "contrasts": {"Black": 9.1}, "dropped": {},
    "size_bytes": 812_345, "refused": {}, "faults": [],
}  # fmt: skip


def write_refusal(conn: psycopg.Connection[Any], idea_id: UUID, hour: datetime, **changes: Any) -> None:
    """A refusal of the idea, by default as a near-copy of the first design there is."""
    (copied,) = conn.execute("SELECT id FROM designs ORDER BY created_at, id LIMIT 1").fetchall() or [(None,)]
    refusal = {
        "stage": "duplicate",
        "reason": "it looks the same (3 of 256 bits differ); another phrase would pass",
        "verdicts": [{"check": "copy", "result": "failed", "detail": "3 of 256 bits", "source": "form and words"}],
        "attempts": ATTEMPTS,
        "copies": copied[0],
    }
    insert(conn, "refusals", idea_id=idea_id, hour=hour, **(refusal | changes))


def write_idea(conn: psycopg.Connection[Any], number: int, **changes: Any) -> UUID:
    """A signal with two observations and an idea derived from it; `changes` override columns of either."""
    random = Random(number)
    phrase, niche, mood = IDEAS[number % len(IDEAS)]
    hour = NEWEST - timedelta(hours=number // 8)
    source = SOURCES[number % len(SOURCES)]
    digest = sha256(f"signal {number}".encode())
    signal = {
        "id": identity("signal", digest),
        "content": f"People share: {phrase.lower()}, and it is everywhere today",
        "source": source,
        "url": f"https://example.org/{source}/{number}",
        "category": niche,
        "published_at": hour - timedelta(hours=5),
        "captured_at": hour + timedelta(minutes=12),
        "content_hash": digest,
        "text_hash": digest,
        "topic_id": identity("signal", digest),
    }
    factors = {
        name: round(random.uniform(0.2, 1), 3)
        for name in ("freshness", "engagement", "novelty", "community_fit", "seasonality")
    }
    key = f"{niche}:{phrase.casefold()} {number}"
    idea = {
        "id": identity("idea", key),
        "idea_key": key,
        "signal_id": signal["id"],
        "hour": hour,
        "title": f"{phrase} – for people who love {niche}",
        "description": f"A {mood} tee for people who love {niche}.",
        "phrase": phrase,
        "lines": phrase.upper().split(),
        "niche": niche,
        "format": "tee",
        "motifs": ["star", "heart"],
        "mood": mood,
        "occasion": "Christmas" if niche == "christmas" else None,
        "event_date": datetime(2026, 12, 25, tzinfo=UTC).date() if niche == "christmas" else None,
        "embedding": "[1" + ",0" * 767 + "]",
        "embedding_model": "wordllama-256",
        **factors,
        "score": round(sum(factors.values()) / 5, 4),
        "weights_version": 1,
        "reason": f"Fresh ({factors['freshness']:.2f}): posted 5 hours ago, still rising, 3.2× the usual of {source}.",
        "evidence": {
            "source": source,
            "signal": signal["content"],
            "url": signal["url"],
            "counters": {"likes": 655, "comments": 72, "views": None},
            "pace_per_minute": 4.183333,
            "usual": {"median": 1.3, "mad": 0.42, "signals": 118, "days": 7},
            "hours_since_peak": 1.25,
            "half_life_hours": 12.0,
            "topic": niche,
            "cosine_niche": 0.71,
            "hashtag_cohesion": None,
            "cosine_centroid": 0.4142,
            "nearest": {"idea": str(identity("idea", "older")), "phrase": "An older idea", "similarity": 0.61},
            "event": {"name": "Christmas", "date": "2026-12-25", "days": 32, "lead_days": {"etsy": 4}},
        },
        "status": STATUSES[number % len(STATUSES)],
        "card": None,
        "score_low": None,
        "score_high": None,
    }
    if number % 3 == 2:
        idea |= {"card": CARD, "score": 0.6, "score_low": CARD["low"], "score_high": CARD["high"]}
    signal |= {k: v for k, v in changes.items() if k in signal}
    idea |= {k: v for k, v in changes.items() if k in idea and k not in signal}
    insert(conn, "signals", **signal)
    for minutes, likes in ((12, 410), (47, 655)):
        insert(
            conn,
            "signal_observations",
            signal_id=signal["id"],
            captured_at=hour + timedelta(minutes=minutes),
            hour=hour,
            likes=likes,
            comments=likes // 9,
            views=None,
            payload_uri=f"raw-signals/year=2026/month=11/day=23/hour=05/{source}-{minutes}.json",
        )
    insert(conn, "ideas", **idea)
    return UUID(str(idea["id"]))


def write_products(conn: psycopg.Connection[Any], objects: Objects, idea_id: UUID, number: int, **changes: Any) -> None:
    """A design, its mock-ups, two listings, decisions and events of the idea, with drawn pictures."""
    phrase = IDEAS[number % len(IDEAS)][0]
    hour = NEWEST - timedelta(hours=number // 8)
    garments = [GARMENTS[(number + i) % len(GARMENTS)] for i in range(3)]
    inks = (INKS[number % len(INKS)], INKS[(number + 2) % len(INKS)])
    art = artwork(phrase, inks)
    design_id = identity("design", idea_id)
    file = png(art, 900, 1080, "0 0 900 1080")
    print_file: bytes = file.pngsave_buffer()
    design = {
        "id": design_id,
        "idea_id": idea_id,
        "hour": hour,
        "artist": "composer 1.0",
        "seed": 81234567 + number,
        "layout": "stacked_badge",
        "palette": "harvest_night",
        "typefaces": ["Bebas Neue", "Pacifico"],
        "prompt": phrase,
        "spec": {"layers": [{"text": phrase, "fill": inks[0]}, {"shape": "circle", "fill": inks[1]}]},
        "licences": {"Bebas Neue": "OFL-1.1", "Pacifico": "OFL-1.1", "star (Font Awesome)": "CC-BY-4.0"},
        "s3_uri": objects.put(f"generated-mockups/{idea_id}/print.png", print_file, "image/png"),
        "thumb_uri": objects.put(
            f"generated-mockups/{idea_id}/thumb.jpg", file.resize(1 / 3).flatten().jpegsave_buffer(), "image/jpeg"
        ),
        "sha256": sha256(print_file),
        "width": 900,
        "height": 1080,
        "dpi": 300,
        "garments": [{"name": name, "hex": code} for name, code in garments],
        "contrasts": {name: 7.25 - i for i, (name, _) in enumerate(GARMENTS)},
        "attempts": ATTEMPTS,
        "cost_micros": 42_000,
        "gpu_seconds": 3.25,
        "screened": [{"check": "phrase", "result": "passed", "detail": "no word was found", "source": "a word list"}],
        "proof": {**PROOF, "dropped": {GARMENTS[number % 4][0]: "ink #16295A has a contrast of 1.3, wanted 3"}},
        "proof_uri": objects.put(f"generated-mockups/{idea_id}/proof.png", print_file, "image/png"),
        "files": {
            "mug": {
                "uri": "file:///mug.png",
                "sha256": "a" * 64,
                "size_bytes": 1_200_000,
                "proof": {**PROOF, "area": "mug"},
            }
        },
    }
    design |= {k: v for k, v in changes.items() if k in design}
    design["verdicts"] = design.pop("screened")
    insert(conn, "designs", **design)
    mockup_ids = []
    for variant, (name, code) in zip(("front", "colorway", "colorway", "back"), [*garments, garments[0]], strict=True):
        jpeg = tee(art if variant != "back" else "", code)
        mockup_ids.append(identity("mockup", design_id, variant, name))
        uri = f"generated-mockups/{idea_id}/variants/{variant}-{name.replace(' ', '-')}"
        insert(
            conn,
            "mockups",
            id=mockup_ids[-1],
            idea_id=idea_id,
            design_id=design_id,
            hour=hour,
            s3_uri=objects.put(f"{uri}.jpg", jpeg, "image/jpeg"),
            thumb_uri=objects.put(f"{uri}-thumb.jpg", jpeg, "image/jpeg"),
            variant=variant,
            color=changes.get("color", name),
            generation_params={"scale": 0.38},
            width=640,
            height=640,
        )
    for marketplace, status in (("amazon_merch", "in_review"), ("etsy", "live")):
        listing = {
            "id": identity("listing", idea_id, marketplace, "tee"),
            "idea_id": idea_id,
            "design_id": design_id,
            "mockup_id": mockup_ids[0],
            "hour": hour,
            "marketplace": marketplace,
            "product": "standard_tee",
            "external_id": f"{marketplace}-{number}-{idea_id.hex[:6]}" if status == "live" else None,
            "listing_url": f"https://example.com/{marketplace}/{number}" if status == "live" else None,
            "status": status,
            "status_reason": "waits for a person" if status == "in_review" else "confirmed on sale",
            "title": f"{phrase} Funny Gift T-Shirt",
            "description": f"{phrase}.\n\nSoft cotton tee, printed to order.",
            "bullets": ["A gift for those who know", "Soft and light cotton"],
            "tags": ["gift idea", "funny tee", phrase.lower()],
            "price_cents": 1999,
            "currency": "USD",
            "verdicts": [
                {
                    "check": "title_length",
                    "result": "passed",
                    "detail": "31 of 60 characters",
                    "source": "spec 2026-09",
                },
                {
                    "check": "profanity",
                    "result": "failed",
                    "detail": "“damn” is on it",
                    "source": "word list 2026-10-01",
                },
                {
                    "check": "trademark",
                    "result": "not_checked",
                    "detail": "no key is set",
                    "source": "USPTO, not asked",
                },
            ],
            "content_hash": sha256(f"{marketplace} {number}".encode()),
            "live_at": hour + timedelta(minutes=50) if status == "live" else None,
            "pack_uri": objects.uri(f"published-assets/etsy/pack-{number}") if status == "live" else None,
            "handed_over_at": hour + timedelta(minutes=40) if status == "live" else None,
        }
        listing |= {k: v for k, v in changes.items() if k in listing and k not in design}
        insert(conn, "listings", **listing)
    for subject, subject_id, kind, choice in (
        ("idea", idea_id, "phrase", {"phrase": phrase}),
        ("design", design_id, "palette", {"palette": "harvest_night", "garments": [name for name, _ in garments]}),
    ):
        decision = {"choice": choice, "because": {"rule": "best contrast", "ratio": 7.25}, "decided_by": "composer 1.0"}
        decision |= {k: v for k, v in changes.items() if k in decision}
        insert(conn, "decisions", id=uuid4(), subject=subject, subject_id=subject_id, kind=kind, **decision)
    for event_type in ("idea.scored", "mockup.generated"):
        insert(
            conn,
            "events",
            event_id=identity("event", event_type, idea_id),
            event_type=event_type,
            source=changes.get("event_source", "scored_ideas"),
            version="1",
            data=changes.get("data", {"hour": hour.isoformat()}),
            correlation_id=idea_id,
        )


def seed(store: Store, objects: Objects, count: int = 24) -> Seeded:
    """Write `count` drawn ideas over three hours, and one that waits to be drawn."""
    with store.connection() as conn:
        ids = []
        for number in range(count):
            ids.append(write_idea(conn, number))
            write_products(conn, objects, ids[-1], number)
        queued = write_idea(conn, count, status="queued", niche="queued niche", idea_key="queued", hour=NEWEST)
        write_refusal(conn, queued, NEWEST)
    return Seeded(tuple(ids), queued)


@pytest.fixture(scope="session")
def seeded_store(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, Objects, Seeded]]:
    """A store of the session with the seed; tests only read it."""
    objects = Objects(str(tmp_path_factory.mktemp("gallery") / "objects"))
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE gallery TEMPLATE template_engine")
    base, _, _ = postgres_url.rpartition("/")
    with Store(f"{base}/gallery") as store:
        yield store, objects, seed(store, objects)


@pytest.fixture
def gallery(seeded_store: tuple[Store, Objects, Seeded]) -> TestClient:
    """The seeded gallery."""
    store, objects, _ = seeded_store
    return TestClient(create_app(store, objects), raise_server_exceptions=True)


@pytest.fixture
def seeded(seeded_store: tuple[Store, Objects, Seeded]) -> Seeded:
    """What the seed wrote."""
    return seeded_store[2]


@pytest.fixture
def empty_gallery(store: Store, objects: Objects) -> TestClient:
    """A gallery with nothing in it."""
    return TestClient(create_app(store, objects))


@pytest.fixture
def seeded_ids(seeded: Seeded) -> list[str]:
    """Ids of the drawn ideas, in the order they were written."""
    return [str(idea_id) for idea_id in seeded.ids]


@pytest.fixture
def queued_id(seeded: Seeded) -> str:
    """Id of the idea that waits to be drawn."""
    return str(seeded.queued)


@pytest.fixture
def write() -> SimpleNamespace:
    """How a test writes rows of its own: an idea, what is made of it, a refusal."""
    return SimpleNamespace(idea=write_idea, products=write_products, refusal=write_refusal)
