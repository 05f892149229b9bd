"""Stability's painter against a server on loopback that wants what the v2beta reference wants."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pipeline.models import PictureRequest
from resources.artists.budget import Budget
from resources.artists.stability import KEY, RATIOS, SEEDS, Stability, check, nearest_ratio
from resources.errors import PermanentError, RefusedError, TransientError
from resources.settings import Settings
from resources.store import Store
from tests.forms import form
from tests.pictures import encoded, png
from tests.sites import Reply, Seen, Site

SECRET = "sk-a-secret-of-forty-characters-0000000000"
REQUEST = PictureRequest(prompt="a fox", negative_prompt="words", width=896, height=1152, seed=2**33 + 3, strength=0.6)
FROM_PICTURE = REQUEST.model_copy(update={"init_image": png(64, 64)})
KNOWN = {"prompt", "negative_prompt", "seed", "output_format"}
FIELDS = {
    "core": {*KNOWN, "aspect_ratio"},
    "ultra": {*KNOWN, "aspect_ratio", "image", "strength"},
    "sd3": {*KNOWN, "aspect_ratio", "image", "strength", "mode", "model"},
}
"""What each endpoint takes."""


def sent(seen: Seen) -> dict[str, bytes]:
    return {name: part.value for name, part in form(seen.headers["content-type"], seen.body).items()}


def strict(seen: Seen) -> Reply:
    """The picture, or what the reference says of a request that is wrong."""
    fields = sent(seen)
    where = seen.path.rpartition("/")[2]
    faults = [f"{name}: unknown" for name in fields.keys() - FIELDS.get(where, set())]
    if seen.headers.get("authorization") != f"Bearer {SECRET}":
        return refused(401, "unauthorized")
    if not 1 <= len(fields.get("prompt", b"")) <= 10_000:
        faults.append("prompt: required")
    if not 0 <= int(fields["seed"]) <= SEEDS:
        faults.append("seed: out of range")
    if fields.get("aspect_ratio", b"1:1").decode() not in RATIOS:
        faults.append("aspect_ratio: unknown")
    if ("image" in fields) != ("strength" in fields):
        faults.append("image and strength go together")
    if where == "sd3" and "image" in fields and "aspect_ratio" in fields:
        faults.append("aspect_ratio: not with an image")
    if where == "sd3" and (fields["mode"] == b"image-to-image") != ("image" in fields):
        faults.append("mode: does not fit")
    if where not in FIELDS or faults:
        return refused(400, "bad_request", *faults)
    return painted(seed=int(fields["seed"]))


def painted(**more: object) -> Reply:
    body = {"image": encoded(png(128, 160)), "finish_reason": "SUCCESS", "seed": 5, **more}
    return Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json; type=image/png"})


def refused(status: int, name: str, *errors: str, **headers: str) -> Reply:
    return Reply(status, json.dumps({"id": "1", "name": name, "errors": errors}).encode(), headers)


def settings(**changed: object) -> Settings:
    return Settings.model_validate({"STABILITY_API_KEY": SECRET, **changed})


def spent(store: Store) -> int:
    with store.transaction() as tx:
        return sum(row.cost_micros for row in tx.spending.day(datetime.now(UTC).date()))


@pytest.mark.parametrize("request_", [REQUEST, FROM_PICTURE], ids=["from a prompt", "from a picture"])
@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("core", 30_000),
        ("ultra", 80_000),
        ("sd3.5-medium", 35_000),
        ("sd3.5-large", 65_000),
        ("sd3.5-large-turbo", 40_000),
    ],
)
def test_every_model_is_asked_as_the_reference_wants_it(
    site: Site, store: Store, budget: Budget, model: str, cost: int, request_: PictureRequest
) -> None:
    site.answer = strict
    painting = Stability(settings(stability_model=model), budget, site.url).paint(request_)
    assert (painting.png, painting.width, painting.height) == (png(128, 160), 128, 160)
    assert (painting.model, painting.seed) == (model, 1 + (2**33 + 3) % SEEDS)
    assert painting.cost_micros == spent(store) == cost
    fields = sent(site.seen[0])
    assert (fields["prompt"], fields["negative_prompt"]) == (b"a fox", b"words")
    starts = request_.init_image is not None and model != "core"
    assert fields.get("image") == (request_.init_image if starts else None)
    assert painting.settings == ({"strength": "0.6"} if starts else {"aspect_ratio": "4:5"})


@pytest.mark.parametrize(
    ("width", "height", "ratio"), [(1024, 1024, "1:1"), (896, 1152, "4:5"), (768, 1344, "9:16"), (1216, 832, "3:2")]
)
def test_sizes_are_mapped_to_the_nearest_form(width: int, height: int, ratio: str) -> None:
    assert nearest_ratio(width, height) == ratio


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("reply", "error", "told", "asked", "cost"),
    [
        (refused(403, "content_moderation", "your prompt was flagged"), RefusedError, "was flagged", 1, 0),
        (painted(finish_reason="CONTENT_FILTERED"), RefusedError, "content filter", 1, 0),
        (refused(403, "permission_denied"), PermanentError, KEY, 1, 0),
        (refused(401, "unauthorized", f"{SECRET} is no key"), PermanentError, KEY, 1, 0),
        (refused(402, "payment_required"), PermanentError, "credits", 1, 0),
        (refused(400, "bad_request", "seed: out of range"), PermanentError, "out of range", 1, 0),
        (refused(429, "rate_limit_exceeded"), TransientError, "429", 3, 0),
        (refused(500, "internal_error"), TransientError, "500", 3, 105_000),
        (Reply(body=b"<html>"), TransientError, "no JSON", 1, 35_000),
        (painted(image="!"), TransientError, "base64", 1, 35_000),
    ],
)
def test_each_failure_is_told_for_what_it_is_and_costs_what_may_have_been_billed(
    site: Site, store: Store, budget: Budget, reply: Reply, error: type[Exception], told: str, asked: int, cost: int
) -> None:
    site.replies = [reply]
    with pytest.raises(error, match=told) as raised:
        Stability(settings(), budget, site.url).paint(REQUEST)
    assert type(raised.value) is error
    assert len(site.seen) == asked
    assert spent(store) == cost
    assert SECRET not in str(raised.value)


def test_what_is_not_set_up_is_said_with_its_mend(budget: Budget) -> None:
    with pytest.raises(PermanentError, match="STABILITY_API_KEY is not set"):
        Stability(settings(STABILITY_API_KEY=None), budget)
    with pytest.raises(PermanentError, match="ENGINE_STABILITY_MODEL='sd1' has no known price: use one of core"):
        Stability(settings(stability_model="sd1"), budget)


def test_the_check_asks_for_the_balance(site: Site) -> None:
    site.replies = [Reply(body=b'{"credits": 42.5}'), Reply(body=b'{"credits": 1}')]
    assert "sd3.5-medium, 42.5 credits left" in check(settings(), site.url)
    with pytest.raises(PermanentError, match="holds 1 credits"):
        check(settings(), site.url)
    assert [(seen.method, seen.path) for seen in site.seen] == [("GET", "/v1/user/balance")] * 2
