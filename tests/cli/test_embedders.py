"""`engine embedder`, and what `engine status` and `engine doctor` say of ideas that have vectors of another model."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.app import app
from cli.doctor import Finding, examine
from cli.report import show_status, status_report
from jobs.reembedding import reembed
from resources.embedders import embedder
from resources.errors import PermanentError
from resources.settings import Settings
from resources.store import Store
from tests.jobs.test_reembedding import fill, silent


def settings_of(folder: Path, url: str, **chosen: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, "DATABASE_URL": url, **chosen})


def found(settings: Settings) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(settings)}


def status_text(settings: Settings, url: str) -> str:
    said = StringIO()
    show_status(status_report(settings, url), Console(file=said, width=200))
    return said.getvalue()


def test_what_waits_is_told_with_its_mend_till_it_is_done(tmp_path: Path, database_url: str) -> None:
    settings = settings_of(tmp_path, database_url)
    fill(database_url, 3)
    assert status_report(settings, database_url)["waiting_for_reembedding"] == {"ideas": 3, "niches": 0}
    assert "3 ideas wait for vectors of wordllama" in status_text(settings, database_url)
    assert found(settings)["re-embedding"].level == "warning"
    assert "3 ideas have vectors of another model: run `engine reembed`" in found(settings)["re-embedding"].detail
    with Store(database_url) as store:
        reembed(store, embedder("wordllama"), silent)
    assert "wait for vectors" not in status_text(settings, database_url)
    assert found(settings)["re-embedding"].level == "ok"


def test_an_embedder_that_cannot_be_used_hides_nothing_else(tmp_path: Path, database_url: str) -> None:
    settings = settings_of(tmp_path, database_url, embedder="onnx:/no/such/folder")
    report = status_report(settings, database_url)
    assert report["waiting_for_reembedding"] is None
    assert "engine embedder export" in report["embedder_error"]
    assert "engine embedder export" in status_text(settings, database_url)
    assert found(settings)["embedder"].level == "broken"
    assert found(settings)["re-embedding"].level == "broken"


def test_doctor_starts_no_database_to_look(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "DATABASE_URL": None})
    assert found(settings)["re-embedding"].level == "off"
    assert not (tmp_path / "postgres").exists()


def test_the_default_embedder_is_told_with_its_threshold(tmp_path: Path, database_url: str) -> None:
    finding = found(settings_of(tmp_path, database_url))["embedder"]
    assert finding.level == "ok"
    assert "on cpu, near copies from a cosine of 0.9" in finding.detail


@pytest.mark.parametrize("setting", ["wordllama", "onnx:/no/such/folder", "sentence-transformers:some/id"])
def test_only_a_model_in_a_folder_can_be_calibrated(tmp_path: Path, setting: str) -> None:
    result = CliRunner().invoke(app, ["embedder", "calibrate", setting, str(tmp_path / "pairs.csv")])
    assert isinstance(result.exception, PermanentError)
    assert "names no model in a folder" in str(result.exception)


def test_reembed_gives_every_idea_a_vector(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database_url, 7)
    settings = settings_of(tmp_path, database_url)
    monkeypatch.setattr("cli.app.settings", lambda: settings)
    monkeypatch.setattr("cli.app.running", lambda _: _Running(database_url))
    result = CliRunner().invoke(app, ["reembed", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["ideas"] == 7
    assert told["model"].startswith("wordllama")
    with Store(database_url) as store, store.transaction() as tx:
        assert tx.reembedding.waiting(told["model"]).ideas == 0
        assert tx.ideas.centroids(told["model"], datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


class _Running:
    """A database that is there, without Dagster's beside it."""

    def __init__(self, url: str) -> None:
        self.store_url = url

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, *_: object) -> None:
        pass
