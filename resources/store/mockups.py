"""Pictures of products with a design on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime

from pipeline.models import Event, Json, Model, Variant, identity
from resources.store.events import Events
from resources.store.staging import Connection, stage

COLUMNS = {
    "id": "uuid",
    "idea_id": "uuid",
    "design_id": "uuid",
    "hour": "timestamptz",
    "s3_uri": "text",
    "thumb_uri": "text",
    "product": "text",
    "variant": "text",
    "color": "text",
    "generation_params": "jsonb",
    "width": "int4",
    "height": "int4",
}
RECORD: LiteralString = """
INSERT INTO mockups
    (id, idea_id, design_id, hour, s3_uri, thumb_uri, product, variant, color, generation_params, width, height)
SELECT DISTINCT ON (id) id, idea_id, design_id, hour, s3_uri, thumb_uri, product, variant::mockup_variant,
    color, generation_params, width, height
FROM staged_mockups ORDER BY id, position
ON CONFLICT (id) DO UPDATE SET
    hour = excluded.hour, s3_uri = excluded.s3_uri, thumb_uri = excluded.thumb_uri,
    generation_params = excluded.generation_params, width = excluded.width, height = excluded.height
RETURNING id, xmax = 0 AS is_new
"""
MARK_IDEAS: LiteralString = """
WITH shown AS (SELECT id FROM ideas WHERE status = 'queued' AND id IN (SELECT idea_id FROM staged_mockups)
    ORDER BY id FOR NO KEY UPDATE)
UPDATE ideas SET status = 'mocked', updated_at = now() FROM shown WHERE ideas.id = shown.id
"""
READ: LiteralString = """
SELECT idea_id, design_id, hour, s3_uri, thumb_uri, product, variant, color, generation_params, width, height, ctr
FROM mockups
"""
ORDER: LiteralString = " ORDER BY idea_id, product <> 'tee', product, variant, color"
HOUR: LiteralString = READ + "WHERE hour = %(hour)s" + ORDER
FOR_IDEAS: LiteralString = READ + "WHERE idea_id = ANY(%(ids)s)" + ORDER


class StoredMockup(Model):
    """A mock-up and where its picture lies."""

    idea_id: UUID
    design_id: UUID
    hour: AwareDatetime
    s3_uri: str
    thumb_uri: str
    product: str = "tee"
    variant: Variant
    color: str
    generation_params: Json
    width: int
    height: int
    ctr: float | None = None

    @property
    def id(self) -> UUID:
        """The id of the row in `mockups`."""
        if self.product == "tee":  # the first product: its ids are older than the others
            return identity("mockup", self.design_id, self.variant, self.color)
        return identity("mockup", self.design_id, self.product, self.variant, self.color)


class Mockups:
    """Statements on `mockups`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, mockups: Sequence[StoredMockup]) -> int:
        """Write mock-ups, `mockup.generated` for new ones, and mark their queued ideas as mocked.

        `ctr` is not written: it comes with metrics.

        Returns:
            How many are new.
        """
        if not mockups:
            return 0
        stage(self._connection, "staged_mockups", COLUMNS, map(_row, mockups))
        new = {id_ for id_, is_new in self._connection.execute(RECORD) if is_new}
        self._connection.execute(MARK_IDEAS)
        Events(self._connection).record([_generated(mockup) for mockup in mockups if mockup.id in new])
        return len(new)

    def hour(self, hour: datetime) -> list[StoredMockup]:
        """The hour's mock-ups: by idea; the tee first; front, back, colourways."""
        return self._read(HOUR, {"hour": hour})

    def for_ideas(self, ids: Sequence[UUID]) -> list[StoredMockup]:
        """The mock-ups of these ideas: by idea; the tee first; front, back, colourways."""
        return self._read(FOR_IDEAS, {"ids": list(ids)})

    def _read(self, query: LiteralString, values: dict[str, object]) -> list[StoredMockup]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return [StoredMockup.model_validate(row) for row in cursor.execute(query, values)]


def _row(mockup: StoredMockup) -> tuple[object, ...]:
    return (
        *(mockup.id, mockup.idea_id, mockup.design_id, mockup.hour, mockup.s3_uri, mockup.thumb_uri),
        *(
            mockup.product,
            str(mockup.variant),
            mockup.color,
            Jsonb(mockup.generation_params),
            mockup.width,
            mockup.height,
        ),
    )


def _generated(mockup: StoredMockup) -> Event:
    data = {"mockupId": str(mockup.id), "variant": str(mockup.variant), "color": mockup.color, "uri": mockup.s3_uri}
    return Event(
        event_type="mockup.generated", source="mockups", subject=mockup.id, data=data, correlation_id=mockup.idea_id
    )
