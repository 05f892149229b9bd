"""Automatic1111's painter against a server that speaks its documented API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.models import PictureRequest
from resources.artists.automatic1111 import Automatic1111, check
from resources.artists.budget import Budget
from resources.errors import PermanentError, TransientError
from resources.settings import Settings
from resources.store import Store
from tests.pictures import encoded, png
from tests.sites import Reply, Site
from tests.webui import FromPicture, WebUI, webui

LOGIN = "seller:a-long-password"
REQUEST = PictureRequest(prompt="a fox", negative_prompt="words", width=896, height=1152, seed=2**62 + 5, strength=0.6)


@pytest.fixture(scope="module")
def running() -> Iterator[WebUI]:
    with webui(LOGIN) as server:
        yield server


@pytest.fixture
def server(running: WebUI) -> Iterator[WebUI]:
    """A server that does as it should, whatever it was told before."""
    running.asked.clear()
    yield running
    running.go.set()
    running.failure, running.busy, running.interrupts = None, 0, 0


def settings(url: str, **changed: object) -> Settings:
    return Settings.model_validate(
        {"automatic1111_url": url, "AUTOMATIC1111_AUTH": LOGIN, "painter_seconds": 20, **changed}
    )


def painter(url: str, **changed: object) -> Automatic1111:
    return Automatic1111(settings(url, **changed), Budget(Store("postgresql://nobody@127.0.0.1:1/none"), 0))


def test_a_picture_from_a_prompt_and_how_it_was_made(server: WebUI) -> None:
    painting = painter(server.url, checkpoint_licence="openrail++").paint(REQUEST)
    assert (painting.png, painting.width, painting.height) == (png(128, 96), 128, 96)
    assert (painting.model, painting.seed, painting.licence) == ("sdxl", 5, "openrail++")
    assert painting.settings["version"] == "v1.10.1"
    ((path, body),) = server.asked
    assert path == "txt2img"
    assert (body.prompt, body.negative_prompt, body.width, body.height) == ("a fox", "words", 896, 1152)
    assert body.override_settings == {}


def test_a_picture_from_a_picture_with_a_checkpoint_of_ones_own(server: WebUI) -> None:
    start = png(64, 64)
    painting = painter(server.url, checkpoint="vector").paint(REQUEST.model_copy(update={"init_image": start}))
    assert (painting.model, painting.settings["strength"]) == ("vector", 0.6)
    ((path, body),) = server.asked
    assert path == "img2img"
    assert isinstance(body, FromPicture)
    assert (body.init_images, body.denoising_strength) == ([encoded(start)], 0.6)


def test_it_waits_until_the_server_is_idle(server: WebUI) -> None:
    server.busy = 1
    assert painter(server.url).paint(REQUEST).png == png(128, 96)
    server.busy, server.asked = 10**6, []
    with pytest.raises(TransientError, match=r"busy with another picture for 0\.6 s, 40% of it done"):
        painter(server.url, painter_seconds=0.6).paint(REQUEST)
    assert (server.asked, server.interrupts) == ([], 0), "what somebody else paints is left alone"


def test_a_picture_that_takes_too_long_is_interrupted(server: WebUI, monkeypatch: pytest.MonkeyPatch) -> None:
    server.go.clear()
    with pytest.raises(TransientError, match="not answered in time"):
        painter(server.url, painter_seconds=0.5).paint(REQUEST)
    assert server.interrupts == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"checkpoint": "missing"}, "Model not found.*checkpoint"),
        ({"AUTOMATIC1111_AUTH": "seller:wrong-password"}, "check AUTOMATIC1111_AUTH"),
        ({"AUTOMATIC1111_AUTH": "a-password-without-a-user"}, "no user:password"),
    ],
)
def test_what_a_person_must_mend_is_said_without_the_password(
    server: WebUI, changed: dict[str, object], told: str
) -> None:
    with pytest.raises(PermanentError, match=told) as raised:
        painter(server.url, **changed).paint(REQUEST)
    assert "wrong-password" not in str(raised.value)
    assert "a-password-without" not in str(raised.value)


def test_a_device_that_is_full_may_be_free_later(server: WebUI) -> None:
    server.failure = {"error": "OutOfMemoryError", "detail": "", "errors": "CUDA out of memory"}
    with pytest.raises(TransientError, match="CUDA out of memory"):
        painter(server.url).paint(REQUEST)


def test_a_server_without_the_api_says_how_to_start_it(site: Site) -> None:
    site.replies = [Reply(404, b'{"detail": "Not Found"}')]
    with pytest.raises(PermanentError, match="start it with --api"):
        check(settings(site.url))


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(TransientError, match="is it running"):
        painter("http://127.0.0.1:1").paint(REQUEST)


def test_the_check_tells_the_checkpoint(server: WebUI) -> None:
    assert check(settings(server.url)) == "checkpoint sd_xl_base_1.0.safetensors [31e35c80fd]"
