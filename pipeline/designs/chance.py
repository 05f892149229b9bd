"""Repeatable chance: the same key always gives the same numbers."""

from __future__ import annotations

from random import Random


def chance(*key: object) -> Random:
    """A generator that depends on nothing but the key."""
    return Random(":".join(map(str, key)))
