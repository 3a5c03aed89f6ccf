"""One seed of the detection benchmark: its split, its classifier, and every image measured once and kept.

A `Kept` is a folder of arrays with one row an image, filled as rows are asked for; several processes may
fill it, for a row's values are always the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from detection_classifier import adversarial, new_network, scores_of, train_classifier
from detection_images import LabelledImages
from detection_shifts import ADVERSARIAL, Cell, rows_of, transformed
from driftwheel.images.properties import PROPERTY_NAMES, measure, near_duplicates
from driftwheel.learning.gist_embedder import GistEmbedder
from driftwheel.records import Records

MOST = 10_000
"""Rows of the test pool and of the validation pool, or a quarter of the images each where there are fewer."""

Rows = NDArray[np.intp]

_EMBEDDER = GistEmbedder()


@dataclass(frozen=True, eq=False)
class Sample:
    """The images of one side, measured.

    Attributes
    ----------
    pixels
        (n, …) uint8, for methods that look at them.
    scores
        (n, k) softmax scores of the seed's classifier.
    records
        What Driftwheel measures of them, scores among it.
    """

    pixels: NDArray[np.uint8]
    scores: NDArray[np.float32]
    records: Records


class Kept:
    """Pixels, properties, hashes and embeddings of (n,) images on disk."""

    def __init__(self, folder: Path, count: int, shape: tuple[int, ...]) -> None:
        folder.mkdir(parents=True, exist_ok=True)

        def table(name: str, width: tuple[int, ...], dtype: type) -> np.memmap:
            path = folder / f"{name}.npy"
            if not path.exists():  # another process may be making it: only a whole file gets the name
                new = folder / f"{name}-{os.getpid()}.npy"
                open_memmap(new, mode="w+", dtype=dtype, shape=(count, *width)).flush()
                with suppress(FileExistsError):
                    os.link(new, path)
                new.unlink()
            return open_memmap(path, mode="r+")

        self.pixels = table("pixels", shape, np.uint8)
        self.properties = table("properties", (len(PROPERTY_NAMES),), np.float32)
        self.hashes = table("hashes", (), np.uint64)
        self.embeddings = table("embeddings", (_EMBEDDER.dimensions,), np.float32)
        self.done = table("done", (), np.bool_)

    @property
    def tables(self) -> tuple[np.memmap, np.memmap, np.memmap, np.memmap]:
        """Pixels, properties, hashes and embeddings."""
        return self.pixels, self.properties, self.hashes, self.embeddings

    def fill(
        self, rows: NDArray[np.intp], pixels_of: Callable[[NDArray[np.intp]], NDArray[np.uint8]]
    ) -> None:
        """Measure those of `rows` that are not yet measured."""
        missing = np.unique(rows[~self.done[rows]])
        for start in range(0, len(missing), 200):
            part = missing[start : start + 200]
            images = pixels_of(part)
            for row, image in zip(part, images, strict=True):
                found = measure(image, "exact")
                self.pixels[row] = image
                self.properties[row] = found.values
                self.hashes[row] = found.hash64
                self.embeddings[row] = _EMBEDDER.prepare(found.pixels)
            self.done[part] = True


class Pool:
    """The split of one seed: all images shuffled; the last are the test pool, those before the reference.

    Attributes
    ----------
    reference, test
        Rows of the images.
    """

    def __init__(self, images: LabelledImages, seed: int, folder: Path, most: int = MOST) -> None:
        cv2.setNumThreads(1)
        self.images, self.seed, self.folder = images, seed, folder / images.name
        held = min(most, len(images) // 4)
        order = np.random.default_rng(seed).permutation(len(images))
        self.train, self.reference, self.test = (
            order[: -2 * held],
            order[-2 * held : -held],
            order[-held:],
        )
        self._kept: dict[str, Kept] = {}

    @cached_property
    def network(self) -> torch.nn.Sequential:
        """The classifier, trained on what is neither reference nor test; kept as a file."""
        path = self.folder / f"seed{self.seed:02}" / "classifier.pt"
        pixels, classes = self.images.pixels, len(self.images.classes)
        if path.exists():
            network = new_network(pixels.shape[1:], classes)
            network.load_state_dict(torch.load(path, weights_only=True))
            return network.eval()
        labels = self.images.labels[self.train]
        network = train_classifier(pixels[self.train], labels, classes, seed=self.seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(network.state_dict(), path)
        return network

    @cached_property
    def accuracy(self) -> float:
        """Share of the reference pool that the classifier names rightly."""
        said = scores_of(self.network, self.images.pixels[self.reference]).argmax(axis=1)
        return float((said == self.images.labels[self.reference]).mean())

    def clean(self, rows: NDArray[np.intp]) -> Sample:
        """Return images as they are, by their rows among all images."""
        return self._sample(rows, rows, np.zeros(len(rows), np.bool_), None)

    def shifted(self, cell: Cell, n: int) -> Sample:
        """Return the first n images of the test pool under one shift; fewer where it leaves fewer."""
        places, changed = rows_of(cell, self.images.labels[self.test], self.seed)
        places, changed = places[:n], changed[:n]
        return self._sample(self.test[places], places, changed, cell.transform)

    def kept(self, name: str) -> Kept:
        if name not in self._kept:
            clean = name == "clean"
            folder = self.folder / ("clean" if clean else f"seed{self.seed:02}/{name}")
            count = len(self.images) if clean else len(self.test)
            self._kept[name] = Kept(folder, count, self.images.pixels.shape[1:])
        return self._kept[name]

    def _sample(
        self,
        rows: NDArray[np.intp],
        places: NDArray[np.intp],
        changed: NDArray[np.bool_],
        transform: str | None,
    ) -> Sample:
        """Put a sample together from the clean images and from the transformed ones, in order."""
        clean = self.kept("clean")
        clean.fill(rows[~changed], lambda part: self.images.pixels[part])
        tables = [np.array(table[rows]) for table in clean.tables]
        if changed.any() and transform is not None:
            other, taken = self.kept(transform), places[changed]
            other.fill(taken, lambda part: self._changed(transform, part))
            for table, source in zip(tables, other.tables, strict=True):
                table[changed] = source[taken]
        pixels, properties, hashes, embeddings = tables
        properties[:, PROPERTY_NAMES.index("near_duplicate")] = near_duplicates(hashes)
        scores = scores_of(self.network, pixels)
        records = Records(
            tuple(f"{i:06}" for i in range(len(rows))),
            properties,
            PROPERTY_NAMES,
            embeddings,
            _EMBEDDER.identity,
            scores=scores,
            classes=self.images.classes,
        )
        return Sample(pixels, scores, records)

    def _changed(self, transform: str, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        images = self.images.pixels[self.test[places]]
        if transform == ADVERSARIAL:
            return adversarial(self.network, images)
        return transformed(transform, images, places, self.seed)
