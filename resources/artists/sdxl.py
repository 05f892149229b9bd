"""Stable Diffusion XL on this machine's GPU: pictures from a prompt, or from a prompt and a sketch.

What belongs here: loading the model once, batches that fit, the same seed giving the same picture, and a record of
everything that made it. What does not: prompts (`pipeline.designs.prompts`), and what becomes of the picture.

Nothing is downloaded: the model lies in a folder, or in the hub's cache (docs/diffusion.md).
"""

from __future__ import annotations

import importlib
import io
import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from pipeline.models import Json, Painting, PictureRequest, sha256
from resources import checkpoints
from resources.checkpoints import Checkpoint
from resources.devices import out_of_memory
from resources.errors import PermanentError, TransientError, UndrawableError
from resources.settings import Settings

REFINED_FROM = 0.8
"""Share of the way from noise to picture that the base model goes before the refiner takes over, as its makers did."""
FEWEST_REFINED = 0.4
"""Strength of an init image below which the base model draws alone: the two would have no steps to share."""
MAX_BATCH = 16
SHARE_OF_FREE = 0.9
FIXED_BYTES = 3.5e9
"""Decoding one picture of 1024² pixels in bfloat16; pictures are decoded one by one. An estimate, never measured."""
PICTURE_BYTES = 0.8e9
"""What a picture of 1024² pixels adds to a step, drawn with and without the prompt. An estimate as well: a batch that
does not fit is halved."""
SQUARE = 1024**2

_LOCK = threading.Lock()
"""Of the one model of the process: its scheduler holds the state of the picture that is drawn."""


class Setup(NamedTuple):
    """What decides how pictures are made, beside the request."""

    model: str
    refiner: str | None = None
    lora: str | None = None
    lora_scale: float = 1.0
    scheduler: str | None = None
    steps: int = 30
    guidance: float = 7.0
    compiled: bool = False
    cpu_allowed: bool = False
    cache: Path | None = None
    limit_s: float = math.inf
    """Seconds that a picture may take once its model is loaded."""


class Loaded(NamedTuple):
    """The model on its device."""

    text2img: Any
    img2img: Any
    refiner: Any | None
    device: str
    model: str
    licence: str
    facts: Json


class SdxlPainter:
    """A `Painter`. Painters of the same setup share the model; of another, it takes the place of the one before.

    Args:
        setup: As the settings say.
        batch: Pictures at once; None: as many as the device's free memory holds.
    """

    name = "sdxl"

    def __init__(self, setup: Setup, batch: int | None = None) -> None:
        self._setup = setup
        self._batch = batch

    def paint(self, request: PictureRequest) -> Painting:
        """The picture; see `Painter`."""
        return self.paint_many([request])[0]

    def paint_many(self, requests: Sequence[PictureRequest]) -> list[Painting]:
        """A picture for each request, in their order: as `paint` makes them, but for rounding (a level or two of 255).

        Raises:
            UndrawableError: a request has an impossible size or init image, or its picture came out empty.
            TransientError: there is no GPU, it has not the memory for one picture, it failed, or it takes too long.
            PermanentError: packages or the model are missing, or do not fit each other.
        """
        for request in requests:
            if request.width % 8 or request.height % 8:
                raise UndrawableError(
                    f"width={request.width} and height={request.height} must be multiples of 8: round them"
                )
        made: dict[int, Painting] = {}
        with _LOCK:
            loaded = _loaded(self._setup)
            for alike in _alike(requests):
                some = [requests[i] for i in alike]
                batch = self._batch or fitting_batch(loaded, some[0])
                made |= zip(alike, _in_batches(loaded, self._setup, some, batch), strict=True)
        return [made[i] for i in range(len(requests))]


def painter(settings: Settings) -> SdxlPainter:
    """The painter as configured; the model is loaded when the first picture is asked for."""
    return SdxlPainter(
        Setup(
            model=settings.sdxl_model,
            refiner=settings.sdxl_refiner,
            lora=settings.sdxl_lora,
            lora_scale=settings.sdxl_lora_scale,
            scheduler=settings.sdxl_scheduler,
            steps=settings.sdxl_steps,
            guidance=settings.sdxl_guidance,
            compiled=settings.sdxl_compile,
            cpu_allowed=settings.sdxl_cpu,
            cache=settings.models_dir,
            limit_s=settings.painter_seconds,
        )
    )


def check(settings: Settings) -> str:
    """Whether it could paint now; the model is looked for, and not loaded.

    Returns:
        The model and the device.

    Raises:
        PermanentError, TransientError: why it could not.
    """
    torch, _ = _packages()
    device = _device(torch, allow_cpu=settings.sdxl_cpu)
    return f"{checkpoints.find('ENGINE_SDXL_MODEL', settings.sdxl_model, settings.models_dir)} on {device}"


# ---------------------------------------------------------------------------------------------------------------------
# the model

_held: tuple[Setup, Loaded] | None = None


def _loaded(setup: Setup) -> Loaded:
    global _held  # noqa: PLW0603
    if _held is None or _held[0] != setup:
        _held = None
        _held = (setup, _load(setup))
    return _held[1]


def _packages() -> tuple[Any, Any]:
    try:
        return importlib.import_module("torch"), importlib.import_module("diffusers")
    except ImportError as error:
        raise PermanentError(f"the artist sdxl needs {error.name}: run `make setup-models`") from error


def _load(setup: Setup) -> Loaded:
    torch, diffusers = _packages()
    device = _device(torch, allow_cpu=setup.cpu_allowed)
    found = {"ENGINE_SDXL_MODEL": checkpoints.find("ENGINE_SDXL_MODEL", setup.model, setup.cache)}
    if setup.refiner:
        found["ENGINE_SDXL_REFINER"] = checkpoints.find("ENGINE_SDXL_REFINER", setup.refiner, setup.cache)
    if setup.lora:
        found["ENGINE_SDXL_LORA"] = checkpoints.find("ENGINE_SDXL_LORA", setup.lora, setup.cache)
    diffusers.utils.logging.disable_progress_bar()
    importlib.import_module("transformers").utils.logging.disable_progress_bar()
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    try:
        base = _pipeline(diffusers.StableDiffusionXLPipeline, "ENGINE_SDXL_MODEL", found, dtype)
        if setup.lora:
            _fuse(base, found["ENGINE_SDXL_LORA"], setup.lora_scale)
        if setup.scheduler:
            base.scheduler = _scheduler(base.scheduler, setup.scheduler)
        refiner = (
            _pipeline(diffusers.StableDiffusionXLImg2ImgPipeline, "ENGINE_SDXL_REFINER", found, dtype)
            if setup.refiner
            else None
        )
        for pipe in filter(None, (base, refiner)):
            _settle(pipe, device, torch, compiled=setup.compiled)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise TransientError(
            f"the memory of {device} does not hold {setup.model}: free some, or leave out the refiner ({error})"
        ) from error
    # The same parts in another pipeline: `from_pipe` would turn them to float32.
    img2img = diffusers.StableDiffusionXLImg2ImgPipeline(
        **base.components,
        force_zeros_for_empty_prompt=base.config.force_zeros_for_empty_prompt,
        add_watermarker=False,
    )
    img2img.set_progress_bar_config(disable=True)
    return Loaded(
        text2img=base,
        img2img=img2img,
        refiner=refiner,
        device=device,
        model=" + ".join(map(str, found.values())),
        licence="; ".join(dict.fromkeys(checkpoint.licence for checkpoint in found.values())),
        facts={
            "scheduler": type(base.scheduler).__name__,
            "dtype": str(dtype).removeprefix("torch."),
            "device": torch.cuda.get_device_name() if device == "cuda" else device,
            "diffusers": diffusers.__version__,
            "torch": torch.__version__,
            **({"lora_scale": setup.lora_scale} if setup.lora else {}),
        },
    )


def _device(torch: Any, *, allow_cpu: bool) -> str:
    if torch.cuda.is_available():
        return "cuda"
    if allow_cpu:
        return "cpu"
    raise TransientError(
        "torch sees no GPU: run where there is one, or set ENGINE_SDXL_CPU=true to draw on the CPU, which takes "
        "minutes for a picture"
    )


def _pipeline(kind: Any, variable: str, found: dict[str, Checkpoint], dtype: Any) -> Any:
    checkpoint = found[variable]
    unet = checkpoint.path / "unet"
    halves = not (unet / "diffusion_pytorch_model.safetensors").exists() and any(unet.glob("*.fp16.safetensors"))
    try:
        return kind.from_pretrained(
            checkpoint.path,
            dtype=dtype,
            variant="fp16" if halves else None,
            use_safetensors=True,
            local_files_only=True,
            add_watermarker=False,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PermanentError(
            f"{variable}: {checkpoint.path} can't be loaded as {kind.__name__}: give a complete model in the layout of "
            f"diffusers, or download it again ({str(error).splitlines()[0][:200]})"
        ) from error


def _fuse(base: Any, checkpoint: Checkpoint, scale: float) -> None:
    """Add a LoRA's weights to the model's own, so that it costs nothing while drawing."""
    files = [checkpoint.path] if checkpoint.path.is_file() else sorted(checkpoint.path.glob("*.safetensors"))
    if len(files) != 1:
        raise PermanentError(
            f"ENGINE_SDXL_LORA: {checkpoint.path} holds {len(files)} files .safetensors, one is wanted: name the file"
        )
    try:
        base.load_lora_weights(str(files[0].parent), weight_name=files[0].name, local_files_only=True)
        fits = bool(base.get_active_adapters())
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if out_of_memory(error):
            raise
        raise PermanentError(
            f"ENGINE_SDXL_LORA: {files[0]} does not fit the model: use one that was made for it "
            f"({str(error).splitlines()[0][:200]})"
        ) from error
    if not fits:
        raise PermanentError(f"ENGINE_SDXL_LORA: {files[0]} changes no part of the model: use one made for SDXL")
    base.fuse_lora(lora_scale=scale)
    base.unload_lora_weights()


def _scheduler(own: Any, name: str) -> Any:
    """The scheduler of this name with the model's noise schedule."""
    kinds = {kind.__name__: kind for kind in own.compatibles}
    if name not in kinds:
        raise PermanentError(
            f"ENGINE_SDXL_SCHEDULER={name} does not fit the model: use one of {', '.join(sorted(kinds))}"
        )
    return kinds[name].from_config(own.config)


def _settle(pipe: Any, device: str, torch: Any, *, compiled: bool) -> None:
    pipe.to(device)
    pipe.set_progress_bar_config(disable=True)
    # One picture at a time is decoded: the same pixels, and the memory of one.
    pipe.vae.enable_slicing()
    if device == "cuda":
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
    if compiled:
        pipe.unet.compile_repeated_blocks(fullgraph=True)


# ---------------------------------------------------------------------------------------------------------------------
# pictures


def fitting_batch(loaded: Loaded, request: PictureRequest) -> int:
    """How many pictures of the request's size the device's free memory holds, 1 … MAX_BATCH; one on a CPU."""
    if loaded.device == "cpu":
        return 1
    free, _ = importlib.import_module("torch").cuda.mem_get_info()
    size = request.width * request.height / SQUARE
    return max(1, min(MAX_BATCH, int((SHARE_OF_FREE * free - FIXED_BYTES * size) / (PICTURE_BYTES * size))))


def _alike(requests: Sequence[PictureRequest]) -> list[list[int]]:
    """The positions of requests that can be drawn at once, in order."""
    groups: dict[object, list[int]] = {}
    for i, request in enumerate(requests):
        sketched = request.init_image is not None
        key = (request.width, request.height, sketched, request.strength if sketched else None)
        groups.setdefault(key, []).append(i)
    return list(groups.values())


def _steps(setup: Setup, request: PictureRequest) -> int:
    """Steps of the whole way; a sketch that is kept nearly as it is still gets one of its own."""
    return setup.steps if request.init_image is None else max(setup.steps, math.ceil(1 / request.strength))


def _refined(loaded: Loaded, request: PictureRequest) -> bool:
    return loaded.refiner is not None and (request.init_image is None or request.strength >= FEWEST_REFINED)


def _in_batches(loaded: Loaded, setup: Setup, alike: Sequence[PictureRequest], batch: int) -> list[Painting]:
    made: list[Painting] = []
    while waiting := alike[len(made) :]:
        some = waiting[:batch]
        started = time.perf_counter()
        try:
            images = _draw(loaded, setup, some)
        except (RuntimeError, MemoryError) as error:
            batch = _smaller(loaded, len(some), error)
        else:
            seconds = (time.perf_counter() - started) / len(some)
            made += [
                _painting(loaded, setup, request, image, len(some), seconds)
                for request, image in zip(some, images, strict=True)
            ]
            continue
        # Only here, where the error and what it held are gone.
        if loaded.device == "cuda":
            importlib.import_module("torch").cuda.empty_cache()
    return made


def _draw(loaded: Loaded, setup: Setup, some: Sequence[PictureRequest]) -> list[Image.Image]:
    """Pictures of requests that are alike."""
    torch, first = importlib.import_module("torch"), some[0]
    late_at = time.monotonic() + setup.limit_s * len(some)

    def after_step(pipe: Any, step: int, timestep: Any, values: Json) -> Json:
        del pipe, step, timestep
        if time.monotonic() > late_at:
            raise TransientError(
                f"{loaded.model} on {loaded.facts['device']} made no picture in {setup.limit_s:g} s "
                "(ENGINE_PAINTER_SECONDS)",
                error_class="timeout",
            )
        return values

    asked: Json = {
        "prompt": [request.prompt for request in some],
        "negative_prompt": [request.negative_prompt for request in some],
        "num_inference_steps": _steps(setup, first),
        "guidance_scale": setup.guidance,
        "callback_on_step_end": after_step,
        # On the CPU, whose noise is the same on every machine; one for each, so that a batch changes nothing.
        "generator": [torch.Generator("cpu").manual_seed(request.seed) for request in some],
    }
    shared: Json = {"denoising_end": REFINED_FROM, "output_type": "latent"} if _refined(loaded, first) else {}
    if first.init_image is None:
        images = loaded.text2img(**asked, **shared, width=first.width, height=first.height).images
    else:
        sketches = [_sketch(request) for request in some]
        images = loaded.img2img(**asked, **shared, image=sketches, strength=first.strength).images
    if loaded.refiner is not None and shared:
        images = loaded.refiner(**asked, image=images, denoising_start=REFINED_FROM).images
    return list(images)


def _sketch(request: PictureRequest) -> Image.Image:
    """The init image on white, in the size of the picture."""
    try:
        opened = Image.open(io.BytesIO(request.init_image or b"")).convert("RGBA")
    except OSError as error:
        raise UndrawableError(f"init_image is no picture that can be read: give a PNG ({error})") from error
    white = Image.new("RGBA", opened.size, "white")
    flat = Image.alpha_composite(white, opened).convert("RGB")
    return flat.resize((request.width, request.height), Image.Resampling.LANCZOS)


def _smaller(loaded: Loaded, tried: int, error: Exception) -> int:
    """How many to try after an error: half; after one picture, once more with attention in slices.

    Raises:
        TransientError: even so one picture does not fit, or the device failed.
    """
    torch = importlib.import_module("torch")
    if isinstance(error, torch.AcceleratorError) and not out_of_memory(error):
        raise TransientError(f"{loaded.facts['device']} failed: start the process again ({error})") from error
    if not out_of_memory(error):
        raise error
    if tried > 1:
        return tried // 2
    if loaded.facts.get("attention") == "sliced":
        raise TransientError(
            f"the memory of {loaded.facts['device']} does not hold one picture beside {loaded.model}: free some, or "
            f"ask for a smaller picture ({error})"
        ) from error
    for pipe in filter(None, (loaded.text2img, loaded.refiner)):
        pipe.enable_attention_slicing()
    loaded.facts["attention"] = "sliced"
    return 1


def _painting(
    loaded: Loaded, setup: Setup, request: PictureRequest, image: Image.Image, batch: int, seconds: float
) -> Painting:
    if image.getcolors(maxcolors=1):
        raise UndrawableError(f"seed={request.seed}: the model gave a picture of one colour: take another seed")
    out = io.BytesIO()
    image.save(out, "PNG")
    length, unread = _read(loaded, request.prompt)
    sketched = request.init_image is not None
    return Painting(
        png=out.getvalue(),
        width=image.width,
        height=image.height,
        model=loaded.model,
        licence=loaded.licence,
        seed=request.seed,
        settings={
            **loaded.facts,
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "prompt_tokens": length,
            "prompt_unread": unread,
            "steps": _steps(setup, request),
            "guidance": setup.guidance,
            "batch": batch,
            "refined_from": REFINED_FROM if _refined(loaded, request) else None,
            "init_image": sha256(request.init_image) if request.init_image is not None else None,
            "strength": request.strength if sketched else None,
        },
        seconds=seconds,
    )


def _read(loaded: Loaded, prompt: str) -> tuple[int, str]:
    """The prompt's length in tokens, and the end of it that the model does not read."""
    tokenizer = loaded.text2img.tokenizer
    ids = tokenizer(prompt, truncation=False).input_ids[1:-1]
    return len(ids), tokenizer.decode(ids[tokenizer.model_max_length - 2 :])
