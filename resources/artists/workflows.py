"""Workflows of ComfyUI in API format, with placeholders that are filled for each picture.

A string that is a placeholder as a whole becomes the value with its type; within a longer string it becomes text:
`"seed": "%seed%"` → `"seed": 7`, `"text": "sticker of %prompt%"` → `"text": "sticker of a fox"`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.models import Json, Model, sha256
from resources.errors import PermanentError

PLACEHOLDERS = ("prompt", "negative_prompt", "seed", "width", "height", "start_image", "strength", "checkpoint")
PLACEHOLDER = re.compile(rf"%({'|'.join(PLACEHOLDERS)})%")
MODEL_INPUTS = ("ckpt_name", "unet_name", "lora_name")
"""Inputs of nodes that name a file of weights."""


class Workflow(Model):
    """A workflow with its placeholders."""

    name: str
    digest: str = Field(description="SHA-256 of the file")
    nodes: dict[str, Any]

    @property
    def placeholders(self) -> frozenset[str]:
        """Those that it uses."""
        return frozenset(PLACEHOLDER.findall(json.dumps(self.nodes)))

    def filled(self, values: Json) -> Json:
        """The workflow with the values in place of its placeholders."""
        filled: Json = _filled(self.nodes, values)
        return filled


def read(path: Path) -> Workflow:
    """The workflow of a file.

    Raises:
        PermanentError: there is no such file, it is no workflow in API format, or it takes no prompt.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PermanentError(f"the workflow {path} can't be read: {error}") from error
    try:
        nodes = json.loads(text)
    except ValueError as error:
        raise PermanentError(f"the workflow {path} is no JSON: {error}") from error
    if isinstance(nodes, dict) and isinstance(nodes.get("nodes"), list):
        raise PermanentError(f"the workflow {path} is in the editor's format: export it from ComfyUI as API format")
    if not isinstance(nodes, dict) or not all(isinstance(n, dict) and "class_type" in n for n in nodes.values()):
        raise PermanentError(f"the workflow {path} is not in API format: nodes by id, each with a class_type")
    workflow = Workflow(name=path.stem, digest=sha256(text.encode()), nodes=nodes)
    if "prompt" not in workflow.placeholders:
        raise PermanentError(f"the workflow {path} takes no prompt: write %prompt% where the prompt belongs")
    return workflow


def models_of(nodes: Json) -> str:
    """The files of weights that a filled workflow names."""
    inputs = [node.get("inputs", {}) for node in nodes.values()]
    named = [str(given[name]) for name in MODEL_INPUTS for given in inputs if name in given]
    return ", ".join(dict.fromkeys(named))


def _filled(part: Any, values: Json) -> Any:
    if isinstance(part, dict):
        return {name: _filled(value, values) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    if not isinstance(part, str):
        return part
    whole = PLACEHOLDER.fullmatch(part)
    return values[whole[1]] if whole else PLACEHOLDER.sub(lambda found: str(values[found[1]]), part)
