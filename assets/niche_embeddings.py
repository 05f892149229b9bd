"""niche_embeddings: what the communities of each niche write about, learned nightly from their titles."""

from datetime import timedelta

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import DAILY, start_of
from pipeline.ideas.lexicon import niches
from pipeline.scoring.communities import learned
from resources.embedders import Embedder
from resources.settings import Settings
from resources.store import Store
from resources.store.niches import MOST_TITLES
from resources.titles import TitleFolder


@dg.asset(
    deps=["raw_signals"],
    description="For each niche the shrunken mean of its description and of its communities' titles, with the words "
    "they use: community fit is measured against it. The titles are those the engine has recorded by the end of the "
    "day, and those in `ENGINE_COMMUNITY_TITLES`. With fewer than five the description alone counts.",
    check_specs=[
        check(
            "niche_embeddings",
            "every_niche_is_there",
            "Every niche of the lexicon has its vector, of unit length, for the configured embedder.",
            blocking=True,
            partitions=DAILY,
        )
    ],
    **declare("ideas", "postgres", partitions=DAILY, fresh_within=timedelta(hours=26)),
)
@classified
def niche_embeddings(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    embedder: dg.ResourceParam[Embedder],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    """Learn every niche anew; a run that is cut short leaves what was there."""
    day = start_of(context)
    named = {name for niche in niches().values() for name in niche.subreddits}
    given = TitleFolder(settings.community_titles).titles(named, MOST_TITLES)
    with store.transaction() as tx:
        heard = tx.niches.titles(named, day + timedelta(days=1))
        titles = {
            niche.name: {name: (*heard.get(name, ()), *given.get(name, ())) for name in niche.subreddits}
            for niche in niches().values()
        }
        made = learned({niche.name: niche.described for niche in niches().values()}, titles, embedder.embed)
        tx.niches.record(made, embedder.model, day.date())
        kept = tx.niches.learned(embedder.model, day.date() + timedelta(days=1))
    off = [
        name for name in niches() if name not in kept or abs(float(kept[name].vector @ kept[name].vector) - 1) > 1e-3
    ]
    by_description = sum(one.titles == 0 for one in kept.values())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(kept),
            "titles": sum(one.titles for one in kept.values()),
            "by_description_alone": by_description,
            "embedding_model": embedder.model,
            "sample": table(
                {"niche": name, "titles": one.titles, "communities": ", ".join(one.communities)}
                for name, one in sorted(kept.items(), key=lambda item: (-item[1].titles, item[0]))
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_niche_is_there", passed=not off, metadata={"niches": len(kept), "off": off}
            )
        ],
    )
