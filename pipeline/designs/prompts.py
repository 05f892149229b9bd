"""What a painter is asked for: from a brief the prompt of a picture without words, and what it must not hold.

What belongs here: which parts a prompt has, which of them a seed chooses, their order, how many fit. What does not: the
parts (`prompts.yaml`), and painting (`resources.artists`).

Nothing of a signal's own words gets in: what the phrase names is looked up in the lexicon of ideas and said in the
lexicon's word, all else is of the table. So a prompt holds no name, no brand and no personal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Annotated

import yaml
from pydantic import Field

from pipeline.designs.chance import chance
from pipeline.ideas.lexicon import family_of, formats, pattern, topics
from pipeline.models import Brief, Model, Mood, PictureRequest

MAX_TOKENS = 75
"""Of a prompt that CLIP's text models read, which see 77 with the marks of beginning and end; the rest is cut off."""
LETTERS_PER_TOKEN = 6
SOUGHT = 2
"""Things of the phrase that a picture shows, at most."""

Part = Annotated[str, Field(min_length=2, max_length=48, pattern=r"^[a-z0-9{}][a-z0-9{}' ,-]*$")]
Parts = Annotated[tuple[Part, ...], Field(min_length=1)]


class Look(Model):
    """How a mood is drawn."""

    mediums: Parts
    colours: Parts


class Table(Model):
    """`prompts.yaml`."""

    moods: Mapping[Mood, Look]
    print_rules: Parts
    never: Parts
    hooks: Mapping[str, Parts]
    formats: Mapping[str, Parts]
    occasions: Mapping[str, Parts]
    niches: Mapping[str, Parts]
    motifs: Mapping[str, Part | None]


@cache
def table() -> Table:
    """The parts of prompts, read once per process."""
    return Table.model_validate(yaml.safe_load(files("pipeline.designs").joinpath("prompts.yaml").read_text("utf-8")))


def picture_request(brief: Brief, seed: int, side: int = 1024) -> PictureRequest:
    """What to paint for the brief: a square picture, the same for the same brief and seed.

    Args:
        brief: Its phrase, niche, format, mood, occasion and motifs choose; a niche or an occasion that the table does
            not know is shown by the motifs alone.
        seed: Chooses among what fits, and is the painter's.
        side: Pixels, a multiple of 8.

    Raises:
        ValueError: neither niche nor motifs of the brief name a thing that can be drawn.
    """
    rng = chance("prompt", seed)
    look = table().moods[brief.mood]
    scene, left_over = _scene(brief, rng)
    first, second, *rules = table().print_rules
    parts = [
        f"{rng.choice(look.mediums)} of {scene}",
        first,
        second,
        *(f"small {thing}" for thing in left_over),
        rng.choice(look.colours),
        *_hook(brief, rng),
        *rules,
    ]
    return PictureRequest(
        prompt=fitting(parts), negative_prompt=fitting(table().never), width=side, height=side, seed=seed
    )


def fitting(parts: Iterable[str]) -> str:
    """The parts, the most important first, as far as a text model reads them; one too long gives way to the next."""
    kept: list[str] = []
    for part in parts:
        if tokens(", ".join([*kept, part])) <= MAX_TOKENS:
            kept.append(part)
    return ", ".join(kept)


def tokens(text: str) -> int:
    """An estimate, on the safe side, of the tokens that CLIP's text models make of a prompt.

    They split it into words, single digits and runs of other signs, and then a rare word into pieces. Without their
    vocabulary a word counts one for every six letters begun: too few for some words, too many for more. No prompt of
    3,420, one for each niche and format, had more tokens by the vocabulary (docs/diffusion.md).
    """
    words = re.findall(r"[^\W\d_]+|\d|[^\w\s]+", text)
    return sum(1 + (len(word) - 1) // LETTERS_PER_TOKEN for word in words)


def _scene(brief: Brief, rng: Random) -> tuple[str, Sequence[str]]:
    """How the things of the brief stand together, and the thing of the occasion if it found no place."""
    family = family_of(brief.occasion, frozenset()) if brief.occasion else None
    named = _named(brief.phrase)
    own = _shuffled(table().niches.get(brief.niche, ()), rng)
    festive = _shuffled(table().occasions[family.name], rng)[:1] if family else []
    shown = [thing for motif in brief.motifs if (thing := _shown(motif))]
    things = _different([*named[:1], *own[:1], *festive, *named[1:], *shown, *own[1:]])
    if not things:
        raise ValueError(
            f"niche={brief.niche!r} and motifs={brief.motifs!r} name nothing that can be drawn: "
            "add the niche or a motif to pipeline/designs/prompts.yaml"
        )
    arrangement = rng.choice(table().formats.get(brief.format, ("{a} with {b}",)))
    if " with " in things[0]:
        arrangement = arrangement.replace(" with {", " and {")
    scene = arrangement.format(**dict(zip("abc", [*things, "stars", "leaves"], strict=False)))
    return scene, [thing for thing in festive if thing not in scene]


def _named(phrase: str) -> list[str]:
    """The concrete things that the phrase names, in the lexicon's words."""
    found = (topics()[match.lower()].general.lower() for match in _topics().findall(phrase))
    return list(dict.fromkeys(found))[:SOUGHT]


@cache
def _topics() -> re.Pattern[str]:
    return re.compile(pattern(topics()))


def _shown(motif: str) -> str | None:
    """What a pictogram shows; None: a sign and no thing."""
    known = table().motifs
    return known[motif] if motif in known else motif.replace("-", " ")


def _different(things: Iterable[str]) -> list[str]:
    """Without those that share a telling word with one before."""
    kept: list[str] = []
    seen: set[str] = set()
    for thing in things:
        words = {word.rstrip("s") for word in re.findall(r"\w{4,}", thing)} - {"with", "from", "head"} or {thing}
        if not words & seen:
            kept.append(thing)
            seen |= words
    return kept


def _hook(brief: Brief, rng: Random) -> Sequence[str]:
    """What recalls the years the idea is about; nothing where it is about none."""
    known = formats().get(brief.format)
    if brief.mood != Mood.RETRO and not (known and "anniversary" in known.accepts):
        return ()
    year = re.search(r"\b(?:19|20)\d(?=\d\b)", brief.phrase)
    decade = f"{year[0]}0s" if year else "any"
    return (rng.choice(table().hooks.get(decade, table().hooks["any"])),)


def _shuffled(parts: Sequence[str], rng: Random) -> list[str]:
    return rng.sample(parts, len(parts))
