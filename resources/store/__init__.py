"""PostgreSQL, the system of record: all SQL of the project (but for migrations and dbt) is in this room.

One module for each group of tables, each with a small class of statements that runs inside a transaction:

    with Store(url) as store, store.transaction() as tx:
        tx.signals.record(batch, hour)

Every write is an upsert on a natural key, sent as one batch and applied in the order of its key: to run anything twice,
or twice at once, is to run it once.
"""

from resources.store.designs import StoredDesign
from resources.store.hot import InboxRow, bell
from resources.store.listings import StoredListing
from resources.store.metrics import ResolvedMetric
from resources.store.mockups import StoredMockup
from resources.store.record import Store, Transaction
from resources.store.signals import Recorded

__all__ = [
    "InboxRow",
    "Recorded",
    "ResolvedMetric",
    "Store",
    "StoredDesign",
    "StoredListing",
    "StoredMockup",
    "Transaction",
    "bell",
]
