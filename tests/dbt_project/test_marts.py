"""The marts say what a person would compute by hand, the same on DuckDB and PostgreSQL, and bad data stops a build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import dagster as dg
import duckdb
import psycopg
import pytest
import yaml
from psycopg import sql

from assets.marts import UPSTREAM, marts, marts_assets, marts_views, warehouse_export
from pipeline.models import sha256
from resources.errors import PermanentError
from resources.store import schema
from resources.warehouse import PROJECT, Warehouse

MARTS = {"fct_ideas": "idea_id", "fct_designs": "idea_id", "fct_listings": "listing_id", "kpi_daily": "day"}
DAY_1, DAY_2, GAP, DAY_30, DAY_31 = (date(2025, 3, n) for n in (1, 2, 3, 30, 31))


@dataclass
class Record:
    """Writes rows of the record with what matters to the marts; the rest is filled in."""

    connection: psycopg.Connection[Any]

    def insert(self, table: str, **columns: Any) -> None:
        names, marks = (
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(map(sql.Placeholder, columns)),
        )
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, marks)
        self.connection.execute(query, columns)

    def idea(self, scored_at: datetime, score: float, *, seen: tuple[datetime, ...] = ()) -> UUID:
        signal, idea = uuid4(), uuid4()
        hour = scored_at.replace(minute=0)
        self.insert(
            "signals",
            **{"id": signal, "content": "a signal", "source": "reddit_posts", "captured_at": hour},
            content_hash=sha256(signal.bytes),
            text_hash=sha256(signal.bytes),
            topic_id=signal,
        )
        for moment in seen:
            self.insert(
                "signal_observations",
                **{"signal_id": signal, "captured_at": moment, "hour": moment.replace(minute=0), "payload_uri": "x"},
            )
        words = dict.fromkeys(("title", "description", "phrase", "niche", "format", "mood", "reason"), "words")
        factors = dict.fromkeys(("freshness", "engagement", "novelty", "community_fit", "seasonality"), score)
        self.insert(
            "ideas",
            **{"id": idea, "idea_key": str(idea), "signal_id": signal, "hour": hour, "created_at": scored_at},
            **{
                "lines": ["words"],
                "motifs": ["cat"],
                "embedding_model": "none",
                "weights_version": 1,
                "evidence": "{}",
            },
            **{"embedding": str([1.0] + [0.0] * 767), "score": score, **words, **factors},
        )
        return idea

    def mockup(self, idea: UUID, made_at: datetime) -> tuple[UUID, UUID]:
        design, mockup = uuid4(), uuid4()
        texts = dict.fromkeys(("artist", "layout", "palette", "prompt", "s3_uri", "thumb_uri"), "words")
        documents = dict.fromkeys(("spec", "licences", "garments", "contrasts"), "{}")
        self.insert(
            "designs",
            **{"id": design, "idea_id": idea, "hour": made_at, "seed": 1, "typefaces": ["Inter"], "dpi": 300},
            **{"sha256": sha256(b""), "width": 1, "height": 1, "created_at": made_at, **texts, **documents},
        )
        self.insert(
            "mockups",
            **{"id": mockup, "idea_id": idea, "design_id": design, "hour": made_at, "created_at": made_at},
            **{"s3_uri": "x", "thumb_uri": "x", "variant": "front", "color": "black", "generation_params": "{}"},
            **{"width": 1, "height": 1},
        )
        return design, mockup

    def listing(self, idea: UUID, shown: tuple[UUID, UUID], marketplace: str, **columns: Any) -> UUID:
        listing, (design, mockup) = uuid4(), shown
        self.insert(
            "listings",
            **{"id": listing, "idea_id": idea, "design_id": design, "mockup_id": mockup, "marketplace": marketplace},
            **{"hour": datetime(2025, 3, 1, tzinfo=UTC), "product": "tee", "title": "words", "description": "words"},
            **{"bullets": [], "tags": ["a", "b"], "price_cents": 1999, "currency": "USD", "verdicts": "[]"},
            **{"content_hash": sha256(b""), **columns},
        )
        return listing

    def metrics(self, listing: UUID, hour: datetime, **counters: int) -> None:
        zeros = dict.fromkeys(("views", "favorites", "carts", "sales", "revenue_cents"), 0)
        self.insert(
            "listing_metrics",
            **{"listing_id": listing, "hour": hour, "report_sha256": sha256(b""), **zeros, **counters},
        )


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def a_known_record(record: Record) -> dict[str, UUID]:
    """Seven ideas in four days, four listings: small enough to compute by hand."""
    seen = at(DAY_1, 10, 30)
    best = record.idea(at(DAY_1, 10, 35), 0.4, seen=(at(DAY_1, 9), seen, at(DAY_1, 11, 10)))
    good = record.idea(at(DAY_1, 23, 59), 0.3, seen=(at(DAY_1, 23),))
    record.idea(at(DAY_1, 0), 0.2, seen=(at(DAY_1, 0),))
    unseen = record.idea(at(DAY_1, 5), 0.1)
    second, _ = (record.idea(at(DAY_2, 10), 0.5, seen=(at(DAY_2, 10),)) for _ in range(2))
    record.idea(at(DAY_30, 10), 0.45, seen=(at(DAY_30, 10),))
    record.idea(at(DAY_31, 10), 0.49, seen=(at(DAY_31, 10),))

    shown = record.mockup(best, seen + timedelta(minutes=12.5))
    record.mockup(good, at(DAY_2, 0))
    later = record.mockup(second, at(DAY_2, 10, 20))
    record.insert("refusals", idea_id=unseen, hour=at(DAY_1, 5), stage="proof", reason="0.2 mm", cost_micros=40_000)

    record.insert("metric_reports", sha256=sha256(b""), file_name="x.csv", marketplace="etsy", rows=3)
    handed = {"pack_uri": "x", "status": "publishing"}
    liked = record.listing(best, shown, "amazon_merch", handed_over_at=seen + timedelta(minutes=60), **handed)
    ignored = record.listing(best, shown, "etsy", live_at=seen + timedelta(minutes=100), status="live")
    record.listing(best, shown, "redbubble", status="draft")
    record.listing(
        second,
        later,
        "etsy",
        **{"handed_over_at": at(DAY_2, 13), "live_at": at(DAY_2, 20), "status": "live", "pack_uri": "x"},
    )
    record.metrics(liked, at(DAY_1, 12), views=3)
    record.metrics(liked, at(DAY_1, 13), views=4, favorites=1, sales=2, revenue_cents=3998)
    record.metrics(ignored, at(DAY_1, 13), views=10)
    return {"best": best, "good": good, "unseen": unseen, "second": second, "liked": liked, "ignored": ignored}


@pytest.fixture(scope="module")
def record_url(postgres_url: str) -> Iterator[str]:
    """A migrated database for this module."""
    name = f"marts_{uuid4().hex}"
    url = urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        schema.upgrade(url)
        yield url
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass
class Built:
    """The known record, taken through all assets of the marts."""

    result: dg.ExecuteInProcessResult
    warehouse: Warehouse
    ids: dict[str, UUID]

    def row(self, mart: str, key: object) -> dict[str, Any]:
        (row,) = (row for row in duckdb_rows(self.warehouse, mart) if row[MARTS[mart]] == key)
        return row


@pytest.fixture(scope="module")
def built(record_url: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    warehouse = Warehouse(record_url, tmp_path_factory.mktemp("warehouse"))
    with psycopg.connect(record_url) as connection:
        ids = a_known_record(Record(connection))
    result = dg.materialize(
        [*marts_assets, *(dg.AssetSpec(key) for key in UPSTREAM)],
        selection=dg.AssetSelection.assets(warehouse_export, marts, marts_views),
        resources={"warehouse": warehouse},
        instance=dg.DagsterInstance.ephemeral(),
    )
    return Built(result, warehouse, ids)


def duckdb_rows(warehouse: Warehouse, mart: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(warehouse.duckdb), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(f"SELECT * FROM marts.{mart} ORDER BY {MARTS[mart]}")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_the_assets_build_and_every_data_test_is_a_check(built: Built) -> None:
    assert built.result.success
    materialized = built.result.get_asset_materialization_events()
    made = {event.asset_key.to_user_string() for event in materialized if event.asset_key}
    assert {"warehouse_export", "marts_views", "marts/kpi_daily", "staging/stg_ideas"} <= made

    checks = built.result.get_asset_check_evaluations()
    assert len(checks) > 50
    # The one idea without a sighting is warned of, and nothing else.
    (warned,) = (check for check in checks if not check.passed)
    assert warned.asset_key == dg.AssetKey(["marts", "fct_ideas"])
    assert "ingested_at" in warned.check_name
    assert warned.severity == dg.AssetCheckSeverity.WARN


def test_the_top_quartile_is_of_the_thirty_days_that_end_with_the_day(built: Built) -> None:
    ideas = duckdb_rows(built.warehouse, "fct_ideas")

    # Interpolated by hand: of .1 .2 .3 .4 at rank 2.25; of these and .5 .5 at rank 3.75; of these and .45 at rank 4.5;
    # and without day 1, which is 31 days back, of .45 .49 .5 .5 at rank 2.25.
    bars = {row["day"]: row["score_threshold"] for row in ideas}
    assert bars == pytest.approx({DAY_1: 0.325, DAY_2: 0.475, DAY_30: 0.475, DAY_31: 0.5})
    assert sorted(row["score"] for row in ideas if row["top_quartile"]) == [0.4, 0.5, 0.5]


def test_an_idea_counts_its_minutes_from_the_sighting_that_led_to_it(built: Built) -> None:
    best = built.row("fct_ideas", built.ids["best"])
    assert best["ingested_at"] == at(DAY_1, 10, 30)
    assert best["minutes_to_mockup"] == 12.5
    assert (best["has_mockup"], best["listings"], best["published_listings"]) == (True, 3, 2)

    unseen = built.row("fct_ideas", built.ids["unseen"])
    assert (unseen["ingested_at"], unseen["minutes_to_mockup"], unseen["has_mockup"]) == (None, None, False)


def test_a_chosen_idea_says_who_drew_it_or_why_nobody_did(built: Built) -> None:
    refused = built.row("fct_designs", built.ids["unseen"])
    assert (refused["drawn"], refused["refused_by"], refused["refused_because"]) == (False, "proof", "0.2 mm")
    assert refused["cost_usd"] == pytest.approx(0.04)
    drawn = built.row("fct_designs", built.ids["best"])
    assert (drawn["drawn"], drawn["artist"], drawn["refused_by"], drawn["cost_usd"]) == (True, "words", None, 0)
    first = built.row("kpi_daily", DAY_1)
    assert (first["chosen_ideas"], first["drawn_ideas"], first["drawn_share"]) == (2, 1, 0.5)


def test_a_listing_adds_up_its_metrics_and_knows_whether_it_has_any(built: Built) -> None:
    liked = built.row("fct_listings", built.ids["liked"])
    assert (liked["views"], liked["favorites"], liked["sales"], liked["revenue_cents"]) == (7, 1, 2, 3998)
    assert (liked["positive_signal"], liked["minutes_to_handed_over"], liked["minutes_to_live"]) == (True, 60.0, None)

    ignored = built.row("fct_listings", built.ids["ignored"])
    assert (ignored["has_metrics"], ignored["positive_signal"], ignored["minutes_to_published"]) == (True, False, 100.0)

    (unmeasured,) = (row for row in duckdb_rows(built.warehouse, "fct_listings") if row["published_day"] == DAY_2)
    assert (unmeasured["has_metrics"], unmeasured["views"], unmeasured["positive_signal"]) == (False, None, None)


def test_the_kpis_are_what_a_person_computes(built: Built) -> None:
    first = built.row("kpi_daily", DAY_1)
    assert (first["ideas"], first["top_quartile_ideas"], first["top_quartile_ideas_met"]) == (4, 1, False)
    assert (first["mockup_share"], first["mockup_share_met"], first["mockup_share_of_all"]) == (1.0, True, 0.5)
    assert (first["published_listings"], first["measured_listings"], first["positive_listings"]) == (2, 2, 1)
    assert (first["positive_share"], first["positive_share_met"]) == (0.5, True)
    assert first["minutes_to_published_p50"] == 80.0
    assert first["minutes_to_published_p95"] == pytest.approx(98.0)
    assert first["minutes_to_published_met"] is True
    assert (first["minutes_to_handed_over_p95"], first["minutes_to_live_p95"]) == (60.0, 100.0)

    second = built.row("kpi_daily", DAY_2)
    assert (second["mockup_share"], second["mockup_share_met"]) == (0.5, False)
    assert (second["minutes_to_published_p50"], second["minutes_to_published_met"]) == (180.0, False)
    assert second["minutes_to_live_p50"] == 600.0


def test_a_kpi_without_data_is_null_and_neither_met_nor_missed(built: Built) -> None:
    unmeasured = built.row("kpi_daily", DAY_2)
    assert (unmeasured["published_listings"], unmeasured["measured_listings"]) == (1, 0)
    assert (unmeasured["positive_share"], unmeasured["positive_share_met"]) == (None, None)

    silent = built.row("kpi_daily", GAP)
    assert (silent["ideas"], silent["top_quartile_ideas_met"], silent["published_listings"]) == (0, False, 0)
    nulls = (
        "mockup_share",
        "mockup_share_met",
        "positive_share",
        "minutes_to_published_p95",
        "minutes_to_published_met",
    )
    assert [silent[column] for column in nulls] == [None] * len(nulls)


def test_the_days_go_on_to_today(built: Built) -> None:
    days = [row["day"] for row in duckdb_rows(built.warehouse, "kpi_daily")]
    assert days == [DAY_1 + timedelta(days=n) for n in range(len(days))]
    assert datetime.now(UTC).date() - days[-1] <= timedelta(days=1)  # the build may have been just before midnight


@pytest.mark.parametrize("mart", MARTS)
def test_both_targets_give_equal_rows(built: Built, mart: str) -> None:
    with psycopg.connect(built.warehouse.postgres_url, options="-c timezone=UTC") as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        # A day may have begun between the two builds.
        day = "WHERE day < now()::date - 1" if mart == "kpi_daily" else ""
        expected = cursor.execute(f"SELECT * FROM marts.{mart} {day} ORDER BY {MARTS[mart]}".encode()).fetchall()

    rows = duckdb_rows(built.warehouse, mart)[: len(expected)]
    assert len(rows) >= 4
    assert rows == expected
    assert [list(map(type, row.values())) for row in rows] == [list(map(type, row.values())) for row in expected]


def test_every_column_is_described(built: Built) -> None:
    described = {
        model["name"]: {column["name"] for column in model["columns"] if column["description"]}
        for path in (PROJECT / "models").rglob("*.yml")
        for model in yaml.safe_load(path.read_text()).get("models", [])
        if model["description"]
    }
    with duckdb.connect(str(built.warehouse.duckdb), read_only=True) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name IN ('staging', 'marts')"
        ).fetchall()
    columns: dict[str, set[str]] = {}
    for table, column, comment in found:
        columns.setdefault(table, set()).add(column)
        assert comment, f"{table}.{column} has no comment in the file that analysts open"
    assert described == columns


@pytest.mark.slow
def test_an_empty_record_builds_and_a_bad_one_does_not(database_url: str, tmp_path: Path) -> None:
    warehouse = Warehouse(database_url, tmp_path)
    warehouse.export()
    warehouse.build()
    assert duckdb_rows(warehouse, "kpi_daily") == []
    good = warehouse.duckdb.read_bytes()

    with psycopg.connect(database_url) as connection:
        record = Record(connection)
        idea = record.idea(at(DAY_1, 10, 35), 0.4, seen=(at(DAY_1, 10, 30),))
        record.mockup(idea, at(DAY_1, 10, 20))  # before its signal was seen
    warehouse.export()
    with pytest.raises(PermanentError, match="accepted_range_fct_ideas_minutes_to_mockup"):
        warehouse.build()
    assert warehouse.duckdb.read_bytes() == good


def test_the_views_are_built_when_missing_and_when_their_sql_changes(tmp_path: Path) -> None:
    instance = dg.DagsterInstance.ephemeral()
    defs = dg.Definitions(assets=[marts_views], resources={"warehouse": Warehouse("unused", tmp_path)})
    first = dg.evaluate_automation_conditions(defs, instance)
    assert first.total_requested == 1

    instance.report_runless_asset_event(dg.AssetMaterialization(marts_views.key))
    second = dg.evaluate_automation_conditions(defs, instance, cursor=first.cursor)
    assert second.total_requested == 0

    changed = marts_views.map_asset_specs(lambda spec: spec.replace_attributes(code_version="another"))
    defs = dg.Definitions(assets=[changed], resources={"warehouse": Warehouse("unused", tmp_path)})
    assert dg.evaluate_automation_conditions(defs, instance, cursor=second.cursor).total_requested == 1
