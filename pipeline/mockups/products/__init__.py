"""What a design can be printed on: one module per product, one line each in the registry."""

from __future__ import annotations

from pipeline.mockups.products.base import Product
from pipeline.mockups.products.hoodie import HOODIE
from pipeline.mockups.products.mug import MUG
from pipeline.mockups.products.phone import PHONE
from pipeline.mockups.products.poster import POSTER
from pipeline.mockups.products.sticker import STICKER
from pipeline.mockups.products.tee import TEE
from pipeline.mockups.products.tote import TOTE

PRODUCTS: dict[str, Product] = {product.name: product for product in (TEE, HOODIE, TOTE, MUG, PHONE, POSTER, STICKER)}

__all__ = ["PRODUCTS", "Product"]
