"""Which niches a signal speaks to, and what a design for each of them could say.

What belongs here: pairing and filling. What does not: scores, and which of the candidates are kept (`selection`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pipeline.ideas import grammar
from pipeline.ideas.facts import Dated
from pipeline.ideas.grammar import Phrase
from pipeline.ideas.lexicon import (
    Accepts,
    Family,
    Format,
    Niche,
    Topic,
    family_of,
    formats,
    niches,
    title_case,
    topics,
)
from pipeline.models import Mood, fold

OWN, NEAR, ANYONE = 1.0, 0.6, 0.3
"""Strength of a pair: the signal is about the niche; it shares a broad theme; everyone celebrates it."""

MIN_AFFINITY = 0.3
"""Least affinity of a post to a niche, beside a shared theme; see docs/communities.md for how it was chosen."""

MIN_KINSHIP = 0.8
"""Least affinity of an anniversary to a niche that share no theme; likewise."""

BROAD = frozenset(
    [
        "animals", "art", "birds", "cozy", "day", "drinks", "education", "family", "farm", "fiction", "fitness",
        "funny", "health", "history", "home", "kids", "love", "math", "music", "nature", "outdoors", "party", "pets",
        "retro", "science", "season", "sport", "sports", "summer", "tech", "tools", "travel", "water", "winter",
        "words", "work", "worker",
        "mom", "dad", "craft", "crafts", "lover", "fan", "player", "nerd", "parent", "girl", "buff", "spring",
    ]
)  # fmt: skip
"""Themes that so many share that they make nobody the owner of a day."""

AMBIGUOUS = frozenset(["assistant", "college", "dragon", "game", "ice", "night", "racing"])
"""Words that mean another thing in another theme: whoever plays board games has no game day, ice cream is no hockey."""

TOPIC_SLOTS = frozenset({"topic", "topic_one", "topics"})
"""One of them must be in what a niche says about a post, or about a day that is not its own."""

CHIEF_THEMES = 2
"""So many of a dated thing's themes say whose it is; the further ones are only looked at for topics."""

NICHES_PER_SIGNAL = 12
PHRASES_PER_PAIR = 3
DRAWS_PER_PHRASE = 4
MAX_MOTIFS = 5

DAY = re.compile(r"^(?:(?:World|International|National) )?((?:[A-Z][\w'’-]*\s){1,3}Day)$")
PLURAL = re.compile(r"[^s\W]s$")
HOLLOW = re.compile(r"Appreciation|Awareness|Second|First|Last|Workers|Boxing|\bof\b")


class Seen(NamedTuple):
    """A signal as far as ideas are made of it."""

    signal_id: str
    content: str
    community: str | None
    dated: Dated | None
    topic: Topic | None
    family: Family | None


class Candidate(NamedTuple):
    """A phrase for a niche, made of a signal."""

    signal: int
    niche: str
    format: str
    template: str
    phrase: Phrase
    motifs: tuple[str, ...]
    mood: Mood
    topic: str | None
    strength: float
    alternatives: tuple[str, ...]


def seen(signal_id: str, content: str, community: str | None, dated: Dated | None, topic: Topic | None) -> Seen:
    """A signal with the family of its occasion."""
    family = family_of(dated.name, frozenset(dated.themes)) if dated and dated.kind == "occasion" else None
    return Seen(signal_id, content, community, dated, topic, family)


@cache
def _stems(phrases: frozenset[str]) -> frozenset[str]:
    words = {word.removesuffix("s") for phrase in phrases for word in fold(phrase).split()}
    return frozenset(words - {word.removesuffix("s") for word in BROAD} - AMBIGUOUS)


def strength(signal: Seen, niche: Niche, affinity: float) -> float:
    """How much the signal is the niche's business, 0 … 1; 0 means that they are not put together.

    Args:
        signal: The signal.
        niche: The niche.
        affinity: How much the signal's text is the niche's, 0 … 1.
    """
    shared_topic = _shares_topic(signal, niche)
    if signal.dated is None:
        theirs = signal.community is not None and signal.community in niche.subreddits
        return 0.0 if not shared_topic else OWN if theirs else NEAR if affinity >= MIN_AFFINITY else 0.0
    family, themes = signal.family, frozenset(signal.dated.themes[:CHIEF_THEMES])
    if family and family.niches:
        return NEAR if niche.name in family.niches else 0.0
    specific = (themes & niche.themes) - BROAD
    if specific or _stems(themes) & _stems(niche.themes | {niche.person}):
        return OWN
    if family and family.universal and fold(signal.dated.name) in {fold(name) for name in family.names}:
        return ANYONE
    kindred = signal.dated.kind == "anniversary" and affinity >= MIN_KINSHIP
    return NEAR if shared_topic or kindred else 0.0


def _shares_topic(signal: Seen, niche: Niche) -> bool:
    return bool(signal.topic and (signal.topic.themes & niche.themes) - BROAD)


def _accepted(signal: Seen, force: float) -> frozenset[Accepts]:
    if signal.dated is None:
        return frozenset({"post"})
    if signal.dated.kind == "anniversary":
        return frozenset({"anniversary"})
    if signal.family is None:
        return frozenset({"day", "gift"} if force == OWN else {"day"})
    return frozenset({"occasion", "gift"} if force == OWN and signal.dated.gift else {"occasion"})


def _options(signal: Seen, niche: Niche) -> dict[str, Sequence[str]]:
    """Slot → what can fill it, for this pair; slots with nothing to fill them are left out."""
    counted = [thing.one for thing in niche.words if thing.one]
    general = [thing.general for thing in niche.words]
    options: dict[str, Sequence[str]] = {
        "person": [niche.person], "people": [niche.people], "craft": [niche.craft], "act": niche.act,
        "doing": niche.doing, "word": general, "word2": general, "one": counted, "trait": niche.traits,
        "adj": [trait for trait in niche.traits if " " not in trait],
        "place": [niche.place], "quip": niche.quips,
    }  # fmt: skip
    if (topic := signal.topic) and _shares_topic(signal, niche):
        one = [title_case(topic.word)] if topic.plural else []
        options |= {"topic": [topic.general], "topic_one": one, "topics": [topic.general] if topic.plural else []}
    if family := signal.family:
        options |= {
            "short": [family.short], "greeting": [family.greeting], "cheer": family.cheer, "treat": family.treats,
            "treat2": family.treats, "figure": [family.figure], "line": niche.lines.get(family.name, ()),
        }  # fmt: skip
    if dated := signal.dated:
        named = DAY.match(dated.name)
        options["name"] = [named[1]] if named and not HOLLOW.search(dated.name) else []
        options |= {
            "years": [str(dated.years)] if dated.years else [],
            "year": [str(dated.year)] if dated.year else [],
            "hook": [dated.hook] if dated.hook else [],
            "hooks": [dated.hook] if dated.hook and PLURAL.search(dated.hook) else [],
        }
    return {slot: values for slot, values in options.items() if values}


def _templates(signal: Seen, niche: Niche, force: float, options: Mapping[str, object]) -> dict[str, list[str]]:
    """Format → the templates whose slots can all be filled."""
    accepted = _accepted(signal, force)
    found: dict[str, list[str]] = {}
    for form in formats().values():
        if not (accepted & form.accepts) or (niche.job and not form.jobs) or not _right_topic(form, signal.topic):
            continue
        own = signal.family.templates.get(form.name, ()) if signal.family else ()
        usable = [t for t in (*form.templates, *own) if grammar.slots(t) <= options.keys()]
        if "post" in accepted or (force < OWN and "day" in accepted):
            usable = [t for t in usable if grammar.slots(t) & TOPIC_SLOTS]
        if usable:
            found[form.name] = usable
    return found


def _right_topic(form: Format, topic: Topic | None) -> bool:
    return not form.topics or (topic is not None and topic.kind in form.topics)


def _fill(template: str, options: Mapping[str, Sequence[str]], rng: np.random.Generator) -> tuple[str, Phrase]:
    """The template with drawn words: (the template, or the niche's own line, by which it is known; the phrase)."""
    values: dict[str, str] = {}
    for slot in sorted(grammar.slots(template)):
        taken = {values[twin] for twin in (slot.rstrip("2"),) if twin != slot and twin in values}
        pool = [value for value in options[slot] if value not in taken]
        values[slot] = pool[int(rng.integers(len(pool)))] if pool else options[slot][0]
    known = next((values[slot] for slot in ("quip", "line") if slot in values), template)
    return known, grammar.phrase(template, values)


def propose(signals: Sequence[Seen], pairs: Iterator[tuple[int, str, float]], hour: datetime) -> Iterator[Candidate]:
    """Up to PHRASES_PER_PAIR phrases for each pair, of different formats, drawn by the hash of signal, niche and hour.

    The next hour draws others; the same hour draws the same.

    Args:
        signals: What was seen.
        pairs: Index of a signal, name of a niche, strength.
        hour: The hour that ideas are made for.
    """
    for index, name, force in pairs:
        signal, niche = signals[index], niches()[name]
        rng = np.random.default_rng(seed(signal.signal_id, name, hour.isoformat()))
        options = _options(signal, niche)
        made: dict[str, tuple[str, str, Phrase]] = {}
        found = _templates(signal, niche, force, options)
        for form in _drawn(found, rng):
            if len(made) == PHRASES_PER_PAIR:
                break
            templates = found[form]
            for _ in range(DRAWS_PER_PHRASE):
                known, phrase = _fill(templates[int(rng.integers(len(templates)))], options, rng)
                own_words = known in niche.quips or any(known in lines for lines in niche.lines.values())
                if grammar.fits(phrase) and (own_words or not grammar.repeats(phrase)):
                    made.setdefault(phrase.text, (form, known, phrase))
                    break
        for form, known, phrase in made.values():
            yield Candidate(
                signal=index,
                niche=name,
                format=form,
                template=known,
                phrase=phrase,
                motifs=_motifs(signal, niche, phrase),
                mood=formats()[form].mood or _mood(signal, niche),
                topic=signal.topic.word if signal.topic else None,
                strength=force,
                alternatives=tuple(text for text in made if text != phrase.text),
            )


def _drawn(found: Mapping[str, object], rng: np.random.Generator) -> list[str]:
    """The formats in a weighted random order (Efraimidis & Spirakis: key u^(1/w), largest first)."""
    keys = rng.random(len(found)) ** (1 / np.array([formats()[name].weight for name in found]))
    return [name for _, name in sorted(zip(keys, found, strict=True), reverse=True)]


def _mood(signal: Seen, niche: Niche) -> Mood:
    if signal.family:
        return signal.family.mood
    return signal.dated.mood if signal.dated and signal.dated.kind == "anniversary" else niche.mood


def _motifs(signal: Seen, niche: Niche, phrase: Phrase) -> tuple[str, ...]:
    """What the phrase names first, then niche and occasion in turn."""
    words = [word.strip(".,:;!?'’").lower() for word in phrase.text.split()]
    pairs = {pair: topics()[form].icon for pair in pairwise(words) if (form := " ".join(pair)) in topics()}
    inside = {word for pair in pairs for word in pair}
    named = [*pairs.values(), *(topics()[word].icon for word in words if word in topics() and word not in inside)]
    occasion = (*(signal.dated.motifs if signal.dated else ()), *(signal.family.motifs if signal.family else ()))
    topic = [signal.topic.icon] if signal.topic and signal.topic.general in phrase.text else []
    turns = [icon for pair in zip(niche.motifs, occasion, strict=False) for icon in pair]
    return tuple(dict.fromkeys((*topic, *named, *turns, *niche.motifs)))[:MAX_MOTIFS]


def seed(*parts: str) -> int:
    """A number that depends on the parts alone."""
    return int.from_bytes(hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).digest())
