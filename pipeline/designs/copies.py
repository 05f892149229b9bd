"""When is a design a near-copy of another, and when is it only akin?

Two things are compared: the words of the ideas (cosine of their vectors) and the form of the artwork (bits by which the
fingerprints differ, whatever the inks). A design copies that of another idea

1. by its words: they say the same for the same niche, and the other one is on offer. Two such products would take each
   other's buyers, however differently they are drawn;
2. by words and form: they say the same for any niche, and look alike. A shop that has both looks padded, and
   marketplaces take one of them down;
3. by its form alone: nobody sees a difference, whatever the words are.

What is legitimate, and passes:

- the same idea drawn again: its own design never counts;
- the same words for another niche, drawn so that it looks different;
- another of a series: words that differ in a number, a date or a part ("Since 1984", "Since 1985") don't say the same;
- the same layout with other words: that is what layouts are for;
- an event that comes again: the idea of last year returns with its design, and where others are found for it, those of
  last year are archived, off offer, and only count by words and form.

What belongs here: the rule. What does not: where fingerprints come from, and the search for neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from pydantic import Field

from pipeline.models import Idea, Model, fold
from pipeline.signals.kin.marks import apart, marks

SAME_FORM = 4
"""Bits of 256. One changed letter in three to five words gives 14 and more."""


class Neighbour(Model):
    """Another idea with a design, and how near it is."""

    idea_id: UUID
    phrase: str
    niche: str
    on_offer: bool = Field(description="neither archived nor rejected")
    cosine: float | None = Field(description="of the ideas' vectors; None: they are of different models")
    bits: int | None = Field(default=None, description="by which the fingerprints differ; None: not known")


class Copy(Model):
    """Whose design would be copied, and in what."""

    of: UUID
    reason: str


def copied(idea: Idea, others: Iterable[Neighbour], *, near_words: float, near_form: int) -> Copy | None:
    """The first of the others that a design of the idea would be a near-copy of; None: it stands alone.

    Args:
        idea: what is drawn.
        others: designs of other ideas, the nearest first; without `bits` only the words are compared.
        near_words: cosine from which on two phrases say the same to the model.
        near_form: bits up to which two designs look alike.
    """
    for other in others:
        alike = _say_the_same(idea.phrase, other, near_words)
        if alike and other.niche == idea.niche and other.on_offer:
            return _copy(other, f"says the same for the same niche as “{other.phrase}”")
        if other.bits is None:
            continue
        if alike and other.bits <= near_form:
            return _copy(other, f"says the same as “{other.phrase}” (for {other.niche}) and looks like it")
        if other.bits <= SAME_FORM:
            return _copy(other, f"looks the same as “{other.phrase}”")
    return None


def _say_the_same(phrase: str, other: Neighbour, near_words: float) -> bool:
    if fold(phrase) == fold(other.phrase):
        return True
    if other.cosine is None or other.cosine < near_words:
        return False
    return not apart(marks(phrase), marks(other.phrase))


def _copy(other: Neighbour, what: str) -> Copy:
    measured = [f"cosine {other.cosine:.2f}"] if other.cosine is not None else []
    measured += [f"{other.bits} of 256 bits differ"] if other.bits is not None else []
    told = f" ({', '.join(measured)})" if measured else ""
    return Copy(of=other.idea_id, reason=f"it {what}{told}; another phrase would pass")
