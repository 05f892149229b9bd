"""Does a listing keep to its marketplace's rules? Every answer says what was compared, and with which source.

What belongs here: the specification checks, and the rule by which a listing may be handed over.
What does not: the limits themselves (`data/marketplaces.yaml`), the screen of words (`pipeline.ideas.screening`), and
how to mend a listing (`copywriter.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.ideas.screening import screen
from pipeline.listings.artwork import ARTWORK
from pipeline.listings.marketplaces import Characters, ListLimit, Marketplace, RefusedWords, TextLimit
from pipeline.models import Listing, ListingStatus, Verdict, fold

Finding = str
"""What is wrong and how to mend it; empty when nothing is."""

TRADEMARK = "trademark"
CONTENT = "content"
TRADEMARK_NOT_CHECKED = "no trademark register is configured: look the phrase up before you upload"


def check(listing: Listing, marketplace: Marketplace) -> tuple[Verdict, ...]:
    """Every verdict on the listing: the specification, then `trademark` and `content`.

    Raises:
        ValueError: The marketplace is not the listing's.
    """
    if listing.marketplace != marketplace.name:
        raise ValueError(
            f"marketplace={marketplace.name!r} is not the listing's, which is {listing.marketplace!r}: pass its own"
        )
    return (*_specification(listing, marketplace), _trademark(), screen(CONTENT, _words_of(listing)))


def judged(listing: Listing) -> tuple[ListingStatus, str]:
    """How far the rule `hand_over` takes the listing, and why: `approved`, `in_review` for a person, or `failed`.

    Every specification check must have been made, and nothing may have failed. What can't be checked of the listing
    does not stand in the way, for a person uploads the pack and reads in it what was not checked; an artwork that was
    not checked does.
    """
    results = {v.check: v for v in listing.verdicts}
    missing = [name for name in SPECIFICATION if name not in results or results[name].result == "not_checked"]
    if missing:
        return ListingStatus.FAILED, f"not checked: {', '.join(missing)}; check the listing first"
    failed = [v for v in listing.verdicts if v.result == "failed"]
    if failed:
        return ListingStatus.FAILED, "; ".join(f"{v.check}: {v.detail}" for v in failed)
    artwork = results.get(ARTWORK)
    if artwork is None or artwork.result != "passed":
        return ListingStatus.IN_REVIEW, f"{ARTWORK} not checked: {artwork.detail if artwork else 'check it first'}"
    unchecked = [v.check for v in listing.verdicts if v.result == "not_checked"]
    tail = f"; not checked: {', '.join(unchecked)}" if unchecked else ""
    return ListingStatus.APPROVED, f"all {len(SPECIFICATION)} specification checks passed{tail}"


# ---------------------------------------------------------------------------------------------------------------------
# the specification


def _length(field: str, text: str, limit: TextLimit | ListLimit) -> Finding:
    if not text.strip():
        return f"{field} is empty; write it"
    if len(text) > limit.max_length:
        return (
            f"{field} has {len(text)} characters, the limit is {limit.max_length}: {_excerpt(text)}; "
            "shorten it by whole words"
        )
    return ""


def _characters(field: str, text: str, limit: Characters) -> Finding:
    bad = limit.offences(text)
    if not bad:
        return ""
    named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in bad[:5])
    return f"{field} holds characters that are refused or stand too often: {named} in {_excerpt(text)}; take them out"


def _each(fields: Iterable[Finding]) -> Finding:
    return "; ".join(finding for finding in fields if finding)


def _count(field: str, items: Sequence[str], limit: ListLimit) -> Finding:
    if limit.min_count <= len(items) <= limit.max_count:
        return ""
    return f"{len(items)} {field}, {limit.min_count} to {limit.max_count} are taken; add or drop some"


def refused(text: str, words: RefusedWords) -> tuple[str, ...]:
    """The refused words and phrases that stand in the text, as whole words, whatever their case."""
    spoken = f" {fold(text)} "
    return tuple(word for word in words.words if f" {fold(word)} " in spoken)


def _title_words(listing: Listing, marketplace: Marketplace) -> Finding:
    title, limit, rule = listing.title, marketplace.title, marketplace.title_words_refused
    found = refused(title, rule) if rule else ()
    many = limit.max_words is not None and len(title.split()) > limit.max_words
    return _each(
        [
            f"title says {', '.join(found)}, which is refused there: {_excerpt(title)}; take it out" if found else "",
            f"title has {len(title.split())} words, {limit.max_words} are taken; shorten it" if many else "",
        ]
    )


def _words(listing: Listing, marketplace: Marketplace) -> Finding:
    fields = {
        "title": listing.title,
        "description": listing.description,
        **{f"bullets[{i}]": text for i, text in enumerate(listing.bullets)},
        **{f"tags[{i}]": text for i, text in enumerate(listing.tags)},
    }
    return _each(
        f"{field} says {', '.join(found)}: {_excerpt(text)}; say it without"
        for field, text in fields.items()
        if (found := refused(text, marketplace.words_refused))
    )


def _tags_unique(listing: Listing, _: Marketplace) -> Finding:
    seen: dict[str, str] = {}
    for tag in listing.tags:
        if (key := fold(tag)) in seen:
            return f"tags repeat {tag!r} (as {seen[key]!r}); drop one"
        seen[key] = tag
    return ""


def _disclosed(listing: Listing, marketplace: Marketplace) -> Finding:
    rule = marketplace.disclosure
    if rule is None or any(text in listing.description for text in (rule.composed, rule.generated)):
        return ""
    return "description does not say how the artwork was made; add the marketplace's disclosure"


def _price(listing: Listing, marketplace: Marketplace) -> Finding:
    if listing.currency == marketplace.price.currency:
        return ""
    return f"currency is {listing.currency}, {marketplace.price.currency} is taken; convert the price"


Check = Callable[[Listing, Marketplace], Finding]
Source = Callable[[Marketplace], str]

_CHECKS: dict[str, tuple[Check, Source]] = {
    "title_length": (lambda x, m: _length("title", x.title, m.title), lambda m: m.title.cited),
    "title_characters": (lambda x, m: _characters("title", x.title, m.title), lambda m: m.title.cited),
    "title_words": (_title_words, lambda m: (m.title_words_refused or m.title).cited),
    "description_length": (
        lambda x, m: _length("description", x.description, m.description),
        lambda m: m.description.cited,
    ),
    "description_characters": (
        lambda x, m: _characters("description", x.description, m.description),
        lambda m: m.description.cited,
    ),
    "bullets_count": (lambda x, m: _count("bullets", x.bullets, m.bullets), lambda m: m.bullets.cited),
    "bullets_length": (
        lambda x, m: _each(_length(f"bullets[{i}]", t, m.bullets) for i, t in enumerate(x.bullets)),
        lambda m: m.bullets.cited,
    ),
    "bullets_characters": (
        lambda x, m: _each(_characters(f"bullets[{i}]", t, m.bullets) for i, t in enumerate(x.bullets)),
        lambda m: m.bullets.cited,
    ),
    "tags_count": (lambda x, m: _count("tags", x.tags, m.tags), lambda m: m.tags.cited),
    "tags_length": (
        lambda x, m: _each(_length(f"tags[{i}]", t, m.tags) for i, t in enumerate(x.tags)),
        lambda m: m.tags.cited,
    ),
    "tags_characters": (
        lambda x, m: _each(_characters(f"tags[{i}]", t, m.tags) for i, t in enumerate(x.tags)),
        lambda m: m.tags.cited,
    ),
    "tags_unique": (_tags_unique, lambda m: m.tags.cited),
    "words": (_words, lambda m: m.words_refused.cited),
    "disclosure": (_disclosed, lambda m: m.disclosure.cited if m.disclosure else "none is asked for"),
    "price": (_price, lambda m: m.price.cited),
}

SPECIFICATION = tuple(_CHECKS)
"""Names of the checks that a listing must pass before it may be handed over."""


def _specification(listing: Listing, marketplace: Marketplace) -> Iterable[Verdict]:
    for name, (rule, source) in _CHECKS.items():
        finding = rule(listing, marketplace)
        yield Verdict(
            check=name,
            result="failed" if finding else "passed",
            detail=finding or f"keeps to what {marketplace.label} takes",
            source=source(marketplace),
        )


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}…")


# ---------------------------------------------------------------------------------------------------------------------
# what a specification can't say


def _trademark() -> Verdict:
    return Verdict(check=TRADEMARK, result="not_checked", detail=TRADEMARK_NOT_CHECKED, source="none")


def _words_of(listing: Listing) -> str:
    return "\n".join([listing.title, listing.description, *listing.bullets, *listing.tags])
