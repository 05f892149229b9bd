"""Briefs that tests compose: twenty phrases of many niches, moods and lengths, and designs one after the other."""

from __future__ import annotations

from pipeline.designs.areas import TEE, Area
from pipeline.designs.compose import compose
from pipeline.models import Brief, Mood, Recipe, identity
from resources.typefaces import typefaces

PHRASES = [
    ("Sleigh All Day,|Nurse All Night", "nurse", "double_life", "stethoscope candy-cane", Mood.FESTIVE),
    ("Powered by|Tomatoes", "gardener", "powered_by", "seedling", Mood.PLAYFUL),
    ("35 Years of|Dial-Up Dreams", "nostalgic", "years_of", "phone", Mood.RETRO),
    ("Talk Nerdy|to Me", "book_lover", "own_words", "glasses", Mood.NERDY),
    ("Thankful,|Grateful &|Caffeinated", "coffee_lover", "gratitude", "mug-hot", Mood.COZY),
    ("Feliz|Navi-Dog", "dog_mom", "pun", "dog bone", Mood.FESTIVE),
    ("World's Okayest|Fisherman", "angler", "own_words", "fish", Mood.OUTDOORSY),
    ("Winter Solstice|Society", "stargazer", "social_club", "moon", Mood.ELEGANT),
    ("Plant Lady|Era", "plant_parent", "era_niche", "leaf", Mood.MINIMAL),
    ("Resting|Witch Face", "book_lover", "pun", "hat-wizard", Mood.SPOOKY),
    ("Camp Hair,|Don't Care", "camper", "own_words", "campground", Mood.OUTDOORSY),
    ("I Paused My Game|to Be Here|and It Was|a Mistake", "gamer", "own_words", "gamepad", Mood.NERDY),
    ("Pickleball Champions|of the|Retirement Home", "pickleball_player", "crew", "medal", Mood.SPORTY),
    ("Best|Grandma|Ever", "grandma", "own_words", "heart", Mood.HEARTFELT),
    ("Dog Mom", "dog_mom", "own_words", "paw", Mood.MINIMAL),
    ("Vinyl|Never Dies", "vinyl_collector", "since", "record-vinyl", Mood.RETRO),
    ("Feral Book Club|Est. Past Bedtime", "librarian", "social_club", "book-open", Mood.SPOOKY),
    ("Lift Heavy,|Pet Cats", "lifter", "own_words", "dumbbell cat", Mood.BOLD),
    ("Mountains Are|Calling|My Dog Too", "hiker", "happy_place", "mountain", Mood.OUTDOORSY),
    ("Teach|Love|Inspire", "teacher", "trio", "apple-whole", Mood.HEARTFELT),
]


def brief(
    lines: str, niche: str = "", style: str = "", motifs: str = "heart", mood: Mood = Mood.BOLD, seed: int = 1
) -> Brief:
    parts = tuple(lines.split("|"))
    return Brief(
        idea_id=identity("test", lines), phrase=" ".join(parts), lines=parts, emphasis=(parts[-1].split()[-1],),
        niche=niche, format=style, motifs=tuple(motifs.split()), mood=mood, occasion=None, seed=seed,
    )  # fmt: skip


def series(count: int, start: int = 0) -> list[Recipe]:
    """Recipes of briefs one after the other, each knowing those before it."""
    recipes: list[Recipe] = []
    for i in range(count):
        recipes.append(compose(brief(*PHRASES[i % len(PHRASES)], seed=start + i), recipes, typefaces()))
    return recipes


def small(area: Area, width: int = 226) -> Area:
    """The area in few pixels."""
    factor = width / area.width
    return area.model_copy(
        update={"width": width, "height": round(area.height * factor), "dpi": round(area.dpi * factor)}
    )


SMALL_TEE = small(TEE)
