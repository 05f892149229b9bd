"""Near-duplicates: what is the same thing, what is only alike, and topics that no chain of weak links ties."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models import Vectors, fold, identity
from pipeline.signals.kin import EMBEDDER, FEATURES, THRESHOLD, WINDOW, Membership, Sighted, likeness, settle
from pipeline.signals.kin.bags import bags, grams, shared
from pipeline.signals.kin.marks import apart, marks
from resources.embedders import embedder

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = st.sampled_from(
    [
        "the",
        "a",
        "of",
        "cat",
        "dogs",
        "rescue",
        "Springfield",
        "emu",
        "chase",
        "12",
        "Kepler-22b",
        "police",
        "émeu",
        "日本",
        "in",
        "on",
        "new",
        "!",
    ]
)
TITLES = st.one_of(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), st.text(min_size=1, max_size=60))


def embed(texts: Sequence[str]) -> Vectors:
    return embedder(EMBEDDER).embed(texts)


def texts(*contents: str, minutes: int = 10) -> list[Sighted]:
    return [
        Sighted(identity("signal", i, content), content, NOON + timedelta(minutes=i * minutes))
        for i, content in enumerate(contents)
    ]


def groups(found: Mapping[UUID, Membership], of: Sequence[Sighted]) -> list[set[str]]:
    """The contents of each topic, in the order of the topics' first texts."""
    by_topic: dict[UUID, set[str]] = {}
    for text in of:
        by_topic.setdefault(found[text.id].topic, set()).add(text.content)
    return list(by_topic.values())


def test_the_model_is_of_the_embedder_that_is_installed() -> None:
    stored = json.loads((files("pipeline.signals") / "data" / "kin.json").read_text(encoding="utf-8"))
    assert stored["embedder"] == embedder(EMBEDDER).model, "fit again: python -m benchmarks.eval_duplicates --fit"
    assert stored["features"] == list(FEATURES)


@settings(max_examples=60, deadline=None)
@given(TITLES, TITLES)
def test_likeness_is_a_probability_that_does_not_ask_which_came_first(one: str, other: str) -> None:
    there, back = likeness([(one, other), (other, one)], embed)
    assert 0 <= there <= 1
    assert there == back


@settings(max_examples=60, deadline=None)
@given(TITLES)
def test_the_same_folded_words_are_the_same(text: str) -> None:
    assert likeness([(text, f"  {text.upper()}!! ")], embed)[0] == (
        1 if fold(text) == fold(text.upper()) else pytest.approx(0.5, abs=0.5)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=8), min_size=1, max_size=6), st.data())
def test_what_rows_share_is_their_intersection(rows: list[list[int]], data: st.DataObject) -> None:
    row = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    made = bags(row, np.array([c for r in rows for c in r], np.int64), len(rows))
    pairs = data.draw(st.lists(st.tuples(*[st.integers(0, len(rows) - 1)] * 2), min_size=1, max_size=9))
    left, right = np.array(pairs).T
    common = shared(made, left, right)
    found = [set(made.codes[common.left[common.pair == i]].tolist()) for i in range(len(pairs))]
    assert found == [set(rows[i]) & set(rows[k]) for i, k in pairs]
    assert (made.codes[common.left] == made.codes[common.right]).all()


@given(st.lists(TITLES.map(fold), min_size=1, max_size=5))
def test_runs_of_characters_never_reach_into_the_next_text(folded: list[str]) -> None:
    together = grams(folded)
    for i, text in enumerate(folded):
        alone = grams([text])
        at = slice(*together.starts[i : i + 2])
        assert together.codes[at].tolist() == alone.codes.tolist()
        assert together.counts[at].tolist() == alone.counts.tolist()


TOLD_AGAIN = [
    ("Escaped emu leads police on a chase in Springfield", "Escaped emu leads police on chase in Springfield!"),
    ("What trauma shears were really made for", "What trauma shears were really made for (fixed)"),
    ("The Impossible Workload for Doctors in Training", "NYT: The impossible workload for doctors in training"),
]  # fmt: skip

APART = [
    ("Daily discussion thread – Nov 22", "Daily discussion thread – Nov 23"),
    ("Daily discussion thread - November 22, 2026", "Daily discussion thread - November 23, 2026"),
    ("Monday motivation: share your garden wins here", "Tuesday motivation: share your garden wins here"),
    ("Restoring my grandfather's 1952 workbench, Part 1", "Restoring my grandfather's 1952 workbench, Part 2"),
    ("Restoring my grandfather's workbench", "Restoring my grandfather's workbench, part two"),
    ("Building a cedar canoe in my garage: Episode IV", "Building a cedar canoe in my garage: Episode V"),
    ("10 tips for growing tomatoes on a balcony", "12 tips for growing tomatoes on a balcony"),
    ("Ten tips for growing tomatoes on a balcony", "12 tips for growing tomatoes on a balcony"),
    ("Final score: Packers 24, Bears 17 at Lambeau Field", "Final score: Packers 17, Bears 24 at Lambeau Field"),
    ("Post game thread: Celtics defeat the Lakers 112-109", "Post game thread: Celtics defeat the Lakers 104-98"),
    ("Podcast #63: Wil Wheaton on tabletop games", "Podcast #64: Wil Wheaton on tabletop games"),
    ("Bears beat Packers at Lambeau Field in overtime", "Packers beat Bears at Lambeau Field in overtime"),
    ("The mayor of Springfield says she will run again", "The mayor of Springfield says she will not run again"),
    ("Hubble captures a stunning photo of the Crab Nebula", "Vintage sewing machine restored after forty years"),
]  # fmt: skip


@pytest.mark.parametrize("pair", TOLD_AGAIN, ids=lambda pair: pair[0][:24])
def test_the_same_thing_told_again_joins(pair: tuple[str, str]) -> None:
    both = texts(*pair)
    assert len(groups(settle([], both, embed), both)) == 1


@pytest.mark.parametrize("pair", APART, ids=lambda pair: pair[1][:40])
def test_members_of_a_series_and_other_results_stay_apart(pair: tuple[str, str]) -> None:
    both = texts(*pair)
    assert len(groups(settle([], both, embed), both)) == 2


@pytest.mark.parametrize(
    "pair",
    [
        ("Nov 22 notes", "November 22 notes"),
        ("10 tips", "ten tips"),
        ("1,000 cranes", "1000 cranes"),
        ("Rocky III", "Rocky 3"),
        ("Emu escapes", "Emu escapes, 3 hurt"),
        ("May I ask", "I ask"),
    ],
    ids=lambda pair: pair[0],
)  # fmt: skip
def test_marks_that_say_the_same_or_leave_a_detail_out_set_nothing_apart(pair: tuple[str, str]) -> None:
    assert not apart(marks(pair[0]), marks(pair[1]))
    assert not apart(marks(pair[1]), marks(pair[0]))


def test_short_common_words_say_too_little_to_join() -> None:
    both = texts("My new best friend", "My best new friend")
    assert len(groups(settle([], both, embed), both)) == 2


def crowd(number: int, seed: int = 1) -> list[Sighted]:
    """Titles some of which tell of the same: words at random, half of them said again with a word less or more."""
    rng = random.Random(seed)
    vocabulary = [
        f"{a}{b}{c}"
        for a in ("kor", "bel", "tra", "min")
        for b in ("a", "e", "ou", "i")
        for c in ("dan", "ver", "lix", "mpo", "sk")
    ]
    told = [" ".join(rng.sample(vocabulary, 8)) for _ in range(number // 2)]
    again = [
        " ".join([*rng.choice(told).split()[rng.randrange(2) :], *rng.choice(([], ["video"], ["live", "now"]))])
        for _ in told
    ]
    every = sorted({fold(t): t for t in [*told, *again]}.values())
    rng.shuffle(every)
    return texts(*every, minutes=3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_topics_do_not_depend_on_the_order_within_a_batch(seed: int) -> None:
    ordered = crowd(120, seed)
    found = settle([], ordered, embed)
    assert sum(m.topic != id_ for id_, m in found.items()) > 10
    mixed = random.Random(seed).sample(ordered, len(ordered))
    assert settle([], mixed, embed) == found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_member_is_like_the_first_of_its_topic_and_later_and_near(seed: int) -> None:
    ordered = crowd(120, seed)
    by_id = {text.id: text for text in ordered}
    found = settle([], ordered, embed)
    for id_, (topic, like) in found.items():
        assert found[topic] == Membership(topic, 1.0), "the first of a topic is in no other"
        if topic != id_:
            assert like >= THRESHOLD
            assert by_id[topic].at <= by_id[id_].at <= by_id[topic].at + WINDOW
            assert like == pytest.approx(likeness([(by_id[id_].content, by_id[topic].content)], embed)[0], abs=0.02)


def test_hour_by_hour_gives_what_all_at_once_gives() -> None:
    ordered = crowd(120)
    at_once = settle([], ordered, embed)
    leaders: list[Sighted] = []
    for start in range(0, len(ordered), 20):
        part = ordered[start : start + 20]
        found = settle(leaders, part, embed)
        leaders += [text for text in part if found[text.id].topic == text.id]
        assert {id_: m.topic for id_, m in found.items()} == {text.id: at_once[text.id].topic for text in part}


def test_nothing_is_nothing() -> None:
    assert settle([], [], embed) == {}
    assert settle(texts("Alone in the world"), [], embed) == {}
    assert len(likeness([], embed)) == 0


@pytest.mark.slow
def test_an_hour_of_ten_thousand_against_two_days_takes_little_memory() -> None:
    rng = random.Random(7)
    syllables = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in")]
    vocabulary = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(40_000)]
    weights = 1 / np.arange(1, len(vocabulary) + 1) ** 0.9
    draw = np.random.default_rng(7).choice(len(vocabulary), (110_000, 9), p=weights / weights.sum())
    every = [
        Sighted(UUID(int=i), " ".join(vocabulary[k] for k in row), NOON + timedelta(seconds=i))
        for i, row in enumerate(draw)
    ]
    tracemalloc.start()
    assert len(settle(every[:100_000], every[100_000:], embed)) == 10_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500e6
