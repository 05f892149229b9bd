"""Pictures over HTTP: looked up by kind and id in the store, read from the object store, scaled to what a page needs.

A URL never carries a path. Versioned addresses (`v=`) may be kept for good; others are revalidated by their ETag.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import pyvips
from fastapi import APIRouter, Header, Query, Response

from resources.objects import THUMB_PX, MissingObjectError, Objects
from resources.store import Store, gallery

CACHED: Final = 256
QUALITY: Final = 84
# A browser lays out a picture that is opened alone by inline styles of its own.
POLICY: Final = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
PLACEHOLDER: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-label="picture missing">
<rect width="400" height="400" fill="#8a929c"/>
<path d="M140 150h120v100H140z M140 225l35-35 28 28 20-20 37 37" fill="none" stroke="#fff" stroke-width="6"/>
<text x="200" y="300" fill="#fff" font-family="system-ui,sans-serif" font-size="24" text-anchor="middle">\
picture missing</text>
</svg>"""


class Scaled(NamedTuple):
    """A picture as it is sent."""

    body: bytes
    media_type: str
    etag: str


def scale(data: bytes, width: int | None) -> tuple[bytes, str]:
    """The picture at most `width` pixels wide (None: as it is), and its media type.

    One that is small enough is sent as it is. A scaled one becomes JPEG if it is opaque, else WebP, which keeps the
    ground of a print file transparent.
    """
    if width is None or pyvips.Image.new_from_buffer(data, "").width <= width:
        return data, _media_type(data)
    image = pyvips.Image.thumbnail_buffer(data, width, height=10 * width, size="down")
    if image.hasalpha():
        return image.webpsave_buffer(Q=QUALITY, keep="none"), "image/webp"
    return image.jpegsave_buffer(Q=QUALITY, keep="icc", optimize_coding=True), "image/jpeg"


def _media_type(data: bytes) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise ValueError(f"picture begins with {data[:12]!r}: it is neither PNG, JPEG nor WebP; make it again")


def missing(status_code: int) -> Response:
    """The picture that stands for one that is not there."""
    return Response(PLACEHOLDER, status_code, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def router(store: Store, objects: Objects) -> APIRouter:
    """The routes of pictures."""
    routes = APIRouter(tags=["pictures"])

    @lru_cache(maxsize=CACHED)
    def scaled(uri: str, version: str, width: int) -> Scaled:  # noqa: ARG001 - the version is part of the key
        body, media_type = scale(objects.get(uri), width)
        return Scaled(body, media_type, sha256(body).hexdigest())

    @routes.get(
        "/images/{kind}/{picture_id}",
        response_class=Response,
        responses={
            200: {"content": {"image/jpeg": {}, "image/png": {}, "image/webp": {}}},
            404: {"description": "no such picture", "content": {"image/svg+xml": {}}},
            410: {"description": "the picture is recorded but no longer kept", "content": {"image/svg+xml": {}}},
        },
    )
    def image(
        kind: gallery.PictureKind,
        picture_id: UUID,
        w: Annotated[int | None, Query(ge=16, le=2400, description="at most this wide; left out: the original")] = None,
        v: Annotated[str | None, Query(max_length=64, description="the version that the page saw")] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """A mock-up or a print file."""
        with store.connection() as conn:
            place = gallery.place(conn, kind, picture_id)
        if place is None:
            return missing(404)
        try:
            if w is None:
                body, media_type = scale(objects.get(place.uri), None)
                picture = Scaled(body, media_type, sha256(body).hexdigest())
            else:
                picture = scaled(place.thumb_uri if w <= THUMB_PX else place.uri, place.version, w)
        except MissingObjectError:
            return missing(410)
        kept = "public, max-age=31536000, immutable" if v == place.version else "no-cache"
        headers = {"ETag": f'"{picture.etag}"', "Cache-Control": kept, "Content-Security-Policy": POLICY}
        if if_none_match and picture.etag in if_none_match:
            return Response(status_code=304, headers=headers)
        return Response(picture.body, media_type=picture.media_type, headers=headers)

    return routes
