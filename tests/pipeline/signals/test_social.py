"""Tags and captions as words; and that no item of any network makes a reader raise or gets lost."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.models import Payload
from pipeline.signals import read
from pipeline.signals.parsers import PARSERS
from pipeline.signals.parsers.base import RefusedError
from pipeline.signals.social import MAX_CONTENT, MAX_TAGS, explicit, told, words
from tests.contracts import trend_exchanges as exchange


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("CatsOfMastodon", "Cats Of Mastodon"),
        ("#TeaTime", "Tea Time"),
        ("NASALaunch", "NASA Launch"),
        ("90sKids", "90s Kids"),
        ("Top10Cats", "Top 10 Cats"),
        ("Caturday2026", "Caturday 2026"),
        ("bread_love", "bread love"),
        ("caféÉté", "café Été"),
        ("mushroommonday", "mushroommonday"),
        ("猫の日", "猫の日"),
        ("___", ""),
    ],
)
def test_a_tag_is_words_as_far_as_it_shows_them(tag: str, said: str) -> None:
    assert words(tag) == said


@given(st.text(st.characters(categories=["L", "N", "Pc"]), max_size=100))
def test_words_lose_no_letter(tag: str) -> None:
    assert words(tag).replace(" ", "") == "".join(tag.replace("_", "").split())


@pytest.mark.parametrize(
    ("raw", "text", "tags"),
    [
        ("Sunday bake!\n\n#Sourdough #bread_love", "Sunday bake!", ("Sourdough", "bread_love")),
        ("#Sourdough #BreadLove", "Sourdough Bread Love", ("Sourdough", "BreadLove")),
        ("My #LazyCat again #LazyCat", "My Lazy Cat again", ("LazyCat",)),
        ("with @ana.bakes at dawn", "with @ana.bakes at dawn", ()),
        ("Tom &amp; Jerry", "Tom & Jerry", ()),
        ("Glued #tea#TeaTime", "Glued", ("tea", "TeaTime")),
        ("I write C# all day", "I write C# all day", ()),
        ("see e.example/#part", "see e.example/#part", ()),
    ],
)
def test_a_caption_is_what_it_tells_and_its_tags(raw: str, text: str, tags: tuple[str, ...]) -> None:
    assert told(raw) == (text, tags)


def test_a_long_caption_is_cut_between_words() -> None:
    text = told("bread and butter " * 100).text
    assert MAX_CONTENT - 10 < len(text) <= MAX_CONTENT
    assert text.split()[-1] in {"bread", "and", "butter"}
    assert len(told("x" * 900).text) == MAX_CONTENT


@pytest.mark.parametrize("raw", ["", "  ", "🍞🍞", "#___", "x" * 5001, "broken \ufffd bread", None, 7, ["bread"]])
def test_what_tells_nothing_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        told(raw)


@given(st.text(max_size=600) | st.text("#_aB1 é@", max_size=600))
def test_what_is_told_fits_a_signal(raw: str) -> None:
    try:
        found = told(raw)
    except ValueError:
        return
    assert 2 <= len(found.text) <= MAX_CONTENT
    assert found.text == " ".join(found.text.split())
    assert len(found.tags) <= MAX_TAGS
    assert all(re.fullmatch(r"\w+", tag) for tag in found.tags)


@pytest.mark.parametrize("tag", ["nsfw", "NSFWart", "FurryPorn", "hentaiArt", "XXX", "My_Nudes", "OnlyFansGirl"])
def test_what_is_not_for_everyone_is_known_by_its_tag(tag: str) -> None:
    assert explicit("", ["cats", tag]) == tag


@pytest.mark.parametrize("tag", ["SuperBowlXXXII", "sussex", "cats", "adulting", "denudes"])
def test_what_only_looks_like_it_is_kept(tag: str) -> None:
    assert explicit(f"all of {tag}", [tag]) is None


def test_what_is_not_for_everyone_is_known_by_a_word_in_its_text() -> None:
    assert explicit("Charts of everything [NSFW]") == "NSFW"


# --- whatever comes

WRAPPED: dict[str, Any] = {
    "bluesky_trends": lambda items: {"trends": items},
    "hackernews_stories": lambda items: items,
    "instagram_hashtags": lambda items: {"data": items},
    "mastodon_trends": lambda items: items,
    "tiktok_hashtags": lambda items: {"rows": items},
}


@cache
def good_items(source: str) -> list[Any]:
    """Items as the cassettes hold them."""
    if source == "tiktok_hashtags":
        return [{"rank": "1", "hashtag": "# CatTok", "figures": {"Posts": "51K", "Views": "34M"}}]
    found: list[Any] = []
    for interaction in exchange.recorded(source, "good"):
        body = json.loads(interaction["response"]["body"]["string"])
        found += body if isinstance(body, list) else body.get("trends") or body.get("data") or [body]
    return found


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30)
JSONS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn, source: str) -> Any:
    """A good item, some of whose fields hold anything."""
    item = draw(st.sampled_from(good_items(source)))
    if not isinstance(item, dict):
        return item
    return item | draw(st.dictionaries(st.sampled_from(sorted(item)), JSONS, max_size=3))


@pytest.mark.parametrize("source", sorted(WRAPPED))
def test_every_item_is_a_signal_or_a_refusal(source: str) -> None:
    @given(st.lists(JSONS | spoiled(source), max_size=4))
    def holds(items: list[Any]) -> None:
        body = json.dumps(WRAPPED[source](items)).encode()
        found = read(Payload(source=source, captured_at=exchange.NOW, body=body), exchange.SALT)
        assert len(found.signals) + len(found.rejected) == len(items)
        for rejected in found.rejected:
            assert rejected.reason
            rejected.excerpt.encode()
        for item in items:
            assert all(isinstance(name, str) for name in PARSERS[source].accounts(item))

    holds()


PIECES = [*"<>&;/!?='\" ab1\x00", "<item>", "</item>", "<title>tea</title>", "<![CDATA[", "]]>", "&amp;", "\ud800"]
XML = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(XML | st.text(st.characters(), max_size=200))
@example("<item/>")
@example("<item><title>tea</title></item><item/>")
def test_every_item_of_a_feed_is_a_signal_or_a_refusal(inner: str) -> None:
    feed = f'<rss xmlns:ht="https://trends.google.com/trending/rss"><channel>{inner}</channel></rss>'
    body = feed.encode(errors="surrogatepass")
    found = read(Payload(source="google_trends", captured_at=exchange.NOW, body=body), exchange.SALT)
    try:
        count = len(PARSERS["google_trends"].items(body.decode(errors="replace")))
    except RefusedError:
        count = 1
    assert len(found.signals) + len(found.rejected) == count
