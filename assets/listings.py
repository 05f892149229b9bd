"""listings: what a buyer would read, for each mocked idea on each marketplace, with every check's verdict."""

from collections import Counter

import dagster as dg

from assets.contract import WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import table
from assets.scope import scope_of
from pipeline.listings.artwork import artwork
from pipeline.listings.copywriter import write
from pipeline.listings.limits import judged
from pipeline.listings.marketplaces import marketplaces
from pipeline.models import Decision, Listing, ListingStatus, Variant
from resources.settings import Settings
from resources.store import Store
from resources.store.listings import RULE


@dg.asset(
    deps=["mockups"],
    description="Title, description, bullets, tags and price within each marketplace's limits, and what was checked. "
    "With `ENGINE_APPROVAL=hand_over` a listing whose spec passes and whose artwork was screened is approved for an "
    "upload pack, which a person uploads; with `manual`, or with a picture that nothing looked at, it waits in review.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check("listings", "none_approved_that_failed", "No listing with a failed verdict is approved.", blocking=True),
        check("listings", "all_within_limits", "Every listing passes its specification."),
    ],
    **declare("listings", "postgres"),
)
@classified
def listings(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store], settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult:
    """Write the hour's listings and take each as far as its verdicts and the approval rule allow."""
    scope = scope_of(context)
    hour = scope.hour
    chosen = [marketplaces()[name] for name in settings.marketplace_names]
    written: list[Listing] = []
    decisions: list[Decision] = []
    with store.transaction() as tx:
        ideas = {idea.id: idea for idea in scope.ideas(tx)}
        pictures = tx.mockups.for_ideas(list(ideas))
        fronts = {m.design_id: m for m in pictures if m.variant is Variant.FRONT and m.product == "tee"}
        for design in scope.designs(tx):
            if design.id not in fronts or design.idea_id not in ideas:
                continue
            screened = artwork(len(design.pictures), design.verdicts)
            for marketplace in chosen:
                listing, why = write(
                    ideas[design.idea_id],
                    design.recipe,
                    design.garments,
                    marketplace,
                    design_id=design.id,
                    mockup_id=fronts[design.id].id,
                    artwork=screened,
                )
                written.append(listing)
                decisions.extend(why)
        tx.listings.record(written, hour)
        tx.decisions.record(decisions)
        drafts = {stored.id for stored in tx.listings.in_status(ListingStatus.DRAFT, hour)}
        for listing in written:
            if listing.id not in drafts:
                continue
            status, reason = judged(listing)
            if status is not ListingStatus.APPROVED:
                tx.listings.step([listing.id], status, reason)
            elif settings.approval == "hand_over":
                tx.listings.approve([listing.id], RULE, reason)
            else:
                tx.listings.step([listing.id], ListingStatus.IN_REVIEW, reason)
        kept = [stored for stored in tx.listings.hour(hour) if stored.listing.idea_id in ideas]
    failed = [stored for stored in kept if any(v.result == "failed" for v in stored.listing.verdicts)]
    wrongly = [str(s.id) for s in failed if s.status in {ListingStatus.APPROVED, ListingStatus.PUBLISHING}]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(kept),
            **{f"status_{status}": count for status, count in Counter(s.status for s in kept).items()},
            "sample": table(
                {
                    "marketplace": s.listing.marketplace,
                    "status": s.status,
                    "title": s.listing.title,
                    "tags": ", ".join(s.listing.tags),
                }
                for s in kept
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="none_approved_that_failed", passed=not wrongly, metadata={"listings": wrongly}
            ),
            dg.AssetCheckResult(
                check_name="all_within_limits",
                passed=not failed,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"failed": table({"id": s.id, "why": s.status_reason} for s in failed)},
            ),
        ],
    )
