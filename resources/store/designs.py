"""Artwork: one design for each idea."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime, Field

from pipeline.models import Attempt, GarmentColor, Model, Proof, Recipe, Verdict, identity
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
    "attempts": "jsonb",
    "cost_micros": "int8",
    "gpu_seconds": "float8",
    "pictures": "jsonb",
    "verdicts": "jsonb",
    "proof": "jsonb",
    "proof_uri": "text",
    "files": "jsonb",
    "fingerprint": "text",
}
_PLAIN = (
    *("id", "hour", "artist", "seed", "layout", "palette", "typefaces", "prompt", "spec", "licences", "s3_uri"),
    *("thumb_uri", "sha256", "width", "height", "dpi", "garments", "contrasts", "attempts", "cost_micros"),
    *("gpu_seconds", "pictures", "verdicts", "proof", "proof_uri", "files"),
)
RECORD = sql.SQL("""
INSERT INTO designs AS d (idea_id, fingerprint, {columns})
SELECT DISTINCT ON (idea_id) idea_id, fingerprint::bit(256), {columns} FROM staged_designs ORDER BY idea_id, position
ON CONFLICT (idea_id) DO UPDATE SET fingerprint = excluded.fingerprint, {updates}
WHERE NOT EXISTS (SELECT FROM mockups m WHERE m.design_id = d.id)
    AND NOT EXISTS (SELECT FROM listings l WHERE l.design_id = d.id)
""").format(
    columns=sql.SQL(", ").join(map(sql.Identifier, _PLAIN)),
    updates=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in _PLAIN),
)
READ: LiteralString = """
SELECT d.idea_id, d.hour, s3_uri, thumb_uri, sha256, width, height, dpi, garments, contrasts, attempts, gpu_seconds,
    pictures, verdicts, proof, proof_uri, files, fingerprint::text,
    jsonb_build_object('artist', artist, 'seed', seed, 'layout', layout, 'palette', palette, 'typefaces', typefaces,
        'prompt', prompt, 'spec', spec, 'licences', licences) AS recipe
FROM designs d
"""
HOUR: LiteralString = (
    READ
    + "JOIN ideas i ON i.id = d.idea_id WHERE d.hour = %(hour)s AND i.status <> 'archived' ORDER BY i.score DESC, i.id"
)
OF_IDEAS: LiteralString = READ + "WHERE d.idea_id = ANY(%(ids)s)"
NEAREST: LiteralString = """
SELECT idea_id, fingerprint <~> %(fingerprint)s::bit(256) AS distance FROM designs
WHERE fingerprint IS NOT NULL AND idea_id <> %(idea)s ORDER BY distance LIMIT 1
"""
RECENT: LiteralString = READ + "WHERE d.hour < %(before)s ORDER BY d.hour DESC, d.id LIMIT %(limit)s"


class DesignFile(Model):
    """A file of a design beside the tee's print file: another print area, an SVG, a CMYK separation."""

    uri: str
    sha256: str
    size_bytes: int
    proof: Proof | None = None


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
    attempts: tuple[Attempt, ...] = ()
    gpu_seconds: float = Field(default=0.0, ge=0)
    pictures: dict[str, str] = Field(default_factory=dict, description="SHA-256 of a picture layer → URI of its PNG")
    verdicts: tuple[Verdict, ...] = ()
    proof: Proof | None = None
    proof_uri: str | None = None
    files: dict[str, DesignFile] = Field(default_factory=dict, description="every other file, by name")
    fingerprint: str | None = Field(default=None, pattern=r"^[01]{256}$", description="perceptual hash, as bits")

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

    def nearest(self, fingerprint: str, idea_id: UUID) -> tuple[UUID, int] | None:
        """The idea whose design looks most like the fingerprint, and by how many bits it differs; None: there is none.

        Args:
            fingerprint: 256 characters 0 and 1.
            idea_id: the idea whose own design doesn't count.
        """
        row = self._connection.execute(NEAREST, {"fingerprint": fingerprint, "idea": idea_id}).fetchone()
        return (row[0], int(row[1])) if row else None


def _row(design: StoredDesign) -> tuple[object, ...]:
    recipe = design.recipe
    return (
        *(design.id, design.idea_id, design.hour, recipe.artist, recipe.seed, recipe.layout, recipe.palette),
        *(list(recipe.typefaces), recipe.prompt, Jsonb(recipe.spec), Jsonb(recipe.licences)),
        *(design.s3_uri, design.thumb_uri, design.sha256, design.width, design.height, design.dpi),
        *(Jsonb([garment.model_dump() for garment in design.garments]), Jsonb(design.contrasts)),
        Jsonb([attempt.model_dump() for attempt in design.attempts]),
        *(sum(attempt.cost_micros for attempt in design.attempts), design.gpu_seconds, Jsonb(design.pictures)),
        Jsonb([verdict.model_dump() for verdict in design.verdicts]),
        *(Jsonb(design.proof.model_dump()) if design.proof else None, design.proof_uri),
        *(Jsonb({name: file.model_dump() for name, file in design.files.items()}), design.fingerprint),
    )
