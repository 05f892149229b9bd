"""The evaluations of growth: known growth comes out first, and nothing that came later matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.evals import fitting, going_on, hackernews, reddit, trajectories, youtube
from benchmarks.evals.base import Evaluation, Table
from pipeline.ideas.preparing import prepare
from pipeline.scoring import growth

START = datetime(2027, 3, 1, 15, tzinfo=UTC)
"""After everything that was fitted."""
DAYS, VIDEOS, POSTS = 5, 60, 40


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Made-up datasets, in which number n of each kind gathers steadily, the faster the higher n is."""
    for folder in ("youtube_us_daily", "reddit_memes_10min", "hackernews_frontpage"):
        (tmp_path / folder).mkdir()
    charts(DAYS).write_parquet(tmp_path / "youtube_us_daily" / "popular_daily.parquet")
    posts().write_parquet(tmp_path / "reddit_memes_10min" / "observations.parquet")
    pages().write_parquet(tmp_path / "hackernews_frontpage" / "frontpage_snapshots.parquet")
    return tmp_path


def charts(days: int, factor: int = 1) -> pl.DataFrame:
    """Daily charts; counters after the third are `factor` times as high."""
    rows = [
        {
            "region": "XX", "title": "A video", "date": "", "collected_at": START + timedelta(days=day),
            "category": category, "rank_in_category": n + 1, "video_id": f"v{n:02}",
            "published_at": START - timedelta(hours=30),
            "views": 1000 * (n + 1) * (30 + 24 * day), "likes": 10 * (n + 1) * (30 + 24 * day), "comments": 5 + n,
        }
        for day in range(days) for n in range(VIDEOS) for category in ("all", "music")
    ]  # fmt: skip
    return pl.DataFrame(rows).with_columns(
        pl.col("collected_at").cast(pl.Datetime("ms", "UTC")), pl.col("published_at").cast(pl.Datetime("us", "UTC")),
        views=pl.col("views") * pl.when(pl.col("collected_at") > START + timedelta(days=2)).then(factor).otherwise(1),
    )  # fmt: skip


def posts() -> pl.DataFrame:
    """Posts that are looked at every ten minutes; the fastest four become hot at the end."""
    born = START.timestamp()
    return pl.DataFrame(
        [
            {
                "post_id": f"p{n:02}", "created_utc": born, "observed_utc": born + 60.0 * minutes,
                "score": n * minutes // 4, "upvote_ratio": 0.9, "num_comments": n,
                "hot": n >= POSTS - 4 and minutes > 100, "age_min": float(minutes),
            }
            for n in range(POSTS) for minutes in range(5, 145, 10)
        ]
    )  # fmt: skip


def pages() -> pl.DataFrame:
    """Half-hourly front pages of one day, the slowest story on top."""
    return pl.DataFrame(
        [
            {
                "item_id": 100 + n, "rank": n + 1, "points": (n + 1) * (half + 1), "comments": 1,
                "scraped_at": (START + timedelta(minutes=30 * half)).replace(tzinfo=None),
            }
            for half in range(48) for n in range(30)
        ]
    )  # fmt: skip


def mean(table: Table, method: str, measure: str) -> float:
    return next(line for line in table.lines if line.method == method).stats[measure].mean


@pytest.mark.slow
def test_what_is_known_to_grow_comes_out_first(data: Path) -> None:
    charted, posted, listed = (module.run(data) for module in (youtube, reddit, hackernews))
    assert mean(charted.tables[0], "ours", "NDCG@50") > 0.99
    assert mean(charted.tables[0], "ours", "Spearman") > 0.95
    assert mean(charted.tables[0], "random", "NDCG@50") < 0.9
    assert mean(posted.tables[0], "ours", "AP 35 min") == 1
    assert mean(posted.tables[0], "random", "AP 35 min") < 0.5
    assert mean(listed.tables[0], "ours", "NDCG@10") > 0.98
    assert mean(listed.tables[0], "rank", "NDCG@10") < 0.6


def test_a_video_under_two_categories_counts_once(data: Path) -> None:
    (observed,) = trajectories.youtube(data).values()
    assert len(observed) == DAYS * VIDEOS


def test_scores_of_a_snapshot_are_the_same_whatever_came_later(data: Path) -> None:
    (short,) = trajectories.youtube(data).values()
    charts(DAYS, factor=1000).write_parquet(data / "youtube_us_daily" / "popular_daily.parquet")
    (other,) = trajectories.youtube(data).values()
    now = trajectories.moments(short)[2]
    one, another = (trajectories.chart(observed, now) for observed in (short, other))
    assert one.equals(another)
    assert short["views"].max() != other["views"].max()


def test_at_the_first_look_what_gathers_faster_comes_first_though_it_is_older(data: Path) -> None:
    (observed,) = trajectories.youtube(data).values()
    number = pl.col("signal_id").str.slice(1).cast(pl.Int64)
    older = observed.with_columns(published_at=pl.col("published_at") - pl.duration(hours=3 * number))
    now = trajectories.moments(older)[2]
    seen = trajectories.first_look(older, now)
    measured = trajectories.chart(seen, now).sort("signal_id")
    score = trajectories.ranked(measured, now).score()
    assert seen["captured_at"].unique().to_list() == [now]
    assert (np.diff(score) > 0).all()


def test_what_goes_on_is_told_from_what_stops_and_from_what_leaves_the_list(data: Path) -> None:
    (observed,) = trajectories.youtube(data).values()
    number = pl.col("signal_id").str.slice(1).cast(pl.Int64)
    first, second = trajectories.moments(observed)[:2]
    before, after = (observed.filter(pl.col("captured_at") == moment) for moment in (first, second))
    stopped = before.filter(number.is_between(20, 39)).with_columns(captured_at=after["captured_at"][0])
    two = pl.concat([before, stopped.cast(before.schema), after.filter(number >= 40)])
    seen = going_on.looks(two, timedelta(days=1), timedelta(hours=1))
    (row,) = going_on.by_age(seen, 24.0).to_dicts()
    assert (row["above"], row["n"]) == (2, VIDEOS)
    assert (row["stays"], row["goes_on"]) == (pytest.approx(40 / 60), pytest.approx(20 / 40))


def test_a_post_is_measured_by_what_was_seen_until_the_age_only(data: Path) -> None:
    observed = trajectories.reddit(data)
    changed = observed.with_columns(likes=pl.when(pl.col("age") > 35).then(10**6).otherwise("likes"))
    one, another = (trajectories.at_age(posts, 35)[0] for posts in (observed, changed))
    assert one.equals(another)
    assert one["seen_at"].unique().to_list() == [START + timedelta(minutes=35)]


def test_the_evaluation_ranks_as_the_engine_does(data: Path) -> None:
    """The hour's signals get the same z and the same hours since their peak where ideas are made of them."""
    (observed,) = trajectories.youtube(data).values()
    now = trajectories.moments(observed)[2]
    past = observed.filter(pl.col("captured_at") <= now)
    told = {"content": "coffee", "category": None, "metadata": None, "external_id": None, "url": None}
    hour = past.filter(pl.col("captured_at") == now).with_columns(
        *(pl.lit(value, pl.String).alias(name) for name, value in told.items()),
        topic_id=pl.col("signal_id"), topic_likeness=pl.lit(1.0), payload_uri=pl.lit("x"),
    )  # fmt: skip
    prepared = prepare(hour, past, now, trajectories.PRIOR)
    measured = trajectories.chart(observed, now)
    z = dict(zip(measured["signal_id"], measured["z"], strict=True))
    assert len(prepared.rows) == VIDEOS
    np.testing.assert_allclose(prepared.z, [z[row["signal_id"]] for row in prepared.rows])
    z_sd = dict(zip(measured["signal_id"], measured["z_sd"], strict=True))
    assert [row["z_sd"] for row in prepared.rows] == [z_sd[row["signal_id"]] for row in prepared.rows]
    ours = dict(zip(measured["signal_id"], trajectories.ranked(measured, now).score(), strict=True))
    order = [ours[row["signal_id"]] for row in prepared.rows]
    assert order == sorted(order, reverse=True)


def test_only_what_came_after_the_fit_is_judged(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = growth.Forecast("any", START + timedelta(days=2), 1, np.array([0.0, 1, 0, 0, 0, 0, 0, 0]), 1, 1)
    monkeypatch.setattr(growth, "forecasts", lambda: {growth.OTHER: late})
    assert youtube.run(data).tables[0].snapshots == ["XX 03-03 15:00"]
    later = late._replace(fitted_until=START + timedelta(days=30))
    monkeypatch.setattr(growth, "forecasts", lambda: {growth.OTHER: later})
    for module in (youtube, reddit, hackernews):
        found: Evaluation = module.run(data)
        assert list(found.tables) == []
        assert "nothing was judged" in found.findings[0]


def test_leaving_a_term_out_leaves_its_weight_or_gives_it_away() -> None:
    known = growth.forecast(trajectories.YOUTUBE).coefficients
    burst, life, projected = (growth.TERMS.index(term) for term in ("burst", "life", "projected"))
    assert trajectories.without("burst")(trajectories.YOUTUBE).coefficients[burst] == 0
    moved = trajectories.without("life", onto="projected")(trajectories.YOUTUBE).coefficients
    assert moved[projected] == pytest.approx(known[projected] + known[life])
    assert known[burst] != 0, "what is in force is not touched"


def test_a_fit_finds_the_law_that_made_the_data(data: Path) -> None:
    (observed,) = trajectories.youtube(data).values()
    one = fitting.youtube(data)
    assert one.fitted_until == trajectories.moments(observed)[2]
    found = growth.expect(trajectories.chart(observed, one.fitted_until).select(growth_columns()), lambda _: one)
    steady = 1010 * (np.arange(VIDEOS) + 1) / 60
    np.testing.assert_allclose(found.sort("signal_id")["expected"], steady, rtol=0.25)


def growth_columns() -> list[str]:
    """What `expect` takes."""
    return [
        "signal_id", "source", "total", "likes", "comments", "dislikes", "pace", "pace_hours", "age_hours",
        "observations", "entered", "recent", "earlier", "life", "burst",
    ]  # fmt: skip


def test_the_table_of_coefficients_is_written_as_it_is_read(tmp_path: Path) -> None:
    fitting.write(tmp_path / "growth.csv", list(growth.forecasts().values()))
    assert (tmp_path / "growth.csv").read_text() == fitting.FILE.read_text()


@pytest.fixture
def trajectory_data(shared: Path) -> Path:
    data = shared / "data"
    if not (data / "youtube_us_daily").is_dir():
        pytest.skip(f"no trajectories in {data}")
    return data


@pytest.mark.slow
def test_on_recorded_charts_ours_beats_the_plain_baselines(trajectory_data: Path) -> None:
    charted = youtube.run(trajectory_data)
    for table in charted.tables:
        assert (
            mean(table, "ours", "NDCG@50") > mean(table, "views per hour", "NDCG@50") > mean(table, "random", "NDCG@50")
        )


BEHIND = pytest.mark.xfail(
    strict=True, reason="since votes against count, score per minute is ahead here: .587 to .580"
)


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [15, pytest.param(25, marks=BEHIND), 35, 65])
def test_on_recorded_posts_ours_beats_the_score_per_minute(trajectory_data: Path, minutes: int) -> None:
    posts, measure = reddit.run(trajectory_data).tables[0], f"AP {minutes} min"
    ours = mean(posts, "ours", measure)
    if minutes == reddit.TARGET_AGE:
        assert ours >= reddit.TARGET
    assert ours > mean(posts, "score per minute", measure)


@pytest.mark.slow
def test_on_recorded_front_pages_ours_beats_the_plain_baselines(trajectory_data: Path) -> None:
    pages, first = hackernews.run(trajectory_data).tables
    assert mean(pages, "ours", "NDCG@10") > mean(pages, "points per hour", "NDCG@10")
    for other in ("rank", "points", "recency"):
        assert mean(first, "ours", "NDCG@10") > mean(first, other, "NDCG@10")
