"""scored_ideas: the hour's signals × niches × formats, scored by the weights in force, each with its reason."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from statistics import fmean
from uuid import UUID

import dagster as dg

from assets.contract import WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import table
from assets.scope import scope_of
from pipeline.ideas import ideate, seasons
from pipeline.models import Card, Decision, Idea
from pipeline.scoring.card import is_unsure
from pipeline.scoring.runway import longest
from pipeline.scoring.score import NAMES, score
from resources.embedders import Embedder
from resources.settings import Settings
from resources.sources import Source
from resources.sources.listening import confidences
from resources.store import Store, Transaction

EVENTS_SHOWN = 30
DECIDED_BY = "pipeline.ideas.seasons 1"


def carded(idea: Idea, card: Card) -> dict[str, object]:
    """A line of the table of cards: the score with its interval, and what each factor brings."""
    points = {share.factor: share.points for share in card.shares}
    return {
        "phrase": idea.phrase,
        "score": f"{idea.score:.2f} ({card.low:.2f} to {card.high:.2f})",
        **{name.replace("_", " "): points[name] for name in NAMES},
        "would change it": card.changes[0].told if card.changes else "nothing that is likely",
    }


def unsure(idea: Idea, card: Card) -> bool:
    """Whether its score is to be taken with care."""
    return is_unsure(card.low, card.high, idea.evidence.get("confidence", {}).get("value"))


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
            nearest=then.earlier(embedder.model).nearest,
            centroids=then.centroids(embedder.model),
            communities=then.communities(embedder.model),
            weights=weights,
            limit=settings.ideas_per_hour,
            confidence=confidences(tx, sources, settings, hour),
            centroid_ideas=then.centroid_ideas(embedder.model),
            duplicate=embedder.near_copy.cosine,
        )
        returned = tx.ideas.bring_back(ideation.ideas, ideation.vectors)
        tx.ideas.record(ideation.ideas, ideation.vectors)
        tx.decisions.record(ideation.decisions)
        archived = rest(tx, hour, settings.country_codes)
        kept = tx.ideas.hour(hour)
    scored_now = [idea for idea in kept if idea.weights_version == weights.version]
    off = [idea.id for idea in scored_now if abs(score(idea.factors, weights) - idea.score) > 1e-6]
    cards = [(idea, idea.card) for idea in kept if idea.card]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(kept),
            "considered": ideation.considered,
            "duplicates": ideation.duplicates,
            "archived": archived,
            "returned": len(returned),
            "coming_events": table(seasons.rows(seasons.coming(day_of(hour), settings.country_codes)), EVENTS_SHOWN),
            "weights_version": weights.version,
            "embedding_model": embedder.model,
            "interval_width": fmean(card.high - card.low for _, card in cards) if cards else 0.0,
            "unsure_share": fmean(unsure(idea, card) for idea, card in cards) if cards else 0.0,
            "cards": table(carded(idea, card) for idea, card in cards),
            "embedding_device": embedder.device,
            "near_copy": embedder.near_copy.cosine,
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


def day_of(hour: datetime) -> date:
    """The day on which what the hour makes is listed: that of its end, in UTC."""
    return (hour + timedelta(hours=1)).date()


def rest(tx: Transaction, hour: datetime, countries: Sequence[str]) -> int:
    """Archive the ideas whose event can't be reached any more, each with the reason. Returns how many were."""
    today = day_of(hour)
    standing = tx.seasons.standing(today + timedelta(days=longest()))
    archived = 0
    for late in seasons.resting(standing, today, countries):
        ids = tx.seasons.archive(standing[late.event], late.returns_on)
        tx.decisions.record([_rested(id_, late) for id_ in ids])
        archived += len(ids)
    return archived


def _rested(idea_id: UUID, late: seasons.Resting) -> Decision:
    told = late.model_dump(mode="json")
    return Decision(
        subject="idea",
        subject_id=idea_id,
        kind="season",
        choice={"status": "archived", "returns_on": late.returns_on and late.returns_on.isoformat()},
        because={"event": told["event"], "runway": told["runway"], "next_date": told["next_date"]},
        decided_by=DECIDED_BY,
    )
