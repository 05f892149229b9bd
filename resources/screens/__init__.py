"""What may not be sold, looked for in pictures that a model painted; `screen` gives the one that is configured.

What belongs here: looking at pixels, and the verdict. What does not: words (`pipeline.ideas.screening`), and what a
verdict leads to.
"""

from __future__ import annotations

from resources.screens.base import PICTURE, Screen
from resources.screens.clip import ClipScreen
from resources.settings import Settings


def screen(settings: Settings) -> Screen:
    """The screen as configured; its model is loaded when the first picture is looked at."""
    return ClipScreen(settings.clip_model, settings.models_dir)


__all__ = ["PICTURE", "Screen", "screen"]
