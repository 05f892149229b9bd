"""SDXL with a tiny model of random weights: the parts fit, pictures repeat, and every failure names its mend."""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.designs import compose
from pipeline.designs.prompts import picture_request
from pipeline.models import Brief, Mood, Painting, PictureRequest, identity, sha256
from resources.artists import PAINTERS, Painter, sdxl
from resources.artists.sdxl import SdxlPainter, Setup
from resources.errors import PermanentError, TransientError, UndrawableError
from resources.settings import ROOT, Settings
from resources.typefaces import typefaces
from tests.resources.artists import tiny

pytestmark = [
    pytest.mark.slow,  # to import torch and its family takes ten seconds
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("torch", "diffusers", "transformers", "peft")),
        reason="extra `diffusion` is not installed: run `make setup-models`",
    ),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `base`, `refiner` and `style.safetensors`."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(
        1
    )  # tiny layers: on a busy machine threads that wait for each other take twenty times as long
    folder = tmp_path_factory.mktemp("models")
    base = tiny.sdxl(folder / "base")
    tiny.refiner(folder / "refiner")
    tiny.lora(folder / "style", base).rename(folder / "style.safetensors")
    yield folder
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No model is left of another test that broke it."""
    yield
    if sdxl._held is not None and "attention" in sdxl._held[1].facts:
        sdxl._held = None


def setup(models: Path, **changes: Any) -> Setup:
    return Setup(model=str(models / "base"), steps=3, cpu_allowed=True)._replace(**changes)


def request(seed: int = 1, **changes: object) -> PictureRequest:
    return PictureRequest.model_validate(
        {
            "prompt": "cat on a mat", "negative_prompt": "text", "width": 64, "height": 64, "seed": seed, **changes,
        }
    )  # fmt: skip


def pixels(painting: Painting) -> NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(painting.png)).convert("RGB")).astype(np.int16)


def sketch(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (50, 40), colour).save(out, "PNG")
    return out.getvalue()


def test_a_picture_comes_with_all_that_made_it(models: Path) -> None:
    painter: Painter = SdxlPainter(setup(models))
    painting = painter.paint(request(2**63 - 1))
    assert pixels(painting).shape == (64, 64, 3)
    assert painting.seed == 2**63 - 1
    name, _, version = painting.model.partition("@")
    assert (name, len(version)) == ("base", 12)
    assert painting.licence == "CreativeML Open RAIL++-M"
    told = painting.settings
    assert (told["steps"], told["guidance"], told["scheduler"]) == (3, 7.0, "EulerDiscreteScheduler")
    assert (told["device"], told["dtype"], told["batch"]) == ("cpu", "float32", 1)
    assert (told["prompt"], told["negative_prompt"], told["prompt_unread"]) == ("cat on a mat", "text", "")
    assert painting.seconds > 0


def test_the_same_seed_gives_the_same_pixels_and_another_others(models: Path) -> None:
    painter = SdxlPainter(setup(models))
    one = painter.paint(request(1))
    sdxl._held = None
    again = SdxlPainter(setup(models)).paint(request(1))
    assert one.png == again.png, "in a model loaded anew"
    assert np.abs(pixels(one) - pixels(painter.paint(request(2)))).max() > 10
    assert np.abs(pixels(one) - pixels(painter.paint(request(1, prompt="dog in the fog")))).max() > 0


def test_a_batch_gives_what_singles_give_in_the_order_asked(models: Path) -> None:
    asked = [request(1), request(2, width=96), request(3), request(4, init_image=sketch(), strength=0.5), request(5)]
    single = SdxlPainter(setup(models))
    many = SdxlPainter(setup(models), batch=2).paint_many(asked)
    assert [painting.settings["batch"] for painting in many] == [2, 1, 2, 1, 1]
    for painting, one in zip(many, asked, strict=True):
        assert (painting.seed, painting.width) == (one.seed, one.width)
        assert np.abs(pixels(painting) - pixels(single.paint(one))).max() <= 2


def test_threads_share_the_model_and_disturb_none(models: Path) -> None:
    painter = SdxlPainter(setup(models))
    alone = [painter.paint(request(seed)).png for seed in range(3)]
    found: dict[int, bytes] = {}

    def draw(seed: int) -> None:
        found[seed] = SdxlPainter(setup(models)).paint(request(seed)).png

    threads = [threading.Thread(target=draw, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[seed] for seed in range(3)] == alone


def test_a_sketch_is_kept_the_more_the_less_the_strength(models: Path) -> None:
    painter = SdxlPainter(setup(models, steps=10))
    for strength in (0.1, 0.05):
        red, blue = (painter.paint(request(init_image=sketch(c), strength=strength)) for c in ("red", "blue"))
        assert np.abs(pixels(red) - pixels(blue)).max() > 20
    assert red.settings["steps"] == 20, "so many that one is drawn"
    close, far = (
        np.abs(
            pixels(painter.paint(request(init_image=sketch("red"), strength=strength)))
            - pixels(painter.paint(request(init_image=sketch("blue"), strength=strength)))
        ).mean()
        for strength in (0.2, 0.9)
    )
    assert close > far
    assert red.settings["init_image"] != blue.settings["init_image"]


@pytest.mark.skipif(
    not (ROOT / "node_modules" / "@fontsource").is_dir(), reason="the typefaces are not installed: run `make setup`"
)
def test_a_design_of_the_composer_is_painted_over(models: Path) -> None:
    brief = Brief.model_validate(
        {
            "idea_id": identity("test", 1), "phrase": "Powered by Tomatoes", "lines": ("Powered by", "Tomatoes"),
            "emphasis": ("Tomatoes",), "niche": "gardener", "format": "powered_by", "motifs": ("seedling",),
            "mood": Mood.PLAYFUL, "occasion": None, "seed": 5,
        }
    )  # fmt: skip
    asked = picture_request(brief, 5, side=128)
    start = compose.sketch(compose.compose(brief, [], typefaces()), typefaces(), asked.width)
    painter = SdxlPainter(setup(models))
    painting = painter.paint(asked.model_copy(update={"init_image": start, "strength": 0.5}))
    assert painting.settings["init_image"] == sha256(start)
    assert np.abs(pixels(painting) - pixels(painter.paint(asked))).max() > 10


def test_what_takes_too_long_stops_at_the_next_step_and_harms_no_other(models: Path) -> None:
    before = SdxlPainter(setup(models)).paint(request())
    with pytest.raises(TransientError, match=r"made no picture in 1e-09 s \(ENGINE_PAINTER_SECONDS\)"):
        SdxlPainter(setup(models, limit_s=1e-9)).paint(request())
    assert SdxlPainter(setup(models)).paint(request()).png == before.png


def test_a_check_finds_the_model_without_loading_it(models: Path) -> None:
    check = PAINTERS["sdxl"].check
    told = check(Settings(sdxl_model=str(models / "base"), sdxl_cpu=True))
    assert re.fullmatch(r"base@\w{12} on (cpu|cuda)", told)
    with pytest.raises(PermanentError, match="run `hf download somebody/nothing"):
        check(Settings(sdxl_model="somebody/nothing", sdxl_cpu=True, models_dir=models))


def test_what_is_transparent_in_a_sketch_is_white(models: Path) -> None:
    painter = SdxlPainter(setup(models))
    white, clear = (painter.paint(request(init_image=sketch(c), strength=0.5)) for c in ("white", "#FF000000"))
    assert white.png == clear.png


def test_a_refiner_finishes_what_the_base_began(models: Path) -> None:
    plain = SdxlPainter(setup(models, steps=10)).paint(request())
    painter = SdxlPainter(setup(models, steps=10, refiner=str(models / "refiner")), batch=2)
    refined, _ = painter.paint_many([request(), request(2)])
    assert np.abs(pixels(plain) - pixels(refined)).max() > 10
    assert refined.model.count("@") == 2
    assert refined.licence == "CreativeML Open RAIL++-M; not stated"
    assert refined.settings["refined_from"] == sdxl.REFINED_FROM
    strong, weak = (painter.paint(request(init_image=sketch(), strength=s)) for s in (0.6, 0.2))
    assert (strong.settings["refined_from"], weak.settings["refined_from"]) == (sdxl.REFINED_FROM, None)


def test_a_style_changes_the_picture_by_its_scale(models: Path) -> None:
    plain = pixels(SdxlPainter(setup(models)).paint(request()))
    lora = str(models / "style.safetensors")
    styled, half = (SdxlPainter(setup(models, lora=lora, lora_scale=s)).paint(request()) for s in (1.0, 0.1))
    assert np.abs(plain - pixels(styled)).mean() > np.abs(plain - pixels(half)).mean() > 0
    assert " + style@" in styled.model
    assert styled.settings["lora_scale"] == 1.0


def test_another_scheduler_goes_another_way(models: Path) -> None:
    plain = SdxlPainter(setup(models)).paint(request())
    other = SdxlPainter(setup(models, scheduler="DPMSolverMultistepScheduler")).paint(request())
    assert other.settings["scheduler"] == "DPMSolverMultistepScheduler"
    assert np.abs(pixels(plain) - pixels(other)).max() > 5


def test_what_a_model_does_not_read_of_a_prompt_is_told(models: Path) -> None:
    painting = SdxlPainter(setup(models)).paint(request(prompt=f"{'a' * 75} rest"))
    assert painting.settings["prompt_tokens"] == 79
    assert painting.settings["prompt_unread"].strip() == "rest"


class Hungry:
    """A pipeline whose device holds so many pictures."""

    def __init__(self, pipe: Any, holds: int, error: Callable[[], Exception]) -> None:
        self.pipe, self.holds, self.error = pipe, holds, error
        self.tried: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pipe, name)

    def __call__(self, *, prompt: Sequence[str], **asked: Any) -> Any:
        self.tried.append(len(prompt))
        if len(prompt) > self.holds:
            raise self.error()
        return self.pipe(prompt=prompt, **asked)


def hungry(models: Path, holds: int, error: Callable[[], Exception]) -> Hungry:
    """The loaded model with its text-to-image pipeline made hungry."""
    sdxl._held = None
    loaded = sdxl._loaded(setup(models))
    pipe = Hungry(loaded.text2img, holds, error)
    loaded.facts["attention"] = "whole"
    sdxl._held = (setup(models), loaded._replace(text2img=pipe))
    return pipe


def out_of_memory() -> Exception:
    import torch

    error: Exception = torch.OutOfMemoryError("tried to allocate more than there is")
    return error


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(models: Path) -> None:
    asked = [request(seed) for seed in range(5)]
    whole = SdxlPainter(setup(models), batch=5).paint_many(asked)
    pipe = hungry(models, 2, out_of_memory)
    made = SdxlPainter(setup(models), batch=5).paint_many(asked)
    assert pipe.tried == [5, 2, 2, 1]
    for one, other in zip(made, whole, strict=True):
        assert np.abs(pixels(one) - pixels(other)).max() <= 2


def test_where_not_one_picture_fits_attention_is_sliced_and_then_it_is_for_later(models: Path) -> None:
    pipe = hungry(models, 0, out_of_memory)
    with pytest.raises(TransientError, match="does not hold one picture beside base@"):
        SdxlPainter(setup(models), batch=2).paint_many([request(), request(2)])
    assert pipe.tried == [2, 1, 1]
    assert sdxl._held is not None
    assert sdxl._held[1].facts["attention"] == "sliced"


def test_sliced_attention_gives_the_picture_and_is_told(models: Path) -> None:
    plain = SdxlPainter(setup(models)).paint(request())
    pipe = hungry(models, 0, out_of_memory)
    pipe.error = lambda: setattr(pipe, "holds", 1) or out_of_memory()  # type: ignore[func-returns-value]
    sliced = SdxlPainter(setup(models)).paint(request())
    assert sliced.settings["attention"] == "sliced"
    assert np.abs(pixels(plain) - pixels(sliced)).max() <= 2


def test_a_device_that_fails_is_for_later_and_another_error_is_itself(models: Path) -> None:
    import torch

    hungry(models, 0, lambda: torch.AcceleratorError("device-side assert triggered", 710))
    with pytest.raises(TransientError, match="start the process again"):
        SdxlPainter(setup(models)).paint(request())
    hungry(models, 0, lambda: RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        SdxlPainter(setup(models)).paint(request())


@pytest.mark.parametrize(("free", "side", "fits"), [(80e9, 1024, 16), (10e9, 1024, 6), (1e9, 1024, 1), (10e9, 512, 16)])
def test_a_batch_is_sized_to_the_free_memory(
    monkeypatch: pytest.MonkeyPatch, models: Path, free: float, side: int, fits: int
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (int(free), int(80e9)))
    loaded = sdxl._loaded(setup(models))
    asked = request(width=side, height=side)
    assert sdxl.fitting_batch(loaded._replace(device="cuda"), asked) == fits
    assert sdxl.fitting_batch(loaded, asked) == 1


def test_no_gpu_is_for_later_unless_the_cpu_may_draw(models: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("a GPU is here; the GPU is used")
    with pytest.raises(TransientError, match="ENGINE_SDXL_CPU=true"):
        sdxl.painter(Settings(sdxl_model=str(models / "base"))).paint(request())


def test_settings_reach_the_painter(models: Path) -> None:
    chosen = Settings(sdxl_model=str(models / "base"), sdxl_cpu=True, sdxl_steps=2, sdxl_guidance=1.5)
    painting = sdxl.painter(chosen).paint(request())
    assert (painting.settings["steps"], painting.settings["guidance"]) == (2, 1.5)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": "somebody/nothing"}, "ENGINE_SDXL_MODEL=somebody/nothing is not on this machine: run `hf download"),
        ({"model": "/no/such/folder"}, "ENGINE_SDXL_MODEL=/no/such/folder is no folder"),
        ({"refiner": "/no/such/folder"}, "ENGINE_SDXL_REFINER=/no/such/folder is no folder"),
        ({"lora": "/no/such.safetensors"}, "ENGINE_SDXL_LORA=/no/such.safetensors is no folder"),
        ({"scheduler": "Unheard"}, "ENGINE_SDXL_SCHEDULER=Unheard does not fit the model: use one of"),
    ],
)
def test_what_is_not_there_is_named_with_its_mend(
    models: Path, tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    with pytest.raises(PermanentError) as raised:
        SdxlPainter(setup(models, cache=tmp_path, **changes)).paint(request())
    assert told in str(raised.value)


def test_a_broken_model_and_a_style_of_another_are_named(models: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(models / "base", tmp_path / "broken")
    shutil.rmtree(broken / "vae")
    with pytest.raises(PermanentError, match=r"ENGINE_SDXL_MODEL: .*broken can't be loaded as StableDiffusionXL"):
        SdxlPainter(setup(models, model=str(broken))).paint(request())
    weights = models / "base" / "vae" / "diffusion_pytorch_model.safetensors"
    with pytest.raises(PermanentError, match="ENGINE_SDXL_LORA"):
        SdxlPainter(setup(models, lora=str(weights))).paint(request())
    with pytest.raises(PermanentError, match=r"holds 0 files \.safetensors, one is wanted"):
        SdxlPainter(setup(models, lora=str(models / "base"))).paint(request())


def test_a_model_of_the_cache_is_named_by_its_commit_and_half_weights_are_found(models: Path, tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--somebody--tiny"
    snapshot = shutil.copytree(models / "base", repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="ascii")
    for weights in snapshot.rglob("*.safetensors"):
        weights.rename(weights.with_name(weights.name.replace(".safetensors", ".fp16.safetensors")))
    painting = SdxlPainter(setup(models, model="somebody/tiny", cache=tmp_path)).paint(request())
    assert painting.model == "somebody/tiny@0123456789ab"


def test_an_impossible_request_stops_itself_alone(models: Path) -> None:
    painter = SdxlPainter(setup(models))
    with pytest.raises(UndrawableError, match="width=100 and height=64 must be multiples of 8"):
        painter.paint(request(width=100))
    with pytest.raises(UndrawableError, match="init_image is no picture"):
        painter.paint(request(init_image=b"nothing"))


def test_an_empty_picture_is_no_picture(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdxl, "_draw", lambda loaded, setup, some: [Image.new("RGB", (64, 64))])
    with pytest.raises(UndrawableError, match="seed=1: the model gave a picture of one colour"):
        SdxlPainter(setup(models)).paint(request())


@pytest.mark.gpu
@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None or not __import__("torch").cuda.is_available(), reason="no GPU here"
)
def test_a_gpu_draws_in_batches_what_it_draws_alone(models: Path) -> None:
    painter = SdxlPainter(setup(models))
    many = painter.paint_many([request(seed) for seed in range(3)])
    assert many[0].settings["dtype"] == "bfloat16"
    assert many[0].settings["batch"] == 3
    for painting, seed in zip(many, range(3), strict=True):
        assert np.abs(pixels(painting) - pixels(painter.paint(request(seed)))).mean() < 4
