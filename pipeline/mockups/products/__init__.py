"""What a design can be printed on: one module per product, one line each in the registry."""

from __future__ import annotations

from pipeline.mockups.products.base import Product
from pipeline.mockups.products.mug import MUG
from pipeline.mockups.products.tee import TEE
from pipeline.mockups.products.tote import TOTE

PRODUCTS: dict[str, Product] = {product.name: product for product in (TEE, TOTE, MUG)}

__all__ = ["PRODUCTS", "Product"]
