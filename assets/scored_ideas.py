"""scored_ideas: the hour's signals × niches × formats, scored by the weights in force, each with its reason."""

from collections.abc import Sequence

import dagster as dg

from assets.contract import WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import table
from assets.scope import scope_of
from pipeline.ideas import ideate
from pipeline.scoring.score import score
from resources.embedders import Embedder
from resources.settings import Settings
from resources.sources import Source
from resources.sources.listening import confidences
from resources.store import Store


@dg.asset(
    deps=["raw_signals"],
    description="What a design could say or show: five factors, a score and a sentence that explains it. The weights "
    "come from the version in force, which `scoring_weights` learns from what sells.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check(
            "scored_ideas",
            "scores_add_up",
            "Every stored score of the hour is the weighted sum of its stored factors, and has a reason.",
            blocking=True,
        ),
        check("scored_ideas", "enough_ideas", "The hour has at least ten ideas."),
    ],
    **declare("ideas", "postgres"),
)
@classified
def scored_ideas(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    embedder: dg.ResourceParam[Embedder],
    settings: dg.ResourceParam[Settings],
    sources: dg.ResourceParam[Sequence[Source]],
) -> dg.MaterializeResult:
    """Score the hour's signals and keep its best ideas."""
    scope = scope_of(context)
    hour = scope.hour
    with store.transaction() as tx:
        then = tx.trends.as_of(hour)
        weights = then.weights
        ideation = ideate(
            hour=hour,
            signals=scope.signals(tx),
            history=scope.history(tx),
            embed=embedder.embed,
            model=embedder.model,
            nearest=lambda vectors: then.nearest(vectors, embedder.model),
            centroids=then.centroids(embedder.model),
            weights=weights,
            limit=settings.ideas_per_hour,
            confidence=confidences(tx, sources, settings, hour),
        )
        tx.ideas.record(ideation.ideas, ideation.vectors)
        tx.decisions.record(ideation.decisions)
        kept = tx.ideas.hour(hour)
    scored_now = [idea for idea in kept if idea.weights_version == weights.version]
    off = [idea.id for idea in scored_now if abs(score(idea.factors, weights) - idea.score) > 1e-6]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(kept),
            "considered": ideation.considered,
            "duplicates": ideation.duplicates,
            "weights_version": weights.version,
            "embedding_model": embedder.model,
            "sample": table({"score": i.score, "phrase": i.phrase, "niche": i.niche, "reason": i.reason} for i in kept),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="scores_add_up",
                passed=not off and all(idea.reason for idea in kept),
                metadata={"checked": len(kept), "off": len(off)},
            ),
            dg.AssetCheckResult(
                check_name="enough_ideas",
                passed=len(kept) >= 10,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"ideas": len(kept)},
            ),
        ],
    )
