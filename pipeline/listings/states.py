"""Which way a listing may go: the steps of the database's trigger `check_listing_step`, which has the last word."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.models import ListingStatus as S

STEPS: Mapping[S, frozenset[S]] = {
    S.DRAFT: frozenset({S.IN_REVIEW, S.FAILED}),
    S.IN_REVIEW: frozenset({S.APPROVED, S.REJECTED, S.DRAFT}),
    S.APPROVED: frozenset({S.PUBLISHING, S.IN_REVIEW, S.REJECTED}),
    S.PUBLISHING: frozenset({S.LIVE, S.FAILED, S.RETIRED}),
    S.LIVE: frozenset({S.RETIRED}),
    S.REJECTED: frozenset({S.DRAFT}),
    S.FAILED: frozenset({S.DRAFT, S.RETIRED}),
    S.RETIRED: frozenset({S.DRAFT}),
}


def may_step(current: S, wanted: S) -> bool:
    """Whether a listing may go from one status to the other. To stay where it is is no step and always allowed."""
    return wanted == current or wanted in STEPS[current]
