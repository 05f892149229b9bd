"""The asset `marketplace_metrics`: reports dropped into the folder, and what they do to listings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from pipeline.models import ListingStatus
from resources.store import Store, StoredListing
from tests.conftest import TEMPLATE, cloned
from tests.worlds import HOUR, World, checks, materialized

HEADER = "marketplace,listing,hour,views,favorites,carts,sales,revenue,url"
SOLD = "2025-11-25T08:00Z"


@pytest.fixture(scope="module")
def handed(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An engine with one listing handed over. Each test drops reports of its own into its folder."""
    with cloned(postgres_url, TEMPLATE) as url:
        world = World(tmp_path_factory.mktemp("handed"), url)
        assert world.run("sources", only=["calendar_events"]).success
        assert world.run("hour").success
        (world.folder / "reports").mkdir()
        yield world


@pytest.fixture
def listing(handed: World) -> Iterator[StoredListing]:
    """The listing, as it was handed over; no report has been read and none lies in the folder."""
    yield stored(handed)
    for file in (handed.folder / "reports").iterdir():
        file.unlink()


def stored(world: World) -> StoredListing:
    with Store(world.url) as store, store.transaction() as tx:
        (one,) = tx.listings.hour(HOUR)
        return one


def drop(world: World, name: str, *rows: str, header: str = HEADER) -> None:
    (world.folder / "reports" / name).write_text("\n".join([header, *rows]) + "\n")


def test_a_refused_file_names_its_unknown_columns_and_is_not_read_in_part(
    handed: World, listing: StoredListing
) -> None:
    drop(handed, "odd.csv", f"etsy,{listing.id},{SOLD},1,0,0,0,0,,7", header=f"{HEADER},clicks")
    ran = handed.run("sources", only=["marketplace_metrics"])
    assert not ran.success
    (check,) = ran.get_asset_check_evaluations()
    assert not check.passed
    assert check.description
    assert "odd.csv: unknown columns 'clicks'" in check.description
    assert handed.count("listing_metrics") == handed.count("metric_reports") == 0
    assert stored(handed).status is ListingStatus.PUBLISHING


def test_an_unknown_listing_is_quarantined_and_the_other_rows_count(handed: World, listing: StoredListing) -> None:
    assert listing.status is ListingStatus.PUBLISHING
    nobody = uuid4()
    url = "https://www.etsy.com/listing/99"
    drop(
        handed,
        "november.csv",
        f"etsy,{nobody},{SOLD},5,0,0,0,0,",
        f"etsy,{listing.id},{SOLD},200,10,4,2,39.98,{url}",
    )
    ran = handed.run("sources", datetime.now(UTC), only=["marketplace_metrics"])
    assert ran.success
    assert checks(ran) == {"marketplace_metrics.reports_readable": True}
    assert materialized(ran)["marketplace_metrics"].metadata["dagster/row_count"].value == 1
    ((reason, uri),) = handed.select("SELECT reason, payload_uri FROM quarantine WHERE source = 'report_etsy'")
    assert f"listing='{nobody}' is no listing that was handed over to etsy" in reason
    assert handed.objects.get(uri).decode().startswith(HEADER)

    live = stored(handed)
    assert live.status is ListingStatus.LIVE
    assert live.listing_url == url
    assert live.live_at == datetime(2025, 11, 25, 8, tzinfo=UTC)
    assert live.performance_metrics["sales"] == 2
    assert handed.select("SELECT count(*) FROM ideas WHERE status = 'live'") == [(1,)]
    assert handed.select("SELECT count(*) FROM events WHERE event_type = 'listing.published'") == [(1,)]
    assert handed.select("SELECT ctr FROM mockups WHERE ctr IS NOT NULL") == [(0.05,)]

    before = handed.rows()
    body = (handed.folder / "reports" / "november.csv").read_bytes()
    (handed.folder / "reports" / "again-under-another-name.csv").write_bytes(body)
    again = handed.run("sources", datetime.now(UTC), only=["marketplace_metrics"])
    assert again.success
    assert materialized(again)["marketplace_metrics"].metadata["files"].value == 0
    assert handed.rows() == before


def test_a_refused_file_does_not_hold_up_the_next(handed: World, listing: StoredListing) -> None:
    (handed.folder / "reports" / "a-broken.csv").write_bytes(b"\xff\xfe\x00")
    drop(handed, "b-whole.csv", f"etsy,{listing.id},2025-11-26T08:00Z,300,12,5,3,59.97,")
    ran = handed.run("sources", only=["marketplace_metrics"])
    assert checks(ran) == {"marketplace_metrics.reports_readable": False}
    assert stored(handed).performance_metrics["sales"] == 3


def test_no_folder_is_no_report(world: World) -> None:
    assert not (world.folder / "reports").exists()
    ran = world.run("sources", only=["marketplace_metrics"])
    assert ran.success
    assert materialized(ran)["marketplace_metrics"].metadata["files"].value == 0
