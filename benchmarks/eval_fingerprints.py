"""Do fingerprints tell near-copies from other designs? Distances on the composer's designs, precision and recall.

A copy is the same design with something done to it that a copyist, or the engine itself, might do. What differs is any
two designs of other words, of which those that share layout and typefaces are the hardest.
Run: `python -m benchmarks.eval_fingerprints [designs]`.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pyvips

from pipeline.designs.areas import Area
from pipeline.designs.colours import PALETTES, ROLES
from pipeline.designs.compose import compose, render
from pipeline.designs.prints.encoding import encode
from pipeline.designs.prints.fingerprint import NEAR, distance, fingerprint
from pipeline.designs.typefaces import Typefaces
from pipeline.models import Brief, Mood, Recipe, identity
from resources.typefaces import typefaces

DESIGNS = 120
SMALL = Area(name="small tee", width=900, height=1080, dpi=60)
SUBJECTS = ("Dog", "Cat", "Plant", "Book", "Coffee", "Garden", "Camp", "Vinyl", "Yoga", "Pizza", "Guitar", "Chess")
FORMS = ("{} Mom", "Powered by {}", "{} Lover Since 1984", "Sorry I Have {} Plans", "Talk {} to Me", "{} Social Club",
         "World's Okayest {} Person", "Just One More {}", "{} Era", "Life Is Better with {}")  # fmt: skip
MOTIFS = ("heart", "dog", "cat", "seedling", "mug-hot", "book-open", "campground", "star", "moon", "tree")

Change = Callable[[Recipe, Typefaces], bytes]


def brief(phrase: str, seed: int) -> Brief:
    """A brief of these words in one of the moods."""
    return Brief(
        idea_id=identity("eval", phrase), phrase=phrase, lines=(phrase,), niche="", format="",
        emphasis=(phrase.rpartition(" ")[2],), motifs=(MOTIFS[seed % len(MOTIFS)],), occasion=None, seed=seed,
        mood=list(Mood)[seed % len(Mood)],
    )  # fmt: skip


def designs(count: int, faces: Typefaces) -> list[Recipe]:
    """Recipes one after the other, each knowing those before it."""
    recipes: list[Recipe] = []
    pairs = itertools.islice(itertools.product(FORMS, SUBJECTS), count)
    for seed, (form, subject) in enumerate(pairs):
        recipes.append(compose(brief(form.format(subject), seed), recipes[-24:], faces))
    return recipes


def drawn(recipe: Recipe, faces: Typefaces) -> bytes:
    """The design, small."""
    return render(recipe, faces, SMALL, {})


def recoloured(recipe: Recipe, faces: Typefaces) -> bytes:
    """Every ink another one, as different from each other as the palettes' are."""
    inks = recipe.spec["inks"]
    other = next(
        palette
        for palette in PALETTES[recipe.seed % len(PALETTES) :] + PALETTES
        if palette.name != recipe.palette and len(palette.inks) >= len(inks)
    )
    renewed = {role: other.inks[ROLES.index(role) % len(other.inks)] for role in inks}
    return drawn(recipe.model_copy(update={"spec": {**recipe.spec, "inks": renewed}}), faces)


def _edited(edit: Callable[[pyvips.Image], pyvips.Image]) -> Change:
    def change(recipe: Recipe, faces: Typefaces) -> bytes:
        image = pyvips.Image.pngload_buffer(drawn(recipe, faces))
        return encode(edit(image.copy_memory()), SMALL.dpi)

    return change


def _with_noise(image: pyvips.Image) -> pyvips.Image:
    noise = np.random.default_rng(0).normal(0, 8, (image.height, image.width, 3))
    pixels = image.numpy().astype(float)
    pixels[..., :3] += noise
    return pyvips.Image.new_from_array(pixels.clip(0, 255).astype(np.uint8), interpretation="srgb")


CHANGES: dict[str, Change] = {
    "same": drawn,
    "recoloured": recoloured,
    "shifted and half as large": _edited(
        lambda image: image.resize(0.5).embed(7, 300, image.width, image.height, extend="black")
    ),
    "turned by 1 degree": _edited(lambda image: image.premultiply().rotate(1).unpremultiply().cast("uchar")),
    "noise on the ink": _edited(_with_noise),
    "a tenth wider": _edited(lambda image: image.resize(1.1, vscale=1.0)),
    "a corner blotted out": _edited(
        lambda image: image.draw_rect([0] * 4, 0, 0, image.width // 4, image.height // 4, fill=True)
    ),
}


def one_letter(recipe: Recipe) -> Recipe:
    """The same layers with one letter of the longest word changed."""
    layers = [dict(layer) for layer in recipe.spec["layers"]]
    text = max((layer for layer in layers if layer["kind"] == "text"), key=lambda layer: len(str(layer["name"])))
    word = str(text["name"])
    text["name"] = word[:-1] + ("n" if word[-1].islower() else "N")
    return recipe.model_copy(update={"spec": {**recipe.spec, "layers": layers}})


def told(name: str, distances: list[int]) -> str:
    """A line of the report."""
    within = np.mean(np.array(distances) <= NEAR)
    low, middle, high, most = np.percentile(distances, [5, 50, 95, 100])
    return f"{name:<42} {low:5.0f} {middle:5.0f} {high:5.0f} {most:5.0f}   {within:7.2%}"


def pairs_of_others(recipes: list[Recipe], prints: list[str]) -> Iterator[tuple[bool, int]]:
    """Whether the two share layout and typefaces, and their distance."""
    for i, j in itertools.combinations(range(len(recipes)), 2):
        one, other = recipes[i], recipes[j]
        yield (one.layout, one.typefaces) == (other.layout, other.typefaces), distance(prints[i], prints[j])


def main() -> None:
    """Print the distributions and what NEAR makes of them."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DESIGNS
    faces = typefaces()
    recipes = designs(count, faces)
    prints = [fingerprint(drawn(recipe, faces)) for recipe in recipes]
    print(f"{count} designs; bits that differ of 256: 5 %, median, 95 %, most; share within {NEAR}")
    copies: list[int] = []
    for name, change in CHANGES.items():
        found = [distance(own, fingerprint(change(recipe, faces))) for own, recipe in zip(prints, recipes, strict=True)]
        copies += found
        print(told(f"copy: {name}", found))
    spelt = [
        distance(own, fingerprint(drawn(one_letter(recipe), faces)))
        for own, recipe in zip(prints, recipes, strict=True)
    ]
    print(told("same layers, one letter another (not counted)", spelt))
    others = list(pairs_of_others(recipes, prints))
    print(told("other words, same layout and typefaces", [bits for same, bits in others if same] or [256]))
    print(told("other words, otherwise", [bits for same, bits in others if not same]))
    print(f"least distance of other words: {min(bits for _, bits in others)}")
    hits = sum(bits <= NEAR for bits in copies)
    wrong = sum(bits <= NEAR for _, bits in others)
    print(f"recall {hits / len(copies):.1%} of {len(copies)} copies")
    print(f"false alarms {wrong} of {len(others)} pairs; precision {hits / max(1, hits + wrong):.1%}")
    for limit in range(20, 101, 10):
        right = sum(bits <= limit for bits in copies) / len(copies)
        false = sum(bits <= limit for _, bits in others)
        print(f"  within {limit:3}: recall {right:6.1%}, false alarms {false}")


if __name__ == "__main__":
    main()
