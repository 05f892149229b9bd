"""Niches learned from titles: what a vector and words are made of, what texts and tags have in common with them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import EMBEDDING_DIM, Vectors
from pipeline.scoring import factors
from pipeline.scoring.communities import (
    DESCRIPTION_TITLES,
    FEW,
    LONGEST_TAG,
    PLACES,
    Community,
    Voices,
    learned,
    words,
)
from resources.embedders import embedder

TOPICS = {
    "bread": ["My first sourdough loaf", "Rye loaf from a hot oven", "Proofing dough overnight", "A crumb shot"],
    "trout": ["Brown trout on a dry fly", "Rainbow trout at dawn", "Tying a caddis fly", "Cold creek, warm trout"],
}
TITLES = {name: {name: [f"{title}, take {n}" for n in range(3) for title in found]} for name, found in TOPICS.items()}
DESCRIBED = {"bread": "Baking bread at home.", "trout": "Fishing with flies.", "chess": "Chess openings and endgames."}


def embed(texts: Sequence[str]) -> Vectors:
    return embedder("wordllama").embed(texts)


@pytest.fixture(scope="module")
def voices() -> Voices:
    return Voices(DESCRIBED, learned(DESCRIBED, TITLES, embed), embed)


def test_a_vector_is_the_shrunken_mean_of_description_and_titles() -> None:
    titles = [f"a loaf, number {n}" for n in range(20)]
    made = learned({"bread": "Baking."}, {"bread": {"breadit": titles}}, embed)["bread"]
    total = DESCRIPTION_TITLES * embed(["Baking."])[0] + embed(titles).sum(axis=0)
    np.testing.assert_allclose(made.vector, total / np.linalg.norm(total), atol=1e-5)
    assert (made.titles, made.communities, made.words["loaf"]) == (20, ("breadit",), 20)


def test_a_handful_short_of_titles_leaves_the_description_alone() -> None:
    titles = {"bread": {"breadit": [f"loaf {n}" for n in range(FEW - 1)]}}
    made = learned({"bread": "Baking."}, titles, embed)["bread"]
    assert (made.titles, made.communities, made.words) == (0, (), {})
    np.testing.assert_array_equal(made.vector, embed(["Baking."])[0])


def test_titles_count_once_and_in_whatever_order() -> None:
    titles = [f"loaf {n}" for n in range(9)]
    one = learned({"b": "Baking."}, {"b": {"x": titles, "y": titles}}, embed)["b"]
    other = learned({"b": "Baking."}, {"b": {"y": titles[::-1], "x": titles * 2}}, embed)["b"]
    assert one.titles == other.titles == 9
    assert one.words == other.words
    np.testing.assert_array_equal(one.vector, other.vector)


def test_a_word_of_a_single_title_is_not_kept() -> None:
    titles = {"b": {"x": [*(f"loaf {n}" for n in range(9)), "Zorbatron bakes a loaf"]}}
    assert "zorbatron" not in learned({"b": "Baking."}, titles, embed)["b"].words


def test_a_title_is_nearest_to_the_niche_that_speaks_like_it(voices: Voices) -> None:
    texts = ["a loaf with a good crumb", "caught a trout on a caddis", "a gambit in the endgame"]
    found = voices.affinity(texts, embed(texts))
    assert found.argmax(axis=1).tolist() == [0, 1, 2]
    assert voices.titles == (12, 12, 0)
    assert ((found >= 0) & (found <= 1)).all()


def test_unknown_words_say_nothing_and_known_ones_speak_for_who_says_them(voices: Voices) -> None:
    np.testing.assert_array_equal(voices.spoken(["qwxz", "", "!!"]), np.zeros((3, 3)))
    loaf, trout, _ = voices.spoken(["loaf"])[0]
    assert loaf > 0 > trout


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_what_is_measured_of_a_text_does_not_depend_on_the_others(texts: list[str]) -> None:
    voices = _plain()
    together = voices.spoken(texts)
    np.testing.assert_allclose(together, np.vstack([voices.spoken([text]) for text in texts]), atol=1e-6)
    assert np.isfinite(together).all()


@cache
def _plain() -> Voices:
    return Voices(DESCRIBED, {}, embed)


def test_more_texts_than_are_looked_up_at_once_are_all_answered(voices: Voices) -> None:
    many = voices.spoken(["loaf", "", "trout"] * 2000)
    np.testing.assert_array_equal(many[:3], many[-3:])
    assert len(many) == 6000


def test_a_learned_niche_takes_the_place_of_its_description() -> None:
    vector = np.zeros(EMBEDDING_DIM, np.float32)
    vector[5] = 1
    voices = Voices(DESCRIBED, {"trout": Community(vector, 40, ("flyfishing",), {"rod": 9})}, embed)
    np.testing.assert_array_equal(voices.vectors[1], vector)
    assert voices.titles == (0, 40, 0)


@pytest.mark.parametrize(
    ("tag", "split"),
    [
        ("RainbowTrout", "Rainbow trout"),
        ("rainbowtrout", "rainbow trout"),
        ("sourdough_loaf", "sourdough loaf"),
        ("LoafOfTheDay", "loaf of the day"),
        ("breadtok", "bread"),
        ("LoafOfTikTok", "loaf of"),
        ("TikTok", "tik tok"),
        ("trout2024", "trout 2024"),
        ("BBQ", "bbq"),
        ("trout", "trout"),
        ("", ""),
    ],
)
def test_a_tag_is_split_where_its_words_meet(voices: Voices, tag: str, split: str) -> None:
    assert voices.split(tag).lower() == split.lower()


@given(st.text(max_size=80))
def test_splitting_loses_and_adds_no_letter_but_the_names_of_places(tag: str) -> None:
    whole = "".join(char for char in tag[:LONGEST_TAG].lower() if char.isalnum())
    left = [word for word in _plain().split(tag).split() if word.isalnum()]
    rest = iter(whole)
    assert all(char in rest for char in "".join(left)), "in the order of the tag"
    assert "".join(left) == whole or any(place in whole for place in PLACES)


@given(st.text(max_size=60))
def test_words_are_distinct_and_in_lower_case(text: str) -> None:
    found = words(text)
    assert len(found) == len(set(found))
    assert all(word == word.lower() for word in found)


def test_plurals_and_genitives_are_their_word() -> None:
    assert words("Dogs' dog's dog’s Dog grass bus") == ["dog", "grass", "bus"]


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-20, 20), st.floats(-20, 20))
def test_affinity_rises_with_likeness_and_with_words(a: float, b: float, u: float, v: float) -> None:
    low, high = factors.affinity([min(a, b)], [min(u, v)]), factors.affinity([max(a, b)], [max(u, v)])
    assert 0 <= low[0] <= high[0] <= 1


def test_an_unmeasured_affinity_stays_unmeasured() -> None:
    assert np.isnan(factors.affinity([np.nan, 0.1], [1.0, np.nan])).all()
