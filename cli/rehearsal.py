"""One design of a made-up signal, from the idea to the listing: it loads all that is lazy, and keeps only the scenes.

What belongs here: the domain's own functions, once. What does not: anything that writes or reads the world.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from pipeline.designs.areas import TEE
from pipeline.designs.compose import thumbnail
from pipeline.designs.prints.proof import prove
from pipeline.ideas import ideate
from pipeline.ideas.screening import screen
from pipeline.listings.artwork import PHRASE, artwork
from pipeline.listings.copywriter import write
from pipeline.listings.marketplaces import marketplaces
from pipeline.mockups import PRODUCTS, mock, thumb
from pipeline.models import Brief, Signal, Weights, hour_of
from resources.artists.composer import Composer
from resources.embedders import embedder
from resources.objects import THUMB_PX
from resources.settings import Settings
from resources.store.signals import HISTORY_SCHEMA, HOUR_SCHEMA
from resources.studio import studio

WEIGHTS = Weights(version=1, freshness=0.2, engagement=0.2, novelty=0.2, community_fit=0.2, seasonality=0.2)


def rehearse(settings: Settings) -> None:
    """Make the design and forget it; some three seconds, the first time in a process."""
    now = datetime.now(UTC)
    signal = Signal(source="rehearsal", content="Tomato gardening with my dog", published_at=now, captured_at=now)
    row = {name: getattr(signal, name, None) for name in HOUR_SCHEMA} | {"signal_id": str(signal.id), "metadata": "{}"}
    loaded = embedder(settings.embedder)
    made = ideate(
        hour=hour_of(now),
        signals=pl.DataFrame([row], schema=HOUR_SCHEMA),
        history=pl.DataFrame(schema=HISTORY_SCHEMA),
        embed=loaded.embed,
        model=loaded.model,
        nearest=lambda vectors: [None] * len(vectors),
        centroids={},
        communities={},
        confidence={},
        weights=WEIGHTS,
        limit=settings.ideas_per_hour,
    )
    idea = made.ideas[0]
    drawing = Composer().draw(Brief.of(idea), [])
    prove(drawing.png, TEE, garments=drawing.garments)
    thumbnail(drawing.png, THUMB_PX, drawing.garments[0].hex)
    for image in mock(drawing.png, PRODUCTS[TEE.name], drawing.garments, studio(settings).scene):
        thumb(image.jpeg, THUMB_PX)
    screened = artwork(0, [screen(PHRASE, idea.phrase)])
    for name in settings.marketplace_names:
        write(
            idea,
            drawing.recipe,
            drawing.garments,
            marketplaces()[name],
            design_id=idea.id,
            mockup_id=idea.id,
            artwork=screened,
        )
