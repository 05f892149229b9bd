"""The data of the marketplaces: every limit is sourced, and a mistake in the file is named."""

from __future__ import annotations

import pytest
import yaml

from pipeline.listings.copywriter import grammar
from pipeline.listings.marketplaces import (
    Characters,
    DataError,
    Sourced,
    marketplaces,
    parse_marketplaces,
)
from pipeline.listings.sheets import layouts


def as_yaml(**changes: object) -> str:
    entry = marketplaces()["redbubble"].model_dump(mode="json", exclude={"name"}, exclude_none=True)
    return yaml.safe_dump({"redbubble": {**entry, **changes}})


def test_the_five_marketplaces_are_there() -> None:
    assert set(marketplaces()) == {"amazon_merch", "etsy", "redbubble", "teepublic", "spreadshirt"}


def test_every_limit_has_a_source_and_a_date() -> None:
    for market in marketplaces().values():
        limits = [value for value in dict(market).values() if isinstance(value, Sourced)]
        assert len(limits) >= 7
        assert all(str(limit.read_on.year) in limit.cited for limit in limits)


def test_what_a_file_says_comes_back_as_it_was() -> None:
    assert parse_marketplaces(as_yaml())["redbubble"] == marketplaces()["redbubble"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"price": {"cents": 0}}, "redbubble.price.cents"),
        ({"published_by": "robot"}, "redbubble.published_by"),
        ({"colour": "red"}, "redbubble.colour"),
        ({"title": {"max_length": 50}}, "redbubble.title.source"),
    ],
)
def test_a_mistake_is_named_with_file_and_field(change: dict[str, object], named: str) -> None:
    with pytest.raises(DataError, match=named.replace(".", r"\.")) as caught:
        parse_marketplaces(as_yaml(**change), "mine.yaml")
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize("text", ["- a list", "a: [", "etsy: 3", ""])
def test_a_file_that_is_no_mapping_of_marketplaces_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"mine\.yaml"):
        parse_marketplaces(text, "mine.yaml")


def test_every_sheet_a_marketplace_names_has_a_layout_and_none_claims_to_be_verified() -> None:
    assert {tool for m in marketplaces().values() for tool in m.sheets} == set(layouts())
    assert not any(layout.verified for layout in layouts().values())


def test_the_grammar_speaks_every_mood() -> None:
    assert all(grammar().styles.values())
    assert len(grammar().styles) == 12


def test_characters_are_allowed_by_the_contract_of_etsy_titles() -> None:
    title = marketplaces()["etsy"].title
    assert title.offences("Crème brûlée: 100% & more + ½°") == ("½", "°")
    assert title.offences("a & b & c") == ("&",)
    assert title.offences("hot ☕ cup") == ("☕",)
    assert title.offences("cash $ ^") == ("$", "^")


def test_line_breaks_and_control_characters_stand_only_where_they_may() -> None:
    plain = Characters.model_validate({"source": "test", "read_on": "2026-01-01", "trust": "official"})
    assert plain.offences("a\nb\x00") == ("\n", "\x00")
    assert plain.model_copy(update={"multiline": True}).offences("a\nb") == ()
