"""Secrets that end up in a URL or come back in an answer are not told."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.fetching.masking import LONGEST_QUOTE, quoted, secrets_of, shown

SECRET = "S3cretS3cret"


@pytest.mark.parametrize(
    "name",
    [
        "key",
        "apiKey",
        "api_key",
        "access_token",
        "token",
        "client_secret",
        "PASSWORD",
        "sig",
        "X-Amz-Signature",
        "auth",
    ],
)
def test_parameters_that_sound_secret_are_masked(name: str) -> None:
    assert shown(f"https://example.org/x?{name}={SECRET}&hour=5") == f"https://example.org/x?{name}=%2A%2A%2A&hour=5"


@pytest.mark.parametrize("name", ["page_token", "pageToken", "keyword", "country_code", "authors", "monkey"])
def test_others_are_told(name: str) -> None:
    url = f"https://example.org/x?{name}=value&b=%20c"
    assert shown(url) == url


@given(
    before=st.dictionaries(st.text(min_size=1), st.text()),
    secret=st.text("abcdef0123456789", min_size=8).map("zz".__add__),
    user=st.booleans(),
)
def test_whatever_stands_beside_it(before: dict[str, str], secret: str, user: bool) -> None:
    url = httpx.URL(f"https://{'u:' + secret + '@' if user else ''}example.org/#{secret}")
    assert secret not in shown(url.copy_merge_params({**before, "access_token": secret}))


@given(around=st.text(), secret=st.text(min_size=6))
def test_a_quote_holds_no_secret_and_fits_on_a_line(around: str, secret: str) -> None:
    said = quoted(f"{around}Bearer {secret}{around}", secrets_of({"Authorization": f"Bearer {secret}"}, {}))
    assert len(said) <= LONGEST_QUOTE
    assert said.isprintable()
    assert "Bearer" not in said or "Bearer" in around + secret
