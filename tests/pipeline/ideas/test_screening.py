"""One screen of words for phrases, prompts and listings."""

from __future__ import annotations

import pytest

from pipeline.ideas.lexicon import families, formats, niches
from pipeline.ideas.screening import screen
from pipeline.signals.anniversaries import facts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What the Fuck Is a Carb", "f**k"), ("Murder Mystery Club", "murder (violence)"),
        ("Tribute to a President", "president (politics)"), ("nude figure, flat colors", "n**e"),
        ("Black Heritage Month", "black heritage (heritage)"),
    ],
)  # fmt: skip
def test_what_is_unfit_is_named_masked_and_sourced(text: str, found: str) -> None:
    verdict = screen("phrase", text)
    assert (verdict.check, verdict.result) == ("phrase", "failed")
    assert found in verdict.detail
    assert "glin-profanity" in verdict.source
    assert "unfit.csv" in verdict.source


@pytest.mark.parametrize("text", ["Bass Fishing Weekend", "Scunthorpe Cocktail Hour", "Slap Shot", "Bon Appétit"])
def test_innocent_words_pass_and_the_verdict_says_how_little_that_is(text: str) -> None:
    verdict = screen("phrase", text)
    assert verdict.result == "passed"
    assert "a word list is no review" in verdict.detail


def test_all_that_the_grammar_says_passes_but_what_a_person_has_to_see() -> None:
    said = [phrase for niche in niches().values() for phrase in (*niche.quips, *sum(niche.lines.values(), ()))]
    said += [thing.general for niche in niches().values() for thing in niche.words]
    said += [t for family in families().values() for templates in family.templates.values() for t in templates]
    said += [template for form in formats().values() for template in form.templates]
    said += [fact.hook for fact in facts() if fact.hook]
    failed = {text for text in said if screen("phrase", _plain(text)).result != "passed"}
    assert failed == {"Hoe,|Hoe,|*Hoe*", "Side Bs"}


def _plain(text: str) -> str:
    return text.replace("*", "").replace("|", " ").replace("{", "").replace("}", "")
