"""Dagster's tables and pools, made by one process before any run could make them.

Two runs that claim a new pool at once both insert its limit, and Dagster goes on in the transaction of the one that
came second, which PostgreSQL has aborted by then: that run ends between two steps.
"""

from __future__ import annotations

import dagster as dg

from assets.pools import POOLS


def make() -> None:
    """Make what the instance of DAGSTER_HOME lacks; Dagster makes its tables when it is first asked for them."""
    with dg.DagsterInstance.get() as instance:
        storage = instance.event_log_storage
        for pool in sorted(POOLS - {limit.name for limit in storage.get_pool_limits()}):
            storage.initialize_concurrency_limit_to_default(pool)


if __name__ == "__main__":
    make()
