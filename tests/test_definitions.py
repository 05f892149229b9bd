"""The code location as a whole: it loads anywhere, keeps the contract on every asset, and has the shape we mean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.pools import POOLS
from pipeline.definitions import build_defs

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOT = Path(__file__).with_name("graph.json")
MODULES = ("pipeline.definitions", "cli.app", "web.app")


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs("test")


@pytest.fixture(scope="module")
def specs(defs: dg.Definitions) -> list[dg.AssetSpec]:
    return [spec for spec in defs.resolve_all_asset_specs() if spec.group_name != "default"]


@pytest.mark.parametrize("module", MODULES)
def test_loads_in_a_fresh_interpreter_with_an_empty_environment(module: str, tmp_path: Path) -> None:
    environment = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:pipeline", "-c", f"import {module}"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_help_answers_without_loading_dagster() -> None:
    script = "import sys, cli.app; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("profile", ["local", "test", "kubernetes"])
def test_every_profile_is_loadable(profile: str) -> None:
    dg.Definitions.validate_loadable(build_defs(profile))  # type: ignore[arg-type]


def test_every_pool_that_an_asset_claims_is_one_of_those_made_beforehand(defs: dg.Definitions) -> None:
    claimed = {node.op.pool for node in defs.resolve_asset_graph().assets_defs if node.is_executable}
    assert claimed - {None} == POOLS


def test_every_asset_keeps_the_contract(specs: list[dg.AssetSpec]) -> None:
    assert len(specs) > 10
    for spec in specs:
        name = spec.key.to_user_string()
        assert spec.owners, f"{name} has no owner"
        assert spec.group_name, f"{name} has no group"
        assert spec.kinds, f"{name} has no kind"
        assert spec.description, f"{name} has no description"
        assert spec.freshness_policy or spec.automation_condition, f"{name} promises no freshness"


def test_every_edge_of_the_pipeline_has_a_blocking_check(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.executable_asset_keys:
        if graph.get(key).group_name in {"marts", "default"}:
            continue
        blocking = [c for c in graph.get_check_keys_for_assets({key}) if graph.get_check_spec(c).blocking]
        assert blocking, f"{key.to_user_string()} has no blocking check"


def test_the_graph_is_the_one_we_mean(defs: dg.Definitions, specs: list[dg.AssetSpec]) -> None:
    """`UPDATE_SNAPSHOT=1 pytest tests/test_definitions.py` writes the snapshot anew; read the difference."""
    repository = defs.get_repository_def()
    found = {
        "assets": {
            spec.key.to_user_string(): {
                "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
                "group": spec.group_name,
                "partitions": type(spec.partitions_def).__name__ if spec.partitions_def else None,
                "automation": str(spec.automation_condition.get_label()) if spec.automation_condition else None,
            }
            for spec in specs
        },
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": {s.name: s.cron_schedule for s in repository.schedule_defs},
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
    }
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    assert found == json.loads(SNAPSHOT.read_text())
