"""live_listings: approved listings handed over as upload packs; live once a marketplace's report names them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from assets.contract import THREADS, WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import table
from assets.scope import scope_of
from assets.undisturbed import undisturbed
from pipeline.designs.areas import Area
from pipeline.designs.prints.proof_picture import proof_picture
from pipeline.listings.marketplaces import Marketplace, marketplaces
from pipeline.listings.packs import PackError, pack, print_file_name, slug
from pipeline.listings.sheets import combined_sheets
from pipeline.models import Idea, ListingStatus, Proof
from resources.artists import Artist
from resources.errors import UndrawableError
from resources.objects import Objects, published_key
from resources.store import Store, StoredDesign, StoredListing, StoredMockup
from resources.workshop import FORMS, proof_of

CONTENT_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".pdf": "application/pdf",
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
        """Why there is no pack; empty where it was put."""
        listing = stored.listing
        pictures = [mockup for mockup in mockups if mockup.design_id == listing.design_id]
        try:
            files = _pack(objects, artist, stored, ideas[listing.idea_id], designs[listing.design_id], pictures)
        except (UndrawableError, PackError) as error:
            return str(error)
        for name, body in files.items():
            _put(objects, f"{_folder(stored)}/{name}", body)
        return ""

    held_back: list[dict[str, object]] = []
    with undisturbed(THREADS) as threads:
        for number, (stored, why) in enumerate(zip(approved, threads.map(put_pack, approved), strict=True), 1):
            listing = stored.listing
            context.log.info(f"{number} of {len(approved)}: {listing.marketplace}: {listing.title}{why and f': {why}'}")
            with store.transaction() as tx:
                if why:
                    held_back.append({"marketplace": listing.marketplace, "title": listing.title, "why": why})
                    tx.listings.step([stored.id], ListingStatus.IN_REVIEW, why)
                else:
                    tx.listings.hand_over(stored.id, objects.uri(_folder(stored)), datetime.now(UTC))
    with store.transaction() as tx:
        handed = [stored for stored in tx.listings.hour(hour) if stored.pack_uri]
    sheets = _sheets(objects, hour, handed)
    with store.transaction() as tx:
        scope.end(tx)
    lacking = [stored.pack_uri for stored in handed if not objects.exists(f"{stored.pack_uri}/listing.json")]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(handed),
            "handed_over_now": len(approved) - len(held_back),
            "held_back": table(held_back),
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
    print_file, proof = _print_file(objects, artist, design, marketplace)
    kept = design.proof_uri if proof == design.proof else None
    beside = {
        "proof.json": proof.model_dump_json(indent=2).encode(),
        "proof.jpg": objects.get(kept) if kept else proof_picture(print_file, proof),
        **{f"artwork{FORMS[name]}": objects.get(file.uri) for name, file in design.files.items() if name in FORMS},
    }
    mockups = {f"{_shows(mockup)}.jpg": objects.get(mockup.s3_uri) for mockup in pictures}
    return dict(
        pack(
            stored.listing,
            idea,
            design.recipe,
            print_file=print_file,
            mockups=mockups,
            beside=beside,
            marketplace=marketplace,
        )
    )


def _shows(mockup: StoredMockup) -> str:
    product = "" if mockup.product == "tee" else f"{mockup.product}-"
    return f"{product}{mockup.variant}-{mockup.color.lower().replace(' ', '-')}"


def _print_file(
    objects: Objects, artist: Artist, design: StoredDesign, marketplace: Marketplace
) -> tuple[bytes, Proof]:
    """The design's file of the marketplace's area with its proof; drawn and proved now where there is none yet.

    Raises:
        UndrawableError: it can't be drawn for the area, or what was drawn fails its proof.
    """
    area = marketplace.print_area
    for uri, proof in ((design.s3_uri, design.proof), *((file.uri, file.proof) for file in design.files.values())):
        if proof and (proof.width, proof.height) == (area.width, area.height):
            return objects.get(uri), proof
    wanted = Area(name=marketplace.name, width=area.width, height=area.height, dpi=area.dpi)
    if (design.width, design.height) == (area.width, area.height):  # drawn before there were proofs
        png = objects.get(design.s3_uri)
    else:
        pictures = {digest: objects.get(uri) for digest, uri in design.pictures.items()}
        png = artist.render(design.recipe, wanted, pictures)
    proof = proof_of(png, wanted, design.recipe, design.garments, {marketplace.name: area.max_bytes})
    if proof.faults:
        raise UndrawableError(f"print file of {marketplace.label}: {'; '.join(proof.faults)}")
    return png, proof


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
