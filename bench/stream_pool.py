"""The pool that `bench/stream.py` draws days from: real images, each measured at every exposure and fault.

Once measured, a day is drawn by choosing rows: no image is decoded again. What is measured is a file as a
camera would have stored it: brighter or darker by a gain, or with a fault of `driftwheel.images.faults`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from driftwheel.demo.textile_week import textile_images
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.images.decode import decode
from driftwheel.images.encode import encode
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Image
from driftwheel.services.check.simulate_faults import faulty_file
from driftwheel.services.measure.embedding_space import fixed_space
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.sources import open_source

GAINS = tuple(round(0.90 + 0.02 * step, 2) for step in range(11))
FAULT_GAINS = (0.94, 1.0, 1.06)
FAULTS = ("blur", "noise", "under_exposure", "compression", "haze", "contrast")
SEVERITIES = {"weak": 1, "medium": 3, "large": 5}
IMAGES, FAULTY_IMAGES, SCENES = 400, 100, 6


@dataclass(frozen=True, eq=False)
class Pool:
    """Measured rows.

    Attributes
    ----------
    properties, embeddings
        (n, p) and (n, 128) float32, as a worker keeps them.
    scene
        (IMAGES,) which of the `SCENES` an image shows: clusters of the embeddings at gain 1.
    clean
        (IMAGES, gains) rows.
    faulty
        Fault and severity → (FAULTY_IMAGES, fault gains) rows; of the first images.
    """

    properties: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    embedder: str
    scene: NDArray[np.intp]
    clean: NDArray[np.intp]
    faulty: dict[tuple[str, str], NDArray[np.intp]]


def measured_pool(cache: Path, folder: Path | None = None) -> Pool:
    """Return the pool of the textile images, or of the images in a folder; measured once, kept in `cache`."""
    paths = _chosen(folder)
    stamp = hashlib.sha256("\n".join([*map(str, paths), str((GAINS, FAULTS, SEVERITIES))]).encode())
    file = cache / f"pool-{stamp.hexdigest()[:12]}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _measure(paths, file)
    with np.load(file) as kept:
        properties, embeddings, scene = kept["properties"], kept["embeddings"], kept["scene"]
    number = len(paths) * len(GAINS)
    clean = np.arange(number).reshape(len(paths), len(GAINS))
    faulty = {}
    for name in FAULTS:
        for level in SEVERITIES:
            size = FAULTY_IMAGES * len(FAULT_GAINS)
            faulty[name, level] = np.arange(number, number + size).reshape(FAULTY_IMAGES, len(FAULT_GAINS))
            number += size
    return Pool(properties, embeddings, fixed_space(load_embedder("gist")).name, scene, clean, faulty)


def _chosen(folder: Path | None) -> list[Path]:
    rng = np.random.default_rng(0)
    if folder is not None:
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
        return [found[i] for i in rng.permutation(len(found))[:IMAGES]]
    kinds = textile_images()
    shares = {"nominal": 0.8, "local": 0.1, "global": 0.1}
    paths = [
        kinds[kind][i]
        for kind, share in shares.items()
        for i in rng.permutation(len(kinds[kind]))[: round(share * IMAGES)]
    ]
    return [paths[i] for i in rng.permutation(len(paths))]


def _measure(paths: list[Path], file: Path) -> None:
    embedder = load_embedder("gist")
    records = concatenate(measure_images(open_source(list(_files(paths))), embedder=embedder, threads=1))
    properties = records.properties.copy()
    properties[:, PROPERTY_NAMES.index("near_duplicate")] = 0.0  # of the order of measuring only
    placed = fixed_space(embedder).place(records.embeddings).astype(np.float32)
    usual = np.arange(len(paths)) * len(GAINS) + GAINS.index(1.0)
    scene = KMeans(SCENES, n_init=4, random_state=0).fit_predict(placed[usual])
    np.savez(file, properties=properties, embeddings=placed, scene=scene.astype(np.intp))


def _files(paths: list[Path]) -> Iterator[Image]:
    """Yield the files in the order of their rows: by image and gain, then by fault, image and gain."""
    number = 0
    for path in paths:
        decoded = decode(path.read_bytes())
        for gain in GAINS:
            yield Image(f"{number:07}", encode(_brighter(decoded.pixels, gain), decoded.header))
            number += 1
    for name in FAULTS:
        for severity in SEVERITIES.values():
            for position, path in enumerate(paths[:FAULTY_IMAGES]):
                for gain in FAULT_GAINS:
                    decoded = decode(path.read_bytes())
                    stored = decode(encode(_brighter(decoded.pixels, gain), decoded.header))
                    data = faulty_file(stored, FaultCase(name, severity, ""), position % 3)
                    yield Image(f"{number:07}", data)
                    number += 1


def _brighter(pixels: NDArray[np.uint8], gain: float) -> NDArray[np.uint8]:
    return np.clip(np.rint(pixels.astype(np.float32) * gain), 0, 255).astype(np.uint8)
