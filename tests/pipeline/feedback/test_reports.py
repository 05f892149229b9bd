"""A report is read strictly: the form refuses the file, a value refuses its row, and nothing else is ever raised."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feedback.reports import KNOWN, MAX_BYTES, Report, ReportError, parse_report
from pipeline.models import MAX_COUNTER

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
MARKETS = ("amazon_merch", "etsy")
HEADER = "marketplace,listing,hour,views,favorites,carts,sales,revenue"
GOOD = "etsy,1234567890,2026-11-23T05:00Z,40,3,2,1,24.99"


def read(text: str | bytes) -> Report:
    body = text if isinstance(text, bytes) else text.encode()
    return parse_report("november.csv", body, marketplaces=MARKETS, now=NOW)


def test_a_row_is_read_as_written() -> None:
    report = read(f"{HEADER},currency,url\n{GOOD},USD,https://www.etsy.com/listing/1234567890\n")
    row = report.metrics[0]
    assert (report.marketplace, report.rejected, row.line) == ("etsy", (), 2)
    assert (row.listing, row.listing_id, row.hour) == ("1234567890", None, datetime(2026, 11, 23, 5, tzinfo=UTC))
    assert (row.views, row.favorites, row.carts, row.sales, row.revenue_cents) == (40, 3, 2, 1, 2499)
    assert (row.currency, row.url) == ("USD", "https://www.etsy.com/listing/1234567890")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_marks_and_line_ends_are_all_taken(delimiter: str, mark: str, end: str) -> None:
    report = read(f"{mark}{HEADER}{end}{end}{GOOD}{end}".replace(",", delimiter))
    assert [row.views for row in report.metrics] == [40]


def test_a_date_is_its_first_hour_and_a_decimal_comma_is_an_amount() -> None:
    header = HEADER.replace("hour", "Date").replace(",", ";")
    row = read(f"{header}\netsy;12;2026-11-20;1;0;0;0;7,5\n").metrics[0]
    assert (row.hour, row.revenue_cents) == (datetime(2026, 11, 20, tzinfo=UTC), 750)


def test_an_hour_with_an_offset_is_put_in_utc_and_one_without_is_utc() -> None:
    rows = read(f"{HEADER}\netsy,a,2026-11-23T06:40+02:00,1,0,0,0,0\netsy,b,2026-11-23 04:59,1,0,0,0,0\n").metrics
    assert {row.hour for row in rows} == {datetime(2026, 11, 23, 4, tzinfo=UTC)}


def test_our_own_id_is_known_as_one() -> None:
    own = "6b1c0d0e-8a55-5d2b-9a3e-2f7c4c1d9e10"
    assert read(f"{HEADER}\n{GOOD.replace('1234567890', own)}").metrics[0].listing_id == UUID(own)


def test_unknown_columns_refuse_the_whole_file_and_are_all_named() -> None:
    with pytest.raises(ReportError) as caught:
        read(f"{HEADER},clicks,mood\n{GOOD},1,2\n")
    assert "'clicks', 'mood'" in str(caught.value)
    assert all(name in str(caught.value) for name in KNOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (HEADER, "no row can be read under the header"),
        ("marketplace,listing,hour,views\n", "missing: favorites, carts, sales, revenue"),
        (HEADER.replace("hour,", ""), "one of the columns hour and date"),
        (f"{HEADER},date\n", "one of the columns hour and date"),
        (f"{HEADER},views\n", "stand twice: views"),
        (f"{HEADER}\n{GOOD}\n{GOOD.replace('etsy', 'amazon_merch')}", "amazon_merch, etsy: give each"),
        (f"{HEADER}\nebay,1,2026-11-23,1,1,1,1,1", "line 2: marketplace='ebay' is not known: amazon_merch, etsy are"),
        (f'{HEADER}\n{GOOD}\n"never closed', "line 3"),
        (HEADER.encode("utf-16"), "not UTF-8"),
        (b"x" * (MAX_BYTES + 1), "split it"),
    ],
)
def test_a_wrong_form_refuses_the_file(text: str | bytes, said: str) -> None:
    with pytest.raises(ReportError, match=r"november\.csv") as caught:
        read(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("views", "-1", "views='-1' is no whole number"),
        ("views", "", "views='' is no whole number"),
        ("carts", "1.5", "carts='1.5'"),
        ("sales", str(MAX_COUNTER + 1), "sales="),
        ("sales", "٣", "sales="),
        ("revenue", "$5", "revenue='$5' is no amount"),
        ("hour", "yesterday", "hour='yesterday' is no moment"),
        ("hour", "2026-11-23T08:00Z", "now, 2026-11-23T06:30Z"),
        ("hour", "0001-01-01T00:00+14:00", "hour="),
        ("hour", "1999-12-31T23:00Z", "2000-01-01"),
        ("listing", "", "listing has 0 characters"),
        ("listing", "x" * 301, "listing has 301"),
        ("marketplace", "ebay", "not known"),
    ],
)
def test_a_wrong_value_refuses_its_row_alone(column: str, value: str, said: str) -> None:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: value}
    report = read(f"{HEADER}\n{GOOD}\n{','.join(cells.values())}\n")
    assert len(report.metrics) == 1
    assert report.rejected[0].line == 3
    assert said in report.rejected[0].reason


def test_a_row_of_another_width_a_bad_currency_and_a_bad_address_are_refused() -> None:
    rows = [f"{GOOD},usd,", f"{GOOD},USD,javascript:alert(1)", f"{GOOD},USD", f"{GOOD},,"]
    report = read(f"{HEADER},currency,url\n" + "\n".join(rows))
    assert [r.line for r in report.rejected] == [2, 3, 4]
    assert ["currency" in r.reason or "url" in r.reason or "cells" in r.reason for r in report.rejected] == [True] * 3
    assert report.metrics[0].currency is None


def test_of_two_rows_for_a_listing_and_hour_the_later_counts() -> None:
    report = read(f"{HEADER}\n{GOOD}\n{GOOD.replace(',40,', ',44,')}\n")
    assert [row.views for row in report.metrics] == [44]
    assert (report.rejected[0].line, "line 3, which counts" in report.rejected[0].reason) == (2, True)


def test_lines_are_counted_through_quoted_breaks() -> None:
    report = read(f'{HEADER}\n{GOOD}\n"etsy","two\nlines",2026-11-23,1,0,0,0,0\nebay,1,2026-11-23,1,0,0,0,0\n')
    assert report.rejected[0].line == 5


@given(body=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)))
def test_no_bytes_raise_anything_but_a_report_error(body: bytes) -> None:
    with contextlib.suppress(ReportError):
        read(body)


@given(cells=st.lists(st.lists(st.text(max_size=12), min_size=8, max_size=8), max_size=6))
def test_no_cells_raise_anything_under_a_good_header(cells: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADER.split(","), GOOD.split(","), *cells])
    with contextlib.suppress(ReportError):
        report = read(out.getvalue())
        assert len(report.metrics) + len(report.rejected) <= len(cells) + 1


counts = st.integers(0, MAX_COUNTER)


@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20),
            st.integers(1_000_000_000, 1_795_000_000).map(
                lambda s: datetime.fromtimestamp(s, timezone(timedelta(hours=5)))
            ),
            counts,
            counts,
            counts,
            counts,
            st.integers(0, 10**9),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda r: r[0],
    )
)
def test_what_is_written_comes_back(rows: list[tuple[str, datetime, int, int, int, int, int]]) -> None:
    lines = [f"etsy,{n},{t.isoformat()},{v},{f},{c},{s},{m // 100}.{m % 100:02}" for n, t, v, f, c, s, m in rows]
    report = read("\n".join([HEADER, *lines]))
    assert report.rejected == ()
    assert [(r.listing, r.views, r.favorites, r.carts, r.sales, r.revenue_cents) for r in report.metrics] == [
        (n, v, f, c, s, m) for n, _, v, f, c, s, m in rows
    ]
    assert all(t - timedelta(hours=1) < r.hour <= t for r, (_, t, *_) in zip(report.metrics, rows, strict=True))
