"""Somebody's signals and all that was made of them: found, deleted, and looked for afterwards.

What belongs here: which rows of the record are theirs. What does not: files, archives and other databases
(resources.erasure).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from resources.store.staging import Connection

FIND: LiteralString = """
SELECT id, source, external_id, url, content, content_hash FROM signals
WHERE author = ANY(%(authors)s) OR rtrim(url, '/') = ANY(%(urls)s) ORDER BY captured_at, id
"""
DERIVED: LiteralString = """
SELECT i.id AS idea_id, l.id AS listing_id, l.marketplace, l.status::text, l.external_id, l.pack_uri, l.hour
FROM ideas i LEFT JOIN listings l ON l.idea_id = i.id WHERE i.signal_id = ANY(%(signals)s) ORDER BY i.id, l.id
"""
# Who stays of a topic goes on with its earliest signal as the first.
RE_ROOT: LiteralString = """
WITH first AS (
    SELECT DISTINCT ON (topic_id) topic_id AS was, id AS now FROM signals
    WHERE topic_id = ANY(%(signals)s) AND id <> ALL(%(signals)s) ORDER BY topic_id, captured_at, id)
UPDATE signals s SET topic_id = first.now,
    topic_likeness = CASE WHEN s.id = first.now THEN 1 ELSE s.topic_likeness END
FROM first WHERE s.topic_id = first.was AND s.id <> ALL(%(signals)s)
"""
ALSO_SEEN: LiteralString = """
UPDATE ideas SET evidence = jsonb_set(evidence, '{also_seen}', coalesce((
    SELECT jsonb_agg(seen) FROM jsonb_array_elements(evidence->'also_seen') seen
    WHERE seen->>'content' <> ALL(%(contents)s)), '[]'))
WHERE signal_id <> ALL(%(signals)s) AND EXISTS (
    SELECT FROM jsonb_array_elements(evidence->'also_seen') seen WHERE seen->>'content' = ANY(%(contents)s))
"""
DELETES: Mapping[str, LiteralString] = {
    "hot_topics": """DELETE FROM hot_topics WHERE topic_id = ANY(%(signals)s) OR title = ANY(%(contents)s)
        OR EXISTS (SELECT FROM unnest(%(urls)s::text[]) url WHERE strpos(evidence::text, url) > 0)""",
    "decisions": """DELETE FROM decisions WHERE subject_id = ANY(%(ideas)s) OR subject_id = ANY(%(listings)s)
        OR subject_id IN (SELECT id FROM designs WHERE idea_id = ANY(%(ideas)s))""",
    "events": """DELETE FROM events WHERE correlation_id = ANY(%(ideas)s)
        OR data->>'signalId' = ANY(%(signals)s::text[]) OR data->>'ideaId' = ANY(%(ideas)s::text[])
        OR data->>'listingId' = ANY(%(listings)s::text[])""",
    "listing_metrics": "DELETE FROM listing_metrics WHERE listing_id = ANY(%(listings)s)",
    "approvals": "DELETE FROM approvals WHERE listing_id = ANY(%(listings)s)",
    "listings": "DELETE FROM listings WHERE idea_id = ANY(%(ideas)s)",
    "mockups": "DELETE FROM mockups WHERE idea_id = ANY(%(ideas)s)",
    "designs": "DELETE FROM designs WHERE idea_id = ANY(%(ideas)s)",
    "ideas": "DELETE FROM ideas WHERE id = ANY(%(ideas)s)",
    "signal_observations": "DELETE FROM signal_observations WHERE signal_id = ANY(%(signals)s)",
    "signals": "DELETE FROM signals WHERE id = ANY(%(signals)s)",
}
# The row stays, so that the same message is not taken again; what it said goes.
BLANK: LiteralString = """
UPDATE webhook_inbox SET body = ''::bytea, signal_ids = '{}', error = 'forgotten',
    status = CASE WHEN status IN ('received', 'taken') THEN 'refused'::inbox_status ELSE status END,
    processed_at = coalesce(processed_at, now())
WHERE id = ANY(%(rows)s)
"""
MOVED: LiteralString = "UPDATE signal_observations SET payload_uri = %(new)s WHERE payload_uri = %(old)s"
QUARANTINE: LiteralString = "DELETE FROM quarantine WHERE payload_uri = %(old)s"
TABLES: LiteralString = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'forgotten')
ORDER BY tablename
"""


REMEMBER: LiteralString = "INSERT INTO forgotten (key) SELECT unnest(%(keys)s::text[]) ON CONFLICT (key) DO NOTHING"


class Found(NamedTuple):
    """A signal of theirs."""

    id: UUID
    source: str
    external_id: str | None
    url: str | None
    content: str
    content_hash: str


class Derived(NamedTuple):
    """An idea made of their signals, with one of its listings if it has any."""

    idea_id: UUID
    listing_id: UUID | None
    marketplace: str | None
    status: str | None
    external_id: str | None
    pack_uri: str | None
    hour: object


class Erasure:
    """Statements that erase."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, authors: Collection[str], urls: Collection[str]) -> list[Found]:
        """The signals of these authors (salted hashes), or at these addresses."""
        with self._connection.cursor(row_factory=class_row(Found)) as cursor:
            return cursor.execute(FIND, {"authors": list(authors), "urls": list(urls)}).fetchall()

    def derived(self, signals: Collection[UUID]) -> list[Derived]:
        """What was made of the signals."""
        with self._connection.cursor(row_factory=class_row(Derived)) as cursor:
            return cursor.execute(DERIVED, {"signals": list(signals)}).fetchall()

    def webhooks(self) -> list[tuple[UUID, bytes]]:
        """Every message of the inbox that is kept, with its id."""
        return self._connection.execute("SELECT id, body FROM webhook_inbox WHERE body <> ''").fetchall()

    def blank(self, rows: Collection[UUID]) -> int:
        """Take away what messages of the inbox said. Returns how many."""
        return self._connection.execute(BLANK, {"rows": list(rows)}).rowcount

    def moved(self, old: str, new: str | None) -> None:
        """Note that a payload was replaced; what was quarantined of it is read anew when its hour runs again."""
        self._connection.execute(QUARANTINE, {"old": old})
        if new is not None:
            self._connection.execute(MOVED, {"old": old, "new": new})

    def delete(self, found: Sequence[Found], derived: Sequence[Derived]) -> dict[str, int]:
        """Delete the signals and all that was made of them. Returns rows by table, those that were only mended too."""
        values = {
            "signals": [signal.id for signal in found],
            "urls": [signal.url for signal in found if signal.url],
            "contents": [signal.content for signal in found],
            "ideas": sorted({row.idea_id for row in derived}),
            "listings": [row.listing_id for row in derived if row.listing_id],
        }
        mended = self._connection.execute(ALSO_SEEN, values).rowcount
        self._connection.execute(RE_ROOT, values)
        deleted = {table: self._connection.execute(query, values).rowcount for table, query in DELETES.items()}
        return {table: rows for table, rows in {**deleted, "ideas (evidence)": mended}.items() if rows}

    def remember(self, keys: Collection[str]) -> None:
        """Note who and what must not come back."""
        self._connection.execute(REMEMBER, {"keys": sorted(keys)})

    def forgotten(self) -> frozenset[str]:
        """Who and what must not come back."""
        return frozenset(key for (key,) in self._connection.execute("SELECT key FROM forgotten"))

    def traces(self, needles: Collection[str]) -> dict[str, int]:
        """How many rows of each table still hold one of the texts anywhere; tables without any are left out."""
        found: dict[str, int] = {}
        for (table,) in self._connection.execute(TABLES).fetchall():
            query = sql.SQL(
                "SELECT count(*) FROM {} t WHERE EXISTS (SELECT FROM unnest(%(needles)s::text[]) needle"
                " WHERE strpos((to_jsonb(t) - 'embedding' - 'spec')::text, needle) > 0)"
            ).format(sql.Identifier(table))
            (rows,) = self._connection.execute(query, {"needles": list(needles)}).fetchall()[0]
            if rows:
                found[table] = int(rows)
        return found
