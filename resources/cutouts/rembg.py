"""rembg's sessions, on a file that lies on this machine (extra `cutout`).

rembg knows each kind of network by a name: how large a picture it takes and how its colours are prepared. The name is
part of the setting; the file is yours.
"""

from __future__ import annotations

import importlib
import io
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.designs.prints.picture import Cut
from resources.errors import PermanentError

KIND = "u2net_custom"
"""Of a file that is given without one."""


def cutout(setting: str | None) -> Cut | None:
    """The cut-out model that ENGINE_CUTOUT_MODEL names; None where it names none.

    It is loaded once in a process, by the first picture that needs it, which raises PermanentError where the extra is
    not installed, rembg knows no such kind, or the file is no network.

    Args:
        setting: path of an ONNX file of U²-Net's kind, or `<name in rembg>:<path>`, such as
            `isnet-general-use:/models/isnet.onnx`.

    Raises:
        PermanentError: there is no such file.
    """
    if not setting:
        return None
    path = setting.rpartition(":")[2]
    if not Path(path).is_file():
        raise PermanentError(
            f"ENGINE_CUTOUT_MODEL={setting}: there is no file {path}: put an ONNX file of a background removal model "
            "there, none is downloaded"
        )

    def cut(png: bytes) -> bytes:
        picture = Image.open(io.BytesIO(png)).convert("RGB")
        picture.putalpha(_session(setting).predict(picture)[0])
        out = io.BytesIO()
        picture.save(out, "PNG", compress_level=1)
        return out.getvalue()

    return cut


@cache
def _session(setting: str) -> Any:
    named, colon, file = setting.rpartition(":")
    kind = named if colon else KIND
    try:
        rembg = importlib.import_module("rembg.sessions")
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise PermanentError(f"ENGINE_CUTOUT_MODEL={setting} needs the extra: pip install '.[cutout]'") from error
    kinds = {known.name(): known for known in rembg.sessions_class if known.is_local()}
    if kind not in kinds:
        raise PermanentError(f"ENGINE_CUTOUT_MODEL={setting}: rembg knows no {kind!r}: name one of {', '.join(kinds)}")
    # rembg would download what it doesn't find in its own folder.
    local = type("Local", (kinds[kind],), {"download_models": classmethod(lambda *_, **__: file)})
    try:
        return local(kind, runtime.SessionOptions(), providers=["CPUExecutionProvider"], model_path=file)
    # The runtime raises types of its own, of no common base but Exception.
    except Exception as error:
        raise PermanentError(f"ENGINE_CUTOUT_MODEL={setting} can't be loaded as {kind!r}: {error}") from error
