"""Forgetting somebody: everywhere that something of theirs may be, with a report that proves it.

What belongs here: the order in which the places are gone through. What does not: how each place is searched
(`resources.store.erasure`, `resources.archive`, `pipeline.signals.privacy.forgetting`).

The places are the archive, the record with all that was made of the signals, pictures and packs, the HTTP cache,
Dagster's event log, and the analysts' files, which are built anew. The record comes last: a run that stops on the way
can be run again and finds what is left. What a source shows again later is not read into the record again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import LiteralString

import psycopg
from pydantic import AwareDatetime, Field

from pipeline.models import Model
from pipeline.signals.parsers import PARSERS
from pipeline.signals.parsers.webhook_events import SOURCE
from pipeline.signals.privacy import pseudonym
from pipeline.signals.privacy.forgetting import Theirs, quotes, without
from resources.archive import Archive
from resources.cache import Cache
from resources.errors import PermanentError
from resources.fetching.cache import Cache as HttpCache
from resources.objects import Objects, idea_prefix
from resources.store import Store
from resources.store.erasure import Derived, Found
from resources.vault import Vault
from resources.warehouse import Warehouse

Say = Callable[[str], None]
EVERY = 500
"""Payloads between two words of progress."""

LOGS: Mapping[str, LiteralString] = {
    "event_logs": "UPDATE event_logs SET event = replace(event, %(run)s, '[forgotten]') "
    "WHERE strpos(event, %(run)s) > 0",
    "asset_keys": "UPDATE asset_keys SET last_materialization = replace(last_materialization, %(run)s, '[forgotten]') "
    "WHERE strpos(last_materialization, %(run)s) > 0",
    "asset_check_executions": "UPDATE asset_check_executions SET evaluation_event = "
    "replace(evaluation_event, %(run)s, '[forgotten]') WHERE strpos(evaluation_event, %(run)s) > 0",
}


class Subject(Model):
    """Who or what is to be forgotten."""

    author: str | None = Field(default=None, min_length=1, max_length=300)
    url: str | None = Field(default=None, min_length=8, max_length=2000)

    def known_as(self, source: str, salt: bytes) -> str | None:
        """The author's hash at the source."""
        return pseudonym(source, self.author, salt) if self.author else None


class ListingLeft(Model):
    """A listing that a marketplace may still show: only a person can take it down there."""

    marketplace: str
    external_id: str | None
    status: str


class Report(Model):
    """What was erased, and what was looked for afterwards. Holds no personal data."""

    subject: str = Field(description="salted hash of who or what was forgotten")
    at: AwareDatetime
    signals: int
    ideas: int
    rows: dict[str, int] = Field(description="rows deleted, by table")
    archive_payloads: int = Field(description="payloads looked through")
    archive_items: int = Field(description="items taken out of them")
    archive_removed: int = Field(description="payloads removed whole")
    webhooks: int = Field(description="messages of the inbox whose text was taken away")
    objects: int = Field(description="pictures, print files and packs removed")
    log_entries: int = Field(description="entries of Dagster's log whose quotations were taken out")
    take_down: tuple[ListingLeft, ...] = Field(description="listings that marketplaces may still show")
    left: dict[str, int] = Field(description="where something was still found afterwards; empty: nowhere")


class Places(Model):
    """Everywhere that something may be."""

    store: Store
    archive: Archive
    objects: Objects
    vault: Vault
    http_cache: HttpCache
    topics_cache: Cache
    warehouse: Warehouse
    dagster_url: str


def forget(subject: Subject, places: Places, say: Say) -> Report:
    """Erase what the author wrote, or what lies at the address, and all that was made of it.

    Raises:
        PermanentError: neither or both of author and address are given, or a place refuses us.
        TransientError: a place does not answer; run it again.
    """
    if (subject.author is None) == (subject.url is None):
        raise PermanentError("forget: give either --author or --url")
    salt = places.vault.salt
    hashes = {source: known for source in PARSERS if (known := subject.known_as(source, salt))}
    urls = {subject.url.rstrip("/")} if subject.url else set()
    with places.store.transaction() as tx:
        found = tx.erasure.find(hashes.values(), urls)
        derived = tx.erasure.derived([signal.id for signal in found])
    ideas = {row.idea_id for row in derived}
    say(f"{len(found)} signals, {len(ideas)} ideas made of them; looking through the archive …")

    looked, items, removed = _archive(subject, places, found, urls, say)
    objects = _objects(places.objects, derived)
    say("the HTTP cache, Dagster's log, the record …")
    places.http_cache.clear()
    logged = _logs(places.dagster_url, quotes([signal.content for signal in found]))
    posted = _theirs(subject, SOURCE, found, urls)
    with places.store.transaction() as tx:
        blanked = tx.erasure.blank([row for row, body in tx.erasure.webhooks() if without(body, posted)[1]])
        rows = tx.erasure.delete(found, derived)
        addresses = {pseudonym("url", url, salt) for url in urls}
        tx.erasure.remember({*hashes.values(), *addresses, *(signal.content_hash for signal in found)})
    places.topics_cache.clear()
    if places.warehouse.duckdb.exists():
        say("the analysts' files …")
        places.warehouse.export()
        places.warehouse.build()

    known = pseudonym("subject", subject.author or subject.url or "", salt)
    report = Report(
        subject=known,
        at=datetime.now(UTC),
        signals=len(found),
        ideas=len(ideas),
        rows=rows,
        archive_payloads=looked,
        archive_items=items,
        archive_removed=removed,
        webhooks=blanked,
        objects=objects,
        log_entries=logged,
        take_down=tuple(
            ListingLeft(marketplace=row.marketplace, external_id=row.external_id, status=row.status)
            for row in derived
            if row.marketplace and row.status in {"publishing", "live"}
        ),
        left=_left(subject, places, found, urls, set(hashes.values()), say),
    )
    with places.store.transaction() as tx:
        tx.audit.record("engine forget", "forget", known, report.model_dump(mode="json", exclude={"subject"}))
    return report


def _theirs(subject: Subject, source: str, found: list[Found], urls: set[str]) -> Theirs:
    own = [signal for signal in found if signal.source == source]
    ids = {signal.external_id for signal in own if signal.external_id}
    # A webhook's items have their sender's name before their own id.
    ids |= {id_.partition(":")[2] for id_ in ids if source == SOURCE}
    return Theirs(
        account=subject.author,
        fields=PARSERS[source].ACCOUNT_FIELDS if source in PARSERS else frozenset(),
        urls=frozenset(urls | {signal.url.rstrip("/") for signal in own if signal.url}),
        ids=frozenset(ids - {""}),
    )


def _archive(subject: Subject, places: Places, found: list[Found], urls: set[str], say: Say) -> tuple[int, int, int]:
    """Payloads looked through, items taken out, payloads removed whole."""
    looked = items = removed = 0
    theirs = {source: _theirs(subject, source, found, urls) for source in PARSERS}
    for payload, uri in places.archive.everything():
        looked += 1
        if looked % EVERY == 0:
            say(f"{looked} payloads …")
        if payload.source not in theirs:
            theirs[payload.source] = _theirs(subject, payload.source, found, urls)
        body, taken = without(payload.body, theirs[payload.source])
        if not taken:
            continue
        items += taken
        removed += body is None
        new = places.archive.replace(uri, None if body is None else payload.model_copy(update={"body": body}))
        with places.store.transaction() as tx:
            tx.erasure.moved(uri, new)
    return looked, items, removed


def _objects(objects: Objects, derived: list[Derived]) -> int:
    """Remove pictures, print files and packs, and the hours' sheets that list them. Returns how many."""
    below = {idea_prefix(row.idea_id) for row in derived}
    packs = {objects.key(row.pack_uri) for row in derived if row.pack_uri}
    keys = [key for prefix in sorted(below | packs) for key in objects.list(prefix)]
    hours = {pack.rpartition("/")[0] for pack in packs}
    keys += [key for hour in sorted(hours) for key in objects.list(hour) if key.count("/") == hour.count("/") + 1]
    objects.delete(sorted(set(keys)))
    return len(set(keys))


def _logs(url: str, runs: list[str]) -> int:
    """Take quotations out of Dagster's log. Returns how many entries held one."""
    changed = 0
    with psycopg.connect(url) as connection:
        for run in runs:
            for written in {run, json.dumps(run)[1:-1]}:
                changed += sum(connection.execute(query, {"run": written}).rowcount for query in LOGS.values())
    return changed


def _left(
    subject: Subject, places: Places, found: list[Found], urls: set[str], hashes: set[str], say: Say
) -> dict[str, int]:
    """Look everywhere once more."""
    say("looking everywhere once more …")
    needles = {*hashes, *urls, *(str(signal.id) for signal in found), *quotes([signal.content for signal in found])}
    with places.store.transaction() as tx:
        left = tx.erasure.traces(needles)
    theirs = {source: _theirs(subject, source, found, urls) for source in PARSERS}
    archive = sum(
        bool(without(payload.body, theirs[payload.source])[1])
        for payload, _ in places.archive.everything()
        if payload.source in theirs
    )
    return {**left, **({"archive": archive} if archive else {})}
