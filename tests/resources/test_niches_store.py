"""What was learned of niches, in the record, and the titles it is learned from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.models import EMBEDDING_DIM, Signal, hour_of
from pipeline.scoring.communities import Community
from resources.errors import PermanentError
from resources.store import Store
from resources.store.niches import KEPT, MOST_TITLES
from resources.titles import TitleFolder

DAY = date(2026, 11, 20)
ONE = timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def community(place: int, titles: int = 7) -> Community:
    vector = np.zeros(EMBEDDING_DIM, np.float32)
    vector[place] = 1
    return Community(vector, titles, ("breadit",), {"loaf": 3})


def same(a: Community, b: Community) -> bool:
    return np.array_equal(a.vector, b.vector) and a[1:] == b[1:]


def test_what_was_learned_is_read_again_and_only_of_its_model(store: Store) -> None:
    with store.transaction() as tx:
        tx.niches.record({"baker": community(1), "angler": community(2, 0)}, "m1", DAY)
        found = tx.niches.learned("m1", DAY + ONE)
        assert tx.niches.learned("m2", DAY + ONE) == {}
        assert tx.niches.learned("m1", DAY) == {}, "a day knows nothing of its own titles yet"
    assert list(found) == ["angler", "baker"]
    assert same(found["baker"], community(1))
    assert same(found["angler"], community(2, 0))


def test_the_newest_day_before_counts_whatever_is_made_again(store: Store) -> None:
    later = DAY + ONE
    with store.transaction() as tx:
        tx.niches.record({"baker": community(1), "gone": community(3)}, "m1", DAY)
        tx.niches.record({"baker": community(2)}, "m1", later)
        tx.niches.record({"baker": community(1), "gone": community(3)}, "m2", DAY)
        tx.niches.record({"baker": community(4), "gone": community(3)}, "m1", DAY)
        assert list(tx.niches.learned("m1", later + ONE)) == ["baker"], "a niche that is not named any more ends"
        assert same(tx.niches.learned("m1", later + ONE)["baker"], community(2))
        assert same(tx.niches.learned("m1", later)["baker"], community(4)), "a day made again is as it is now"
        assert list(tx.niches.learned("m2", later + ONE)) == ["baker", "gone"]


def test_days_longer_ago_than_any_back_test_end(store: Store) -> None:
    with store.transaction() as tx:
        tx.niches.record({"baker": community(1)}, "m1", DAY)
        tx.niches.record({"baker": community(2)}, "m1", DAY + KEPT + ONE)
        assert tx.niches.learned("m1", DAY + ONE) == {}


def post(title: str, category: str | None, at: datetime, source: str = "reddit_posts") -> Signal:
    return Signal(source=source, external_id=f"{title}{category}", content=title, category=category, captured_at=at)


def test_titles_are_of_the_communities_asked_for_and_of_before_the_moment_the_newest_first(store: Store) -> None:
    signals = [
        post("a loaf", "Breadit", NOON),
        post("another loaf", "r/breadit", NOON + timedelta(minutes=1)),
        post("a fish", "Fishing", NOON),
        post("a loaf elsewhere", "breadit", NOON, "youtube_videos"),
        post("of no community", None, NOON),
        post("too late", "breadit", NOON + timedelta(minutes=2)),
    ]
    with store.transaction() as tx:
        tx.signals.record([(signal, "uri") for signal in signals], hour_of(NOON))
        found = tx.niches.titles({"breadit", "tea"}, NOON + timedelta(minutes=2))
    assert found == {"breadit": ["another loaf", "a loaf"]}


def test_a_folder_s_titles_are_read_from_both_kinds_of_file_without_personal_data(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title,community,score\nA loaf for jo@example.org,r/Breadit,3\n,breadit,1\n")
    pl.DataFrame({"community": ["breadit", "tea"], "title": ["Rye", "Oolong"]}).write_parquet(tmp_path / "b.parquet")
    assert TitleFolder(tmp_path).titles({"breadit"}, MOST_TITLES) == {"breadit": ["A loaf for", "Rye"]}
    assert TitleFolder(tmp_path).titles({"breadit"}, 1) == {"breadit": ["A loaf for"]}
    assert TitleFolder(None).titles({"breadit"}, 1) == {}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"name,title\nx,y\n", "no column community"),
        ("a.csv", b"", "can't be read"),
        ("a.parquet", b"PAR1 but no more", "can't be read"),
        ("a.csv", b"community,title\nbreadit,\xff\xfe\xff\n", "can't be read"),
    ],
    ids=["a column lacks", "empty", "no parquet", "not UTF-8"],
)
def test_a_file_that_is_no_table_of_titles_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PermanentError, match=said) as error:
        TitleFolder(tmp_path).titles({"breadit"}, 5)
    assert name in str(error.value)


def test_a_folder_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="ENGINE_COMMUNITY_TITLES"):
        TitleFolder(tmp_path / "nowhere").titles({"breadit"}, 5)
