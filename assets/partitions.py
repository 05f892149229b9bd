"""The two time windows of the house. A partition is the hour (or day) in which a signal was captured, in UTC."""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from pipeline.models import FIRST_HOUR

HOURLY = dg.HourlyPartitionsDefinition(start_date=FIRST_HOUR, end_offset=1)
"""`end_offset=1`: the running hour exists."""

DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_HOUR, end_offset=1)


def start_of(context: dg.AssetExecutionContext) -> datetime:
    """The start of the run's partition."""
    start: datetime = context.partition_time_window.start
    return start


def hour_key(hour: datetime) -> str:
    """The HOURLY key of the hour."""
    return hour.strftime("%Y-%m-%d-%H:00")
