"""The analysts' end of the pipeline: the record as Parquet, the marts in DuckDB, their twins in PostgreSQL.

What belongs here: which part of the warehouse is which asset. What the marts say is SQL in `dbt_project/`; how files
get in place is in `resources/warehouse.py`. dbt's data tests are the asset checks.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from assets import pools
from resources.warehouse import PROJECT, Warehouse, dbt_executable, manifest_path, project_digest

OWNERS = ["team:engine"]
GROUP = "marts"

FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=3))

UPSTREAM = [
    "raw_signals",
    "scored_ideas",
    "designs",
    "mockups",
    "listings",
    "live_listings",
    "marketplace_metrics",
    "scoring_weights",
]


@dg.asset(
    deps=UPSTREAM,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres", "parquet"},
    freshness_policy=FRESH,
    pool=pools.WAREHOUSE,
)
def warehouse_export(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """The record as Parquet files, all of one consistent snapshot: what the marts are built from."""
    rows = warehouse.export()
    table = "\n".join(["| table | rows |", "|---|---:|", *(f"| {name} | {count} |" for name, count in rows.items())])
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(rows.values()),
            "tables": dg.MetadataValue.md(table),
            "folder": dg.MetadataValue.path(warehouse.parquet),
        }
    )


class MartsTranslator(DagsterDbtTranslator):
    """Gives every model the group, owners, kinds and freshness of the house; names and texts are dbt's."""

    def __init__(self) -> None:
        # Every dbt source is a file of the one export.
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The spec of a model."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(group_name=GROUP, owners=OWNERS, kinds={"dbt", "duckdb"}, freshness_policy=FRESH)


@dbt_assets(name="dbt_marts", manifest=manifest_path(), dagster_dbt_translator=MartsTranslator(), pool=pools.WAREHOUSE)
def marts(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> Iterator[Any]:
    """Build and test the DuckDB file; analysts get it only when every model and test of it is good."""
    dbt = DbtCliResource(project_dir=PROJECT, profiles_dir=PROJECT, dbt_executable=dbt_executable())
    with warehouse.building() as build:
        invocation = dbt.cli(["build", *build.arguments], context=context, target_path=build.target_path)
        yield from invocation.stream().fetch_row_counts()


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"dbt", "postgres"},
    code_version=project_digest(),
    automation_condition=dg.AutomationCondition.missing().newly_true() | dg.AutomationCondition.code_version_changed(),
    pool=pools.WAREHOUSE,
)
def marts_views(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """The same marts as views in PostgreSQL's schema `marts`: always fresh, built anew when their SQL changes."""
    views = warehouse.build_views()
    return dg.MaterializeResult(metadata={"views": dg.MetadataValue.md("\n".join(f"- `{view}`" for view in views))})


marts_assets = [warehouse_export, marts, marts_views]
