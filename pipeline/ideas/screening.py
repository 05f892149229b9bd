"""Are words fit to be sold? The one screen for phrases, prompts and listings, before anything is drawn or published.

What belongs here: what is looked for in a text, and the verdict. What does not: pictures (`resources.screens`), and
what a verdict leads to.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.metadata import version

from glin_profanity import Filter  # type: ignore[import-untyped]

from pipeline.ideas.lexicon import pattern, unfit
from pipeline.models import Verdict

INNOCENT = frozenset({"shot", "shooting", "missing", "court", "police", "dead", "died", "put down", "vote", "faith"})
"""Unfit in the title of a post, where they tell news; in a phrase they have another sense: Slap Shots, Court Time."""


def screen(check: str, text: str) -> Verdict:
    """Whether the text holds a swear word, or a word that nothing is sold with (`unfit.csv`).

    Whole words only, English only. It knows nothing of meaning: `passed` is no review against a content policy.

    Args:
        check: The verdict's name.
        text: A phrase, a prompt, or all words of a listing.
    """
    # Its word boundaries are those of ASCII: an accent would cut a word in two.
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    foul = sorted({word.casefold() for word in _profanity().check_profanity(plain)["profane_words"]})
    unfit_here = sorted({match.casefold() for match in _never().findall(text)})
    source = f"English word list of glin-profanity {version('glin-profanity')}; {len(unfit())} words of unfit.csv"
    if foul or unfit_here:
        named = [re.sub(r"(?<=\w)\w(?=\w)", "*", word) for word in foul]
        named += [f"{word} ({unfit()[word]})" for word in unfit_here if word not in foul]
        detail = f"found {', '.join(named)}; reword the idea, or approve it by hand if the word is meant innocently"
        return Verdict(check=check, result="failed", detail=detail, source=source)
    detail = "no word of the list was found; a word list is no review against the marketplace's content policy"
    return Verdict(check=check, result="passed", detail=detail, source=source)


@cache
def _profanity() -> Filter:
    """English words only, whole words only: texts are written in English, and 'bass' and 'Scunthorpe' are fine."""
    return Filter({"languages": ["english"], "word_boundaries": True})


@cache
def _never() -> re.Pattern[str]:
    return re.compile(pattern({word: why for word, why in unfit().items() if word not in INNOCENT}))
