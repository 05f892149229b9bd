"""Pictures of the product with the design on it, and sheets of them for people.

What belongs here: drawing the garment, printing on it, contact sheets and thumbnails: bytes in, bytes out. What does
not: making the design (`pipeline.designs`), files, object stores, and which product is listed where.
"""

from pipeline.mockups.compose import mock
from pipeline.mockups.sheets import Cell, contact_sheet, thumb

__all__ = ["Cell", "contact_sheet", "mock", "thumb"]
