"""Pictures a minute, memory, and the share of the device's peak that SDXL reaches, batch by batch.

`python -m benchmarks.bench_gpu [--model ID_OR_FOLDER] [--device cuda|cpu] [--batches 1,2,4,8] [--steps 30]
[--side 1024] [--compile]`. Without a GPU it says so and ends with 77, by which test harnesses know a skipped run; on
the CPU it runs only if told so, and any model does.

How the share is counted. Floating-point operations are those of matrix products, convolutions and attention, two for a
multiplication with its addition, counted by torch's `FlopCounterMode` while one picture is drawn: text models, every
step of the U-Net with and without the prompt, decoder. That, times the pictures drawn in a second, over the peak below,
is the share. Norms, activations and copies are not counted, though they take time.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Sequence

from pipeline.designs.prompts import picture_request
from pipeline.models import Brief, Mood, PictureRequest, identity
from resources.artists import sdxl
from resources.artists.sdxl import SdxlPainter, Setup
from resources.errors import PermanentError, TransientError
from resources.settings import Settings

SKIPPED = 77
ROUNDS = 3
PEAKS = {
    "H200": 989e12, "H100 PCIe": 756e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L40": 181e12, "L4": 121e12,
    "A40": 150e12, "A10G": 70e12, "A10": 125e12, "RTX 6000 Ada": 364e12, "RTX 4090": 165e12, "RTX 4080": 97e12,
    "RTX 3090": 71e12, "V100": 125e12, "T4": 65e12,
}  # fmt: skip
"""Part of the device's name, the more telling ones first → dense bfloat16 FLOPS with tensor cores and float32 sums, as
its maker's data sheet gives them, without sparsity; V100 and T4 know no bfloat16: float16. Written from memory of the
data sheets: check the one of your device."""


def peak(device: str) -> float | None:
    """FLOPS of the device at best; None: not in the table."""
    return next((flops for name, flops in PEAKS.items() if name in device), None)


def requests(count: int, side: int) -> list[PictureRequest]:
    """What a gardener's idea asks for, with so many seeds."""
    brief = Brief(
        idea_id=identity("bench", 1), phrase="Powered by Tomatoes", lines=("Powered by", "Tomatoes"),
        emphasis=("Tomatoes",), niche="gardener", format="powered_by", motifs=("seedling", "sun"), mood=Mood.RETRO,
        occasion=None, seed=1,
    )  # fmt: skip
    return [picture_request(brief, seed, side) for seed in range(count)]


def flops_of_a_picture(setup: Setup, side: int) -> float:
    """Counted while one is drawn, uncompiled."""
    with importlib.import_module("torch.utils.flop_counter").FlopCounterMode(display=False) as counter:
        SdxlPainter(setup._replace(compiled=False), batch=1).paint_many(requests(1, side))
    return float(counter.get_total_flops())


def measure(setup: Setup, batch: int, side: int) -> tuple[float, int, int]:
    """Median seconds of a batch, what batch was drawn in the end, and the peak of memory in bytes (0 on a CPU)."""
    torch = importlib.import_module("torch")
    painter, asked = SdxlPainter(setup, batch=batch), requests(batch, side)
    painter.paint_many(asked)  # loads, compiles, warms up
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    times, drawn = [], batch
    for _ in range(ROUNDS):
        started = time.perf_counter()
        made = painter.paint_many(asked)
        times.append(time.perf_counter() - started)
        drawn = max(int(painting.settings["batch"]) for painting in made)
    return statistics.median(times), drawn, torch.cuda.max_memory_reserved() if cuda else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each batch size."""
    ask = argparse.ArgumentParser(prog="bench_gpu", description="How fast SDXL draws here.")
    ask.add_argument("--model", default=Settings().sdxl_model, help="id or folder; default: ENGINE_SDXL_MODEL")
    ask.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    ask.add_argument("--batches", default="1,2,4,8", help="numbers of pictures at once")
    ask.add_argument("--steps", type=int, default=30)
    ask.add_argument("--side", type=int, default=1024, help="pixels")
    ask.add_argument("--compile", action="store_true", help="compile the U-Net's blocks first")
    told = ask.parse_args(arguments)
    try:
        torch = importlib.import_module("torch")
        importlib.import_module("diffusers").utils.logging.set_verbosity_error()
    except ImportError as error:
        print(f"skipped: {error.name} is not installed; run `make setup-models`")
        return SKIPPED
    if told.device == "cuda" and not torch.cuda.is_available():
        print("skipped: no GPU (torch sees no CUDA device); `--device cpu` with a small model runs the same code")
        return SKIPPED
    if told.device == "cpu" and torch.cuda.is_available():
        print("--device cpu: a GPU is here and would be used; hide it with CUDA_VISIBLE_DEVICES=")
        return 2
    setup = Setup(
        model=told.model, steps=told.steps, compiled=told.compile, cpu_allowed=told.device == "cpu",
        cache=Settings().models_dir,
    )  # fmt: skip
    try:
        flops = flops_of_a_picture(setup, told.side)
    except (PermanentError, TransientError) as error:
        print(f"can't draw: {error}")
        return 1
    loaded = sdxl._held
    assert loaded is not None
    device = str(loaded[1].facts["device"])
    best = peak(device)
    print(f"{loaded[1].model} ({loaded[1].licence}) on {device}, {loaded[1].facts['dtype']}, torch {torch.__version__}")
    print(f"{told.side} × {told.side}, {told.steps} steps{', compiled' if told.compile else ''}")
    print(
        f"{flops / 1e12:.3f} TFLOP a picture; peak {f'{best / 1e12:.0f} TFLOPS' if best else 'of this device unknown'}"
    )
    print(f"{'batch':>6}{'s/batch':>10}{'pictures/min':>14}{'VRAM GiB':>10}{'TFLOPS':>9}{'of peak':>9}")
    for batch in map(int, told.batches.split(",")):
        try:
            seconds, drawn, memory = measure(setup, batch, told.side)
        except TransientError as error:
            print(f"{batch:>6}  {error}")
            continue
        reached = flops * batch / seconds
        share = f"{reached / best:>8.1%}" if best else "       –"
        vram = f"{memory / 2**30:>9.1f}" if memory else "        –"
        note = "" if drawn == batch else f"  did not fit: {drawn} at once"
        print(f"{batch:>6}{seconds:>10.2f}{60 * batch / seconds:>14.1f} {vram}{reached / 1e12:>9.2f} {share}{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
