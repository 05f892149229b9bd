"""Phrases: articles by sound, lines that join to the phrase, emphasis in whole words; and tables without holes."""

from __future__ import annotations

import importlib.resources
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ideas import candidates, grammar
from pipeline.ideas.facts import Dated, topic
from pipeline.ideas.lexicon import families, formats, niches, pattern, topics, unfit
from pipeline.models import Mood


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Nurse", "a"), ("Engineer", "an"), ("Accountant", "an"), ("Unicorn", "a"), ("Hour", "an"), ("Honest", "an"),
        ("RN", "an"), ("EMT", "an"), ("VIP", "a"), ("One", "a"), ("European", "a"), ("Umbrella", "an"), ("8", "an"),
        ("18", "an"), ("1", "a"), ("Uninvited", "an"), ("Otter", "an"), ("Home", "a"), ("Used", "a"),
    ],
)  # fmt: skip
def test_the_article_follows_the_sound(word: str, expected: str) -> None:
    assert grammar.article(word) == expected
    assert grammar.phrase("My Heart Belongs|to a *{person}*", {"person": word}).lines[1] == f"to {expected} {word}"


WORDS = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=1, max_size=12)


@given(WORDS, WORDS)
def test_lines_join_to_the_phrase_and_emphasis_stands_in_it(first: str, second: str) -> None:
    made = grammar.phrase("More *{a}*,|Less {b}", {"a": first, "b": second})
    assert " ".join(made.lines) == made.text
    assert made.emphasis == (first,)
    assert not set("{}*|") & set(made.text)


def test_what_fills_a_slot_is_never_split() -> None:
    assert grammar.phrase("Happy|{name}", {"name": "New Year's Day"}).lines == ("Happy", "New Year's Day")


def test_a_star_on_half_a_word_emphasises_the_whole_one() -> None:
    assert grammar.phrase("Feliz|*Navi*-Dog!", {}).emphasis == ("Navi-Dog",)


def test_a_sentence_begins_with_a_capital() -> None:
    assert grammar.phrase("Happy Place:|*{place}*", {"place": "the Garden"}).text == "Happy Place: The Garden"


def test_a_missing_slot_is_an_error() -> None:
    with pytest.raises(KeyError, match="person"):
        grammar.phrase("{person}", {})


def icons() -> set[str]:
    folder = importlib.resources.files("fontawesomefree") / "static/fontawesomefree/svgs/solid"
    return {path.name.removesuffix(".svg") for path in folder.iterdir()}


def test_the_tables_are_large_enough_and_name_only_pictograms_that_exist() -> None:
    assert len(niches()) >= 48
    assert len(formats()) >= 28
    assert len({t.word for t in topics().values()}) >= 150
    used = {m for group in (niches(), families()) for entry in group.values() for m in entry.motifs}
    used |= {t.icon for t in topics().values()}
    assert used <= icons(), used - icons()


def test_every_family_and_line_leads_somewhere() -> None:
    for family in families().values():
        assert family.niches <= niches().keys(), family.name
        assert family.templates.keys() <= formats().keys(), family.name
    for niche in niches().values():
        assert niche.lines.keys() <= families().keys(), (niche.name, niche.lines.keys() - families().keys())


def every_phrase() -> list[tuple[str, grammar.Phrase]]:
    """Each template of each format with each word that can fill it, for every niche on every occasion it may meet."""
    rng = np.random.default_rng(7)
    made = []
    for niche in niches().values():
        signals = [
            candidates.seen("s", family.short, None, Dated.model_validate(
                {"kind": "occasion", "name": next(iter(family.names)), "date": "2026-12-25", "mood": "festive",
                 "themes": sorted(family.themes)}), None)
            for family in families().values() if family.universal or niche.name in family.niches
        ]  # fmt: skip
        shared = next((t for t in topics().values() if (t.themes & niche.themes) - candidates.BROAD), None)
        hook = Dated(kind="anniversary", name="Modems", date="2026-12-25", mood=Mood.RETRO, year=1991, years=35,
                     hook="Dial-Up Dreams")  # fmt: skip
        signals += [
            candidates.seen("s", "post", None, None, shared),
            candidates.seen("s", "anniversary", None, hook, None),
        ]
        for signal in signals:
            options = candidates._options(signal, niche)
            for templates in candidates._templates(signal, niche, candidates.OWN, options).values():
                for template in templates:
                    for _ in range(3):
                        made.append((niche.name, candidates._fill(template, options, rng)[1]))
    return made


def test_every_template_fills_for_every_niche_it_meets() -> None:
    made = every_phrase()
    assert len(made) > 20_000
    for niche, phrase in made:
        assert not re.search(r"[{}|*]|  | [,.:;]", phrase.text), (niche, phrase)
        assert len(phrase.text) <= 80, (niche, phrase)
        assert " ".join(phrase.lines) == phrase.text
        assert all(part in phrase.text for part in phrase.emphasis)
        assert not re.search(r"\ba [AEIO]\w|\ban [BCDFGJKMPQTVWYZ][a-z]", phrase.text), (niche, phrase)


def test_what_niches_say_themselves_is_short_enough_to_be_used() -> None:
    own = [
        (n.name, line) for n in niches().values() for line in (*n.quips, *(x for xs in n.lines.values() for x in xs))
    ]
    long = [(name, line) for name, line in own if not grammar.fits(grammar.phrase(line, {}))]
    assert not long, long


def test_no_phrase_of_ours_speaks_of_what_nobody_should_sell() -> None:
    never = re.compile(pattern({word: why for word, why in unfit().items() if why in {"tragedy", "politics", "crude"}}))
    hits = {text for _, phrase in every_phrase() if never.search(text := phrase.text)}
    assert not hits, sorted(hits)[:20]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I finally grew enormous tomatoes on my balcony", "tomato"),
        ("Tomatoes are taking over", "tomato"),
        ("watching Tiger play golf all day", "golf"),
        ("New Octopus Species Found Near Hidden Reef", "octopus"),
        ("my golden retriever loves snow", "golden retriever"),
        ("quarterly revenue rose again", None),
    ],
)
def test_a_topic_is_a_word_of_the_lexicon_and_not_a_name(text: str, word: str | None) -> None:
    found = topic(text)
    assert (found.word if found else None) == word
