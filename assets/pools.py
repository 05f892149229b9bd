"""The pools that assets draw from: what one run at a time may use. Their limit is the instance's default, one."""

GPU = "gpu"
"""Drawing: a GPU where there is one, else all cores."""
WAREHOUSE = "warehouse"
"""Export and builds replace the same files."""

POOLS = frozenset({GPU, WAREHOUSE})
