"""Every setting is told where people look for it."""

from __future__ import annotations

import re

import pytest

from resources.settings import ROOT, Settings

PREFIX = str(Settings.model_config["env_prefix"])
VARIABLES = [str(field.validation_alias or f"{PREFIX}{name}".upper()) for name, field in Settings.model_fields.items()]


@pytest.mark.parametrize("page", [".env.example", "docs/configuration.md"])
def test_every_variable_is_documented_and_no_other(page: str) -> None:
    text = (ROOT / page).read_text()
    assert [variable for variable in VARIABLES if variable not in text] == []
    told = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", text))
    assert told - {*VARIABLES, "ENGINE_SHARED", "ENGINE_CI"} == set()


def test_lists_are_read_with_or_without_spaces() -> None:
    chosen = Settings(countries="us, gb ,", marketplaces=" etsy,redbubble")
    assert chosen.country_codes == ("US", "GB")
    assert chosen.marketplace_names == ("etsy", "redbubble")
