"""An hour's ideas: the same twice, others the next hour, no two alike, of many kinds, explained by their inputs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pytest

from pipeline.ideas import Ideation, Neighbour, ideate, selection
from pipeline.ideas.lexicon import niches
from pipeline.models import EMBEDDING_DIM, Idea, Vectors, Weights, fold, identity
from pipeline.scoring import attention
from pipeline.scoring.calendar import total_lead_days
from pipeline.scoring.score import score
from pipeline.scoring.uncertainty import measured
from resources.embedders import embedder

HOUR = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEIGHTS = Weights(version=3, freshness=0.25, engagement=0.25, novelty=0.15, community_fit=0.15, seasonality=0.20)
TIME = pl.Datetime("us", "UTC")
COUNTERS: dict[str, Any] = {"likes": pl.Int64, "comments": pl.Int64, "views": pl.Int64, "dislikes": pl.Int64}
SIGNALS: dict[str, Any] = {
    "signal_id": pl.String, "source": pl.String, "external_id": pl.String, "content": pl.String, "url": pl.String,
    "category": pl.String, "published_at": TIME, "captured_at": TIME, "metadata": pl.String, **COUNTERS,
    "payload_uri": pl.String, "topic_id": pl.String, "topic_likeness": pl.Float64,
}  # fmt: skip
HISTORY: dict[str, Any] = {
    "signal_id": pl.String,
    "source": pl.String,
    "published_at": TIME,
    "captured_at": TIME,
    **COUNTERS,
}
NO_HISTORY = pl.DataFrame(schema=HISTORY)

OCCASIONS: tuple[tuple[str, int, str, str, bool], ...] = (
    ("Christmas", 32, "christmas|family|santa", "festive", True),
    ("Christmas Eve", 31, "christmas|family|santa", "festive", True),
    ("Ugly Sweater Day", 25, "ugly sweater|christmas party|funny", "festive", False),
    ("First Day of Winter", 28, "winter|snow|cozy", "cozy", False),
    ("New Year's Day", 39, "new year|fresh start|party", "festive", False),
    ("Valentine's Day", 83, "love|couples|romance", "heartfelt", True),
    ("Hanukkah", 20, "hanukkah|jewish|family", "festive", True),
    ("Day of the Horse", 20, "horses|equestrian|cowgirl", "outdoorsy", True),
    ("Crossword Day", 28, "crossword|puzzles|words", "nerdy", False),
    ("Houseplant Appreciation Day", 48, "plants|houseplants|gardening", "cozy", False),
    ("Pizza Day", 78, "pizza|food|foodie", "playful", False),
    ("Squirrel Appreciation Day", 59, "squirrels|wildlife|backyard", "playful", False),
    ("Gym Season", 40, "gym|fitness|weightlifting", "sporty", False),
    ("International Mountain Day", 18, "mountains|hiking|climbing", "outdoorsy", False),
    ("Halloween", 342, "halloween|witch|ghost", "spooky", False),
    ("Thanksgiving", 3, "thanksgiving|turkey|family", "cozy", False),
)


class Record:
    """Earlier hours' ideas."""

    def __init__(self) -> None:
        self.ideas: list[Idea] = []
        self.vectors = np.zeros((0, EMBEDDING_DIM), np.float32)

    def nearest(self, vectors: Vectors) -> Sequence[Neighbour | None]:
        if not self.ideas:
            return [None] * len(vectors)
        cosines = vectors @ self.vectors.T
        best = cosines.argmax(axis=1)
        return [
            Neighbour(self.ideas[b].id, self.ideas[b].phrase, float(c[b]), self.vectors[b])
            for b, c in zip(best, cosines, strict=True)
        ]

    def centroids(self) -> dict[str, Vectors]:
        return {
            niche: self.vectors[[i.niche == niche for i in self.ideas]].mean(axis=0)
            for niche in {idea.niche for idea in self.ideas}
        }

    def keep(self, made: Ideation) -> None:
        self.ideas += made.ideas
        self.vectors = np.vstack([self.vectors, made.vectors])


def occasion(name: str, days: int, themes: str, mood: str, gift: bool) -> dict[str, Any]:
    day = HOUR.date() + timedelta(days=days)
    facts = {
        "kind": "occasion", "name": name, "date": day.isoformat(), "countries": ["US"], "themes": themes.split("|"),
        "greeting": None, "motifs": ["star", "gift"], "mood": mood, "gift": gift,
    }  # fmt: skip
    return row(name, source="calendar_events", metadata=facts, key=f"{name}{day}")


def anniversary(name: str, hook: str, day: date, years: int, themes: str) -> dict[str, Any]:
    facts = {
        "kind": "anniversary", "name": name, "year": day.year - years, "date": day.isoformat(), "years": years,
        "themes": themes.split("|"), "hook": hook, "motifs": ["phone"], "mood": "retro",
    }  # fmt: skip
    return row(name, source="nostalgia_topics", metadata=facts, key=f"{name}{day}")


def post(text: str, community: str, age_hours: float = 5, likes: int | None = 500, **facts: Any) -> dict[str, Any]:
    return row(
        text, source="reddit_posts", metadata={"kind": "post", **facts}, key=text, category=community, likes=likes,
        published_at=HOUR - timedelta(hours=age_hours),
    )  # fmt: skip


def row(content: str, *, source: str, metadata: dict[str, Any], key: str, **fields: Any) -> dict[str, Any]:
    id_ = str(identity("signal", key))
    return {
        "signal_id": id_, "topic_id": id_, "topic_likeness": 1.0, "source": source, "external_id": None,
        "content": content, "url": None,
        "category": None, "published_at": None, "captured_at": HOUR, "metadata": json.dumps(metadata),
        "likes": None, "comments": None, "views": None, "dislikes": None, "payload_uri": "raw-signals/x", **fields,
    }  # fmt: skip


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SIGNALS)


@pytest.fixture(scope="session")
def calendar() -> pl.DataFrame:
    """What the embedded default sees on a day in November."""
    return frame(*(occasion(*fields) for fields in OCCASIONS))


Make = Callable[..., Ideation]


@pytest.fixture(scope="session")
def make() -> Make:
    """`ideate` with the default embedder, and everything else given or plain."""
    model = embedder("wordllama")

    def run(signals: pl.DataFrame, record: Record | None = None, **given: Any) -> Ideation:
        record = record or Record()
        arguments: dict[str, Any] = {
            "hour": HOUR, "history": NO_HISTORY, "embed": model.embed, "model": model.model, "nearest": record.nearest,
            "centroids": record.centroids(), "communities": {}, "weights": WEIGHTS, "limit": 60, "confidence": {},
        }  # fmt: skip
        return ideate(signals=signals, **(arguments | given))

    return run


def test_the_same_hour_gives_the_same_ideas_whatever_the_order_of_its_signals(
    make: Make, calendar: pl.DataFrame
) -> None:
    first, again = make(calendar), make(calendar.sample(fraction=1, shuffle=True, seed=5))
    assert first.ideas == again.ideas
    assert first.decisions == again.decisions
    np.testing.assert_array_equal(first.vectors, again.vectors)


def test_an_hour_made_again_is_not_its_own_double_and_the_next_brings_others(
    make: Make, calendar: pl.DataFrame
) -> None:
    record = Record()
    first = make(calendar, record)
    record.keep(first)
    later = make(calendar, record, hour=HOUR + timedelta(hours=1))
    assert len(later.ideas) == len(first.ideas) == 60
    assert not {fold(i.phrase) for i in first.ideas} & {fold(i.phrase) for i in later.ideas}


def test_what_two_words_name_together_is_shown_not_what_one_of_them_names(make: Make) -> None:
    game = frame(occasion("Kickoff Weekend", 60, "football|tailgate", "sporty", False))
    named = [idea for idea in make(game).ideas if "Chicken Wing" in idea.phrase]
    assert named
    for idea in named:
        assert "drumstick-bite" in idea.motifs
        assert "egg" not in idea.motifs


def test_no_idea_is_too_near_to_another_or_to_an_earlier_one(make: Make, calendar: pl.DataFrame) -> None:
    record = Record()
    record.keep(make(calendar, record))
    later = make(calendar, record, hour=HOUR + timedelta(hours=1))
    among = later.vectors @ later.vectors.T - np.eye(len(later.ideas))
    assert among.max() < selection.DUPLICATE
    assert (later.vectors @ record.vectors.T).max() < selection.DUPLICATE


def test_how_near_is_too_near_is_the_models_business(make: Make, calendar: pl.DataFrame) -> None:
    record = Record()
    record.keep(make(calendar, record))
    later = make(calendar, record, hour=HOUR + timedelta(hours=1), duplicate=0.6)
    among = later.vectors @ later.vectors.T - np.eye(len(later.ideas))
    assert later.ideas
    assert among.max() < 0.6
    assert (later.vectors @ record.vectors.T).max() < 0.6


def test_what_the_record_knows_already_is_left_out_and_counted(make: Make, calendar: pl.DataFrame) -> None:
    first = make(calendar)
    record = Record()
    record.keep(first)
    again = make(calendar, record)
    assert again.duplicates > first.duplicates
    assert not {i.id for i in again.ideas} & {i.id for i in first.ideas}


def test_an_hour_is_of_many_signals_niches_and_formats(make: Make, calendar: pl.DataFrame) -> None:
    ideas = make(calendar).ideas
    most = selection.quotas(60)
    assert max(Counter(i.signal_id for i in ideas).values()) <= most.signal
    assert max(Counter(i.niche for i in ideas).values()) <= most.niche
    assert max(Counter(i.format for i in ideas).values()) <= most.format
    assert len({i.niche for i in ideas}) >= 20
    assert len({i.format for i in ideas}) >= 12


def test_scores_are_the_weighted_factors_best_first(make: Make, calendar: pl.DataFrame) -> None:
    made = make(calendar)
    assert [i.score for i in made.ideas] == sorted((i.score for i in made.ideas), reverse=True)
    for idea in made.ideas:
        assert idea.score == pytest.approx(score(idea.factors, WEIGHTS))
        assert idea.weights_version == WEIGHTS.version
    np.testing.assert_allclose(np.linalg.norm(made.vectors, axis=1), 1, rtol=1e-4)


def test_the_evidence_alone_gives_every_factor_back_and_the_card_tells_them(make: Make, calendar: pl.DataFrame) -> None:
    record = Record()
    record.keep(make(calendar, record))
    posts = [
        post(f"My {what} is number {n}", where, age_hours=1 + n % 7, likes=40 * n + 3, tags=tags)
        for n in range(4)
        for what, where, tags in (("kitten", "cats", ["kitten"]), ("sourdough", "hiking", []))
    ]
    made = make(pl.concat([calendar, frame(*posts)]), record, limit=90, centroid_ideas={"cat_mom": 7})
    assert {idea.evidence["source"] for idea in made.ideas} == {"calendar_events", "reddit_posts"}
    for idea in made.ideas:
        again = {name: one.at() for name, one in measured(idea.evidence).items()}
        assert again == pytest.approx(idea.factors.model_dump(), abs=2e-3)
        assert idea.card is not None
        assert {share.factor: share.value for share in idea.card.shares} == idea.factors.model_dump()
        assert idea.card.low <= idea.score <= idea.card.high
        assert all(share.told.endswith(".") for share in idea.card.shares)


def test_every_idea_leaves_its_phrase_and_its_evidence_behind(make: Make, calendar: pl.DataFrame) -> None:
    made = make(calendar)
    kinds = {(d.subject_id, d.kind) for d in made.decisions}
    assert kinds == {(i.id, kind) for i in made.ideas for kind in ("phrase", "evidence")}
    choice = next(d for d in made.decisions if d.kind == "phrase")
    assert choice.choice.keys() == {"phrase", "format", "template", "niche"}
    assert any(d.because["alternatives"] for d in made.decisions if d.kind == "phrase")


def test_a_day_that_everybody_keeps_goes_before_one_that_few_know(make: Make) -> None:
    known, obscure = (occasion(name, 60, "dogs|pets", "playful", False) for name in ("Valentine's Day", "Hedgehog Day"))
    made = make(frame(known, obscure))
    best = {
        name: max(i.score for i in made.ideas if i.occasion == name) for name in ("Valentine's Day", "Hedgehog Day")
    }
    assert best["Valentine's Day"] > best["Hedgehog Day"]
    evidence = next(i.evidence for i in made.ideas if i.occasion == "Valentine's Day")
    assert evidence["mentions"] == {
        "titles": attention.named("Valentine's Day", ["US"]),
        "of": attention.mentions().titles,
        "source": attention.mentions().source,
    }
    assert {i.factors.engagement for i in made.ideas if i.occasion == "Hedgehog Day"} == {0.5}
    assert all("named in none of 115," in i.reason for i in made.ideas if i.occasion == "Hedgehog Day")


def test_counters_of_its_own_go_before_what_others_said_of_the_day(make: Make) -> None:
    counted = occasion("Christmas", 60, "christmas|santa", "festive", True) | {"likes": 12}
    (engagement,) = {i.factors.engagement for i in make(frame(counted)).ideas}
    assert engagement == 0.5
    assert not any("mentions" in i.evidence for i in make(frame(counted)).ideas)


def test_of_an_anniversary_nothing_is_counted(make: Make) -> None:
    day = HOUR.date() + timedelta(days=60)
    made = make(frame(anniversary("Home modems", "Dial-Up Dreams", day, 35, "internet|retro|computing")))
    assert made.ideas
    assert all("no counters at nostalgia topics" in idea.reason for idea in made.ideas)


@pytest.mark.parametrize("niche", ["chess_player", "puzzler", "gamer", "tabletop_gamer"])
def test_whoever_plays_games_has_no_game_day(niche: str, make: Make) -> None:
    made = make(frame(occasion("The Big Game", 60, "football|game day|party|snacks", "sporty", False)))
    assert "football_fan" in {idea.niche for idea in made.ideas}
    assert niche not in {idea.niche for idea in made.ideas}


def test_the_reason_names_the_day_the_runway_and_the_titles_that_name_it(make: Make) -> None:
    idea = make(frame(occasion("Christmas", 32, "christmas|santa", "festive", True))).ideas[0]
    assert idea.reason.startswith(
        "Christmas is 32 days away, in time (100 % sure to arrive if listed today, last chance 5 December); "
        "named in 634 of 115,348 titles of hobby communities;"
    )
    assert idea.factors.engagement == pytest.approx(0.827, abs=0.001)
    event = idea.evidence["event"]
    assert (event["days"], event["runway_days"], event["countries"]) == (32, 12, ["US"])
    assert (event["p_live"], event["verdict"]) == (1.0, "in time")
    assert (event["best_from"], event["last_day"]) == ("2026-09-26", "2026-12-05")
    assert idea.occasion == "Christmas"
    assert idea.event_date == date(2026, 12, 25)


def test_a_day_that_is_nearer_than_its_lead_brings_nothing(make: Make) -> None:
    lead = total_lead_days(["US"])
    last = make(frame(occasion("Christmas", lead, "christmas|santa", "festive", True))).ideas
    assert all(f"{lead} days away, tight (56 % sure to arrive" in idea.reason for idea in last)
    assert last
    for days in (lead - 1, 4, 0, -1):
        assert make(frame(occasion("Christmas", days, "christmas|santa", "festive", True))).ideas == ()


def test_a_fast_post_is_measured_against_its_source_and_told_so(make: Make) -> None:
    slow = [post(f"my {n} tomatoes", "gardening", likes=300 + n) for n in range(9)]
    made = make(frame(post("these tomatoes are huge", "gardening", likes=60_000), *slow))
    idea = made.ideas[0]
    assert idea.niche == "gardener"
    assert "60,000 interactions, 12,000 an hour over 5 h" in idea.reason
    assert "× the usual pace of reddit posts; r/gardening is where gardeners are" in idea.reason
    assert idea.factors.engagement > 0.99
    assert idea.factors.community_fit == 1
    assert "Tomatoes" in idea.phrase or "Tomato" in idea.phrase


def test_votes_against_weigh_and_are_told(make: Make) -> None:
    others = [post(f"my {n} tomatoes", "gardening", likes=30 + n) | {"dislikes": 3} for n in range(9)]
    told = post("these tomatoes are huge", "gardening", likes=306)
    liked, disputed = (make(frame(told | {"dislikes": against}, *others)).ideas[0] for against in (3, 300))
    assert liked.signal_id == disputed.signal_id == UUID(told["signal_id"])
    assert liked.factors.engagement > disputed.factors.engagement
    assert disputed.evidence["dislikes"] == 300
    assert disputed.card
    engagement = next(share for share in disputed.card.shares if share.factor == "engagement")
    assert engagement.inputs["dislikes"] == 300


def test_counters_that_came_later_than_the_hour_do_not_matter(make: Make) -> None:
    row = post("these tomatoes are huge", "gardening")
    later = pl.DataFrame(
        [{name: row[name] for name in HISTORY} | {"captured_at": HOUR + timedelta(hours=3), "likes": 10**6}],
        schema=HISTORY,
    )
    assert make(frame(row), history=later).ideas == make(frame(row), history=NO_HISTORY).ideas


@pytest.mark.parametrize(
    "text",
    [
        "My dog passed away last night", "Police shooting near the bakery with great cookies",
        "The president ate tacos", "quarterly revenue rose again",
    ],
)  # fmt: skip
def test_grief_violence_politics_and_what_names_nothing_bring_no_idea(make: Make, text: str) -> None:
    assert make(frame(post(text, "pics"))).ideas == ()


def test_solemn_days_bring_no_idea(make: Make) -> None:
    assert make(frame(occasion("Remembrance Day", 40, "remembrance|military|history", "heartfelt", False))).ideas == ()


def test_no_word_of_a_post_but_the_lexicon_s_reaches_a_phrase(make: Make) -> None:
    ideas = make(frame(post("Zorbatron unveils coffee machine for Quibblesnork fans", "coffee"))).ideas
    assert ideas
    assert not any(name in idea.phrase for idea in ideas for name in ("Zorbatron", "Quibblesnork"))
    assert any("Coffee" in idea.phrase for idea in ideas)


def test_tags_that_speak_of_the_niche_count_for_it(make: Make) -> None:
    text = "so many tomatoes this year"
    fitting = make(frame(post(text, "pics", tags=["gardening", "vegetable garden"]))).ideas
    foreign = make(frame(post(text, "pics", tags=["blockchain", "esports"]))).ideas
    fit = {i.niche: i.factors.community_fit for i in fitting}
    assert fit["gardener"] > {i.niche: i.factors.community_fit for i in foreign}["gardener"]


def test_an_anniversary_is_dated_by_its_years_and_its_hook(make: Make) -> None:
    day = HOUR.date() + timedelta(days=40)
    ideas = make(frame(anniversary("Home modems", "Dial-Up Dreams", day, 35, "internet|retro|computing"))).ideas
    assert ideas
    assert all("Dial-Up Dreams" in idea.phrase for idea in ideas)
    assert ideas[0].reason.startswith("Home modems (its 35 years) is 40 days away")


def test_metadata_that_is_no_date_makes_a_post_and_never_an_error(make: Make) -> None:
    broken = post("free coffee for everyone", "coffee") | {"metadata": '{"kind": "occasion", "name": 7}'}
    none = post("more coffee for everyone", "coffee") | {"metadata": None}
    ideas = make(frame(broken, none)).ideas
    assert ideas
    assert all(idea.occasion is None for idea in ideas)


def test_no_signals_give_no_ideas(make: Make) -> None:
    made = make(frame())
    assert (made.ideas, made.decisions, made.considered) == ((), (), 0)
    assert made.vectors.shape == (0, EMBEDDING_DIM)


def test_a_smaller_limit_keeps_fewer(make: Make, calendar: pl.DataFrame) -> None:
    assert len(make(calendar, limit=5).ideas) == 5


def test_novelty_falls_when_a_niche_has_had_much_of_the_same(make: Make) -> None:
    signals = frame(post("these tomatoes are huge", "gardening"))
    first = make(signals, limit=1)
    again = make(signals, limit=1, centroids=dict.fromkeys(niches(), first.vectors[0]))
    assert first.ideas[0].factors.novelty == 1
    assert again.ideas[0].factors.novelty < 1


def test_of_ten_thousand_signals_so_many_are_considered_as_may_be(make: Make) -> None:
    things = ("coffee", "tomatoes", "my dog", "chess", "a telescope", "sourdough", "nothing at all", "old vinyl")
    rows = [
        post(f"{things[n % 8]} picture number {n}", "pics", age_hours=1 + n % 20, likes=n % 997) for n in range(10_000)
    ]
    made = make(frame(*rows))
    assert made.considered <= 12_000
    assert made.ideas


@pytest.mark.slow
def test_a_day_of_the_calendar_alone_brings_two_hundred_in_its_top_quartile(make: Make, calendar: pl.DataFrame) -> None:
    record = Record()
    for hour in range(24):
        record.keep(make(calendar, record, hour=HOUR.replace(hour=hour)))
    phrases = {fold(idea.phrase) for idea in record.ideas}
    scores = np.array([idea.score for idea in record.ideas])
    assert len(phrases) == len(record.ideas) >= 800
    assert len({idea.id for idea in record.ideas}) == len(record.ideas)
    assert (scores >= np.quantile(scores, 0.75)).sum() >= 200
