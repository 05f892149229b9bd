"""Reads a marketplace report: a CSV of counters, one row a listing and hour, or day.

What belongs here: what a report file may look like, and why a file or a row is refused.
What does not: finding the listing a row speaks of, and remembering which files were read. The store does both, and
takes the same file, by its SHA-256, once.

The whole file is refused, and nothing of it read, when its form is wrong; a row is refused alone when its values are.
Of two rows for the same listing and hour the later one counts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

from pydantic import AwareDatetime, Field

from pipeline.models import MAX_COUNTER, Model, hour_of, sha256

COUNTERS = ("views", "favorites", "carts", "sales")
MOMENTS = ("hour", "date")
REQUIRED = ("marketplace", "listing", *COUNTERS, "revenue")
OPTIONAL = ("currency", "url")
KNOWN = ("marketplace", "listing", *MOMENTS, *COUNTERS, "revenue", *OPTIONAL)
DELIMITERS = ",;\t"
MAX_BYTES = 50_000_000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class ReportError(ValueError):
    """The file is no report. Names what is wrong with it and how to mend it."""


class ReportRow(Model):
    """A listing's counters in an hour, as a marketplace reported them."""

    line: int = Field(ge=2, description="where it stands in the file; the header is line 1")
    marketplace: str
    listing: str = Field(description="as it was written: the marketplace's id of the listing, or this project's")
    listing_id: UUID | None = Field(description="this project's id, when `listing` is one")
    hour: AwareDatetime = Field(description="a day's counters are put in its first hour, UTC")
    views: int = Field(ge=0, le=MAX_COUNTER)
    favorites: int = Field(ge=0, le=MAX_COUNTER)
    carts: int = Field(ge=0, le=MAX_COUNTER)
    sales: int = Field(ge=0, le=MAX_COUNTER)
    revenue_cents: int = Field(ge=0, le=MAX_COUNTER)
    currency: str | None = None
    url: str | None = None


class RejectedRow(Model):
    """A row that doesn't count, and why."""

    line: int
    reason: str
    excerpt: str = Field(max_length=200)


class Report(Model):
    """What a report file says."""

    file_name: str
    sha256: str
    marketplace: str
    metrics: tuple[ReportRow, ...]
    rejected: tuple[RejectedRow, ...]


def parse_report(file_name: str, body: bytes, *, marketplaces: Collection[str], now: datetime) -> Report:
    """Read a report.

    Args:
        file_name: For messages and the record.
        body: CSV with a header; UTF-8, with or without a byte order mark; commas, semicolons or tabs.
        marketplaces: Names that the column `marketplace` may hold.
        now: No row may be later than this.

    Raises:
        ReportError: The file's form is wrong, it speaks of several marketplaces, or no row of it can be read.
    """
    records = _records(file_name, body)
    first = next(records, None)
    if first is None:
        raise ReportError(f"{file_name}: the file is empty: give it a header with {', '.join(KNOWN)}")
    header = _header(file_name, first[1])
    counted: dict[tuple[str, str, datetime], ReportRow] = {}
    rejected: list[RejectedRow] = []
    for line, cells in records:
        excerpt = ",".join(cells)[:200]
        try:
            row = _row(line, header, cells, marketplaces, now)
        except _Refused as refusal:
            rejected.append(RejectedRow(line=line, reason=str(refusal), excerpt=excerpt))
            continue
        key = (row.marketplace, row.listing, row.hour)
        earlier = counted.pop(key, None)
        if earlier:
            reason = f"the same listing and hour stand again on line {line}, which counts"
            rejected.append(
                RejectedRow(line=earlier.line, reason=reason, excerpt=f"{earlier.listing},{earlier.hour}"[:200])
            )
        counted[key] = row
    if not counted:
        why = f": line {rejected[0].line}: {rejected[0].reason}" if rejected else " under the header"
        raise ReportError(f"{file_name}: no row can be read{why}")
    named = sorted({row.marketplace for row in counted.values()})
    if len(named) > 1:
        raise ReportError(f"{file_name}: marketplace holds {', '.join(named)}: give each marketplace a file of its own")
    return Report(
        file_name=file_name,
        sha256=sha256(body),
        marketplace=named[0],
        metrics=tuple(counted.values()),
        rejected=tuple(sorted(rejected, key=lambda r: r.line)),
    )


class _Refused(Exception):  # noqa: N818 - a row's refusal is caught here and told as data
    """Why a row doesn't count."""


def _records(file_name: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """Line of its start and cells of each record that isn't blank."""
    if len(body) > MAX_BYTES:
        raise ReportError(f"{file_name}: {len(body):,} bytes, {MAX_BYTES:,} are taken: split it by month")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportError(f"{file_name}: byte {error.start} is not UTF-8: save it as CSV UTF-8") from error
    top = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    delimiter = max(DELIMITERS, key=top.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ReportError(
                f"{file_name}: line {line}: {error}: close its quotes, or save it as CSV again"
            ) from error
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]
        line = reader.line_num + 1


def _header(file_name: str, cells: Sequence[str]) -> list[str]:
    header = [cell.casefold() for cell in cells]
    unknown = [cell for cell in header if cell not in KNOWN]
    if unknown:
        named = ", ".join(repr(cell[:40]) for cell in unknown)
        raise ReportError(f"{file_name}: unknown columns {named}: known are {', '.join(KNOWN)}; drop or rename them")
    twice = sorted({cell for cell in header if header.count(cell) > 1})
    if twice:
        raise ReportError(f"{file_name}: columns stand twice: {', '.join(twice)}: keep one of each")
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise ReportError(
            f"{file_name}: columns are missing: {', '.join(missing)}: add them, with 0 where nothing is known"
        )
    if ("hour" in header) == ("date" in header):
        raise ReportError(f"{file_name}: one of the columns hour and date is needed, and not both")
    return header


def _row(
    line: int, header: Sequence[str], cells: Sequence[str], marketplaces: Collection[str], now: datetime
) -> ReportRow:
    if len(cells) != len(header):
        raise _Refused(f"{len(cells)} cells, the header has {len(header)}: quote cells that hold the delimiter")
    row = dict(zip(header, cells, strict=True))
    if row["marketplace"] not in marketplaces:
        raise _Refused(f"marketplace={row['marketplace'][:40]!r} is not known: {', '.join(sorted(marketplaces))} are")
    if not 1 <= len(row["listing"]) <= 300:
        raise _Refused(f"listing has {len(row['listing'])} characters: write the listing's id, at most 300")
    url = row.get("url") or None
    if url and not (url.startswith(("https://", "http://")) and len(url) <= 2000):
        raise _Refused(f"url={url[:40]!r} is no web address: write it with https://")
    currency = row.get("currency") or None
    if currency and not re.fullmatch(r"[A-Z]{3}", currency):
        raise _Refused(f"currency={currency[:40]!r} is no code of three capitals, such as USD")
    return ReportRow(
        line=line,
        marketplace=row["marketplace"],
        listing=row["listing"],
        listing_id=_own_id(row["listing"]),
        hour=_moment(row, now),
        revenue_cents=_cents(row["revenue"]),
        currency=currency,
        url=url,
        **{name: _counter(name, row[name]) for name in COUNTERS},
    )


def _own_id(listing: str) -> UUID | None:
    return UUID(listing) if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", listing) else None


def _counter(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,13}", text) or int(text) > MAX_COUNTER:
        raise _Refused(f"{name}={text[:40]!r} is no whole number from 0 to {MAX_COUNTER}: write it without separators")
    return int(text)


def _cents(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,10})(?:[.,]([0-9]{1,2}))?", text)
    if not match:
        raise _Refused(f"revenue={text[:40]!r} is no amount such as 12.50: write it without currency and separators")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _moment(row: dict[str, str], now: datetime) -> datetime:
    name = "hour" if "hour" in row else "date"
    text = row[name]
    try:
        if name == "date":
            moment = datetime.combine(date.fromisoformat(text), time(), UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = hour_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        shape = "2026-11-23" if name == "date" else "2026-11-23T05:00Z"
        raise _Refused(f"{name}={text[:40]!r} is no moment such as {shape}") from error
    if not EARLIEST <= moment <= now:
        raise _Refused(f"{name}={text[:40]!r} is not between {EARLIEST:%Y-%m-%d} and now, {now:%Y-%m-%dT%H:%MZ}")
    return moment
