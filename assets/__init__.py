"""One module per asset: read, call the domain, write, say what came of it. No formula, no SQL, no HTTP.

Asset modules do without `from __future__ import annotations`: Dagster reads the annotations of an asset's parameters
as they are, and refuses strings.
"""
