"""Networks of one layer, made on the spot."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray


def write_network(
    file: Path, size: tuple[int | str, int | str], *, weights: NDArray[np.floating[Any]], scale: int = 1
) -> Path:
    """An ONNX file: each output channel a weighted sum of R, G and B, then every pixel `scale` times each way."""
    if importlib.util.find_spec("onnx") is None:
        pytest.skip("the package `onnx` is not installed")
    onnx = importlib.import_module("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    kernel = weights.astype(np.float32)[:, :, None, None]
    nodes = [helper.make_node("Conv", ["picture", "kernel"], ["mixed"])]
    tensors = [helper.make_tensor("kernel", floats, kernel.shape, kernel.ravel())]
    if scale > 1:
        nodes.append(helper.make_node("Resize", ["mixed", "", "scales"], ["out"], mode="nearest"))
        tensors.append(helper.make_tensor("scales", floats, [4], [1, 1, scale, scale]))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("picture", floats, [1, 3, *size])],
        [helper.make_tensor_value_info("out" if scale > 1 else "mixed", floats, [1, len(weights), None, None])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(file))
    return file
