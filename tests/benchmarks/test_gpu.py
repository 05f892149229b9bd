"""The GPU bench runs where there is no GPU: it skips with a code of its own, and on the CPU measures if told to."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from benchmarks import bench_gpu
from tests.resources.artists import tiny


@pytest.mark.parametrize(
    ("device", "tflops"),
    [
        ("NVIDIA H100 80GB HBM3", 989), ("NVIDIA H100 PCIe", 756), ("NVIDIA A100-SXM4-80GB", 312), ("NVIDIA L4", 121),
        ("NVIDIA L40S", 362), ("NVIDIA A10G", 70), ("NVIDIA A10", 125), ("Tesla T4", 65), ("cpu", None),
    ],
)  # fmt: skip
def test_the_peak_is_that_of_the_device_and_of_no_other(device: str, tflops: int | None) -> None:
    assert bench_gpu.peak(device) == (tflops and tflops * 1e12)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "diffusers")),
    reason="extra `diffusion` is not installed: run `make setup-models`",
)
def test_it_skips_without_a_gpu_and_measures_on_the_cpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("a GPU is here; the GPU is used")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    assert bench_gpu.main([]) == bench_gpu.SKIPPED
    assert "skipped: no GPU" in capsys.readouterr().out
    asked = ["--device", "cpu", "--steps", "2", "--side", "64", "--batches", "1,2"]
    assert bench_gpu.main([*asked, "--model", str(tmp_path / "none")]) == 1
    assert "can't draw: ENGINE_SDXL_MODEL=" in capsys.readouterr().out
    assert bench_gpu.main([*asked, "--model", str(tiny.sdxl(tmp_path / "base"))]) == 0
    torch.set_num_threads(threads)
    said = capsys.readouterr().out
    assert re.search(r"base@\w{12} \(CreativeML Open RAIL\+\+-M\) on cpu, float32", said)
    assert [int(row.split()[0]) for row in said.splitlines()[4:]] == [1, 2]
    assert "peak of this device unknown" in said
