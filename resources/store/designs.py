"""Artwork: one design for each idea."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime

from pipeline.models import GarmentColor, Model, Recipe, identity
from resources.store.staging import Connection, stage

COLUMNS = {
    "id": "uuid",
    "idea_id": "uuid",
    "hour": "timestamptz",
    "artist": "text",
    "seed": "int8",
    "layout": "text",
    "palette": "text",
    "typefaces": "text[]",
    "prompt": "text",
    "spec": "jsonb",
    "licences": "jsonb",
    "s3_uri": "text",
    "thumb_uri": "text",
    "sha256": "text",
    "width": "int4",
    "height": "int4",
    "dpi": "int4",
    "garments": "jsonb",
    "contrasts": "jsonb",
}
RECORD: LiteralString = """
INSERT INTO designs AS d (id, idea_id, hour, artist, seed, layout, palette, typefaces, prompt, spec, licences, s3_uri,
    thumb_uri, sha256, width, height, dpi, garments, contrasts)
SELECT DISTINCT ON (idea_id) id, idea_id, hour, artist, seed, layout, palette, typefaces, prompt, spec, licences,
    s3_uri, thumb_uri, sha256, width, height, dpi, garments, contrasts
FROM staged_designs ORDER BY idea_id, position
ON CONFLICT (idea_id) DO UPDATE SET
    id = excluded.id, hour = excluded.hour, artist = excluded.artist, seed = excluded.seed, layout = excluded.layout,
    palette = excluded.palette, typefaces = excluded.typefaces, prompt = excluded.prompt, spec = excluded.spec,
    licences = excluded.licences, s3_uri = excluded.s3_uri, thumb_uri = excluded.thumb_uri, sha256 = excluded.sha256,
    width = excluded.width, height = excluded.height, dpi = excluded.dpi, garments = excluded.garments,
    contrasts = excluded.contrasts
WHERE NOT EXISTS (SELECT FROM mockups m WHERE m.design_id = d.id)
    AND NOT EXISTS (SELECT FROM listings l WHERE l.design_id = d.id)
"""
READ: LiteralString = """
SELECT d.idea_id, d.hour, s3_uri, thumb_uri, sha256, width, height, dpi, garments, contrasts,
    jsonb_build_object('artist', artist, 'seed', seed, 'layout', layout, 'palette', palette, 'typefaces', typefaces,
        'prompt', prompt, 'spec', spec, 'licences', licences) AS recipe
FROM designs d
"""
HOUR: LiteralString = (
    READ
    + "JOIN ideas i ON i.id = d.idea_id WHERE d.hour = %(hour)s AND i.status <> 'archived' ORDER BY i.score DESC, i.id"
)
OF_IDEAS: LiteralString = READ + "WHERE d.idea_id = ANY(%(ids)s)"
RECENT: LiteralString = READ + "WHERE d.hour < %(before)s ORDER BY d.hour DESC, d.id LIMIT %(limit)s"


class StoredDesign(Model):
    """A design and where its pictures lie."""

    idea_id: UUID
    hour: AwareDatetime
    recipe: Recipe
    s3_uri: str
    thumb_uri: str
    sha256: str
    width: int
    height: int
    dpi: int
    garments: tuple[GarmentColor, ...]
    contrasts: dict[str, float]

    @property
    def id(self) -> UUID:
        """The id of the row in `designs`: of the idea, who drew it, and what came of it."""
        return identity("design", self.idea_id, self.recipe.artist, self.sha256)


class Designs:
    """Statements on `designs`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, designs: Sequence[StoredDesign]) -> list[StoredDesign]:
        """Write designs. One that an idea has already is replaced, unless mock-ups or listings show it.

        Returns:
            For each given one the design that its idea has now, in the order given.
        """
        if not designs:
            return []
        stage(self._connection, "staged_designs", COLUMNS, map(_row, designs))
        self._connection.execute(RECORD)
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(OF_IDEAS, {"ids": [design.idea_id for design in designs]}).fetchall()
        stored = {row["idea_id"]: StoredDesign.model_validate(row) for row in rows}
        return [stored[design.idea_id] for design in designs]

    def hour(self, hour: datetime) -> list[StoredDesign]:
        """The hour's designs, that of the best idea first, without those of archived ideas."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(HOUR, {"hour": hour}).fetchall()
        return [StoredDesign.model_validate(row) for row in rows]

    def recent(self, limit: int, before: datetime) -> list[Recipe]:
        """The recipes of the newest designs of earlier hours, newest first."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(RECENT, {"limit": limit, "before": before}).fetchall()
        return [Recipe.model_validate(row["recipe"]) for row in rows]


def _row(design: StoredDesign) -> tuple[object, ...]:
    recipe = design.recipe
    return (
        *(design.id, design.idea_id, design.hour, recipe.artist, recipe.seed, recipe.layout, recipe.palette),
        *(list(recipe.typefaces), recipe.prompt, Jsonb(recipe.spec), Jsonb(recipe.licences)),
        *(design.s3_uri, design.thumb_uri, design.sha256, design.width, design.height, design.dpi),
        *(Jsonb([garment.model_dump() for garment in design.garments]), Jsonb(design.contrasts)),
    )
