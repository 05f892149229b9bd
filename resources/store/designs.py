"""Artwork: one design for each idea."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime, Field

from pipeline.designs.copies import Neighbour
from pipeline.models import Attempt, GarmentColor, Model, Proof, Recipe, Verdict, identity
from resources.store.neighbours import AS_BEFORE, THROUGH_INDEX
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
# One draws an idea at a time. The server asks after a holder that says nothing, so that the claim of a machine that is
# gone ends within two minutes.
CLAIM: LiteralString = """
SELECT set_config('tcp_keepalives_idle', '60', true), set_config('tcp_keepalives_interval', '15', true),
    set_config('tcp_keepalives_count', '4', true), pg_advisory_xact_lock(%(space)s, hashtext(%(idea)s))
"""
CLAIMS = 4_891_104
ALONE: LiteralString = "SELECT pg_advisory_xact_lock(4891105)"
_NEIGHBOUR: LiteralString = """
SELECT i.id AS idea_id, i.phrase, i.niche, i.status NOT IN ('archived', 'rejected') AS on_offer,
    CASE WHEN i.embedding_model = %(model)s THEN 1 - (i.embedding <=> %(vector)s) END AS cosine,
    d.fingerprint <~> %(fingerprint)s::bit(256) AS bits
"""
OF_WORDS: LiteralString = (
    _NEIGHBOUR
    + """
FROM ideas i JOIN designs d ON d.idea_id = i.id WHERE i.embedding_model = %(model)s AND i.id <> %(idea)s
ORDER BY i.embedding::halfvec(768) <=> %(vector)s::halfvec(768) LIMIT %(most)s
"""
)
OF_FORM: LiteralString = (
    _NEIGHBOUR  # noqa: S608 - literals
    + """
FROM (SELECT idea_id, fingerprint FROM designs WHERE fingerprint IS NOT NULL AND idea_id <> %(idea)s
    ORDER BY fingerprint <~> %(fingerprint)s::bit(256) LIMIT %(most)s) d JOIN ideas i ON i.id = d.idea_id
"""
)
OWN_VECTOR: LiteralString = "SELECT embedding_model, embedding FROM ideas WHERE id = %(idea)s"
NEIGHBOURS = 10
"""So many by words, and as many by form: near-copies are the nearest of all."""
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
        ids = [design.idea_id for design in designs]
        stored = {design.idea_id: design for design in self._read(OF_IDEAS, {"ids": ids})}
        return [stored[design.idea_id] for design in designs]

    def hour(self, hour: datetime) -> list[StoredDesign]:
        """The hour's designs, that of the best idea first, without those of archived ideas."""
        return self._read(HOUR, {"hour": hour})

    def recent(self, limit: int, before: datetime) -> list[Recipe]:
        """The recipes of the newest designs of earlier hours, newest first."""
        return [design.recipe for design in self._read(RECENT, {"limit": limit, "before": before})]

    def claim(self, idea_id: UUID) -> None:
        """Wait until nobody else draws the idea; nobody else begins before this transaction ends."""
        self._connection.execute(CLAIM, {"space": CLAIMS, "idea": str(idea_id)})

    def alone(self) -> None:
        """Wait until nobody else compares and records a design; nobody else does before this transaction ends."""
        self._connection.execute(ALONE)

    def of(self, idea_id: UUID) -> StoredDesign | None:
        """The idea's design."""
        found = self._read(OF_IDEAS, {"ids": [idea_id]})
        return found[0] if found else None

    def neighbours(self, idea_id: UUID, fingerprint: str | None = None) -> list[Neighbour]:
        """The designs of other ideas that are nearest to the idea's words, then those nearest to the fingerprint.

        Args:
            idea_id: an idea of the record; vectors of its embedding model are compared.
            fingerprint: 256 characters 0 and 1; None: only words are compared.
        """
        with self._connection.cursor(binary=True) as cursor:
            model, vector = cursor.execute(OWN_VECTOR, {"idea": idea_id}).fetchall()[0]
        values = {"idea": idea_id, "model": model, "vector": vector, "fingerprint": fingerprint, "most": NEIGHBOURS}
        with self._connection.cursor(row_factory=class_row(Neighbour)) as cursor:
            cursor.execute(THROUGH_INDEX)
            found = cursor.execute(OF_WORDS, values).fetchall()
            found += cursor.execute(OF_FORM, values).fetchall() if fingerprint else []
            cursor.execute(AS_BEFORE)
        return found

    def _read(self, query: LiteralString, values: dict[str, object]) -> list[StoredDesign]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return [StoredDesign.model_validate(row) for row in cursor.execute(query, values)]


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
