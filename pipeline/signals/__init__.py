"""Signals: from a source's payload to clean, validated values; and the two sources that are computed, not fetched.

What belongs here: parsers (one file per source), the cleaning of text, the merging of sightings, the calendar of
occasions and the anniversaries, each a function of its arguments. What does not: fetching (resources.sources), storing,
scoring. Nothing here reads a clock: the day comes in.
"""

from pipeline.signals.merging import merge
from pipeline.signals.reading import Reading, read

__all__ = ["Reading", "merge", "read"]
