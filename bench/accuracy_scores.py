"""Trains the models that `accuracy.py` estimates the accuracy of, and keeps their scores on shifted images.

Two worlds. Digits: MNIST, both files pooled and shuffled (its own split is itself shifted); five networks.
Photos: cats and dogs; heads on embeddings. Each world has images to train on, images for the labelled
reference, and images of production, which no model and no calibration has seen. Every known fault is given to
a part of the reference (what Driftwheel simulates) and to a part of production (what happens); production
also meets shifts that are in no list of faults. Everything is kept in a folder, so that a run resumes.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwheel.images.decode import decode
from driftwheel.images.faults import FAULTS, SEVERITIES, apply_fault
from driftwheel.learning.load_embedder import load_embedder

Images = Sequence[NDArray[np.uint8]]
Shift = Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]

PHOTOS = 160  # of a case: an embedding takes its time
CAMERAS = 10
OTHER_CAMERAS = 1000  # of production: none of those that are simulated


@dataclass(frozen=True)
class Case:
    """One thing that happens to images: `fault` is what calibration leaves out when it is tested."""

    name: str
    fault: str
    shift: Shift


@dataclass(frozen=True)
class Scored:
    """Scores of one model on the images of one case."""

    name: str
    fault: str
    scores: NDArray[np.float64]
    truth: NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """One model: its labelled reference, what is simulated on it, and what happens in production."""

    data: str
    model: str
    source: Scored
    simulated: tuple[Scored, ...]
    production: tuple[Scored, ...]


def known_faults(grades: Sequence[int] = SEVERITIES) -> list[Case]:
    """Every camera fault at these severities, as Driftwheel simulates them; the clean images first."""
    clean = Case("clean", "", lambda image, _: image)
    return [
        clean,
        *(
            Case(f"{fault.name} {grade or ''}".strip(), fault.name, _given(fault.name, grade))
            for fault in FAULTS
            if fault.function is not None
            for grade in fault.severities
            if grade is None or grade in grades
        ),
    ]


def _given(name: str, grade: int | None) -> Shift:
    return lambda image, seed: apply_fault(image, name, grade, seed)


def other_shifts() -> list[Case]:
    """Shifts in no list of faults: angles, grey levels of noise, widths of blur, and random affine maps."""

    def noisy(image, seed, level):
        drawn = np.random.default_rng([seed, int(image.astype(np.int64).sum())])
        return np.clip(image + drawn.normal(0, level, image.shape), 0, 255).round().astype(np.uint8)

    def blurred(image, _, sigma):
        return cv2.GaussianBlur(image, (0, 0), sigma * max(image.shape[0] / 28, 1))

    def turned(image, _, angle):
        return _affine(image, angle, 0, 0, 0, 1, 1)

    def mapped(image, seed, size):
        drawn = np.random.default_rng([seed, int(image.astype(np.int64).sum())])
        angle, move, shear, zoom, flips = size
        image = _affine(
            image,
            drawn.uniform(-angle, angle),
            *drawn.uniform(-move, move, 2),
            drawn.uniform(-shear, shear),
            *drawn.uniform(1 - zoom, 1 + zoom, 2),
        )
        for axis in range(flips):
            image = np.flip(image, 1 - axis) if drawn.random() < 0.5 else image
        return np.ascontiguousarray(image)

    def with_(function, value):
        return lambda image, seed: function(image, seed, value)

    return [
        *(Case(f"rotated {a}°", "rotation", with_(turned, a)) for a in (10, 20, 30, 40, 50, 60)),
        *(Case(f"noisy σ {s}", "noise", with_(noisy, s)) for s in (20, 40, 60, 80, 100)),
        *(Case(f"blurred σ {s}", "blur", with_(blurred, s)) for s in (0.5, 1, 1.5, 2, 3)),
        Case("affine, small", "affine", with_(mapped, (10, 0.05, 0.1, 0.1, 0))),
        Case("affine, medium", "affine", with_(mapped, (40, 0.2, 0.2, 0.2, 1))),
        Case("affine, large", "affine", with_(mapped, (90, 0.4, 0.3, 0.4, 2))),
    ]


def digits(data: Path, shared: Path) -> list[World]:
    """Return the five networks on MNIST."""
    names = ("cnn-a", "cnn-b", "cnn-c", "mlp", "linear")
    kept = [data / f"digits-{name}.npz" for name in names]
    if not all(one.exists() for one in kept):
        images, labels = _mnist(shared / "mnist")
        order = np.random.default_rng(0).permutation(len(images))
        images, labels = images[order], labels[order]
        networks = [_trained(name, images[:15000], labels[:15000], i) for i, name in enumerate(names)]
        letters = _idx(shared / "notmnist" / "t10k-images-idx3-ubyte.gz")[:500]
        source, production = slice(15000, 19000), slice(30000, 34000)
        found = [{} for _ in names]
        for part, rows, cases, camera in (
            ("source", source, known_faults(), 0),
            ("production", production, known_faults() + other_shifts(), OTHER_CAMERAS),
        ):
            for case in cases:
                taken = images[rows] if case.name == "clean" else images[rows][:1000]
                shifted = _shifted([cv2.cvtColor(one, cv2.COLOR_GRAY2BGR) for one in taken], case, camera)
                grey = np.stack(
                    [cv2.resize(cv2.cvtColor(one, cv2.COLOR_BGR2GRAY), (28, 28)) for one in shifted]
                )
                for network, its in zip(networks, found, strict=True):
                    its[f"{part}|{case.name}|{case.fault}"] = _network_scores(network, grey)
            print("digits", part, flush=True)
        for path, network, its in zip(kept, networks, found, strict=True):
            its["letters"] = _network_scores(network, letters)
            its["source"], its["production"] = labels[source], labels[production]
            np.savez_compressed(path, **its)
    return [_world("digits", name, path) for name, path in zip(names, kept, strict=True)]


def photos(data: Path, shared: Path) -> list[World]:
    """Return heads on embeddings of cats and dogs."""
    names = ("network, own_model", "network, unregularised", "network, small mlp", "gist, own_model")
    for embedder in ("efficientnet-lite0", "gist"):
        _embed_photos(data, shared, embedder)
    return [_head(data, name) for name in names]


def _embed_photos(data: Path, shared: Path, name: str) -> None:
    folder = data / f"photos-{name}"
    folder.mkdir(exist_ok=True)
    embedder = load_embedder(name, threads=1)
    paths = {part: sorted((shared / "cats_dogs").glob(f"{part}/*/*.jpg")) for part in ("train", "production")}
    for its in paths.values():
        np.random.default_rng(0).shuffle(its)
    parts = {"train": paths["train"][:900], "source": paths["train"][900:], "production": paths["production"]}
    for part, files in parts.items():
        camera = OTHER_CAMERAS if part == "production" else 0
        cases = {
            "train": known_faults()[:1],
            "source": known_faults((1, 3, 5)),
            "production": known_faults((2, 4)) + other_shifts(),
        }
        for number, case in enumerate(cases[part]):
            target = folder / f"{part}-{number}.npz"
            if target.exists():
                continue
            taken = files if case.name == "clean" else files[:PHOTOS]
            rows = []
            for begin in range(0, len(taken), 32):
                images = [decode(one.read_bytes()).pixels for one in taken[begin : begin + 32]]
                shifted = _shifted(images, case, camera + begin)
                rows.append(embedder.embed(np.stack([embedder.prepare(one) for one in shifted])))
            truth = np.array([one.parent.name == "dog" for one in taken], np.int64)
            np.savez(
                target,
                name=case.name,
                fault=case.fault,
                truth=truth,
                embedded=np.concatenate(rows).astype(np.float16),
            )
            print("photos", name, part, case.name, flush=True)


def _head(data: Path, name: str) -> World:
    embedder, kind = name.split(", ")
    folder = data / f"photos-{'gist' if embedder == 'gist' else 'efficientnet-lite0'}"

    def read(path):
        kept = np.load(path)
        return kept["embedded"].astype(np.float32), kept["truth"], str(kept["name"]), str(kept["fault"])

    heads = {
        "own_model": LogisticRegression(C=0.01, max_iter=1000),
        "unregularised": LogisticRegression(C=10.0, max_iter=2000),
        "small mlp": MLPClassifier((32,), max_iter=300, random_state=0),
    }
    head = make_pipeline(StandardScaler(), heads[kind])
    embedded, truth, *_ = read(folder / "train-0.npz")
    head.fit(embedded, truth)

    def scored(part):
        for path in sorted(folder.glob(f"{part}-*.npz"), key=lambda one: int(one.stem.split("-")[1])):
            embedded, truth, case, fault = read(path)
            yield Scored(case, fault, head.predict_proba(embedded).astype(np.float64), truth)

    source, *simulated = scored("source")
    return World("photos", name, source, tuple(simulated), tuple(scored("production")))


def _world(data: str, model: str, path: Path) -> World:
    kept = np.load(path)
    labels = {part: kept[part] for part in ("source", "production")}

    def scored(part) -> Iterator[Scored]:
        for key in kept.files:
            if key.startswith(f"{part}|"):
                _, case, fault = key.split("|")
                scores = kept[key].astype(np.float64)
                yield Scored(case, fault, scores, labels[part][: len(scores)])

    source, *simulated = scored("source")
    production = list(scored("production"))
    letters = kept["letters"].astype(np.float64)
    unknown = Scored("letters (no class of the model's)", "unknown", letters, np.full(len(letters), -1))
    return World(data, model, source, tuple(simulated), (*production, unknown))


def _shifted(images: Images, case: Case, camera: int) -> Images:
    return [case.shift(image, camera + i % CAMERAS) for i, image in enumerate(images)]


def _affine(image, angle, right, down, shear, wide, high):  # noqa: PLR0917
    rows, columns = image.shape[:2]
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn + shear)], [np.sin(turn), np.cos(turn + shear)]])
    matrix = matrix @ np.diag([wide, high])
    centre = np.array([columns - 1, rows - 1]) / 2
    move = centre - matrix @ centre + np.array([right * columns, down * rows])
    return cv2.warpAffine(
        image, np.column_stack([matrix, move]), (columns, rows), borderMode=cv2.BORDER_REPLICATE
    )


def _trained(name: str, images: NDArray[np.uint8], labels: NDArray[np.int64], seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network = _network(name)
    rows = np.random.default_rng(seed).permutation(len(images))
    x = torch.from_numpy(images[rows, None].astype(np.float32) / 255)
    y = torch.from_numpy(labels[rows])
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    network.train()
    for _ in range(2 if name == "cnn-c" else 4):
        for begin in range(0, len(x), 64):
            loss = torch.nn.functional.cross_entropy(network(x[begin : begin + 64]), y[begin : begin + 64])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    network.eval()
    print("trained", name, flush=True)
    return network


def _network(name: str) -> torch.nn.Module:
    nn = torch.nn
    if name == "linear":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    if name == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    wide = {"cnn-a": 16, "cnn-b": 24, "cnn-c": 8}[name]
    return nn.Sequential(
        *(nn.Conv2d(1, wide, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(wide, 2 * wide, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.25), nn.Linear(2 * wide * 25, 10)),
    )


def _network_scores(network: torch.nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    with torch.no_grad():
        logits = network(torch.from_numpy(images[:, None].astype(np.float32) / 255))
        return torch.softmax(logits, 1).numpy().astype(np.float32)


def _mnist(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = [_idx(folder / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k")]
    labels = [_labels(folder / f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    return np.concatenate(images), np.concatenate(labels)


def _idx(path: Path) -> NDArray[np.uint8]:
    return np.frombuffer(gzip.decompress(path.read_bytes())[16:], np.uint8).reshape(-1, 28, 28)


def _labels(path: Path) -> NDArray[np.int64]:
    return np.frombuffer(gzip.decompress(path.read_bytes())[8:], np.uint8).astype(np.int64)
