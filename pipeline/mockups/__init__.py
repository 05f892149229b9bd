"""Pictures of products with a design on them, and sheets of them for people.

What belongs here: drawing products, printing on them, contact sheets and thumbnails: bytes in, bytes out. What does
not: making the design (`pipeline.designs`), files, object stores, and which product is listed where.
"""

from pipeline.mockups.compose import mock, pictures_of
from pipeline.mockups.products import PRODUCTS, Product
from pipeline.mockups.sheets import Cell, contact_sheet, thumb

__all__ = ["PRODUCTS", "Cell", "Product", "contact_sheet", "mock", "pictures_of", "thumb"]
