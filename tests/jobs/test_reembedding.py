"""Re-embedding: every idea once, newest first, whatever happens meanwhile, and a kill −9 in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import psycopg
import pytest
from pgvector.psycopg import register_vector

from jobs.reembedding import reembed
from pipeline.models import EMBEDDING_DIM, Vectors
from resources.embedders.base import UNMEASURED
from resources.store import Store
from resources.store.reembedding import START, Place, Waiting
from tests.worlds import World

OLD, NEW = "old@1", "new@2"
FIRST = datetime(2025, 6, 1, tzinfo=UTC)
PER_HOUR = 10
SIGNAL = """
INSERT INTO signals (id, content, source, captured_at, content_hash, text_hash, topic_id)
VALUES (%(id)s, 'one', 'test', now(), repeat('0', 64), repeat('0', 64), %(id)s) ON CONFLICT DO NOTHING
"""
IDEA = """
INSERT INTO ideas (id, idea_key, signal_id, hour, title, description, phrase, lines, niche, format, motifs, mood,
    embedding, embedding_model, freshness, engagement, novelty, community_fit, seasonality, score, weights_version,
    reason, evidence)
VALUES (gen_random_uuid(), %(phrase)s, %(signal)s, %(hour)s, 'title', 'description', %(phrase)s, '{line}', 'niche',
    'format', '{motif}', 'playful', %(vector)s, %(model)s, 0, 0, 0, 0, 0, 0, 1, 'reason', '{}')
"""


class Spelling:
    """A model whose vectors tell the text and the model; `during` is called at each embedding."""

    device = "cpu"
    near_copy = UNMEASURED

    def __init__(self, model: str = NEW, during: Callable[[int], None] = lambda batch: None) -> None:
        self.model = model
        self.during = during
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        self.during(len(self.asked))
        return np.vstack([vector(text, self.model) for text in texts])


def vector(text: str, model: str) -> Vectors:
    """Of a text, to a model."""
    found = np.random.default_rng(np.frombuffer(f"{model} {text}".encode(), np.uint8)).normal(size=EMBEDDING_DIM)
    return np.asarray(found / np.linalg.norm(found), np.float32)


def fill(url: str, count: int, model: str = OLD, start: int = 0) -> None:
    """Ideas `phrase 0` …, PER_HOUR to an hour, of a model."""
    with psycopg.connect(url) as connection:
        register_vector(connection)
        connection.execute(SIGNAL, {"id": UUID(int=1)})
        rows = [
            {
                "phrase": f"phrase {n}",
                "signal": UUID(int=1),
                "hour": FIRST + timedelta(hours=n // PER_HOUR),
                "vector": vector(f"phrase {n}", model),
                "model": model,
            }
            for n in range(start, start + count)
        ]
        connection.cursor().executemany(IDEA, rows)


def states(url: str) -> dict[str, str]:
    """Phrase → the model whose vector it has, by name and by the vector itself; `torn` where they disagree."""
    with psycopg.connect(url) as connection:
        register_vector(connection)
        rows = connection.execute("SELECT phrase, embedding, embedding_model FROM ideas").fetchall()
    return {
        phrase: model if np.allclose(found.to_numpy(), vector(phrase, model), atol=1e-6) else "torn"
        for phrase, found, model in rows
    }


def silent(line: str) -> None:
    """Say nothing."""


def test_every_idea_of_another_model_gets_a_vector_once_newest_first(store: Store) -> None:
    fill(store.url, 45)
    fill(store.url, 5, NEW, start=45)
    model, said = Spelling(), list[str]()
    done = reembed(store, model, said.append, batch=20)
    assert done.ideas == 45
    assert states(store.url) == {f"phrase {n}": NEW for n in range(50)}
    assert [len(batch) for batch in model.asked] == [20, 20, 5]
    asked = [int(text.split()[1]) // PER_HOUR for batch in model.asked for text in batch]
    assert asked == sorted(asked, reverse=True)
    assert said[0].startswith("45 ideas wait for vectors of new@2")
    assert said[1].startswith("20 ideas done, 25 to go")


def test_where_nothing_waits_nothing_is_done(store: Store) -> None:
    fill(store.url, 3, NEW)
    model = Spelling()
    assert reembed(store, model, silent).ideas == 0
    assert not model.asked
    assert reembed(store, Spelling(OLD), silent).ideas == 3


def test_an_idea_that_is_erased_meanwhile_is_skipped_and_stays_away(store: Store) -> None:
    fill(store.url, 30)

    def erase(batch: int) -> None:
        if batch == 1:
            with psycopg.connect(store.url) as connection:
                connection.execute("DELETE FROM ideas WHERE phrase IN ('phrase 29', 'phrase 3')")

    assert reembed(store, Spelling(during=erase), silent, batch=10).ideas == 28
    assert states(store.url) == {f"phrase {n}": NEW for n in range(30) if n not in {3, 29}}


def test_what_a_run_of_the_old_model_writes_meanwhile_is_met(store: Store) -> None:
    fill(store.url, 20)

    def write(batch: int) -> None:
        if batch == 2:
            fill(store.url, 10, start=100)

    assert reembed(store, Spelling(during=write), silent, batch=10).ideas == 30
    assert set(states(store.url).values()) == {NEW}


def test_no_row_is_locked_while_texts_are_embedded(store: Store) -> None:
    fill(store.url, 10)

    def score(_: int) -> None:
        with psycopg.connect(store.url, options="-c lock_timeout=500") as connection:
            connection.execute("UPDATE ideas SET score = 0.5")

    reembed(store, Spelling(during=score), silent)
    with psycopg.connect(store.url) as connection:
        found = connection.execute("SELECT DISTINCT score, embedding_model FROM ideas").fetchall()
    assert found == [(0.5, NEW)]


def test_two_at_once_do_no_harm(store: Store) -> None:
    fill(store.url, 30)

    def other(batch: int) -> None:
        if batch == 2:
            reembed(store, Spelling(), silent, batch=7)

    assert reembed(store, Spelling(during=other), silent, batch=10).ideas == 10
    assert states(store.url) == {f"phrase {n}": NEW for n in range(30)}


def test_the_nearest_are_found_while_half_is_done(store: Store) -> None:
    fill(store.url, 60)

    class StopError(Exception):
        pass

    def stop(batch: int) -> None:
        if batch == 4:
            raise StopError

    with pytest.raises(StopError):
        reembed(store, Spelling(during=stop), silent, batch=10)
    assert sorted(states(store.url).values()) == [NEW] * 30 + [OLD] * 30
    later = FIRST + timedelta(days=30)
    with store.transaction() as tx:
        for n, model in ((59, NEW), (5, OLD)):
            (found,) = tx.ideas.earlier(model, later).nearest(vector(f"phrase {n}", model)[None])
            assert found is not None
            assert found.phrase == f"phrase {n}"
            assert found.similarity == pytest.approx(1, abs=1e-5)
        (found,) = tx.ideas.earlier(NEW, later).nearest(vector("phrase 5", OLD)[None])
        assert found is not None
        assert found.phrase != "phrase 5", "its vector is of the old model"


def test_what_waits_is_told_with_the_niches(store: Store) -> None:
    fill(store.url, 4)
    with psycopg.connect(store.url) as connection:
        connection.execute(
            """INSERT INTO niche_embeddings (niche, model, embedding, titles, communities, words, built_on)
            SELECT niche, model, array_fill(0, '{768}'::int[])::vector, 1, '{}', '{}', '2025-06-01'
            FROM (VALUES ('both', 'old@1'), ('both', 'new@2'), ('one', 'old@1')) v (niche, model)"""
        )
    with store.transaction() as tx:
        assert tx.reembedding.waiting(NEW) == Waiting(ideas=4, niches=1)
        assert tx.reembedding.waiting(OLD) == Waiting(ideas=0, niches=0)


def test_a_row_whose_words_changed_keeps_its_vector(store: Store) -> None:
    fill(store.url, 1)
    with store.transaction() as tx:
        stale = tx.reembedding.next(NEW, START, 10)
        assert [Place.of(row).hour for row in stale] == [FIRST]
        changed = [row._replace(phrase="other words") for row in stale]
        assert tx.reembedding.renew(NEW, changed, np.vstack([vector("other words", NEW)])) == 0
    assert states(store.url) == {"phrase 0": OLD}


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_where_it_was(store: Store, tmp_path: Path) -> None:
    fill(store.url, 200)
    script = f"""
import time
from jobs.reembedding import reembed
from resources.store import Store
from tests.jobs.test_reembedding import Spelling
with Store({store.url!r}) as store:
    reembed(store, Spelling(during=lambda batch: time.sleep(0.05)), print, batch=10)
"""
    root = str(Path(__file__).parents[2])
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": root}, stdout=said, stderr=said
        )
    deadline = time.monotonic() + 60
    while sum(model == NEW for model in states(store.url).values()) < 30:
        assert time.monotonic() < deadline, (tmp_path / "said").read_text()
        assert process.poll() is None, (tmp_path / "said").read_text()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = states(store.url)
    assert len(left) == 200
    assert set(left.values()) == {OLD, NEW}, "killed in the middle, with no row half done"
    waited = sum(model == OLD for model in left.values())
    with store.transaction() as tx:
        assert tx.reembedding.waiting(NEW).ideas == waited
    assert reembed(store, Spelling(), silent, batch=10).ideas == waited
    assert states(store.url) == {f"phrase {n}": NEW for n in range(200)}


def test_the_job_does_it_with_the_configured_model(world: World) -> None:
    fill(world.url, 12)
    result = world.defs.resolve_job_def("reembedding").execute_in_process(instance=world.instance)
    assert result.success
    models = world.select("SELECT DISTINCT embedding_model FROM ideas")
    assert [model.split("@")[0] for (model,) in models] == ["wordllama-l2-supercat-256"]
    (output,) = [event for event in result.all_node_events if event.event_type_value == "STEP_OUTPUT"]
    told = output.step_output_data.metadata
    assert told["ideas"].value == 12
