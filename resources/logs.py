"""Which libraries may be heard, in the command line and in Dagster's processes."""

from __future__ import annotations

import logging

QUIET = {"alembic": logging.WARNING, "pyvips": logging.WARNING, "stamina": logging.ERROR}
"""Logger → the level from which on it is heard: these tell their inner life at INFO."""


def quiet() -> None:
    """Silence what is of no use to people."""
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
