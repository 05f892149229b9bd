"""mockups: the hour's designs on each product: front, back where it has one, and colourways."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import dagster as dg

from assets.contract import THREADS, WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import sheet, table
from assets.scope import scope_of
from assets.undisturbed import undisturbed
from pipeline.designs.areas import AREAS, TEE
from pipeline.mockups import Cell, Product, mock, pictures_of, thumb
from pipeline.models import MockupImage, Variant
from resources.artists import Artist
from resources.errors import UndrawableError
from resources.objects import THUMB_PX, MissingObjectError, Objects, mockup_metadata_key, variants_prefix
from resources.store import Store, StoredDesign, StoredMockup
from resources.store.refusals import Refusal
from resources.studio import Studio

PICTURED_SHARE = 0.95


@dg.asset(
    deps=["designs"],
    description="Pictures of each product with the design on it: front, back, and up to four colourways. A design that "
    "can't be pictured is refused with the reason, and the hour goes on.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check(
            "mockups",
            "every_design_pictured",
            "Every design of the hour has its pictures on every product, or a refusal that says why not.",
            blocking=True,
        ),
        check("mockups", "nearly_all_pictured", f"At least {PICTURED_SHARE:.0%} of the hour's designs have a picture."),
    ],
    **declare("designs", "jpeg"),
)
@classified
def mockups(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    objects: dg.ResourceParam[Objects],
    artist: dg.ResourceParam[Artist],
    studio: dg.ResourceParam[Studio],
) -> dg.MaterializeResult:
    """Picture the hour's designs that lack pictures; each is committed by itself, so a stopped run goes on."""
    scope = scope_of(context)
    photographer = Photographer(objects, artist, studio, scope.hour)
    with store.transaction() as tx:
        designs = scope.designs(tx)
        said = {idea.id: idea.phrase for idea in scope.ideas(tx)}
        kept = tx.mockups.for_ideas([design.idea_id for design in designs])
    unpictured = [(design, photographer.missing(design, kept)) for design in designs]
    unpictured = [(design, products) for design, products in unpictured if products]
    with undisturbed(THREADS) as threads:
        pictured = threads.map(lambda one: photographer.picture(one[0], one[1], kept), unpictured)
        for number, ((design, _), (made, refusal)) in enumerate(zip(unpictured, pictured, strict=True), 1):
            why = f": {refusal.reason}" if refusal else ""
            context.log.info(f"{number} of {len(unpictured)}: {said[design.idea_id]}{why}")
            with store.transaction() as tx:
                tx.mockups.record(made)
                if refusal:
                    tx.refusals.record(refusal)
                else:
                    tx.refusals.clear([design.idea_id])
    with store.transaction() as tx:
        kept = tx.mockups.for_ideas([design.idea_id for design in designs])
        reasons = {one.idea_id: one.reason for one in tx.refusals.hour(scope.hour) if one.stage == "mockup"}
    lacking = [design for design in designs if photographer.missing(design, kept)]
    silent = [said[design.idea_id] for design in lacking if design.idea_id not in reasons]
    bare = {design.id for design in designs} - {mockup.design_id for mockup in kept}
    phrases = {design.id: said[design.idea_id] for design in designs}
    cells = [
        Cell(objects.get(mockup.thumb_uri), phrases[mockup.design_id], f"{mockup.product}, {mockup.color}")
        for mockup in kept
        if mockup.variant is Variant.FRONT and mockup.design_id in phrases
    ]
    return dg.MaterializeResult(
        metadata={
            **({"mockups": sheet(cells, "mock-ups of the hour")} if cells else {}),
            "dagster/row_count": len(kept),
            "designs": len(designs),
            "refused": len(lacking),
            "refusals": table({"phrase": said[d.idea_id], "why": reasons.get(d.idea_id, "")} for d in lacking),
            "sample": table(
                {
                    "phrase": phrases.get(m.design_id, ""),
                    "product": m.product,
                    "variant": m.variant,
                    "color": m.color,
                    "uri": m.s3_uri,
                }
                for m in kept
            ),
        },
        check_results=[
            dg.AssetCheckResult(check_name="every_design_pictured", passed=not silent, metadata={"lacking": silent}),
            dg.AssetCheckResult(
                check_name="nearly_all_pictured",
                passed=len(bare) <= (1 - PICTURED_SHARE) * len(designs),
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"without_picture": len(bare), "designs": len(designs)},
            ),
        ],
    )


@dataclass(frozen=True)
class Photographer:
    """Takes the pictures of designs on the studio's products."""

    objects: Objects
    artist: Artist
    studio: Studio
    hour: datetime

    def missing(self, design: StoredDesign, kept: Sequence[StoredMockup]) -> list[Product]:
        """The products that the design isn't wholly pictured on."""
        count: defaultdict[str, set[UUID]] = defaultdict(set)
        for mockup in kept:
            if mockup.design_id == design.id:
                count[mockup.product].add(mockup.id)
        wanted = self.studio.products.values()
        return [product for product in wanted if len(count[product.name]) < pictures_of(product, design.garments)]

    def picture(
        self, design: StoredDesign, products: Sequence[Product], kept: Sequence[StoredMockup]
    ) -> tuple[list[StoredMockup], Refusal | None]:
        """The design's pictures on the products, and why there are none on some of them."""
        made: list[StoredMockup] = []
        reasons: list[str] = []
        for product in products:
            try:
                png = self._print_file(design, product)
                images = list(mock(png, product, design.garments, self.studio.scene, design.id.int))
            except (UndrawableError, MissingObjectError, ValueError) as error:
                reasons.append(f"{product.name}: {error}")
                continue
            made += [self._keep(design, image) for image in images]
        names = {mockup.id for mockup in made}
        self._describe(design, [*(m for m in kept if m.design_id == design.id and m.id not in names), *made])
        if not reasons:
            return made, None
        return made, Refusal(idea_id=design.idea_id, hour=self.hour, stage="mockup", reason="; ".join(reasons))

    def _print_file(self, design: StoredDesign, product: Product) -> bytes:
        if product.area == TEE.name:
            return self.objects.get(design.s3_uri)
        failed = [verdict.detail for verdict in design.verdicts if verdict.check == f"{product.area} file"]
        if failed:
            raise ValueError(f"it has no print file for the area {product.area}: {failed[0]}")
        if product.area in design.files:
            return self.objects.get(design.files[product.area].uri)
        pictures = {digest: self.objects.get(uri) for digest, uri in design.pictures.items()}
        return self.artist.render(design.recipe, AREAS[product.area], pictures)

    def _keep(self, design: StoredDesign, image: MockupImage) -> StoredMockup:
        folder = variants_prefix(design.idea_id)
        return StoredMockup(
            idea_id=design.idea_id,
            design_id=design.id,
            hour=self.hour,
            s3_uri=self.objects.put_content(folder, image.jpeg, ".jpg"),
            thumb_uri=self.objects.put_content(f"{folder}/thumbs", thumb(image.jpeg, THUMB_PX), ".jpg"),
            product=image.product,
            variant=image.variant,
            color=image.garment.name,
            generation_params=image.params,
            width=image.width,
            height=image.height,
        )

    def _describe(self, design: StoredDesign, mockups: Sequence[StoredMockup]) -> None:
        """Write `metadata.json` beside the pictures: what each is, for whoever opens the folder."""
        listing = {
            "idea": str(design.idea_id),
            "design": str(design.id),
            "print_file": design.s3_uri,
            "recipe": design.recipe.model_dump(mode="json", exclude={"spec"}),
            "mockups": [mockup.model_dump(mode="json", exclude={"idea_id", "design_id", "ctr"}) for mockup in mockups],
        }
        body = json.dumps(listing, indent=2, ensure_ascii=False).encode()
        self.objects.put(mockup_metadata_key(design.idea_id), body, "application/json")
