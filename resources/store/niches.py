"""What the communities of each niche write about: the titles it is learned from, and what was learned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import LiteralString

from psycopg.types.json import Jsonb

from pipeline.scoring.communities import Community
from resources.store.staging import Connection

MOST_TITLES = 1000
"""Of a community the newest so many titles are learned from."""

TITLES: LiteralString = """
SELECT community, content FROM (
    SELECT community, content, row_number() OVER (PARTITION BY community ORDER BY captured_at DESC, id) AS place
    FROM signals, regexp_replace(lower(category), '^/?r/', '') AS community
    WHERE starts_with(source, 'reddit') AND community = ANY(%(communities)s) AND captured_at < %(before)s
) AS newest
WHERE place <= %(most)s ORDER BY community, place
"""
UNLEARN: LiteralString = "DELETE FROM niche_embeddings WHERE model = %(model)s AND built_on = %(built_on)s"
RECORD: LiteralString = """
INSERT INTO niche_embeddings (niche, model, embedding, titles, communities, words, built_on)
VALUES (%(niche)s, %(model)s, %(embedding)s, %(titles)s, %(communities)s, %(words)s, %(built_on)s)
"""
KEPT = timedelta(days=70)
"""Longer than the longest back-test looks back."""
EXPIRE: LiteralString = "DELETE FROM niche_embeddings WHERE model = %(model)s AND built_on < %(built_on)s - %(kept)s"
LEARNED: LiteralString = """
SELECT niche, embedding, titles, communities, words FROM niche_embeddings
WHERE model = %(model)s AND built_on = (
    SELECT max(built_on) FROM niche_embeddings WHERE model = %(model)s AND built_on < %(before)s
)
ORDER BY niche
"""


class Niches:
    """Statements on `niche_embeddings`, and the titles in `signals`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def titles(self, communities: Collection[str], before: datetime) -> dict[str, list[str]]:
        """The newest MOST_TITLES titles of each community that were first seen before the moment, newest first.

        Args:
            communities: names in lower case, without r/; one without titles is not in the answer.
            before: exclusive.
        """
        values = {"communities": sorted(communities), "before": before, "most": MOST_TITLES}
        found: dict[str, list[str]] = {}
        for community, title in self._connection.execute(TITLES, values):
            found.setdefault(community, []).append(title)
        return found

    def record(self, learned: Mapping[str, Community], model: str, built_on: date) -> None:
        """Write what a day learned, in place of what it had learned before; days KEPT before it end.

        Args:
            learned: by niche.
            model: the embedding model of the vectors.
            built_on: the UTC day whose titles were the last that counted.
        """
        rows = [
            {
                **{"niche": niche, "model": model, "embedding": one.vector, "titles": one.titles},
                **{"communities": list(one.communities), "words": Jsonb(dict(one.words)), "built_on": built_on},
            }
            for niche, one in sorted(learned.items())
        ]
        day = {"model": model, "built_on": built_on, "kept": KEPT}
        self._connection.execute(UNLEARN, day)
        with self._connection.cursor() as cursor:
            cursor.executemany(RECORD, rows)
        self._connection.execute(EXPIRE, day)

    def learned(self, model: str, before: date) -> dict[str, Community]:
        """What the newest day before this one learned of each niche, of this embedding model."""
        values = {"model": model, "before": before}
        with self._connection.cursor(binary=True) as cursor:
            return {
                niche: Community(embedding.to_numpy(), titles, tuple(communities), words)
                for niche, embedding, titles, communities, words in cursor.execute(LEARNED, values)
            }
