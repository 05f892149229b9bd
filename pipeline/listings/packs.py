"""The upload pack: everything a person needs to put a listing on a marketplace by hand.

What belongs here: which files are in the pack, what they say, and whether the print file is one the marketplace takes.
What does not: the tools' columns (`sheets.py`), and where packs are stored.
"""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePath

import pyvips

from pipeline.listings.marketplaces import Marketplace, PrintArea
from pipeline.listings.sheets import Layout, combined_sheets, layouts
from pipeline.listings.text import cut
from pipeline.models import Idea, Json, Listing, Recipe, sha256

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class PackError(ValueError):
    """The pack can't be made. Names the field, what was found, the limit with its source, and the mend."""


def slug(listing: Listing) -> str:
    """A file name for a listing: the words of its title in plain letters, and the start of its id."""
    plain = unicodedata.normalize("NFKD", listing.title.replace("'", "")).encode("ascii", "ignore").decode().lower()
    words = cut(" ".join(re.findall(r"[a-z0-9]+", plain)), 48).split()
    return "-".join([*words, listing.id.hex[:8]])


def pack(
    listing: Listing,
    idea: Idea,
    recipe: Recipe,
    *,
    print_file: bytes,
    mockups: Mapping[str, bytes],
    beside: Mapping[str, bytes],
    marketplace: Marketplace,
) -> Mapping[str, bytes]:
    """The files of the pack: name relative to the pack's folder → bytes. The same inputs give the same bytes.

    Args:
        listing: What is sold, with its verdicts.
        idea: Why it is sold.
        recipe: How the artwork was made.
        print_file: PNG of the standard tee; scaled down where the marketplace takes less, never up.
        mockups: File name → JPEG.
        beside: File name → what goes with the print file: its proof, the same artwork in other forms.
        marketplace: The listing's.

    Raises:
        PackError: The print file is no PNG, too small, or too big; or a mock-up's name is no plain file name.
    """
    if listing.marketplace != marketplace.name:
        raise PackError(f"marketplace={marketplace.name!r} is not the listing's, which is {listing.marketplace!r}")
    for name in mockups:
        if not re.fullmatch(r"[\w][\w .-]*\.jpe?g", name):
            raise PackError(f"mockups: {name!r} is no plain JPEG file name: name it like front-black.jpg")
    artwork, width, height = _fitted(print_file, marketplace)
    print_name = f"{slug(listing)}-{width}x{height}.png"
    record = {
        "print_file": {"name": print_name, "sha256": sha256(artwork), "bytes": len(artwork)},
        **_record(listing, idea, recipe, marketplace),
    }
    files = {
        print_name: artwork,
        **{f"mockups/{name}": image for name, image in mockups.items()},
        **{f"print/{name}": body for name, body in beside.items()},
        "listing.json": _json(record),
        **combined_sheets([(listing, print_name)], {marketplace.name: marketplace}),
    }
    files["README.txt"] = _readme(listing, marketplace, print_name, files).encode()
    return files


def print_file_name(listing: Listing, files: Iterable[str]) -> str:
    """The name of the print file in the listing's pack."""
    return next(name for name in files if name.startswith(slug(listing)) and name.endswith(".png"))


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the header. Raises PackError for anything that is no PNG."""
    if not data.startswith(PNG_SIGNATURE) or data[12:16] != b"IHDR" or len(data) < 24:
        raise PackError(f"print_file: {len(data)} bytes that start with {data[:8]!r} are no PNG: pass the artist's PNG")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _fitted(print_file: bytes, marketplace: Marketplace) -> tuple[bytes, int, int]:
    area = marketplace.print_area
    width, height = png_size(print_file)
    if (area.max_width and width > area.max_width) or (area.max_height and height > area.max_height):
        print_file = _scaled_down(print_file, area)
        width, height = png_size(print_file)
    if width < area.min_width or height < area.min_height:
        raise PackError(
            f"print_file: {width}x{height} px, {marketplace.label} takes {area.min_width}x{area.min_height} and up "
            f"[{area.cited}]: draw it larger, it is never scaled up"
        )
    if len(print_file) > area.max_bytes:
        raise PackError(
            f"print_file: {len(print_file):,} bytes, {marketplace.label} takes {area.max_bytes:,} [{area.cited}]: "
            "draw it with fewer textures or pack it tighter"
        )
    return print_file, width, height


def _scaled_down(print_file: bytes, area: PrintArea) -> bytes:
    image = pyvips.Image.thumbnail_buffer(
        print_file, area.max_width or 10**6, height=area.max_height or 10**6, size="down"
    )
    per_mm = area.dpi / 25.4
    data: bytes = image.copy(xres=per_mm, yres=per_mm).pngsave_buffer(compression=9, keep="none")
    return data


def _record(listing: Listing, idea: Idea, recipe: Recipe, marketplace: Marketplace) -> Json:
    return {
        "listing": {**listing.model_dump(mode="json"), "id": str(listing.id), "content_hash": listing.content_hash},
        "trademark": next((v.detail for v in listing.verdicts if v.check == "trademark"), "not checked"),
        "marketplace": {"label": marketplace.label, "upload_url": marketplace.upload_url},
        "idea": {
            **idea.model_dump(mode="json", include=_TOLD_OF_IDEA),
            "id": str(idea.id),
        },
        "artwork": recipe.model_dump(
            mode="json", include={"artist", "seed", "layout", "palette", "typefaces", "prompt", "licences"}
        ),
        "sheets": {
            name: {
                "label": layouts()[name].label,
                "verified": layouts()[name].verified,
                "source": layouts()[name].cited,
            }
            for name in marketplace.sheets
        },
    }


_TOLD_OF_IDEA = {
    "signal_id", "hour", "phrase", "title", "niche", "format", "motifs", "mood", "occasion", "event_date", "factors",
    "score", "weights_version", "reason", "evidence",
}  # fmt: skip


def _json(value: Json) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True).encode()


def _readme(listing: Listing, marketplace: Marketplace, print_file: str, files: Mapping[str, bytes]) -> str:
    unchecked = [f"  - {v.check}: {v.detail}" for v in listing.verdicts if v.result == "not_checked"]
    failed = [f"  - {v.check}: {v.detail}" for v in listing.verdicts if v.result == "failed"]
    price = f"{listing.price_cents / 100:.2f} {listing.currency}"
    steps = [
        f"Open {marketplace.upload_url} and sign in.",
        f"Upload {print_file}.",
        *(
            [f"Brand: your own, at most {marketplace.brand.max_length} characters. It is left empty in the sheets."]
            if marketplace.brand
            else []
        ),
        "Copy the title, the description and what else the form asks for from below.",
        *(["Add the pictures under mockups/."] if any(name.startswith("mockups/") for name in files) else []),
        f"Price: {price}."
        if marketplace.price.set_by == "seller"
        else f"The marketplace has the last word on the price; {price} is only what was expected.",
        "Save it, look at the preview, publish.",
        f"Name it by {listing.id} or by the marketplace's own id in your reports, so that its sales count.",
    ]
    sheets = [f"  - {marketplace.name}-{tool}.xlsx: {_standing(layouts()[tool])}" for tool in marketplace.sheets]
    parts = [
        f"{listing.title}\n{marketplace.label}, listing {listing.id}",
        marketplace.published_note,
        "Steps\n" + "\n".join(f"  {i}. {step}" for i, step in enumerate(steps, start=1)),
        "Not checked, so look yourself\n" + "\n".join(unchecked) if unchecked else "",
        "Failed checks\n" + "\n".join(failed) if failed else "",
        "Sheets of upload tools, if you use one (at your own risk: read the marketplace's terms)\n" + "\n".join(sheets)
        if sheets
        else "",
        _beside(files),
        f"Title\n{listing.title}",
        "\n".join(["Bullets", *listing.bullets]) if listing.bullets else "",
        f"Description\n{listing.description}",
        f"Tags\n{', '.join(listing.tags)}" if listing.tags else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _beside(files: Mapping[str, bytes]) -> str:
    """What lies in `print/`, if anything does."""
    names = sorted(name.removeprefix("print/") for name in files if name.startswith("print/"))
    told = {
        ".json": "what was measured in the print file",
        ".svg": "the artwork as outlines",
        ".tif": "CMYK",
        ".pdf": "CMYK",
    }
    lines = [f"  - {name}: {told.get(PurePath(name).suffix, 'the same as a picture')}" for name in names]
    return "\n".join(["With the print file, under print/", *lines]) if lines else ""


def _standing(layout: Layout) -> str:
    if layout.verified:
        return f"{layout.label}, columns as in the tool's own template"
    return f"{layout.label}, columns NOT verified against the tool's own template: map the columns in the tool"
