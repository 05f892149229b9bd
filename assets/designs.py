"""designs: print-ready artwork for the hour's best ideas."""

from collections import Counter

import dagster as dg

from assets import pools
from assets.contract import WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import sheet, table
from assets.scope import scope_of
from assets.undisturbed import undisturbed
from pipeline.mockups.sheets import Cell
from resources.objects import Objects
from resources.settings import Settings
from resources.store import Store, StoredDesign
from resources.workshop import Workshop

RECENT = 24
ENOUGH = 0.95
"""Share of the chosen ideas that get a design."""


@dg.asset(
    deps=["scored_ideas"],
    pool=pools.GPU,
    description="Print-ready artwork (transparent PNG, 300 DPI) for the best ideas of the hour, with the recipe to "
    "make it again. Words that a screen refuses, a near-copy, or a drawing that fails its proof stop that design, "
    "never the hour; every idea without a design has a refusal that says why.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check(
            "designs", "print_ready", "Every design of the hour has its print file in the object store.", blocking=True
        ),
        check("designs", "enough_drawn", f"At least {ENOUGH:.0%} of the ideas that were chosen have a design."),
    ],
    **declare("designs", "png"),
)
@classified
def designs(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    objects: dg.ResourceParam[Objects],
    workshop: dg.ResourceParam[Workshop],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    """Draw the hour's best ideas that have no design yet; each is committed by itself, so a stopped run goes on."""
    scope = scope_of(context)
    with store.transaction() as tx:
        ideas = scope.best(tx, settings.designs_per_hour)
        # The last one last. What was drawn comes in the order of its ideas, so that a run that goes on, or one beside
        # it, draws what a whole run would.
        recent = list(reversed(tx.designs.recent(RECENT, scope.hour)))
    refused = []
    with undisturbed() as thread:
        for number, idea in enumerate(ideas, 1):
            made = thread.submit(workshop.make, idea, recent[-RECENT:]).result()
            if isinstance(made, StoredDesign):
                recent.append(made.recipe)
                context.log.info(f"{number} of {len(ideas)}: {idea.phrase}: {made.recipe.layout}")
            else:
                refused.append({"phrase": idea.phrase, "stage": made.stage, "reason": made.reason})
                context.log.warning(f"{number} of {len(ideas)}: {idea.phrase}: refused ({made.stage}): {made.reason}")
    with store.transaction() as tx:
        kept = scope.designs(tx)
        phrases = {idea.id: idea.phrase for idea in scope.ideas(tx)}
    missing = [design.s3_uri for design in kept if not objects.exists(design.s3_uri)]
    cells = [Cell(objects.get(d.thumb_uri), phrases[d.idea_id], d.recipe.layout) for d in kept]
    drawn = 1 - len(refused) / len(ideas) if ideas else 1.0
    return dg.MaterializeResult(
        metadata={
            **({"designs": sheet(cells, "designs of the hour")} if cells else {}),
            "dagster/row_count": len(kept),
            "drawn_share": drawn,
            "refused": len(refused),
            **{f"refused_{stage}": count for stage, count in Counter(row["stage"] for row in refused).items()},
            "refusals": table(refused),
            "sample": table(
                {
                    "phrase": phrases[d.idea_id],
                    "artist": d.recipe.artist,
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
                check_name="enough_drawn",
                passed=drawn >= ENOUGH,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"chosen": len(ideas), "drawn_share": drawn, "refused": table(refused)},
            ),
        ],
    )
