"""What a screen is."""

from __future__ import annotations

from typing import Protocol

from pipeline.listings.artwork import PICTURE
from pipeline.models import Verdict

__all__ = ["PICTURE", "Screen"]


class Screen(Protocol):
    """Looks at a picture for what may not be sold."""

    def look(self, png: bytes) -> Verdict:
        """The verdict PICTURE: `not_checked` where nothing could look, with the mend; never `passed` without a look.

        Raises:
            UndrawableError: the bytes are no picture.
        """
        ...
