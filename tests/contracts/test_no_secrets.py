"""No cassette of these sources holds a secret, and no payload's address does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.contracts.exchanges import CASSETTES

OURS = ("reddit_posts", "youtube_videos", "wikipedia_topics")
FILES = sorted(file for name in OURS for file in (CASSETTES / name).glob("*.yaml"))
SECRET = re.compile(
    r"AIza[\w-]{35}|eyJ[\w-]{10,}\.|(?:bearer|basic)\s+(?!<)[\w.=+/-]{6,}|[?&](?:key|access_token|client_secret)=[^<]"
    r"|\"(?:access_token|refresh_token|client_secret|api_?key)\"\s*:\s*\"(?!<)|set-cookie",
    re.IGNORECASE,
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_cassette_holds_no_secret(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not SECRET.search(text)
    for interaction in yaml.safe_load(text)["interactions"]:
        assert interaction["request"]["headers"] == {}, "request headers carry credentials: leave them out"


def test_there_are_cassettes_to_look_at() -> None:
    assert {file.parent.name for file in FILES} == set(OURS)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: [Basic c29tZTpzZWNyZXQ=]",
        "uri: https://x/videos?part=a&key=abc",
        '{"access_token": "abc"}',
        "Set-Cookie: [session=1]",
    ],
)
def test_the_search_finds_one(text: str) -> None:
    assert SECRET.search(text)
