"""What is written keeps to every marketplace's limits, whatever the idea says, and says only what is known."""

from __future__ import annotations

import string
from collections.abc import Callable
from uuid import uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.listings.artwork import artwork
from pipeline.listings.copywriter import write
from pipeline.listings.limits import SPECIFICATION, check
from pipeline.listings.marketplaces import marketplaces
from pipeline.listings.text import cut, fit_characters, headline, plural
from pipeline.models import NAMESPACE, Decision, GarmentColor, Idea, Listing, Mood, Recipe, fold, identity

MARKETS = sorted(marketplaces())
NICHES = ["camping", "cat_lovers", "nurse", "dad", "tabletop games", "books", "halloween", "lake life", "vegan"]
MOTIFS = ["campground", "cat", "stethoscope", "heart", "dice-d20", "book-open", "ghost", "sailboat", "leaf"]
GARMENTS = (GarmentColor(name="Black", hex="#000000"),)

loose = st.text(max_size=40)
spoken = st.text(string.ascii_letters + string.digits + " '&%:+!?,.$-é😀", max_size=60)
nasty = st.sampled_from(
    [
        "free shipping",
        "best seller shirt",
        "official glitter tee",
        "&&::%%++",
        "日本語",
        "a" * 60,
        "x " * 30,
        "$$ ^^ \\",
    ]
)
words = st.one_of(loose, spoken, nasty)


@st.composite
def ideas(draw: st.DrawFn) -> Idea:
    phrase = draw(st.one_of(st.text(min_size=2, max_size=80), spoken.filter(lambda t: len(t) > 1), nasty))
    return Idea.model_validate(
        {
            "signal_id": uuid5(NAMESPACE, "s"),
            "hour": "2026-11-23T05:00:00Z",
            "phrase": phrase,
            "lines": draw(st.lists(words, min_size=1, max_size=4)),
            "title": draw(st.text(min_size=2, max_size=120)),
            "description": draw(loose),
            "niche": draw(st.one_of(words, st.sampled_from(NICHES))),
            "format": draw(loose),
            "motifs": draw(st.lists(st.one_of(words, st.sampled_from(MOTIFS)), min_size=1, max_size=3)),
            "mood": draw(st.sampled_from(Mood)),
            "occasion": draw(st.one_of(st.none(), words)),
            "factors": dict.fromkeys(("freshness", "engagement", "novelty", "community_fit", "seasonality"), 0.5),
            "score": 0.5,
            "weights_version": 1,
            "reason": "r",
            "evidence": {},
            "embedding_model": "m",
        }
    )


def recipe(idea: Idea) -> Recipe:
    return Recipe(
        artist="composer 1",
        seed=1,
        layout="l",
        palette="p",
        typefaces=("Bungee",),
        prompt=idea.phrase,
        spec={"icons": list(idea.motifs)},
        licences={},
    )


def written(idea: Idea, market: str) -> tuple[Listing, tuple[Decision, ...]]:
    design = identity("design", idea.id)
    return write(
        idea,
        recipe(idea),
        GARMENTS,
        marketplaces()[market],
        design_id=design,
        mockup_id=design,
        artwork=artwork(0, ()),
    )


@settings(max_examples=150, deadline=None)
@given(idea=ideas(), market=st.sampled_from(MARKETS))
def test_any_idea_gives_a_listing_that_keeps_to_every_limit(idea: Idea, market: str) -> None:
    listing, _ = written(idea, market)
    results = {v.check: v for v in listing.verdicts}
    failed = [results[name] for name in SPECIFICATION if results[name].result != "passed"]
    assert not failed, listing
    tags = [fold(tag) for tag in listing.tags]
    assert len(set(tags)) == len(tags)


def test_tags_that_only_an_apostrophe_tells_apart_are_one(
    idea_of: Callable[..., Idea], listing_of: Callable[..., Listing]
) -> None:
    for product in marketplaces()["etsy"].product_words:
        phrase = f"ma's {product}"
        tags = listing_of("etsy", idea_of(phrase=phrase, lines=(phrase,), occasion="ma s")).tags
        assert [tag for tag in tags if fold(tag) == fold(phrase)] == [phrase]


@settings(max_examples=60, deadline=None)
@given(idea=ideas(), market=st.sampled_from(MARKETS))
def test_the_same_idea_is_always_written_the_same(idea: Idea, market: str) -> None:
    assert written(idea, market) == written(idea, market)


@given(text=st.text(string.ascii_letters + " ,-", max_size=120), limit=st.integers(1, 80))
def test_a_cut_ends_between_words(text: str, limit: int) -> None:
    short = cut(text, limit, dangling={"a", "the"})
    assert len(short) <= limit
    if len(text) > limit:
        whole = [word.rstrip(" ,;:-&+") for word in text.split()]
        assert all(word.rstrip(" ,;:-&+") in whole for word in short.split())


@given(text=st.text(max_size=80), market=st.sampled_from(MARKETS))
def test_characters_are_fitted_without_losing_a_letter(text: str, market: str) -> None:
    limit = marketplaces()[market].title
    fitted = fit_characters(text, limit)
    if fitted is not None:
        assert limit.offences(fitted) == ()
        assert fitted == " ".join(fitted.split())


def test_small_tools_speak_english() -> None:
    assert headline("BORN TO CAMP", {"to"}) == "Born to Camp"
    assert headline("BBQ", set()) == "BBQ"
    assert headline("iPad for the win", {"for", "the"}) == "iPad for the Win"
    assert [plural(n, {"wife": "wives"}) for n in ("baker", "wife", "dog lover", "coach", "fairy", "boy")] == [
        "bakers",
        "wives",
        "dog lovers",
        "coaches",
        "fairies",
        "boys",
    ]
    assert cut("one two of three", 12, dangling={"of"}) == "one two"


def test_the_phrase_and_a_search_word_stand_at_the_front(listing_of: Callable[..., Listing]) -> None:
    for market in MARKETS:
        listing = listing_of(market)
        assert "Born To Camp Forced To Work" in listing.title
        assert "camp" in listing.title[:40].lower()


def test_a_phrase_in_other_letters_is_not_mangled_into_ascii(
    idea_of: Callable[..., Idea], listing_of: Callable[..., Listing]
) -> None:
    idea = idea_of(phrase="Кот дома", lines=("Кот дома",), niche="cats", motifs=("cat",))
    assert "cat" in listing_of("amazon_merch", idea).title.lower()
    assert listing_of("amazon_merch", idea).title.isascii()
    assert "Кот Дома" in listing_of("etsy", idea).title


def test_product_words_stay_out_of_the_amazon_title(
    idea_of: Callable[..., Idea], listing_of: Callable[..., Listing]
) -> None:
    idea = idea_of(phrase="This Is My Camping Shirt", lines=("This Is My", "Camping Shirt"))
    assert "shirt" not in listing_of("amazon_merch", idea).title.lower()
    assert "This Is My Camping Shirt" in listing_of("etsy", idea).title
    assert "Shirt Shirt" not in listing_of("etsy", idea).title


def test_a_motif_that_was_not_drawn_is_not_named(listing_of: Callable[..., Listing]) -> None:
    drawn, bare = (
        listing_of("redbubble"),
        listing_of("redbubble", spec={"text": "only"}, licences={"Bungee": "OFL-1.1"}),
    )
    assert any("campsite" in tag for tag in drawn.tags)
    assert not any("campsite" in text for text in (*bare.tags, bare.description, bare.title.lower()))


def test_etsy_is_told_how_the_artwork_was_made(listing_of: Callable[..., Listing]) -> None:
    rule = marketplaces()["etsy"].disclosure
    assert rule
    assert listing_of("etsy").description.endswith(rule.composed)
    painted = listing_of("etsy", artist="painter 1", typefaces=(), prompt="a campsite at dusk, flat colours")
    assert painted.description.endswith(rule.generated)


def test_decisions_carry_choice_and_evidence(idea_of: Callable[..., Idea]) -> None:
    idea = idea_of()
    listing, decisions = written(idea, "etsy")
    by_kind = {d.kind: d for d in decisions}
    assert set(by_kind) == {"title", "tags", "price"}
    assert all(d.subject_id == listing.id for d in decisions)
    assert by_kind["title"].choice["title"] == listing.title
    assert by_kind["tags"].because["niche"] == "camping"
    assert by_kind["price"].because["default_of"] == "etsy"


def test_a_hundred_listings_do_not_read_alike(idea_of: Callable[..., Idea]) -> None:
    descriptions, patterns = set(), set()
    for i in range(100):
        listing, decisions = written(idea_of(phrase=f"Camp Number {i}", lines=(f"Camp Number {i}",)), "redbubble")
        descriptions.add(listing.description.replace(str(i), "#"))
        patterns.add(next(d.choice["pattern"] for d in decisions if d.kind == "title"))
    assert len(descriptions) > 70
    assert len(patterns) >= 4


@pytest.mark.parametrize("market", MARKETS)
def test_the_check_of_a_foreign_marketplace_is_refused(market: str, listing_of: Callable[..., Listing]) -> None:
    other = next(m for m in MARKETS if m != market)
    with pytest.raises(ValueError, match=other):
        check(listing_of(market), marketplaces()[other])
