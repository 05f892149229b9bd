"""Scenes in memory, on the disk, and drawn."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from pipeline.mockups import PRODUCTS, Product
from pipeline.mockups.plane import PICTURE_PX
from pipeline.mockups.scene import Plate, Scene, canvas, scene, surface
from pipeline.models import Variant
from resources import studio as module
from resources.errors import PermanentError
from resources.settings import Settings
from resources.studio import Studio, studio


class Counting:
    """Draws a small scene, and remembers how often."""

    def __init__(self) -> None:
        self.drawn: list[tuple[Variant, int]] = []

    def __call__(self, view: Variant, drape: int) -> Scene:
        """The scene."""
        self.drawn.append((view, drape))
        whole = np.full((PICTURE_PX, PICTURE_PX), 255, np.uint8)
        at = np.indices(whole.shape, dtype=np.float32)
        plate: Plate = PRODUCTS["tee"].plate
        return scene(
            canvas(0.5 + drape / 10),
            whole,
            np.zeros((*whole.shape, 3), np.float32),
            surface=surface(at[1], at[0], whole, plate) if view is Variant.FRONT else None,
            gloss=canvas(0.25) if view is Variant.BACK else None,
        )


@pytest.fixture
def pencil() -> Counting:
    return Counting()


@pytest.fixture
def product(pencil: Counting) -> Product:
    return replace(PRODUCTS["tee"], name="thing", draw=pencil)


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """As if the process had just begun."""
    module._recent.clear()
    yield
    module._recent.clear()


def same(one: Scene, other: Scene) -> bool:
    """Whether two scenes are equal in every map."""
    first, second = module.packed(one), module.packed(other)
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_scene_is_drawn_once_and_then_read_from_the_disk(tmp_path: Path, product: Product, pencil: Counting) -> None:
    drawn = {view: Studio(tmp_path, {}).scene(product, view, 1) for view in (Variant.FRONT, Variant.BACK)}
    assert len(pencil.drawn) == 2
    module._recent.clear()
    for view, scene_ in drawn.items():
        assert same(Studio(tmp_path, {}).scene(product, view, 1), scene_)
    assert len(pencil.drawn) == 2
    assert [path.name for path in files(tmp_path)] == ["thing-back-1.npz", "thing-front-1.npz"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign"])
def test_a_damaged_file_is_drawn_anew_and_the_log_says_so(
    tmp_path: Path, product: Product, pencil: Counting, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    Studio(tmp_path, {}).scene(product, Variant.FRONT, 0)
    (path,) = files(tmp_path)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    damaged = {"cut": body[: len(body) // 2], "flipped": body, "empty": b"", "foreign": b"PK not really"}
    path.write_bytes(bytes(damaged[damage]))
    module._recent.clear()
    with caplog.at_level(logging.WARNING):
        Studio(tmp_path, {}).scene(product, Variant.FRONT, 0)
    assert len(pencil.drawn) == 2
    assert f"{path} can't be read" in caplog.text
    module._recent.clear()
    Studio(tmp_path, {}).scene(product, Variant.FRONT, 0)
    assert len(pencil.drawn) == 2


def test_threads_that_want_the_same_scene_draw_it_once(tmp_path: Path, product: Product, pencil: Counting) -> None:
    room = Studio(tmp_path, {})
    threads = [Thread(target=room.scene, args=(product, Variant.FRONT, 0)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pencil.drawn) == 1


def test_a_process_holds_few_scenes(
    tmp_path: Path, product: Product, pencil: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_MEMORY", 2)
    for drape in (0, 1, 2):
        Studio(tmp_path, {}).scene(product, Variant.BACK, drape)
    assert list(module._recent) == ["thing-back-1", "thing-back-2"]
    assert len(pencil.drawn) == 3


def test_old_scenes_of_another_version_are_removed(
    tmp_path: Path, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn_by(version: str) -> None:
        monkeypatch.setattr(module, "code", lambda: version)
        module._recent.clear()
        Studio(tmp_path, {}).scene(product, Variant.BACK, 0)

    drawn_by("first")
    drawn_by("second")
    assert [path.parent.name for path in files(tmp_path)] == ["first", "second"]
    os.utime(tmp_path / "first", (0, 0))
    drawn_by("third")
    assert [path.parent.name for path in files(tmp_path)] == ["second", "third"]


def test_the_studio_has_the_products_of_the_settings(tmp_path: Path) -> None:
    chosen = studio(Settings(data_dir=tmp_path, products="mug, tee"))
    assert list(chosen.products) == ["mug", "tee"]


@pytest.mark.parametrize("products", ["tee,zeppelin", "", " , "])
def test_an_unknown_product_is_named(tmp_path: Path, products: str) -> None:
    with pytest.raises(PermanentError, match=r"ENGINE_PRODUCTS=.*use names of tee"):
        studio(Settings(data_dir=tmp_path, products=products))
