"""To be forgotten: an author's posts are gone from everywhere, with all that was made of them, and don't come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from dagster_postgres import PostgresEventLogStorage

from pipeline.signals.privacy import pseudonym
from resources.archive import Archive
from resources.cache import Cache
from resources.erasure import Places, Report, Subject, forget
from resources.errors import PermanentError
from resources.fetching.cache import cache
from resources.store import Store
from resources.vault import vault
from resources.warehouse import Warehouse
from tests.conftest import TEMPLATE, cloned
from tests.worlds import HOUR, World, listing_of, post, record_file

JANE = "Jane_Gardens_87"
HERS = "My tomato garden feeds the whole street this summer"


@contextmanager
def told(folder: Path, url: str) -> Iterator[tuple[World, Places]]:
    """An engine that made listings of a post of hers and of others', with Dagster's log in PostgreSQL."""
    posts = [post(n, author=f"somebody_{n}") for n in range(1, 4)]
    record_file(folder, "reddit_posts", "hot.json", listing_of([post(9, title=HERS, author=JANE, score=9000), *posts]))
    world = World(folder, url, sources="recorded")
    assert world.run("sources").success
    assert world.run("hour").success
    log = f"{url}_log"
    with psycopg.connect(url, autocommit=True) as connection:
        name = log.rpartition("/")[2]
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    storage = PostgresEventLogStorage(log, should_autocreate_tables=True)
    for run in world.instance.get_runs():
        for record in world.instance.get_records_for_run(run.run_id).records:
            storage.store_event(record.event_log_entry)
    storage.dispose()
    guard, kept = vault(world.settings), cache(world.settings)
    with Store(url) as store:
        yield (
            world,
            Places(
                store=store,
                archive=Archive(world.objects, guard),
                objects=world.objects,
                vault=guard,
                http_cache=kept,
                topics_cache=Cache(None),
                warehouse=Warehouse(url, folder / "warehouse"),
                dagster_url=log,
            ),
        )
    kept.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


class Forgotten(NamedTuple):
    """An engine that has forgotten her: only look at it."""

    world: World
    places: Places
    report: Report
    signal: Any
    """The id that her post had."""
    ideas: Sequence[Any]
    """The ids of what was made of it."""
    others: int
    """Signals of others."""


@pytest.fixture(scope="module")
def forgotten(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgotten]:
    """What is left once she is forgotten by her name."""
    with cloned(postgres_url, TEMPLATE) as url, told(tmp_path_factory.mktemp("told"), url) as (world, places):
        ((signal,),) = world.select("SELECT id FROM signals WHERE content = %s", HERS)
        ideas = [id_ for (id_,) in world.select("SELECT id FROM ideas WHERE signal_id = %s", signal)]
        assert ideas, "the test needs ideas made of her post"
        others = world.count("signals") - 1
        yield Forgotten(world, places, erased(Subject(author=JANE.lower()), places), signal, ideas, others)


def erased(subject: Subject, places: Places) -> Report:
    said: list[str] = []
    report = forget(subject, places, said.append)
    assert said
    return report


def test_an_author_is_gone_from_everywhere(forgotten: Forgotten) -> None:
    world, places, report, signal, ideas, others = forgotten
    assert (report.signals, report.ideas, report.archive_items, report.left) == (1, len(ideas), 1, {})
    assert world.select("SELECT count(*) FROM signals") == [(others,)]
    assert world.select("SELECT count(*) FROM ideas WHERE signal_id = %s", signal) == [(0,)]
    kept = "\n".join(str(rows) for rows in world.rows().values())
    assert HERS not in kept
    assert str(signal) not in kept
    assert not any(str(idea) in key for key in world.files() for idea in ideas)
    assert all(JANE.encode() not in payload.body for payload, _ in places.archive.everything())
    assert len(places.archive.landed(HOUR)) == 1
    with psycopg.connect(places.dagster_url) as connection:
        assert connection.execute("SELECT count(*) FROM event_logs WHERE strpos(event, %s) > 0", [HERS]).fetchone() == (
            0,
        )
    assert JANE not in report.model_dump_json()


def test_every_payload_that_stays_can_still_be_found(forgotten: Forgotten) -> None:
    uris = {uri for (uri,) in forgotten.world.select("SELECT DISTINCT payload_uri FROM signal_observations")}
    assert uris == {uri for _, uri in forgotten.places.archive.everything()}


def test_every_erasure_leaves_a_row_that_nobody_can_change(forgotten: Forgotten) -> None:
    world, places, report, *_ = forgotten
    ((subject, detail),) = world.select("SELECT subject, detail FROM audit_log WHERE action = 'forget'")
    assert subject == report.subject == pseudonym("subject", JANE, places.vault.salt)
    assert detail["signals"] == 1
    with psycopg.connect(world.url) as connection, pytest.raises(psycopg.errors.RestrictViolation, match="only ever"):
        connection.execute("DELETE FROM audit_log")


@pytest.mark.parametrize("subject", [Subject(), Subject(author=JANE, url="https://x.example/1")])
def test_one_of_author_and_address_is_needed(subject: Subject, forgotten: Forgotten) -> None:
    with pytest.raises(PermanentError, match="either --author or --url"):
        erased(subject, forgotten.places)


def test_what_is_forgotten_by_its_address_does_not_come_back(tmp_path: Path, database_url: str) -> None:
    with told(tmp_path, database_url) as (world, places):
        ((url,),) = world.select("SELECT url FROM signals WHERE content = %s", HERS)
        report = erased(Subject(url=url), places)
        assert (report.signals, report.left) == (1, {})
        again = erased(Subject(url=url), places)
        assert (again.signals, again.archive_items, again.left) == (0, 0, {})
        assert world.run("sources").success  # the source still shows it
        assert world.run("hour").success
        assert world.select("SELECT count(*) FROM signals WHERE content = %s", HERS) == [(0,)]


@pytest.mark.slow
def test_what_an_author_wrote_does_not_come_back(tmp_path: Path, database_url: str) -> None:
    with told(tmp_path, database_url) as (world, places):
        erased(Subject(author=JANE), places)
        assert world.run("sources").success
        assert world.run("hour").success
        assert world.select("SELECT count(*) FROM signals WHERE content = %s", HERS) == [(0,)]
