"""designs: print-ready artwork for the hour's best ideas."""

from datetime import datetime

import dagster as dg

from assets import pools
from assets.contract import WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import sheet, table
from assets.scope import scope_of
from pipeline.designs.compose import thumbnail
from pipeline.designs.proof import prove
from pipeline.mockups.sheets import Cell
from pipeline.models import Brief, Decision, Drawing, Idea
from resources.artists import Artist
from resources.errors import UndrawableError
from resources.objects import THUMB_PX, Objects, idea_prefix
from resources.settings import Settings
from resources.store import Store, StoredDesign

RECENT = 24


@dg.asset(
    deps=["scored_ideas"],
    pool=pools.GPU,
    description="Print-ready artwork (transparent PNG, 300 DPI) for the best ideas of the hour, with the recipe to "
    "make it again. A drawing that fails its proof stops that design, never the hour.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check(
            "designs", "print_ready", "Every design of the hour has its print file in the object store.", blocking=True
        ),
        check("designs", "none_refused", "No drawing of the hour failed its proof."),
    ],
    **declare("designs", "png"),
)
@classified
def designs(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    objects: dg.ResourceParam[Objects],
    artist: dg.ResourceParam[Artist],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    """Draw the hour's best ideas that have no design yet; each is committed by itself, so a stopped run goes on."""
    scope = scope_of(context)
    hour = scope.hour
    with store.transaction() as tx:
        ideas = scope.best(tx, settings.designs_per_hour)
        drawn = {design.idea_id: design.recipe for design in tx.designs.hour(hour)}
        # The last one last. What was drawn comes in the order of its ideas, so that a run that goes on, or one beside
        # it, draws what a whole run would.
        recent = list(reversed(tx.designs.recent(RECENT, hour)))
    refused: list[dict[str, object]] = []
    for number, idea in enumerate(ideas, 1):
        if idea.id in drawn:
            recent.append(drawn[idea.id])
            continue
        context.log.info(f"{number} of {len(ideas)}: {idea.phrase}")
        try:
            drawing = artist.draw(Brief.of(idea), recent[-RECENT:])
        except UndrawableError as error:
            refused.append({"phrase": idea.phrase, "faults": str(error)})
            continue
        recent.append(drawing.recipe)
        faults = _faults(drawing)
        if faults:
            refused.append({"phrase": idea.phrase, "faults": "; ".join(faults)})
            continue
        design = _keep(objects, hour, idea, drawing)
        with store.transaction() as tx:
            tx.designs.record([design])
            tx.decisions.record(_decisions(design))
    with store.transaction() as tx:
        kept = scope.designs(tx)
    missing = [design.s3_uri for design in kept if not objects.exists(design.s3_uri)]
    cells = [Cell(objects.get(d.thumb_uri), d.recipe.prompt, d.recipe.layout) for d in kept]
    return dg.MaterializeResult(
        metadata={
            **({"designs": sheet(cells, "designs of the hour")} if cells else {}),
            "dagster/row_count": len(kept),
            "refused": len(refused),
            "refusals": table(refused),
            "sample": table(
                {
                    "phrase": d.recipe.prompt,
                    "layout": d.recipe.layout,
                    "palette": d.recipe.palette,
                    "typefaces": ", ".join(d.recipe.typefaces),
                    "garments": ", ".join(garment.name for garment in d.garments),
                }
                for d in kept
            ),
        },
        check_results=[
            dg.AssetCheckResult(check_name="print_ready", passed=not missing, metadata={"missing": missing}),
            dg.AssetCheckResult(
                check_name="none_refused",
                passed=not refused,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"refused": len(refused)},
            ),
        ],
    )


def _faults(drawing: Drawing) -> tuple[str, ...]:
    try:
        return prove(drawing)
    except ValueError as error:  # the bytes are no picture
        return (str(error),)


def _keep(objects: Objects, hour: datetime, idea: Idea, drawing: Drawing) -> StoredDesign:
    folder = idea_prefix(idea.id)
    best = drawing.garments[0]
    return StoredDesign(
        idea_id=idea.id,
        hour=hour,
        recipe=drawing.recipe,
        s3_uri=objects.put_content(folder, drawing.png, ".png"),
        thumb_uri=objects.put_content(folder, thumbnail(drawing.png, THUMB_PX, best.hex), ".jpg"),
        sha256=drawing.digest,
        width=drawing.width,
        height=drawing.height,
        dpi=drawing.dpi,
        garments=drawing.garments,
        contrasts=drawing.contrasts,
    )


def _decisions(design: StoredDesign) -> list[Decision]:
    recipe = design.recipe
    choices: dict[str, dict[str, object]] = {
        "prompt": {"prompt": recipe.prompt, "seed": recipe.seed},
        "palette": {"palette": recipe.palette},
        "layout": {"layout": recipe.layout, "typefaces": recipe.typefaces},
        "garments": {"offered": [garment.name for garment in design.garments]},
    }
    return [
        Decision(
            subject="design",
            subject_id=design.id,
            kind=kind,
            choice=choice,
            because={"idea": str(design.idea_id), "contrasts": design.contrasts},
            decided_by=recipe.artist,
        )
        for kind, choice in choices.items()
    ]
