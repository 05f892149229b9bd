"""The sensor that evaluates declarative automation, so that everything downstream follows its inputs."""

from __future__ import annotations

import dagster as dg

downstream = dg.AutomationConditionSensorDefinition(
    name="downstream",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
    description="Requests an hour's downstream assets as soon as their inputs have arrived and passed their checks.",
)
