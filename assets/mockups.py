"""mockups: the hour's designs on the product: front, back, and at least four colourways."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import dagster as dg

from assets.contract import THREADS, WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import sheet, table
from assets.scope import scope_of
from pipeline.mockups.compose import mock
from pipeline.mockups.sheets import Cell, thumb
from pipeline.models import MockupImage, Variant
from resources.objects import THUMB_PX, Objects, mockup_metadata_key, variants_prefix
from resources.store import Store, StoredDesign, StoredMockup

PICTURES = 6


@dg.asset(
    deps=["designs"],
    description="Pictures of the product with the design on it: front, back and at least four colourways.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check(
            "mockups",
            "every_design_pictured",
            "Every design of the hour has a front, a back and at least four colourways.",
            blocking=True,
        )
    ],
    **declare("designs", "jpeg"),
)
@classified
def mockups(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store], objects: dg.ResourceParam[Objects]
) -> dg.MaterializeResult:
    """Picture the hour's designs that have no mock-ups yet; each is committed by itself, so a stopped run goes on."""
    scope = scope_of(context)
    hour = scope.hour
    with store.transaction() as tx:
        designs = scope.designs(tx)
        ideas = [design.idea_id for design in designs]
        pictured = Counter(mockup.design_id for mockup in tx.mockups.for_ideas(ideas))
    unpictured = [design for design in designs if pictured[design.id] < PICTURES]
    with ThreadPoolExecutor(THREADS) as threads:
        pictures = threads.map(partial(_picture, objects, hour), unpictured)
        for number, (design, made) in enumerate(zip(unpictured, pictures, strict=True), 1):
            context.log.info(f"{number} of {len(unpictured)}: {design.recipe.prompt}")
            with store.transaction() as tx:
                tx.mockups.record(made)
    with store.transaction() as tx:
        kept = tx.mockups.for_ideas(ideas)
    per_design = Counter(mockup.design_id for mockup in kept)
    lacking = [design.recipe.prompt for design in designs if per_design[design.id] < PICTURES]
    phrases = {design.id: design.recipe.prompt for design in designs}
    cells = [
        Cell(objects.get(mockup.thumb_uri), phrases[mockup.design_id], mockup.color)
        for mockup in kept
        if mockup.variant is Variant.FRONT and mockup.design_id in phrases
    ]
    return dg.MaterializeResult(
        metadata={
            **({"mockups": sheet(cells, "mock-ups of the hour")} if cells else {}),
            "dagster/row_count": len(kept),
            "designs": len(designs),
            "sample": table(
                {"phrase": phrases.get(m.design_id, ""), "variant": m.variant, "color": m.color, "uri": m.s3_uri}
                for m in kept
            ),
        },
        check_results=[
            dg.AssetCheckResult(check_name="every_design_pictured", passed=not lacking, metadata={"lacking": lacking})
        ],
    )


def _picture(objects: Objects, hour: datetime, design: StoredDesign) -> list[StoredMockup]:
    made = [_keep(objects, hour, design, image) for image in mock(objects.get(design.s3_uri), design.garments)]
    _describe(objects, design, made)
    return made


def _keep(objects: Objects, hour: datetime, design: StoredDesign, image: MockupImage) -> StoredMockup:
    folder = variants_prefix(design.idea_id)
    return StoredMockup(
        idea_id=design.idea_id,
        design_id=design.id,
        hour=hour,
        s3_uri=objects.put_content(folder, image.jpeg, ".jpg"),
        thumb_uri=objects.put_content(f"{folder}/thumbs", thumb(image.jpeg, THUMB_PX), ".jpg"),
        variant=image.variant,
        color=image.garment.name,
        generation_params=image.params,
        width=image.width,
        height=image.height,
    )


def _describe(objects: Objects, design: StoredDesign, made: list[StoredMockup]) -> None:
    """Write `metadata.json` beside the pictures: what each is, for whoever opens the folder."""
    listing = {
        "idea": str(design.idea_id),
        "design": str(design.id),
        "print_file": design.s3_uri,
        "recipe": design.recipe.model_dump(mode="json", exclude={"spec"}),
        "mockups": [mockup.model_dump(mode="json", exclude={"idea_id", "design_id", "ctr"}) for mockup in made],
    }
    body = json.dumps(listing, indent=2, ensure_ascii=False).encode()
    objects.put(mockup_metadata_key(design.idea_id), body, "application/json")
