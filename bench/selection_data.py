"""Pools to choose from and images to measure on, embedded as the server keeps them: 128 numbers, float16."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.faults import apply_fault
from driftwheel.images.properties import measure
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.services.measure.embedding_space import fixed_space

__all__ = ["FAULTS", "SHARED", "DriftedWindow", "Pool", "drifted_window", "pools"]

BENCH = Path(__file__).parent
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", BENCH.parents[1] / "shared")) / "data"
CACHE = BENCH / ".cache" / "selection"


@dataclass(frozen=True, eq=False)
class Pool:
    """Images that may be labelled, and others of the same source that tell how good a model is.

    Attributes
    ----------
    embeddings, labels, hashes
        (n, d) float32, (n,) classes from 0, (n,) difference hashes.
    sources
        (n,) numbers of the photos they were made of; copies have the same.
    test_embeddings, test_labels
        The same of the images to measure on.
    """

    name: str
    embeddings: NDArray[np.float32]
    labels: NDArray[np.intp]
    hashes: NDArray[np.uint64]
    sources: NDArray[np.intp]
    test_embeddings: NDArray[np.float32]
    test_labels: NDArray[np.intp]


def pools(embedder: str) -> dict[str, Pool]:
    """Return the pools of `bench/selection.py` in the space of an embedder."""
    cats, dogs = (_measured(embedder, f"cats_dogs/train/{kind}") for kind in ("cat", "dog"))
    test = [_measured(embedder, f"cats_dogs/production/{kind}") for kind in ("cat", "dog")]
    found = {"cats_dogs": _pool("cats_dogs", (cats, dogs), test)}
    rare = _Measured(dogs.names[:50], dogs.embeddings[:50], dogs.hashes[:50])
    found["cats, 1 in 21 a dog"] = _pool("cats, 1 in 21 a dog", (cats, rare), test)
    copied = [_copied(kind) for kind in (cats, dogs)]
    found["cats_dogs as film"] = _pool("cats_dogs as film", copied, test)
    found["MNIST"] = _digits(embedder)
    eyes = [_measured(embedder, f"eyes/{kind}") for kind in ("open", "closed")]
    for_test = [_third_of_the_people(kind) for kind in eyes]
    found["eyes"] = _pool(
        "eyes",
        [kind.take(~last) for kind, last in zip(eyes, for_test, strict=True)],
        [kind.take(last) for kind, last in zip(eyes, for_test, strict=True)],
    )
    return found


@dataclass(frozen=True, eq=False)
class _Measured:
    names: NDArray[np.str_]
    embeddings: NDArray[np.float32]
    hashes: NDArray[np.uint64]

    def take(self, rows: NDArray) -> _Measured:
        return _Measured(self.names[rows], self.embeddings[rows], self.hashes[rows])


def _copied(kind: _Measured) -> _Measured:
    """Every eighth image shown sixteen times, nearly the same: what a film of standing things looks like."""
    rng = np.random.default_rng(0)
    rows = np.concatenate((np.arange(len(kind.names)), np.repeat(np.arange(0, len(kind.names), 8), 15)))
    taken = kind.take(rows)
    spread = 0.01 * kind.embeddings.std()
    noise = rng.normal(0, spread, taken.embeddings.shape).astype(np.float32)
    return _Measured(taken.names, taken.embeddings + noise, taken.hashes)


def _digits(embedder: str) -> Pool:
    """MNIST: 6,000 to choose from, 2,000 to measure on, ten classes."""
    file = CACHE / f"{embedder}-mnist.npz"
    if not file.exists():
        made = load_embedder(embedder, threads=1)
        space, arrays = fixed_space(made), {}
        for split, name, n in (("pool", "train", 6000), ("test", "t10k", 2000)):
            with gzip.open(SHARED / "mnist" / f"{name}-images-idx3-ubyte.gz") as images:
                pixels = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 28, 28)[:n]
            with gzip.open(SHARED / "mnist" / f"{name}-labels-idx1-ubyte.gz") as labels:
                arrays[f"{split}_labels"] = np.frombuffer(labels.read(), np.uint8, offset=8)[:n]
            found = [measure(picture) for picture in pixels]
            batches = [found[start : start + 64] for start in range(0, n, 64)]
            embedded = [made.embed(np.stack([made.prepare(one.pixels) for one in few])) for few in batches]
            arrays[f"{split}_embeddings"] = space.place(np.concatenate(embedded))
            arrays[f"{split}_hashes"] = np.array([one.hash64 for one in found], np.uint64)
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(file, **arrays)
    with np.load(file) as kept:
        return Pool(
            "MNIST",
            kept["pool_embeddings"].astype(np.float32),
            kept["pool_labels"].astype(np.intp),
            kept["pool_hashes"],
            np.arange(len(kept["pool_labels"])),
            kept["test_embeddings"].astype(np.float32),
            kept["test_labels"].astype(np.intp),
        )


def _third_of_the_people(kind: _Measured) -> NDArray[np.bool_]:
    """Both eyes of a face are on one side."""
    people = np.array([name[:-6] for name in kind.names])
    drawn = np.random.default_rng(0).permutation(np.unique(people))
    return np.isin(people, drawn[: len(drawn) // 3])


def _pool(name: str, classes, test) -> Pool:
    return Pool(
        name,
        np.concatenate([kind.embeddings for kind in classes]),
        np.repeat(np.arange(len(classes)), [len(kind.names) for kind in classes]),
        np.concatenate([kind.hashes for kind in classes]),
        np.unique(np.concatenate([kind.names for kind in classes]), return_inverse=True)[1],
        np.concatenate([kind.embeddings for kind in test]),
        np.repeat(np.arange(len(test)), [len(kind.names) for kind in test]),
    )


FAULTS = {"blur": 5, "noise": 5, "under_exposure": 5}
"""Camera faults that came to a tenth of a window, and their severities."""


@dataclass(frozen=True, eq=False)
class DriftedWindow:
    """A window a tenth of which has a camera fault, a model's first labels, and images to test on.

    Attributes
    ----------
    pool
        The reference's images that the model knows, then the window's; to test on: others with the fault, and
        as many without.
    known
        Rows of the reference's images.
    faulty, tests_faulty
        Which rows of the pool, and of those to test on, have the fault.
    reference
        (r, d) embeddings of all the reference's images.
    """

    pool: Pool
    known: NDArray[np.intp]
    faulty: NDArray[np.bool_]
    tests_faulty: NDArray[np.bool_]
    reference: NDArray[np.float32]


def drifted_window(embedder: str, fault: str, seed: int, *, known: int = 200) -> DriftedWindow:
    """Return cats and dogs, 1,000 of them in the window."""
    rng = np.random.default_rng(seed)
    kinds = ("cat", "dog")
    reference = [_measured(embedder, f"cats_dogs/train/{kind}") for kind in kinds]
    clean = [_measured(embedder, f"cats_dogs/production/{kind}") for kind in kinds]
    broken = [_measured(embedder, f"cats_dogs/production/{kind}", fault) for kind in kinds]
    own = np.concatenate([one.embeddings for one in reference])
    labels = np.repeat([0, 1], [len(one.names) for one in reference])
    rows = rng.permutation(len(own))[:known]
    whole, faulted = (np.concatenate([one.embeddings for one in side]) for side in (clean, broken))
    hashes, faulted_hashes = (np.concatenate([one.hashes for one in side]) for side in (clean, broken))
    truth = np.repeat([0, 1], [len(one.names) for one in clean])
    order = rng.permutation(len(whole))
    window, test = order[:1000], order[1000:]
    faulty = np.arange(1000) < 100
    pool = Pool(
        f"{fault} in a tenth",
        np.concatenate((own[rows], np.where(faulty[:, None], faulted[window], whole[window]))),
        np.concatenate((labels[rows], truth[window])),
        np.concatenate(
            (
                np.concatenate([one.hashes for one in reference])[rows],
                np.where(faulty, faulted_hashes[window], hashes[window]),
            )
        ),
        np.arange(known + 1000),
        np.concatenate((faulted[test], whole[test])),
        np.concatenate((truth[test], truth[test])),
    )
    return DriftedWindow(
        pool,
        np.arange(known),
        np.concatenate((np.zeros(known, bool), faulty)),
        np.repeat([True, False], len(test)),
        own,
    )


def _measured(embedder: str, folder: str, fault: str = "") -> _Measured:
    file = CACHE / f"{embedder}-{folder.replace('/', '-')}{fault and f'-{fault}-{FAULTS[fault]}'}.npz"
    if not file.exists():
        cv2.setNumThreads(1)
        made = load_embedder(embedder, threads=1)
        space = fixed_space(made)
        paths = sorted((SHARED / folder).iterdir())
        embeddings, hashes = [], []
        for start in range(0, len(paths), 32):
            found = [measure(_picture(path, fault)) for path in paths[start : start + 32]]
            batch = made.embed(np.stack([made.prepare(one.pixels) for one in found]))
            embeddings.append(space.place(batch))
            hashes += [one.hash64 for one in found]
        CACHE.mkdir(parents=True, exist_ok=True)
        names = np.array([path.name for path in paths])
        np.savez(file, names=names, embeddings=np.concatenate(embeddings), hashes=np.array(hashes, np.uint64))
    with np.load(file) as kept:
        return _Measured(kept["names"], kept["embeddings"].astype(np.float32), kept["hashes"])


def _picture(path: Path, fault: str) -> bytes | NDArray[np.uint8]:
    if not fault:
        return path.read_bytes()
    return apply_fault(cv2.imread(str(path)), fault, FAULTS[fault], 1)[:, :, ::-1]
