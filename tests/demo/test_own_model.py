from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from driftwheel.demo.own_model import train
from driftwheel.images.encode import encode
from driftwheel.images.header import array_header
from driftwheel.learning.gist_embedder import GistEmbedder


def stripes(folder: Path, kind: str, count: int, seed: int) -> list[Path]:
    """Grey images with stripes across or along, in noise."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for i in range(count):
        wave = 100 + 60 * np.sin(np.arange(64) / 4 + rng.uniform(0, 6))
        pixels = np.tile(wave, (64, 1)) if kind == "along" else np.tile(wave, (64, 1)).T
        noisy = np.clip(pixels + rng.normal(0, 20, pixels.shape), 0, 255).astype(np.uint8)
        colour = np.repeat(noisy[..., None], 3, axis=2)
        files.append(folder / f"{kind}-{seed}-{i}.png")
        files[-1].write_bytes(encode(colour, array_header(colour)))
    return files


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    folder = tmp_path_factory.mktemp("stripes")
    return [*stripes(folder, "along", 20, 0), *stripes(folder, "across", 20, 0)], ["along"] * 20 + [
        "across"
    ] * 20


def test_it_learns_what_can_be_seen(images: tuple[list[Path], list[str]], tmp_path: Path) -> None:
    model = train(GistEmbedder(), *images)
    assert model.classes == ("across", "along")
    said = model.predict([*stripes(tmp_path, "along", 5, 1), *stripes(tmp_path, "across", 5, 1)])
    assert [one.label for one in said] == ["along"] * 5 + ["across"] * 5
    for one in said:
        assert sum(one.scores.values()) == pytest.approx(1)
        assert one.confidence == max(one.scores.values())


def test_the_same_images_give_the_same_model(images: tuple[list[Path], list[str]]) -> None:
    first, second = (train(GistEmbedder(), *images).predict(images[0][:3]) for _ in range(2))
    assert first == second


def test_no_image_no_answer(images: tuple[list[Path], list[str]]) -> None:
    assert train(GistEmbedder(), *images).predict([]) == []
