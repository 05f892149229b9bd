"""Which topic each signal belongs to: the same words, and words so alike that they tell of the same thing.

What belongs here: which rows are looked at and what is written. What is alike is decided in pipeline.signals.kin. Dated
signals (occasions, anniversaries) keep a topic of their own: the same words of another year are another thing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from pipeline.signals.kin import WINDOW, Membership, Sighted
from resources.bloom import Marked, TextFilter
from resources.store.staging import Connection, stage

Settle = Callable[[Sequence[Sighted], Sequence[Sighted]], Mapping[UUID, Membership]]
"""Leaders of the window before, and texts → the topic of each text."""

LOCK = 4_891_102
"""An advisory lock: whoever records signals and settles topics does so alone."""

UNDATED: LiteralString = "coalesce(s.metadata->>'kind', '') NOT IN ('occasion', 'anniversary')"
FRESH: LiteralString = f"""
SELECT s.id, s.text_hash, s.content, s.captured_at FROM signals s WHERE s.id = ANY(%(ids)s) AND {UNDATED}
ORDER BY s.captured_at, s.id
"""  # noqa: S608
FIRST_OF: LiteralString = f"""
SELECT DISTINCT ON (s.text_hash) s.text_hash, s.id FROM signals s
WHERE s.text_hash = ANY(%(hashes)s) AND {UNDATED}
ORDER BY s.text_hash, s.captured_at, s.id
"""  # noqa: S608
LEADERS: LiteralString = f"""
SELECT s.id, s.content, s.captured_at FROM signals s
WHERE s.captured_at >= %(after)s AND (s.captured_at, s.id) < (%(at)s, %(id)s) AND s.topic_id = s.id AND {UNDATED}
"""  # noqa: S608
# Of each text the first signal alone.
TEXTS: LiteralString = f"""
SELECT s.id, s.content, s.captured_at, s.text_hash, s.topic_id = s.id FROM signals s
WHERE (s.captured_at, s.id) >= (%(at)s, %(id)s) AND s.captured_at <= %(until)s AND {UNDATED} AND NOT EXISTS (
    SELECT FROM signals e WHERE e.text_hash = s.text_hash AND (e.captured_at, e.id) < (s.captured_at, s.id)
    AND coalesce(e.metadata->>'kind', '') NOT IN ('occasion', 'anniversary'))
"""  # noqa: S608
TOPIC_COLUMNS = {"text_hash": "text", "topic_id": "uuid", "likeness": "float8"}
JOIN: LiteralString = f"""
UPDATE signals s SET topic_id = t.topic_id, topic_likeness = t.likeness FROM staged_topics t
WHERE s.text_hash = t.text_hash AND {UNDATED} AND (s.topic_id, s.topic_likeness) <> (t.topic_id, t.likeness)
"""  # noqa: S608
FOLLOW: LiteralString = f"""
UPDATE signals s SET topic_id = f.topic_id, topic_likeness = f.topic_likeness
FROM signals f WHERE s.id = ANY(%(ids)s) AND f.id = ANY(%(firsts)s) AND f.text_hash = s.text_hash AND s.id <> f.id
    AND (s.topic_id, s.topic_likeness) <> (f.topic_id, f.topic_likeness) AND {UNDATED}
"""  # noqa: S608
# Whose topic may change with these: who led with the same words, and who had joined them.
AFFECTED: LiteralString = f"""
SELECT s.captured_at, s.id FROM signals s WHERE {UNDATED} AND s.id <> ALL(%(ids)s)
    AND (s.topic_id = ANY(%(ids)s) OR s.text_hash = ANY(%(hashes)s) AND s.topic_id = s.id)
"""  # noqa: S608
AFTER: LiteralString = """
SELECT text_hash, recorded_seq FROM signals WHERE recorded_seq > %(seq)s ORDER BY recorded_seq
"""
PAGE = 50_000


LAST_ID = UUID(int=2**128 - 1)


class Span(NamedTuple):
    """From a place in the order of first sightings to a moment."""

    at: datetime
    id: UUID
    until: datetime

    def values(self) -> dict[str, object]:
        """For the statements."""
        return {**self._asdict(), "after": self.at - WINDOW}


class Settled(NamedTuple):
    """What became of signals that were new, or told anew."""

    exact_duplicates: int
    """Whose very words an earlier signal had."""
    near_duplicates: int
    """Whose words were near enough to a topic's first."""
    asked: int
    """Texts that the filter was asked about."""
    maybe: int
    """Of them those that it took for known: they were looked up."""
    known: int
    """Of them those that were there."""

    @property
    def false_positive_rate(self) -> float:
        """The share of unknown texts that were taken for known."""
        return (self.maybe - self.known) / max(self.asked - self.known, 1)


class Topics:
    """Statements on the topics of `signals`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self) -> None:
        """Wait till no other transaction records signals, and keep others waiting till this one's end.

        To be called before signals are recorded: then topics do not depend on which of two runs came first, and what
        has a lower place in the order of recording was committed earlier.
        """
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])

    def settle(self, written: Sequence[UUID], texts: TextFilter, settle: Settle) -> Settled:
        """Give signals their topics, and those whose topic they change theirs anew.

        Signals join what came before them within WINDOW. So a signal that is recorded late, of an earlier hour, is a
        reason to look again at what followed it, as far as one change leads to another: the topics come out the same
        in whatever order signals are recorded. The same words are one topic however long ago they were first seen.

        Args:
            written: signals recorded in this transaction that are new, or whose first sighting is an earlier one now.
            texts: has not caught up with this transaction yet.
            settle: decides.
        """
        fresh = self._connection.execute(FRESH, {"ids": list(written)}).fetchall()
        answer = texts.ask({text_hash for _, text_hash, _, _ in fresh})
        found = self._connection.execute(FIRST_OF, {"hashes": sorted(answer.maybe)}).fetchall()
        own = {id_ for id_, *_ in fresh}
        first_of: dict[str, UUID] = dict(found)
        for id_, text_hash, _, _ in fresh:
            first_of.setdefault(text_hash, id_)
        # First of all: a new row says that it leads, and none may be taken for a leader that has the words of another.
        followers = [id_ for id_, text_hash, _, _ in fresh if first_of[text_hash] != id_]
        firsts = {first_of[text_hash] for _, text_hash, _, _ in fresh}
        self._connection.execute(FOLLOW, {"ids": followers, "firsts": list(firsts)})
        heads = {id_: at for id_, text_hash, _, at in fresh if first_of[text_hash] == id_}
        touched = {"ids": list(written), "hashes": [text for text, id_ in first_of.items() if id_ in heads]}
        affected = self._connection.execute(AFFECTED, touched).fetchall()
        joined = self._settle_from([*((at, id_) for id_, at in heads.items()), *affected], heads, settle)
        known = sum(1 for text_hash in answer.maybe if first_of[text_hash] not in own)
        near = len(joined & heads.keys())
        return Settled(len(followers), near, answer.asked, len(answer.maybe), known)

    def texts_after(self, seq: int) -> Iterator[Marked]:
        """What was recorded after the mark, in order."""
        with self._connection.cursor("texts_after") as cursor:
            cursor.itersize = PAGE
            for text_hash, place in cursor.execute(AFTER, {"seq": seq}):
                yield Marked(text_hash, place)

    def text_at(self, seq: int) -> str | None:
        """The text hash that stands at the mark."""
        row = self._connection.execute("SELECT text_hash FROM signals WHERE recorded_seq = %s", [seq]).fetchone()
        return row[0] if row else None

    def count(self) -> int:
        """How many signals there are: at least as many as texts."""
        (rows,) = self._connection.execute("SELECT count(*) FROM signals").fetchall()[0]
        return int(rows)

    def _settle_from(
        self, moments: Sequence[tuple[datetime, UUID]], new: Collection[UUID], settle: Settle
    ) -> set[UUID]:
        """Settle what lies within WINDOW after these, as far as changes reach; which texts joined a topic of another's.

        A span is settled whole, from the earliest on: what comes before it stays as it is.
        """
        joined: set[UUID] = set()
        spans = [Span(at, id_, at + WINDOW) for at, id_ in moments]
        while spans:
            span, spans = _earliest(spans)
            leaders = [Sighted(*row) for row in self._connection.execute(LEADERS, span.values())]
            rows = self._connection.execute(TEXTS, span.values()).fetchall()
            found = settle(leaders, [Sighted(*row[:3]) for row in rows])
            staged = [(text_hash, *found[text]) for text, _, _, text_hash, _ in rows]
            stage(self._connection, "staged_topics", TOPIC_COLUMNS, staged)
            self._connection.execute(JOIN)
            joined |= {text for text, (topic, _) in found.items() if topic != text}
            spans += [
                Span(span.until, LAST_ID, at + WINDOW)
                for text, _, at, _, led in rows
                if text not in new and led != (found[text].topic == text) and at + WINDOW > span.until
            ]
        return joined


def _earliest(spans: Sequence[Span]) -> tuple[Span, list[Span]]:
    """The earliest span with all that begin within it, and the others."""
    first, *later = sorted(spans)
    until = first.until
    while later and later[0].at <= until:
        until = max(until, later.pop(0).until)
    return first._replace(until=until), later
