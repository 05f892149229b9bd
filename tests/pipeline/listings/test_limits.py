"""A breach is named with its field, its value, the limit and its source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.listings.limits import SPECIFICATION, check, judged
from pipeline.listings.marketplaces import marketplaces
from pipeline.models import Idea, Listing, ListingStatus, Verdict

Make = Callable[..., Listing]


def verdict(listing: Listing, name: str) -> Verdict:
    return next(v for v in check(listing, marketplaces()[listing.marketplace]) if v.check == name)


@pytest.mark.parametrize(
    ("market", "change", "name", "said"),
    [
        ("amazon_merch", {"title": "Camp " * 13 + "On"}, "title_length", "67 characters, the limit is 60"),
        ("amazon_merch", {"title": "Café Camp"}, "title_characters", "U+00E9"),
        ("amazon_merch", {"title": "Camp Hoodie"}, "title_words", "hoodie"),
        ("amazon_merch", {"bullets": ("one",)}, "bullets_count", "1 bullets, 2 to 2"),
        ("amazon_merch", {"bullets": ("one", "x" * 257)}, "bullets_length", "bullets[1] has 257"),
        ("amazon_merch", {"description": "Free Shipping today"}, "words", "description says shipping"),
        ("etsy", {"title": "Camp & Fire & Work"}, "title_characters", "'&'"),
        ("etsy", {"title": "word " * 15}, "title_words", "15 words, 14"),
        ("etsy", {"tags": tuple(f"tag {i}" for i in range(14))}, "tags_count", "14 tags, 5 to 13"),
        ("etsy", {"tags": ("a", "b", "c", "d", "a tag that is far too long")}, "tags_length", "tags[4]"),
        ("etsy", {"tags": ("a", "b", "c", "d", "50% off")}, "tags_characters", "'%'"),
        ("etsy", {"tags": ("a", "b", "c", "d", "A")}, "tags_unique", "'A'"),
        ("etsy", {"description": "A camp design."}, "disclosure", "how the artwork was made"),
        ("etsy", {"currency": "EUR"}, "price", "USD"),
        ("redbubble", {"description": " "}, "description_length", "empty"),
        ("redbubble", {"description": "bell\x07"}, "description_characters", "U+0007"),
    ],
)
def test_a_breach_is_named(market: str, change: dict[str, Any], name: str, said: str, listing_of: Make) -> None:
    assert verdict(listing_of(market), name).result == "passed"
    found = verdict(listing_of(market).model_copy(update=change), name)
    assert found.result == "failed"
    assert said in found.detail, found.detail
    assert "read 2026" in found.source or found.source == "none is asked for"


def test_a_refused_word_is_a_whole_word(listing_of: Make) -> None:
    listing = listing_of("amazon_merch").model_copy(update={"title": "Steel Manteel Camp"})
    assert verdict(listing, "title_words").result == "passed"


def test_the_trademark_is_honestly_not_checked(listing_of: Make) -> None:
    found = verdict(listing_of("etsy"), "trademark")
    assert found.result == "not_checked"
    assert "no trademark register is configured" in found.detail


def test_a_swear_word_fails_the_content_screen_and_is_masked(idea_of: Callable[..., Idea], listing_of: Make) -> None:
    clean, foul = (
        listing_of("redbubble"),
        listing_of("redbubble", idea_of(phrase="Fucking Camp", lines=("Fucking Camp",))),
    )
    assert verdict(clean, "content").result == "passed"
    assert "word list is no review" in verdict(clean, "content").detail
    found = verdict(foul, "content")
    assert found.result == "failed"
    assert "f*****g" in found.detail
    assert "glin-profanity" in found.source


@pytest.mark.parametrize("phrase", ["Bass Fishing Weekend", "Scunthorpe Cocktail Hour", "Great Analog Synths"])
def test_innocent_words_pass_the_content_screen(phrase: str, idea_of: Callable[..., Idea], listing_of: Make) -> None:
    assert verdict(listing_of("redbubble", idea_of(phrase=phrase, lines=(phrase,))), "content").result == "passed"


def test_a_listing_is_handed_over_when_all_is_passed_but_what_can_not_be_checked(listing_of: Make) -> None:
    listing = listing_of("etsy")
    assert judged(listing) == (
        ListingStatus.APPROVED,
        f"all {len(SPECIFICATION)} specification checks passed; not checked: trademark",
    )


def test_a_failed_or_missing_check_is_not_handed_over(listing_of: Make) -> None:
    listing = listing_of("etsy").model_copy(update={"title": "x" * 200})
    assert judged(listing.model_copy(update={"verdicts": ()}))[0] is ListingStatus.FAILED
    status, why = judged(listing.model_copy(update={"verdicts": check(listing, marketplaces()["etsy"])}))
    assert status is ListingStatus.FAILED
    assert "title_length: title has 200 characters" in why
    unchecked = tuple(v.model_copy(update={"result": "not_checked"}) for v in listing_of("etsy").verdicts)
    assert judged(listing.model_copy(update={"verdicts": unchecked}))[1].startswith("not checked: title_length")
