"""live_listings: approved listings handed over as upload packs; live once a marketplace's report names them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import dagster as dg

from assets.contract import THREADS, WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import table
from assets.scope import scope_of
from pipeline.designs.areas import Area
from pipeline.listings.marketplaces import marketplaces
from pipeline.listings.packs import pack, print_file_name, slug
from pipeline.listings.sheets import combined_sheets
from pipeline.models import Idea, ListingStatus
from resources.artists import Artist
from resources.objects import Objects, published_key
from resources.store import Store, StoredDesign, StoredListing, StoredMockup

CONTENT_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dg.asset(
    deps=["listings"],
    description="An upload pack for every approved listing: print file at the marketplace's size, mock-ups, "
    "`listing.json` and the upload tools' sheets, under `published-assets/<marketplace>/`. The database verifies the "
    "approval again before the hand-over. A person uploads the pack; the listing is `live` once a report names it.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check(
            "live_listings",
            "packs_complete",
            "Every listing handed over in the hour has its `listing.json` in the object store.",
            blocking=True,
        )
    ],
    **declare("listings", "xlsx"),
)
@classified
def live_listings(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    objects: dg.ResourceParam[Objects],
    artist: dg.ResourceParam[Artist],
) -> dg.MaterializeResult:
    """Hand over the hour's approved listings; each is committed by itself, so a stopped run goes on."""
    scope = scope_of(context)
    hour = scope.hour
    with store.transaction() as tx:
        ideas = {idea.id: idea for idea in scope.ideas(tx)}
        designs = {design.id: design for design in scope.designs(tx)}
        waiting = tx.listings.in_status(ListingStatus.APPROVED, hour)
        approved = [stored for stored in waiting if stored.listing.idea_id in ideas]
        mockups = tx.mockups.for_ideas([stored.listing.idea_id for stored in approved])

    def put_pack(stored: StoredListing) -> str:
        listing = stored.listing
        pictures = [mockup for mockup in mockups if mockup.design_id == listing.design_id]
        files = _pack(objects, artist, stored, ideas[listing.idea_id], designs[listing.design_id], pictures)
        for name, body in files.items():
            _put(objects, f"{_folder(stored)}/{name}", body)
        return objects.uri(_folder(stored))

    with ThreadPoolExecutor(THREADS) as threads:
        for number, (stored, folder) in enumerate(zip(approved, threads.map(put_pack, approved), strict=True), 1):
            context.log.info(f"{number} of {len(approved)}: {stored.listing.marketplace}: {stored.listing.title}")
            with store.transaction() as tx:
                tx.listings.hand_over(stored.id, folder, datetime.now(UTC))
    with store.transaction() as tx:
        handed = [stored for stored in tx.listings.hour(hour) if stored.pack_uri]
    sheets = _sheets(objects, hour, handed)
    with store.transaction() as tx:
        scope.end(tx)
    lacking = [stored.pack_uri for stored in handed if not objects.exists(f"{stored.pack_uri}/listing.json")]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(handed),
            "handed_over_now": len(approved),
            "sheets": table({"sheet": uri} for uri in sheets),
            "sample": table(
                {"marketplace": s.listing.marketplace, "title": s.listing.title, "status": s.status, "pack": s.pack_uri}
                for s in handed
            ),
        },
        check_results=[
            dg.AssetCheckResult(check_name="packs_complete", passed=not lacking, metadata={"lacking": lacking})
        ],
    )


def _folder(stored: StoredListing) -> str:
    return published_key(stored.listing.marketplace, f"{stored.hour:%Y-%m-%d-%H}/{slug(stored.listing)}")


def _pack(
    objects: Objects,
    artist: Artist,
    stored: StoredListing,
    idea: Idea,
    design: StoredDesign,
    pictures: Sequence[StoredMockup],
) -> dict[str, bytes]:
    marketplace = marketplaces()[stored.listing.marketplace]
    area = marketplace.print_area
    same = (area.width, area.height, area.dpi) == (design.width, design.height, design.dpi)
    print_file = objects.get(design.s3_uri)
    if not same:
        wanted = Area(name=marketplace.name, width=area.width, height=area.height, dpi=area.dpi)
        print_file = artist.render(design.recipe, wanted, {})
    mockups = {
        f"{mockup.variant}-{mockup.color.lower().replace(' ', '-')}.jpg": objects.get(mockup.s3_uri)
        for mockup in pictures
    }
    return dict(
        pack(
            stored.listing,
            idea,
            design.recipe,
            print_file=print_file,
            mockups=mockups,
            marketplace=marketplace,
        )
    )


def _sheets(objects: Objects, hour: datetime, handed: Sequence[StoredListing]) -> list[str]:
    """One sheet of the hour for each marketplace and upload tool, for sellers who upload many rows at once."""
    written = []
    for name in sorted({stored.listing.marketplace for stored in handed}):
        marketplace = marketplaces()[name]
        rows = [
            (s.listing, f"{slug(s.listing)}/{print_file_name(s.listing, _names(objects, s))}")
            for s in handed
            if s.listing.marketplace == name
        ]
        for sheet, body in combined_sheets(rows, {name: marketplace}).items():
            written.append(_put(objects, published_key(name, f"{hour:%Y-%m-%d-%H}/{sheet}"), body))
    return written


def _names(objects: Objects, stored: StoredListing) -> list[str]:
    folder = _folder(stored)
    return [key.removeprefix(f"{folder}/") for key in objects.list(folder)]


def _put(objects: Objects, key: str, body: bytes) -> str:
    suffix = key[key.rindex(".") :]
    return objects.put(key, body, CONTENT_TYPES[suffix])
