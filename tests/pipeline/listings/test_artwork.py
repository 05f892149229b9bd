"""Which artwork a rule may approve, and which a person must look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from pipeline.listings.artwork import ARTWORK, PHRASE, PICTURE, artwork
from pipeline.listings.limits import SPECIFICATION, judged
from pipeline.models import Listing, ListingStatus, Verdict

Result = Literal["passed", "failed", "not_checked"]


def verdict(check: str, result: Result) -> Verdict:
    return Verdict(check=check, result=result, detail=f"{check} {result}", source=f"list of {check}s")


WORDS = verdict(PHRASE, "passed")


@pytest.mark.parametrize(
    ("pictures", "verdicts", "result", "said"),
    [
        pytest.param(0, [WORDS], "passed", "composed from screened words", id="the composer's"),
        pytest.param(1, [WORDS, verdict(PICTURE, "passed")], "passed", "its picture passed", id="a picture, looked at"),
        pytest.param(0, [], "not_checked", "its words were never screened", id="drawn before there were screens"),
        pytest.param(1, [WORDS], "not_checked", "nothing looked at it", id="a picture without a verdict"),
        pytest.param(
            1, [WORDS, verdict(PICTURE, "not_checked")], "not_checked", "(picture not_checked)", id="there is no model"
        ),
        pytest.param(
            2,
            [WORDS, verdict(PICTURE, "passed"), verdict(PICTURE, "not_checked")],
            "not_checked",
            "nothing looked",
            id="half",
        ),
        pytest.param(1, [WORDS, verdict(PICTURE, "failed")], "failed", "picture: picture failed", id="unfit"),
        pytest.param(0, [verdict(PHRASE, "failed")], "failed", "phrase: phrase failed", id="unfit words"),
        pytest.param(0, [verdict(PICTURE, "passed")], "not_checked", "never screened", id="words not screened"),
    ],
)
def test_the_verdict_on_an_artwork(pictures: int, verdicts: list[Verdict], result: Result, said: str) -> None:
    found = artwork(pictures, verdicts)
    assert (found.check, found.result) == (ARTWORK, result)
    assert said in found.detail
    assert all(one.source in found.source for one in verdicts)


def test_a_rule_approves_no_artwork_that_nothing_looked_at(listing_of: Callable[..., Listing]) -> None:
    listing = listing_of("etsy")
    others = tuple(one for one in listing.verdicts if one.check != ARTWORK)

    def stands(*more: Verdict) -> tuple[ListingStatus, str]:
        return judged(listing.model_copy(update={"verdicts": (*others, *more)}))

    approved, why = stands(artwork(0, [WORDS]))
    assert (approved, why) == (
        ListingStatus.APPROVED,
        f"all {len(SPECIFICATION)} specification checks passed; not checked: trademark",
    )
    waits, why = stands(artwork(1, [WORDS]))
    assert waits is ListingStatus.IN_REVIEW
    assert "approve it by hand" in why
    assert stands()[0] is ListingStatus.IN_REVIEW
    assert stands(artwork(1, [WORDS, verdict(PICTURE, "failed")]))[0] is ListingStatus.FAILED
