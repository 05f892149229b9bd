"""The pools that assets draw from: what one run at a time may use. Their limit is the instance's default, one."""

ARTIST = "artist"
WAREHOUSE = "warehouse"
"""Export and builds replace the same files."""

POOLS = frozenset({ARTIST, WAREHOUSE})
