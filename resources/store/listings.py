"""Listings, who approved them, and their way to the market. The legal steps are held by the trigger `listing_step`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime

from pipeline.models import Event, Json, Listing, ListingStatus, Model
from resources.errors import PermanentError
from resources.store.events import Events
from resources.store.staging import Connection, stage

COLUMNS = {
    "id": "uuid",
    "idea_id": "uuid",
    "design_id": "uuid",
    "mockup_id": "uuid",
    "hour": "timestamptz",
    "marketplace": "text",
    "product": "text",
    "title": "text",
    "description": "text",
    "bullets": "text[]",
    "tags": "text[]",
    "price_cents": "int4",
    "currency": "text",
    "verdicts": "jsonb",
    "content_hash": "text",
}
# Other content needs another review. What is approved goes back through review, as the legal steps demand; what is
# handed over or live stays as the market has it.
UNAPPROVE: LiteralString = """
WITH changed AS (SELECT l.id FROM listings l JOIN staged_listings s ON s.id = l.id
    WHERE l.content_hash <> s.content_hash AND l.status = 'approved' ORDER BY l.id FOR NO KEY UPDATE OF l)
UPDATE listings SET status = 'in_review' FROM changed WHERE listings.id = changed.id
"""
RECORD: LiteralString = """
INSERT INTO listings AS l (id, idea_id, design_id, mockup_id, hour, marketplace, product, title, description, bullets,
    tags, price_cents, currency, verdicts, content_hash)
SELECT DISTINCT ON (id) id, idea_id, design_id, mockup_id, hour, marketplace, product, title, description, bullets,
    tags, price_cents, currency, verdicts, content_hash
FROM staged_listings ORDER BY id, position
ON CONFLICT (id) DO UPDATE SET
    status = 'draft', status_reason = 'its content changed', design_id = excluded.design_id,
    mockup_id = excluded.mockup_id, hour = excluded.hour, title = excluded.title, description = excluded.description,
    bullets = excluded.bullets, tags = excluded.tags, price_cents = excluded.price_cents, currency = excluded.currency,
    verdicts = excluded.verdicts, content_hash = excluded.content_hash, pack_uri = NULL, handed_over_at = NULL,
    external_id = NULL, listing_url = NULL, live_at = NULL
WHERE l.content_hash <> excluded.content_hash AND l.status IN ('draft', 'in_review', 'rejected', 'failed', 'retired')
RETURNING id
"""
# The same content may have been checked anew: the newest verdicts count until it is handed over.
RECHECK: LiteralString = """
WITH checked AS (SELECT DISTINCT ON (l.id) l.id, s.verdicts FROM listings l JOIN staged_listings s ON s.id = l.id
    WHERE l.content_hash = s.content_hash AND l.verdicts <> s.verdicts
        AND l.status IN ('draft', 'in_review', 'approved')
    ORDER BY l.id, s.position)
UPDATE listings SET verdicts = checked.verdicts FROM checked WHERE listings.id = checked.id
"""
STEP: LiteralString = """
WITH wanted AS (SELECT id FROM listings WHERE id = ANY(%(ids)s) AND status <> %(to)s::listing_status
    ORDER BY id FOR NO KEY UPDATE)
UPDATE listings SET status = %(to)s::listing_status, status_reason = %(reason)s
FROM wanted WHERE listings.id = wanted.id
"""
DECIDE: LiteralString = """
INSERT INTO approvals (listing_id, content_hash, decision, decided_by, reason)
SELECT id, content_hash, %(decision)s::approval_decision, %(decided_by)s, %(reason)s
FROM listings WHERE id = ANY(%(ids)s) AND status IN ('draft', 'in_review', 'approved') ORDER BY id FOR NO KEY UPDATE
ON CONFLICT (listing_id, content_hash, decided_by) DO UPDATE
SET decision = excluded.decision, reason = excluded.reason, created_at = now()
WHERE approvals.decision <> excluded.decision
"""
FROM_TO: LiteralString = """
UPDATE listings SET status = %(to)s::listing_status, status_reason = %(reason)s
WHERE id = ANY(%(ids)s) AND status = %(from)s::listing_status
"""
RULE = "rule:hand_over"
"""Who approves what the rules let pass. A person's name never begins with `rule:`."""
# The rule of pipeline.listings.artwork once more, on the design itself: no listing that a rule approved is handed over
# without it. What a person approved was looked at.
HAND_OVER: LiteralString = """
UPDATE listings l SET status = 'publishing', status_reason = 'its upload pack is handed over', pack_uri = %(pack_uri)s,
    handed_over_at = %(at)s
WHERE id = %(id)s AND status = 'approved'
    AND EXISTS (SELECT FROM approvals a JOIN designs d ON d.id = l.design_id
        WHERE a.listing_id = l.id AND a.content_hash = l.content_hash AND a.decision = 'approved'
            AND (a.decided_by NOT LIKE 'rule:%%'
                OR jsonb_path_exists(d.verdicts, '$[*] ? (@.check == "phrase" && @.result == "passed")')
                    AND (SELECT count(*) FROM jsonb_object_keys(d.pictures)) <= (SELECT count(*) FROM
                        jsonb_path_query(d.verdicts, '$[*] ? (@.check == "picture" && @.result == "passed")'))))
    AND NOT EXISTS (SELECT FROM approvals a
        WHERE a.listing_id = l.id AND a.content_hash = l.content_hash AND a.decision = 'rejected')
    AND NOT jsonb_path_exists(verdicts, '$[*] ? (@.result == "failed")')
"""
CONFIRM_LIVE: LiteralString = """
UPDATE listings SET status = 'live', status_reason = 'it is on sale', external_id = %(external_id)s,
    listing_url = %(url)s, live_at = coalesce(live_at, %(at)s)
WHERE id = %(id)s AND status IN ('publishing', 'live')
RETURNING idea_id, marketplace
"""
IDEA_LIVE: LiteralString = """
UPDATE ideas SET status = 'live', returns_on = NULL, updated_at = now()
WHERE id = %(idea_id)s AND (status IN ('queued', 'mocked') OR returns_on IS NOT NULL)
"""
READ: LiteralString = """
SELECT id, hour, status, status_reason, external_id, listing_url, pack_uri, handed_over_at, live_at,
    performance_metrics, content_hash, idea_id, design_id, mockup_id, marketplace, product, title, description, bullets,
    tags, price_cents, currency, verdicts
FROM listings
"""
ORDER: LiteralString = " ORDER BY hour, marketplace, id"
BY_IDS: LiteralString = READ + "WHERE id = ANY(%(ids)s)" + ORDER
IN_STATUS: LiteralString = (
    READ + "WHERE status = %(status)s::listing_status AND (%(hour)s::timestamptz IS NULL OR hour = %(hour)s)" + ORDER
)
HOUR: LiteralString = READ + "WHERE hour = %(hour)s" + ORDER


class StoredListing(Model):
    """A listing and where it stands."""

    id: UUID
    hour: AwareDatetime
    status: ListingStatus
    status_reason: str
    external_id: str | None
    listing_url: str | None
    pack_uri: str | None
    handed_over_at: AwareDatetime | None
    live_at: AwareDatetime | None
    performance_metrics: Json
    content_hash: str
    listing: Listing


class Listings:
    """Statements on `listings` and `approvals`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, listings: Sequence[Listing], hour: datetime) -> int:
        """Write listings as drafts.

        One that exists is left alone while its content is the same (but takes new verdicts until it is handed over);
        with other content it is a draft again, unless it is handed over or live.

        Returns:
            How many are new or changed.
        """
        if not listings:
            return 0
        stage(self._connection, "staged_listings", COLUMNS, (_row(listing, hour) for listing in listings))
        self._connection.execute(UNAPPROVE)
        written = self._connection.execute(RECORD).rowcount
        self._connection.execute(RECHECK)
        return written

    def step(self, ids: Sequence[UUID], to: ListingStatus, reason: str) -> int:
        """Take listings to a status. Those that are there already stay untouched. Returns how many went.

        Raises:
            psycopg.errors.CheckViolation: a step is illegal; at the end of the transaction it is a PermanentError.
        """
        return self._connection.execute(STEP, {"ids": list(ids), "to": to, "reason": reason}).rowcount

    def approve(self, ids: Sequence[UUID], decided_by: str, reason: str) -> int:
        """Approve drafts and listings in review, with the content that they have now. Returns how many were."""
        return self._decide(ids, "approved", decided_by, reason)

    def reject(self, ids: Sequence[UUID], decided_by: str, reason: str) -> int:
        """Reject drafts, listings in review and approved ones. Returns how many were."""
        return self._decide(ids, "rejected", decided_by, reason)

    def hand_over(self, listing_id: UUID, pack_uri: str, at: datetime) -> None:
        """Take an approved listing to `publishing`, if its approval still matches and no check failed.

        A rule's approval only counts where the design's words, and its pictures of models, passed their screens.

        Handing over again the same pack changes nothing.

        Raises:
            PermanentError: it may not be handed over; the message says why.
        """
        values = {"id": listing_id, "pack_uri": pack_uri, "at": at}
        if self._connection.execute(HAND_OVER, values).rowcount:
            return
        stored = self._one(listing_id)
        if stored.status in {ListingStatus.PUBLISHING, ListingStatus.LIVE} and stored.pack_uri == pack_uri:
            return
        failed = [verdict.check for verdict in stored.listing.verdicts if verdict.result == "failed"]
        if stored.status is not ListingStatus.APPROVED:
            why = f"its status is {stored.status}, not approved"
        elif failed:
            why = f"these checks failed: {', '.join(failed)}"
        else:
            why = (
                f"no approval stands for its content_hash {stored.content_hash}, or only a rule's for an artwork that "
                "was not screened"
            )
        raise PermanentError(f"listing {listing_id} can't be handed over: {why}; review it and approve it as it is now")

    def confirm_live(self, listing_id: UUID, external_id: str, url: str | None, at: datetime) -> None:
        """Note that a listing is on sale: it and its idea are `live`, and `listing.published` is written.

        Raises:
            PermanentError: it is not handed over.
        """
        values = {"id": listing_id, "external_id": external_id, "url": url, "at": at}
        found = self._connection.execute(CONFIRM_LIVE, values).fetchone()
        if found is None:
            raise PermanentError(
                f"listing {listing_id} can't be live: its status is {self._one(listing_id).status}, not publishing; "
                "hand it over first"
            )
        idea_id, marketplace = found
        self._connection.execute(IDEA_LIVE, {"idea_id": idea_id})
        data = {"listingId": str(listing_id), "marketplace": marketplace, "externalId": external_id, "url": url}
        published = Event(
            event_type="listing.published",
            source="live_listings",
            subject=listing_id,
            data=data,
            correlation_id=idea_id,
        )
        Events(self._connection).record([published])

    def get(self, ids: Sequence[UUID]) -> list[StoredListing]:
        """These listings, as far as they exist."""
        return self._read(BY_IDS, {"ids": list(ids)})

    def in_status(self, status: ListingStatus, hour: datetime | None = None) -> list[StoredListing]:
        """The listings of a status, of all hours or of one; oldest hour first."""
        return self._read(IN_STATUS, {"status": status, "hour": hour})

    def hour(self, hour: datetime) -> list[StoredListing]:
        """The hour's listings, by marketplace."""
        return self._read(HOUR, {"hour": hour})

    def _decide(self, ids: Sequence[UUID], decision: str, decided_by: str, reason: str) -> int:
        said = {"ids": list(ids), "reason": reason}
        self._connection.execute(DECIDE, {**said, "decision": decision, "decided_by": decided_by})
        self._connection.execute(FROM_TO, {**said, "from": "draft", "to": "in_review"})
        steps = [("in_review", decision)] + ([("approved", "rejected")] if decision == "rejected" else [])
        return sum(self._connection.execute(FROM_TO, {**said, "from": old, "to": new}).rowcount for old, new in steps)

    def _one(self, listing_id: UUID) -> StoredListing:
        found = self.get([listing_id])
        if not found:
            raise PermanentError(f"listing {listing_id} does not exist: check the id")
        return found[0]

    def _read(self, query: LiteralString, values: dict[str, object]) -> list[StoredListing]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return [_stored(row) for row in cursor.execute(query, values)]


def _stored(row: Json) -> StoredListing:
    own = {name: row[name] for name in StoredListing.model_fields if name != "listing"}
    return StoredListing(**own, listing=Listing(**{name: row[name] for name in Listing.model_fields}))


def _row(listing: Listing, hour: datetime) -> tuple[object, ...]:
    return (
        *(listing.id, listing.idea_id, listing.design_id, listing.mockup_id, hour, listing.marketplace),
        *(listing.product, listing.title, listing.description, list(listing.bullets), list(listing.tags)),
        *(listing.price_cents, listing.currency, Jsonb([verdict.model_dump() for verdict in listing.verdicts])),
        listing.content_hash,
    )
