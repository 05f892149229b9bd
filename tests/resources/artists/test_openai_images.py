"""OpenAI's painter against a server on loopback: what it sends, what it costs, and what each failure means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.models import PictureRequest
from resources.artists.budget import Budget
from resources.artists.openai_images import KEY, OpenAIImages, check, nearest_size
from resources.errors import OverBudgetError, PermanentError, RefusedError, TransientError, WaitingError
from resources.settings import Settings
from resources.store import Store
from tests.pictures import encoded, png
from tests.sites import Reply, Seen, Site

pytest.importorskip("openai", reason="the extra `openai` is not installed")

SECRET = "sk-proj-a-secret-of-forty-characters-000000"
REQUEST = PictureRequest(prompt="a fox in a pine forest, flat vector", width=896, height=1152, seed=7)
USAGE = {
    "input_tokens": 60,
    "input_tokens_details": {"text_tokens": 60, "image_tokens": 0},
    "output_tokens": 1568,
    "total_tokens": 1628,
}


def settings(site: Site, **changed: object) -> Settings:
    return Settings.model_validate({"OPENAI_API_KEY": SECRET, "openai_url": site.url, **changed})


def painted(**more: object) -> Reply:
    body = {"created": 1, "data": [{"b64_json": encoded(png(1024, 1536))}], **more}
    return Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def refused(status: int, code: str | None, message: str = "no", **headers: str) -> Reply:
    body = {"error": {"message": message, "type": "some_error", "param": None, "code": code}}
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})


def spent(store: Store) -> int:
    with store.transaction() as tx:
        return sum(row.cost_micros for row in tx.spending.day(datetime.now(UTC).date()))


def sent(seen: Seen) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(seen.body)
    return document


def test_a_picture_and_its_cost_by_the_tokens_that_were_counted(site: Site, store: Store, budget: Budget) -> None:
    site.replies = [painted(usage=USAGE)]
    painting = OpenAIImages(settings(site), budget).paint(REQUEST)
    assert (painting.width, painting.height, painting.png) == (1024, 1536, png(1024, 1536))
    assert (painting.model, painting.seed, painting.licence) == ("gpt-image-1.5", None, "OpenAI Terms of Use")
    assert painting.cost_micros == 60 * 5 + 1568 * 32
    assert spent(store) == painting.cost_micros
    assert site.seen[0].path == "/images/generations"
    assert site.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert sent(site.seen[0]) == {
        "prompt": REQUEST.prompt,
        "model": "gpt-image-1.5",
        "size": "1024x1536",
        "quality": "medium",
        "background": "transparent",
        "output_format": "png",
    }


def test_without_a_count_of_tokens_the_price_list_tells(site: Site, budget: Budget) -> None:
    site.replies = [painted()]
    painter = OpenAIImages(settings(site, openai_model="gpt-image-1-mini", openai_quality="low"), budget)
    assert painter.paint(REQUEST).cost_micros == 6_000


def test_a_picture_to_start_from_is_edited(site: Site, budget: Budget) -> None:
    site.replies = [painted(usage=USAGE)]
    start = png(32, 32)
    OpenAIImages(settings(site), budget).paint(REQUEST.model_copy(update={"init_image": start}))
    assert site.seen[0].path == "/images/edits"
    assert start in site.seen[0].body
    assert b'name="background"\r\n\r\ntransparent' in site.seen[0].body


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(1024, 1024, "1024x1024"), (896, 1152, "1024x1536"), (1344, 768, "1536x1024"), (1000, 1100, "1024x1024")],
)
def test_sizes_are_mapped_to_the_nearest_form(width: int, height: int, size: str) -> None:
    assert nearest_size(width, height) == size


@pytest.mark.usefixtures("no_waiting")
def test_what_passes_is_asked_again_and_a_picture_that_may_have_been_billed_counts(
    site: Site, store: Store, budget: Budget
) -> None:
    site.replies = [refused(429, "rate_limit_exceeded"), refused(500, None), painted(usage=USAGE)]
    painting = OpenAIImages(settings(site), budget).paint(REQUEST)
    assert len(site.seen) == 3
    assert painting.cost_micros > 60 * 5 + 1568 * 32, "the 500 may have been billed"
    assert spent(store) == painting.cost_micros


def test_retry_after_is_honoured(site: Site, budget: Budget) -> None:
    site.replies = [refused(429, "rate_limit_exceeded", **{"Retry-After": "1"}), painted(usage=USAGE)]
    start = datetime.now(UTC)
    OpenAIImages(settings(site), budget).paint(REQUEST)
    assert (datetime.now(UTC) - start).total_seconds() >= 1


def test_who_asks_to_be_left_alone_for_long_is(site: Site, store: Store, budget: Budget) -> None:
    site.replies = [refused(429, "rate_limit_exceeded", **{"Retry-After": "3600"})]
    with pytest.raises(WaitingError, match="3600 s"):
        OpenAIImages(settings(site), budget).paint(REQUEST)
    assert len(site.seen) == 1
    assert spent(store) == 0


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("reply", "error", "told", "asked"),
    [
        (refused(401, "invalid_api_key", f"Incorrect API key provided: {SECRET}"), PermanentError, KEY, 1),
        (refused(403, None), PermanentError, KEY, 1),
        (refused(400, "billing_hard_limit_reached"), PermanentError, "can't pay", 1),
        (refused(429, "insufficient_quota"), PermanentError, "can't pay", 1),
        (refused(402, None), PermanentError, "credits", 1),
        (refused(404, "model_not_found", "no such model"), PermanentError, "no such model", 1),
        (refused(400, "moderation_blocked", "safety_violations=[violence]"), RefusedError, "violence", 1),
        (refused(400, "content_policy_violation"), RefusedError, "refuses the prompt", 1),
        (refused(503, None), TransientError, "503", 3),
        (Reply(body=b"<html>", headers={"Content-Type": "application/json"}), TransientError, "openai", 1),
        (Reply(body=b"<html>", headers={"Content-Type": "text/html"}), TransientError, "without a picture", 1),
        (painted(data=[{"b64_json": encoded(b"no picture")}]), TransientError, "no picture", 1),
        (painted(data=[]), TransientError, "without a picture", 1),
    ],
)
def test_each_failure_is_told_for_what_it_is_and_the_key_never(
    site: Site, budget: Budget, reply: Reply, error: type[Exception], told: str, asked: int
) -> None:
    site.replies = [reply]
    with pytest.raises(error, match=told) as raised:
        OpenAIImages(settings(site), budget).paint(REQUEST)
    assert type(raised.value) is error
    assert len(site.seen) == asked
    assert SECRET not in str(raised.value)


def test_a_server_that_does_not_answer_is_left_after_the_limit(site: Site, store: Store, budget: Budget) -> None:
    site.replies = [Reply(after=30)]
    with pytest.raises(TransientError, match=r"did not answer in 0\.3 s"):
        OpenAIImages(settings(site, painter_seconds=0.3), budget).paint(REQUEST)
    assert len(site.seen) == 1, "a second try would take as long again"
    assert spent(store) > 0, "it may have been painted and billed"


@pytest.mark.usefixtures("no_waiting")
def test_a_server_that_is_not_there_costs_nothing(site: Site, store: Store, budget: Budget) -> None:
    painter = OpenAIImages(settings(site), budget)
    site.close()
    with pytest.raises(TransientError, match="no answer"):
        painter.paint(REQUEST)
    assert spent(store) == 0


def test_nothing_is_asked_for_that_the_budget_can_not_hold(site: Site, store: Store) -> None:
    with pytest.raises(OverBudgetError):
        OpenAIImages(settings(site), Budget(store, 0.04)).paint(REQUEST)
    assert site.seen == []


def test_what_is_not_set_up_is_said_with_its_mend(site: Site, budget: Budget) -> None:
    with pytest.raises(PermanentError, match="OPENAI_API_KEY is not set"):
        OpenAIImages(settings(site, OPENAI_API_KEY=None), budget)
    with pytest.raises(PermanentError, match="ENGINE_OPENAI_MODEL='dall-e-9' has no known price: use one of gpt-"):
        OpenAIImages(settings(site, openai_model="dall-e-9"), budget)


def test_the_check_asks_for_the_model_and_paints_nothing(site: Site) -> None:
    site.replies = [Reply(body=b'{"id": "gpt-image-1.5", "object": "model", "created": 1, "owned_by": "openai"}')]
    assert "gpt-image-1.5, medium" in check(settings(site))
    assert [(seen.method, seen.path) for seen in site.seen] == [("GET", "/models/gpt-image-1.5")]
    site.replies = [refused(401, "invalid_api_key", SECRET)]
    with pytest.raises(PermanentError, match=KEY) as raised:
        check(settings(site))
    assert SECRET not in str(raised.value)
