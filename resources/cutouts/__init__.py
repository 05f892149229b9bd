"""Models that tell a picture's subject from its background. None is asked where the background is flat.

What belongs here: loading a model's file, once for a process, and running it. What does not: what becomes of the edge
(`pipeline.designs.prints.picture`). Nothing is ever downloaded.
"""

from __future__ import annotations

from resources.cutouts.rembg import cutout

__all__ = ["cutout"]
