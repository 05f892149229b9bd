"""May a listing of this artwork be approved without a person? What the screens found decides.

What belongs here: the rule, and the names of the verdicts on a design. What does not: the screens
(`pipeline.ideas.screening`, `resources.screens`) and the listing's own checks (`limits.py`). The database repeats the
rule before it hands a listing over (`resources.store.listings`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.models import Verdict

PHRASE = "phrase"
"""The screen of the words that are drawn."""
PICTURE = "picture"
"""The screen of a picture that a model made; a design has one verdict for each."""
COPY = "copy"
"""Whether it is a near-copy of another design."""
ARTWORK = "artwork"
"""The sum of them, for the listing."""


def artwork(pictures: int, verdicts: Sequence[Verdict]) -> Verdict:
    """What the screens say of a design, in one verdict: `passed` lets a rule approve its listings.

    What the composer drew passes by its words alone; a picture that a model made must have been looked at.

    Args:
        pictures: how many pictures of models it holds.
        verdicts: the design's.
    """
    own = [verdict for verdict in verdicts if verdict.check in {PHRASE, PICTURE}]
    source = "; ".join(dict.fromkeys(verdict.source for verdict in own)) or "none"
    failed = [f"{verdict.check}: {verdict.detail}" for verdict in own if verdict.result == "failed"]
    if failed:
        return Verdict(check=ARTWORK, result="failed", detail="; ".join(failed), source=source)
    passed = [verdict.check for verdict in own if verdict.result == "passed"]
    if PHRASE not in passed:
        detail = "its words were never screened: look at it, and approve it by hand"
        return Verdict(check=ARTWORK, result="not_checked", detail=detail, source=source)
    if passed.count(PICTURE) < pictures:
        said = [verdict.detail for verdict in own if verdict.check == PICTURE and verdict.result == "not_checked"]
        why = f" ({said[0]})" if said else ""
        detail = f"a model made its picture, and nothing looked at it{why}: look at it, and approve it by hand"
        return Verdict(check=ARTWORK, result="not_checked", detail=detail, source=source)
    detail = "its picture passed the screen" if pictures else "composed from screened words, without a model's picture"
    return Verdict(check=ARTWORK, result="passed", detail=detail, source=source)
