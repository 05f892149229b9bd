"""ENGINE_WEBHOOKS is read, or refused with the field named and no secret shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from resources.errors import PermanentError
from resources.settings import Settings
from resources.webhooks import webhook_sources

GOOD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PLAIN = "correct-horse-battery"


def configured(value: Any) -> Settings:
    text = value if isinstance(value, str) else json.dumps(value)
    return Settings(_env_file=None, webhooks=SecretStr(text))


def test_nobody_may_send_by_default() -> None:
    assert webhook_sources(Settings(_env_file=None)) == {}


def test_senders_are_read_with_their_schemes_secrets_and_rates() -> None:
    found = webhook_sources(
        configured(
            {
                "acme": {"scheme": "standard", "secrets": [GOOD, GOOD]},
                "forge": {"scheme": "github", "secrets": [PLAIN], "rate_per_minute": 5},
            }
        )
    )
    assert [secret.get_secret_value() for secret in found["acme"].secrets] == [GOOD, GOOD]
    assert (found["acme"].rate_per_minute, found["forge"].rate_per_minute) == (600, 5)
    assert GOOD not in repr(found)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{", "Invalid JSON"),
        ([], "should be an object"),
        ({"Acme": {"scheme": "github", "secrets": [PLAIN]}}, "Acme: String should match pattern"),
        ({"spike": {"scheme": "github", "secrets": [PLAIN]}}, "'spike' is the name of a source"),
        ({"reddit_posts": {"scheme": "github", "secrets": [PLAIN]}}, "'reddit_posts' is the name of a source"),
        ({"acme": {"scheme": "md5", "secrets": [PLAIN]}}, "acme.scheme: Input should be 'standard'"),
        ({"acme": {"scheme": "github", "secrets": []}}, "acme.secrets: "),
        ({"acme": {"scheme": "github", "secrets": [PLAIN] * 4}}, "acme.secrets: "),
        ({"acme": {"scheme": "github", "secret": PLAIN, "secrets": [PLAIN]}}, "acme.secret: Extra inputs"),
        ({"acme": {"scheme": "github", "secrets": [PLAIN, "hunter2-short"]}}, "acme: secrets.1: has 13 characters"),
        ({"acme": {"scheme": "standard", "secrets": ["whsec_hunter2 short"]}}, "secrets.0: is not whsec_ and base64"),
        ({"acme": {"scheme": "standard", "secrets": ["whsec_aHVudGVyMg=="]}}, "secrets.0: holds 7 bytes"),
        ({"acme": {"scheme": "standard", "secrets": [GOOD], "rate_per_minute": 0}}, "acme.rate_per_minute: "),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_mistake_is_named_and_no_secret_shown(value: Any, said: str) -> None:
    with pytest.raises(PermanentError, match=r"^ENGINE_WEBHOOKS: ") as caught:
        webhook_sources(configured(value))
    assert said in str(caught.value)
    for secret in (PLAIN, GOOD, "hunter2", "aHVudGVyMg"):
        assert secret not in str(caught.value)
