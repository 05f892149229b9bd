"""What a painter is asked for: a picture for every idea, the same each time, in as many words as a model reads."""

from __future__ import annotations

import re
from itertools import cycle, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.designs.prompts import MAX_TOKENS, fitting, picture_request, table, tokens
from pipeline.ideas.lexicon import families, formats, niches, topics
from pipeline.ideas.screening import screen
from pipeline.models import Brief, Mood, identity
from pipeline.signals.anniversaries import facts
from pipeline.signals.occasions import curated


def brief(**changes: object) -> Brief:
    return Brief.model_validate(
        {
            "idea_id": identity("test", 1), "phrase": "Can't Talk. Digging.", "lines": ("Can't Talk.", "Digging."),
            "emphasis": (), "niche": "gardener", "format": "rather_be", "motifs": ("trowel", "sun"),
            "mood": Mood.OUTDOORSY, "occasion": None, "seed": 5, **changes,
        }
    )  # fmt: skip


def test_every_niche_and_every_format_has_a_picture_of_its_own_that_is_fit_to_be_drawn() -> None:
    asked = list(product(niches(), formats()))[::5]
    assert {niche for niche, _ in asked} == set(niches())
    assert {form for _, form in asked} == set(formats())
    prompts = [
        picture_request(brief(niche=niche, format=form, mood=mood, motifs=niches()[niche].motifs), seed).prompt
        for seed, ((niche, form), mood) in enumerate(zip(asked, cycle(Mood), strict=False))
    ]
    for prompt, (niche, _) in zip(prompts, asked, strict=True):
        assert any(thing in prompt for thing in table().niches[niche]), f"{niche}: {prompt}"
        assert tokens(prompt) <= MAX_TOKENS
        assert "isolated on a plain white background" in prompt
        assert "{" not in prompt
    assert screen("prompt", "\n".join(prompts)).result == "passed"
    assert len(set(prompts)) > 0.99 * len(prompts)


def test_the_table_speaks_of_exactly_the_niches_formats_moods_and_occasions_that_there_are() -> None:
    known = table()
    assert set(known.niches) == set(niches())
    assert set(known.formats) == set(formats())
    assert set(known.moods) == set(Mood)
    assert set(known.occasions) == set(families())


def test_nothing_is_said_of_pictograms_that_nobody_uses() -> None:
    named = {m for source in (niches(), families()) for entry in source.values() for m in entry.motifs}
    named |= {topic.icon for topic in topics().values()} | {m for fact in facts() for m in fact.motifs}
    named |= {m for entry in curated() for m in entry.motifs}
    assert set(table().motifs) <= named


def test_the_same_seed_asks_for_the_same_and_another_for_another() -> None:
    asked = [picture_request(brief(), seed) for seed in range(20)]
    assert asked == [picture_request(brief(), seed) for seed in range(20)]
    assert len({request.prompt for request in asked}) > 10
    assert [request.seed for request in asked] == list(range(20))
    assert {(request.width, request.height) for request in asked} == {(1024, 1024)}


def test_what_the_phrase_names_is_the_chief_thing() -> None:
    for seed in range(10):
        prompt = picture_request(brief(phrase="Powered by Tomatoes", format="powered_by"), seed).prompt
        assert re.match(r"[\w ]+ of tomatoes ", prompt)


@pytest.mark.parametrize("family", families())
def test_an_occasion_shows(family: str) -> None:
    for seed in range(5):
        occasion = next(iter(families()[family].names))
        prompt = picture_request(brief(format="pun", occasion=occasion), seed).prompt
        assert any(thing in prompt for thing in table().occasions[family]), prompt


@pytest.mark.parametrize(
    ("phrase", "form", "mood", "expected"),
    [
        ("Dial-Up|Since 1994", "since", Mood.NERDY, "1990s"), ("Est. 1977", "since", Mood.BOLD, "1970s"),
        ("Jazz|for 30 Years", "years_of", Mood.NERDY, "any"), ("Est. 1816", "since", Mood.BOLD, "any"),
        ("Can't Talk.", "rather_be", Mood.RETRO, "any"), ("Can't Talk.", "rather_be", Mood.BOLD, None),
    ],
)  # fmt: skip
def test_nostalgia_recalls_its_years(phrase: str, form: str, mood: Mood, expected: str | None) -> None:
    for seed in range(5):
        prompt = picture_request(brief(phrase=phrase, format=form, mood=mood), seed).prompt
        hooks = {hook for parts in table().hooks.values() for hook in parts if hook in prompt.split(", ")}
        assert bool(hooks) == (expected is not None)
        assert hooks <= set(table().hooks[expected or "any"])


PERSONAL = ("mail me at jo.smith@example.com", "call +1 202 555 0143", "@jo_smith99", "Jo Smith", "192.168.7.44")


@given(st.sampled_from(PERSONAL), st.text(max_size=20), st.integers(0, 2**63 - 1))
def test_no_word_of_a_signal_gets_into_a_prompt(personal: str, noise: str, seed: int) -> None:
    said = f"{noise} {personal}"[:80]
    request = picture_request(brief(phrase=said, lines=(said,), emphasis=(personal,), occasion=personal), seed)
    for word in personal.split():
        assert word not in request.prompt.split()
    assert not re.search(r"@|smith|555", request.prompt + request.negative_prompt)


def test_an_unknown_niche_is_shown_by_its_motifs_and_without_any_it_is_refused() -> None:
    assert "steaming mug" in picture_request(brief(niche="juggler", motifs=("xmark", "mug-hot")), 1).prompt
    with pytest.raises(ValueError, match="niche='juggler' and motifs=\\('xmark',\\)"):
        picture_request(brief(niche="juggler", motifs=("xmark",)), 1)


@given(st.lists(st.text("abcdefghij 12", min_size=1, max_size=90), max_size=30))
def test_what_does_not_fit_gives_way_to_what_does(parts: list[str]) -> None:
    kept = fitting(parts)
    assert tokens(kept) <= MAX_TOKENS
    if tokens(", ".join(parts)) <= MAX_TOKENS:
        assert kept == ", ".join(parts)


def test_what_no_print_wants_is_asked_to_stay_away() -> None:
    never = picture_request(brief(), 1).negative_prompt
    for word in ("text", "watermark", "logo", "nudity", "photo"):
        assert word in never
