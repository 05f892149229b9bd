"""Writes a listing: title, description, bullets and tags by the grammar of `data/grammar.yaml`, within the limits.

What belongs here: which words are chosen, in which order, and why. The same idea on the same marketplace is always
written the same; another idea draws other sentences, so that a hundred listings don't read alike.
What does not: the limits (`marketplaces.py`) and their check (`limits.py`).

Nothing is said that isn't known: no material, no delivery, no rank, no brand; a motif is named only when the recipe
drew it, colours only when the artwork was found readable on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from uuid import UUID

from pydantic import Field

from pipeline.listings.limits import check, refused
from pipeline.listings.marketplaces import Characters, Marketplace, read_data, validated
from pipeline.listings.text import cut, fit_characters, headline, plural, with_article
from pipeline.models import Decision, GarmentColor, Idea, Json, Listing, Model, Mood, Recipe, Verdict, fold, sha256

DATA_FILE = "data/grammar.yaml"
CHOICE = " | "
Slots = Mapping[str, str]


class Titles(Model):
    """Ways to build a title: each a list of segments, each segment a list of choices."""

    joint: str
    variants: tuple[tuple[str, ...], ...] = Field(min_length=1)


class Descriptions(Model):
    """Sentences of a description, by their place in it."""

    opening: tuple[str, ...]
    plain: tuple[str, ...]
    audience: dict[str, tuple[str, ...]]
    occasion: tuple[str, ...]
    gift: tuple[str, ...]
    colors: tuple[str, ...]


class Bullet(Model):
    """Sentences of one bullet, and those that stand in where none of them can be said."""

    ready: tuple[str, ...]
    plain: tuple[str, ...]


class Tags(Model):
    """Templates of tags: core first, then more in an order of the idea's own, then those that always hold."""

    core: tuple[str, ...]
    more: tuple[str, ...]
    always: tuple[str, ...]


class Grammar(Model):
    """The words that listings are written with."""

    version: str
    small_words: frozenset[str]
    styles: dict[Mood, tuple[str, ...]]
    looks: dict[Mood, str]
    humor: frozenset[Mood]
    motifs: dict[str, str]
    people: dict[str, str]
    activities: frozenset[str]
    proper: dict[str, str]
    roles: frozenset[str]
    family: frozenset[str]
    irregular_plurals: dict[str, str]
    titles: dict[str, Titles]
    fallback_title: str
    descriptions: Descriptions
    bullets: tuple[Bullet, ...]
    tags: Tags


@cache
def grammar() -> Grammar:
    """The grammar of this project. Raises DataError that names the file and the field."""
    data = read_data(files(__package__).joinpath(DATA_FILE).read_text(encoding="utf-8"), DATA_FILE)
    return validated(Grammar, data, DATA_FILE)


def write(
    idea: Idea,
    recipe: Recipe,
    garments: Sequence[GarmentColor],
    marketplace: Marketplace,
    *,
    design_id: UUID,
    mockup_id: UUID,
    artwork: Verdict,
) -> tuple[Listing, tuple[Decision, ...]]:
    """The listing of an idea on a marketplace with its verdicts and the artwork's, and the decisions that made it."""
    writer = _Writer(idea, recipe, garments, marketplace)
    title, pattern = writer.title()
    tags = writer.tags()
    listing = Listing(
        idea_id=idea.id,
        design_id=design_id,
        mockup_id=mockup_id,
        marketplace=marketplace.name,
        product=marketplace.product,
        title=title,
        description=writer.description(),
        bullets=writer.bullets(),
        tags=tags,
        price_cents=marketplace.price.cents,
        currency=marketplace.price.currency,
        verdicts=(),
    )
    listing = listing.model_copy(update={"verdicts": (*check(listing, marketplace), artwork)})
    return listing, _decisions(idea, listing, marketplace, pattern)


def _decisions(idea: Idea, listing: Listing, marketplace: Marketplace, pattern: str) -> tuple[Decision, ...]:
    evidence: Json = {
        "phrase": idea.phrase,
        "niche": idea.niche,
        "mood": idea.mood.value,
        "motifs": list(idea.motifs),
        "occasion": idea.occasion,
        "score": idea.score,
        "score_reason": idea.reason,
    }
    price = marketplace.price
    chosen: dict[str, tuple[Json, Json]] = {
        "title": (
            {"title": listing.title, "pattern": pattern},
            {**evidence, "limit": marketplace.title.max_length, "limit_source": marketplace.title.cited},
        ),
        "tags": (
            {"tags": list(listing.tags)},
            {**evidence, "limit": marketplace.tags.max_count, "limit_source": marketplace.tags.cited},
        ),
        "price": (
            {"price_cents": listing.price_cents, "currency": listing.currency},
            {"default_of": marketplace.name, "set_by": price.set_by, "source": price.cited},
        ),
    }
    return tuple(
        Decision(
            subject="listing",
            subject_id=listing.id,
            kind=kind,
            choice=choice,
            because=because,
            decided_by=f"copywriter {grammar().version}",
        )
        for kind, (choice, because) in chosen.items()
    )


@dataclass(frozen=True)
class _Audience:
    """Who an idea speaks to: the bare niche, one person of it, and whether it is a trade, kin, a pastime or a thing."""

    niche: str
    person: str
    people: str
    kind: str


_GROUPS = ("lovers", "lover", "fans", "fan", "enthusiasts", "owners", "owner", "life", "humor", "community")
_NO_PLURAL = ("ss", "us", "is", "ics", "ews", "christmas", "xmas")


def _singular(noun: str) -> str:
    return noun if noun.endswith(_NO_PLURAL) or len(noun) < 4 else noun.removesuffix("s")


def _audience(niche: str, words: Grammar) -> _Audience:
    """The audience of a niche as the ideas name it, such as cat_lovers, nurse or tabletop games."""
    bare = fold(niche.replace("_", " "))
    head, _, last = bare.rpartition(" ")
    bare = _singular(head if head and last in _GROUPS else bare)
    person = next((words.people[n] for n in (bare, f"{bare}s") if n in words.people), "")
    for kind, known in (("role", words.roles), ("family", words.family)):
        for noun in (bare, person):
            if noun in known:
                return _Audience(noun, noun, plural(noun, words.irregular_plurals), kind)
    kind = "activity" if bare.endswith("ing") or bare in words.activities else "thing" if bare else "none"
    said = " ".join(words.proper.get(word, word) for word in bare.split())
    person = person or f"{said} lover"
    return _Audience(said, person, plural(person, words.irregular_plurals), kind)


class _Writer:
    """One idea for one marketplace: its slots, and the fields built from them."""

    def __init__(self, idea: Idea, recipe: Recipe, garments: Sequence[GarmentColor], marketplace: Marketplace) -> None:
        self.idea = idea
        self.recipe = recipe
        self.marketplace = marketplace
        self.words = grammar()
        self.audience = _audience(idea.niche, self.words)
        made = {name: part for name, part in recipe.spec.items() if name != "brief"}
        drawn = json.dumps([made, sorted(recipe.licences)])
        motifs = [m for m in idea.motifs if re.search(rf"(?<![\w-]){re.escape(m)}(?![\w-])", drawn)]
        names = list(dict.fromkeys(self.words.motifs.get(m, m.replace("-", " ")) for m in motifs))
        colors = [g.name for g in garments]
        lines = [line for line in idea.lines if self._stands_alone(line)] if len(idea.lines) > 1 else []
        raw = {
            "phrase": (idea.phrase, 200),
            "line": (lines[0] if lines else "", 80),
            "second_line": (lines[1] if len(lines) > 1 else "", 80),
            "niche": (self.audience.niche, 30),
            "person": (self.audience.person, 36),
            "people": (self.audience.people, 36),
            "style": (self.pick("style", self.words.styles[idea.mood]), 30),
            "look": (self.words.looks[idea.mood], 30),
            "motif": (names[0] if names else "", 25),
            "second_motif": (names[1] if len(names) > 1 else "", 25),
            "occasion": (idea.occasion or "", 40),
            "product": (self.pick("product", marketplace.product_words) if marketplace.product_words else "", 30),
            "humor": ("humor" if idea.mood in self.words.humor else "", 10),
            "colors": (_listed(colors[:4]), 120),
        }
        self.raw = {name: text for name, (text, longest) in raw.items() if 0 < len(text) <= longest}

    def _stands_alone(self, line: str) -> bool:
        """Whether a line of the design is a search phrase by itself: no loose end, and two words that carry it."""
        words = fold(line).split()
        return (
            len(self._content_words(line)) > 1
            and words[0] not in self.words.small_words
            and words[-1] not in self.words.small_words
        )

    def slots(self, allowed: Characters) -> Slots:
        """What can be said in these characters; a slot that can't is missing."""
        said = {name: fitted for name, text in self.raw.items() if (fitted := fit_characters(text, allowed))}
        for name in ("style", "look", "motif", "person"):
            if name in said:
                said[f"a_{name}"] = with_article(said[name])
                said[f"A_{name}"] = with_article(said[name]).replace("a", "A", 1)
        if "people" in said:
            said["People"] = said["people"][:1].upper() + said["people"][1:]
        return said

    def pick(self, slot: str, options: Sequence[str]) -> str:
        """One of the options, always the same for this idea, marketplace and slot."""
        return self.shuffled(slot, options)[0]

    def shuffled(self, slot: str, options: Sequence[str]) -> list[str]:
        """The options in an order that is the idea's own."""
        key = f"{self.idea.id}:{self.marketplace.name}:{slot}"
        return [option for _, option in sorted((sha256(f"{key}:{o}".encode()), o) for o in options)]

    # -- title

    def title(self) -> tuple[str, str]:
        """The title and the pattern it was built by: the best-fronted of the variants, in the idea's own order."""
        limit = self.marketplace.title
        slots = dict(self.slots(limit))
        form = self.words.titles.get(self.marketplace.name, self.words.titles["default"])
        if "phrase" in slots:
            phrase = " ".join(slots["phrase"].split()[: limit.max_words])
            slots["phrase"] = cut(phrase, limit.max_length, dangling=self.words.small_words)
        variants = {CHOICE.join(v): v for v in form.variants}
        built = []
        for key in self.shuffled("title", list(variants)):
            segments = self._segments(variants[key], form.joint, slots)
            title = form.joint.join(segments)
            if segments and self._says_phrase(title, slots):
                built.append((len(segments) > 1, self._fronted(title, slots), title, key))
        if not built:
            choices = self._rendered(self.words.fallback_title, slots)
            fits = (text for c in choices if self._title_fits(text := headline(c, self.words.small_words)))
            return next(fits), self.words.fallback_title
        best = max(built, key=lambda b: b[:2])  # the first of equals, so the idea's own order decides
        return best[2], best[3]

    def _segments(self, templates: Iterable[str], joint: str, slots: Slots) -> list[str]:
        """Headlines, one a template: the first choice that fits and adds more words than it repeats, if any does."""
        chosen: list[str] = []
        for template in templates:
            said = self._content_words(" ".join(chosen))
            for choice in self._rendered(template, slots):
                text = headline(choice, self.words.small_words)
                words = self._content_words(text)
                fits = self._title_fits(joint.join([*chosen, text]))
                if fits and len(words - said) > len(words & said) and not self._stutters(text, slots):
                    chosen.append(text)
                    break
        return chosen

    def _stutters(self, text: str, slots: Slots) -> bool:
        """Whether a word is said twice that the phrase itself doesn't repeat."""
        words, own = _stems(text), _stems(slots.get("phrase", ""))
        return any(words.count(word) > max(1, own.count(word)) for word in words if word not in self.words.small_words)

    def _title_fits(self, text: str) -> bool:
        limit, rules = self.marketplace.title, (self.marketplace.title_words_refused, self.marketplace.words_refused)
        return (
            0 < len(text) <= limit.max_length
            and (limit.max_words is None or len(text.split()) <= limit.max_words)
            and not limit.offences(text)
            and not any(refused(text, rule) for rule in rules if rule)
        )

    def _says_phrase(self, title: str, slots: Slots) -> bool:
        """The words of the design are in the title, unless they can't be said there."""
        phrase = slots.get("phrase", "")
        return not phrase or not self._title_fits(phrase) or fold(phrase) in fold(title)

    def _fronted(self, title: str, slots: Slots) -> bool:
        """Whether what a buyer would search for stands in the first characters, which carry the most weight."""
        front = self._content_words(title[: self.marketplace.title.front])
        sought = [slots.get(name, "") for name in ("niche", "person", "occasion", "motif")]
        return any(front & self._content_words(text) for text in sought)

    def _content_words(self, text: str) -> set[str]:
        return {w for w in _stems(text) if w not in self.words.small_words}

    # -- description and bullets

    def description(self) -> str:
        """What the design is, for whom, for when, on what; and how it was made, where that must be said."""
        limit, said = self.marketplace.description, self.words.descriptions
        slots = self.slots(limit)
        tail = self._disclosure()
        room = limit.max_length - (len(tail) + 2 if tail else 0)
        places: list[tuple[str, Sequence[str]]] = [
            ("opening", said.opening),
            ("audience", said.audience[self.audience.kind]),
            ("occasion", said.occasion),
            ("gift", said.gift),
        ]
        if limit.multiline:
            places.append(("colors", said.colors))
        text = ""
        for place, templates in places:
            ready = [*self.shuffled(place, templates), *(said.plain if place == "opening" else ())]
            fits = (t for t in self._sentences(ready, slots) if self._speakable(f"{text} {t}".strip(), room))
            text = f"{text} {next(fits, '')}".strip()
        return f"{text}\n\n{tail}" if tail else text

    def _disclosure(self) -> str:
        rule = self.marketplace.disclosure
        if rule is None:
            return ""
        # By the contract of Recipe a composer's prompt is the phrase; anything else was asked of an image model.
        composed = bool(self.recipe.typefaces) and fold(self.recipe.prompt) == fold(self.idea.phrase)
        return rule.composed if composed else rule.generated

    def bullets(self) -> tuple[str, ...]:
        """As many bullets as the marketplace takes, each a full sentence."""
        limit = self.marketplace.bullets
        slots = self.slots(limit)
        texts = []
        for i, bullet in enumerate(self.words.bullets[: limit.max_count]):
            ready = [*self.shuffled(f"bullet{i}", bullet.ready), *bullet.plain]
            texts.append(next(t for t in self._sentences(ready, slots) if self._speakable(t, limit.max_length)))
        return tuple(texts)

    def _sentences(self, templates: Iterable[str], slots: Slots) -> Iterator[str]:
        for template in templates:
            yield from self._rendered(template, slots)

    def _speakable(self, text: str, longest: int) -> bool:
        return len(text) <= longest and not refused(text, self.marketplace.words_refused)

    # -- tags

    def tags(self) -> tuple[str, ...]:
        """Search phrases by priority: no two of the same words, none over the limit."""
        limit, templates = self.marketplace.tags, self.words.tags
        slots = self.slots(limit)
        chosen: list[str] = []
        seen: set[frozenset[str]] = set()

        def usable(tag: str) -> bool:
            return (
                0 < len(tag) <= limit.max_length
                and not limit.offences(tag)
                and not refused(tag, self.marketplace.words_refused)
                and len(set(fold(tag).split())) == len(fold(tag).split())
                and frozenset(self._content_words(tag)) not in seen
                and fold(tag) not in map(fold, chosen)
            )

        for template in [*templates.core, *self.shuffled("tags", templates.more), *templates.always]:
            if len(chosen) == limit.max_count:
                break
            tag = next((t for c in self._rendered(template, slots) if usable(t := c.casefold())), None)
            if tag is not None:
                chosen.append(tag)
                seen.add(frozenset(self._content_words(tag)))
        return tuple(chosen)

    # -- templates

    def _rendered(self, template: str, slots: Slots) -> Iterator[str]:
        """Each choice of the template whose slots are all filled."""
        for choice in template.split(CHOICE):
            if all(name in slots for name in re.findall(r"\{(\w+)\}", choice)):
                yield re.sub(r"\{(\w+)\}", _filler(slots), choice)


def _stems(text: str) -> list[str]:
    """Folded words without a plural s."""
    return [_singular(word) for word in fold(text.replace("'s", "")).split()]


def _filler(slots: Slots) -> Callable[[re.Match[str]], str]:
    return lambda match: slots[match.group(1)]


def _listed(names: Sequence[str]) -> str:
    """Names as a person lists them: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
