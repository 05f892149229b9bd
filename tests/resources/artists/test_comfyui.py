"""ComfyUI's painter against a server that speaks its documented API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.models import Painting, PictureRequest
from resources.artists.budget import Budget
from resources.artists.comfyui import FROM_PROMPT, ComfyUI, check
from resources.artists.workflows import read
from resources.errors import PermanentError, TransientError
from resources.settings import Settings
from resources.store import Store
from tests.comfy import Comfy, comfy
from tests.pictures import png

REQUEST = PictureRequest(
    prompt='a "fox"\nin a forest', negative_prompt="words", width=896, height=1152, seed=2**62, strength=0.6
)
FROM_PICTURE = REQUEST.model_copy(update={"init_image": png(64, 64)})


@pytest.fixture(scope="module")
def running() -> Iterator[Comfy]:
    with comfy() as server:
        yield server


@pytest.fixture
def server(running: Comfy) -> Iterator[Comfy]:
    """A server that does as it should, whatever it was told before."""
    yield running
    running.go.set()
    running.failure, running.drops = None, False
    running.rest()
    for seen in (running.done, running.deleted, running.interrupted):
        seen.clear()


def painter(url: str, **changed: object) -> ComfyUI:
    chosen = Settings.model_validate({"comfyui_url": url, "painter_seconds": 20, **changed})
    return ComfyUI(chosen, Budget(Store("postgresql://nobody@127.0.0.1:1/none"), 0))


def inputs(server: Comfy, kind: str) -> list[dict[str, Any]]:
    return [node["inputs"] for node in server.done[-1].nodes.values() if node["class_type"] == kind]


def test_a_picture_from_the_shipped_workflow_and_how_it_was_made(server: Comfy) -> None:
    painting = painter(server.url).paint(REQUEST)
    assert (painting.png, painting.width, painting.height) == (png(128, 96), 128, 96)
    assert (painting.model, painting.seed) == ("sd_xl_base_1.0.safetensors", 2**62)
    assert painting.licence == "CreativeML Open RAIL++-M"
    assert painting.cost_micros == 0
    assert painting.settings["workflow_sha256"] == read(FROM_PROMPT).digest
    assert [given["text"] for given in inputs(server, "CLIPTextEncode")] == ['a "fox"\nin a forest', "words"]
    assert inputs(server, "EmptyLatentImage") == [{"width": 896, "height": 1152, "batch_size": 1}]
    assert inputs(server, "KSampler")[0]["seed"] == 2**62


def test_a_picture_to_start_from_is_uploaded_and_its_strength_is_kept(server: Comfy) -> None:
    painting = painter(server.url).paint(FROM_PICTURE)
    (name,) = [given["image"] for given in inputs(server, "LoadImage")]
    assert server.uploads[name] == FROM_PICTURE.init_image
    assert inputs(server, "KSampler")[0]["denoise"] == 0.6
    assert painting.settings["strength"] == 0.6


def test_a_workflow_of_ones_own_with_its_checkpoint_and_licence(server: Comfy, tmp_path: Path) -> None:
    nodes = json.loads(FROM_PROMPT.read_text())
    nodes["wanted"]["inputs"]["text"] = "flat vector sticker of %prompt%, %width% wide, 100% flat"
    nodes["picture"] = {
        "class_type": "SaveImage",
        "inputs": {"images": ["decoder", 0], "filename_prefix": "%date:yyyy%"},
    }
    (tmp_path / "own.json").write_text(json.dumps(nodes))
    chosen = {
        "comfyui_workflow": tmp_path / "own.json",
        "checkpoint": "vector.safetensors",
        "checkpoint_licence": "MIT",
    }
    painting = painter(server.url, **chosen).paint(FROM_PICTURE)
    assert (painting.model, painting.licence) == ("vector.safetensors", "MIT")
    assert painting.settings["from_picture"] is False, "this workflow takes none"
    assert inputs(server, "CLIPTextEncode")[0]["text"] == (
        'flat vector sticker of a "fox"\nin a forest, 896 wide, 100% flat'
    )
    assert inputs(server, "SaveImage")[0]["filename_prefix"] == "%date:yyyy%"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON"),
        ('{"nodes": [], "links": []}', "export it from ComfyUI as API format"),
        ('{"1": {"inputs": {}}}', "not in API format"),
        ('{"1": {"class_type": "SaveImage", "inputs": {}}}', "write %prompt%"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused_with_the_mend(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(PermanentError, match=told):
        painter("http://127.0.0.1:1", comfyui_workflow=tmp_path / "own.json")
    with pytest.raises(PermanentError, match="can't be read"):
        painter("http://127.0.0.1:1", comfyui_workflow=tmp_path / "none.json")


def test_what_the_server_refuses_names_the_node_and_the_input(server: Comfy) -> None:
    with pytest.raises(
        PermanentError, match=r"node checkpoint \(CheckpointLoaderSimple\): Value not in list: ckpt_name"
    ):
        painter(server.url, checkpoint="missing.safetensors").paint(REQUEST)


def test_a_node_that_fails_is_named(server: Comfy) -> None:
    server.failure = ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(PermanentError, match=r"node sampler \(KSampler\) failed: RuntimeError: mat1"):
        painter(server.url).paint(REQUEST)


def test_a_device_that_is_full_may_be_free_later(server: Comfy) -> None:
    server.failure = ("torch.OutOfMemoryError", "Allocation on device")
    with pytest.raises(TransientError, match="the device is full"):
        painter(server.url).paint(REQUEST)


def test_a_websocket_that_breaks_is_no_reason_to_lose_the_picture(server: Comfy) -> None:
    server.drops = True
    assert painter(server.url).paint(REQUEST).png == png(128, 96)
    server.failure = ("RuntimeError", "shapes")
    with pytest.raises(PermanentError, match=r"node sampler \(KSampler\) failed"):
        painter(server.url).paint(REQUEST)


def test_a_job_that_takes_too_long_is_interrupted_and_says_where_it_was(server: Comfy) -> None:
    server.go.clear()
    with pytest.raises(TransientError, match=r"no picture in 0\.4 s .*node sampler, step 12 of 30"):
        painter(server.url, painter_seconds=0.4).paint(REQUEST)
    server.wait_for("done")
    assert server.interrupted == [server.done[0].id]


def test_a_job_that_waits_too_long_is_taken_out_of_the_queue_and_the_one_before_it_goes_on(server: Comfy) -> None:
    server.go.clear()
    before: list[Painting] = []
    first = threading.Thread(target=lambda: before.append(painter(server.url).paint(REQUEST)))
    first.start()
    server.wait_for("running")
    with pytest.raises(TransientError, match="0 wait before it"):
        painter(server.url, painter_seconds=0.4).paint(REQUEST)
    assert len(server.deleted) == 1
    assert (server.pending, server.interrupted) == ([], [])
    server.go.set()
    first.join(10)
    assert len(before) == 1


def test_a_job_that_somebody_interrupts_may_be_tried_again(server: Comfy) -> None:
    server.go.clear()

    def interrupt() -> None:
        server.wait_for("running")
        assert server.running
        server.interrupted.append(server.running.id)

    threading.Thread(target=interrupt).start()
    with pytest.raises(TransientError, match=r"somebody interrupted job .* at node sampler"):
        painter(server.url).paint(REQUEST)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(TransientError, match="is it running"):
        painter("http://127.0.0.1:1").paint(REQUEST)


def test_the_check_looks_for_the_checkpoint(server: Comfy) -> None:
    chosen = Settings(comfyui_url=server.url)
    assert check(chosen) == "version 0.3.9 on cuda:0 A GPU, workflow comfyui_sdxl"
    with pytest.raises(PermanentError, match="no checkpoint 'missing'"):
        check(Settings(comfyui_url=server.url, checkpoint="missing"))
