"""What the embedders cost and what they see; whether 1 % of outliers means 1 %.

Digits come with scikit-learn; cats and dogs, MNIST, notMNIST, day and night from the shared data, without
which their rows are left out and the table says so. Beside the embedders stands a thumbnail, 16 × 16 pixels:
what is not better than that is not worth its time. `--quick` takes a tenth of the images and writes no table.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwheel.drift.outliers import outliers
from driftwheel.drift.statistics.mmd import mmd
from driftwheel.errors import MissingExtraError
from driftwheel.images.faults import apply_fault
from driftwheel.images.properties import PROPERTY_NAMES, measure
from driftwheel.learning.embedder import Embedder
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Records
from machine import machine_lines

BENCH = Path(__file__).parent
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", BENCH.parents[1] / "shared")) / "data"
RESULT = BENCH / "results" / "embedders.md"
WINDOW = 50

Images = list[Any]


@dataclass(frozen=True)
class Thumbnail:
    """The plainest embedder there is, to compare with."""

    identity: str = "thumbnail"
    dimensions: int = 768

    def prepare(self, pixels):
        return cv2.resize(pixels, (16, 16), interpolation=cv2.INTER_AREA)

    def embed(self, batch):
        return (batch.reshape(len(batch), -1) / 255).astype(np.float32)


def embedders() -> list[Embedder]:
    found: list[Any] = [Thumbnail(), load_embedder("gist")]
    try:
        found.append(load_embedder("efficientnet-lite0", threads=1))
    except MissingExtraError as error:
        print(error)
    return found


def embed(embedder: Embedder, images: Images) -> np.ndarray:
    return embedder.embed(np.stack([embedder.prepare(image) for image in images]))


def grey(images: np.ndarray) -> Images:
    return [cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) for image in images]


def folder(name: str, most: int) -> list[bytes]:
    paths = sorted((SHARED / name).iterdir())
    step = max(1, len(paths) // most)
    return [path.read_bytes() for path in paths[::step][:most]]


def decoded(files: list[bytes]) -> Images:
    return [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in files]


def idx(name: str, kind: str) -> np.ndarray:
    with gzip.open(SHARED / name / f"{kind}.gz") as file:
        data = file.read()
    if kind.endswith("idx3-ubyte"):
        return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)
    return np.frombuffer(data, np.uint8, offset=8)


def classified(most: int) -> Iterator[tuple[str, Images, np.ndarray, Images, np.ndarray]]:
    """Yield name, images and labels to learn from, images and labels to test on."""
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    images = grey(np.rint(digits.images[order] * 15.9).astype(np.uint8))
    half, labels = min(len(images) // 2, most), digits.target[order]
    yield "digits (8 × 8, scikit-learn)", images[:half], labels[:half], images[-half:], labels[-half:]
    if not SHARED.is_dir():
        return
    order = np.random.default_rng(0).permutation(60_000)
    images, labels = (
        idx("mnist", "train-images-idx3-ubyte")[order],
        idx("mnist", "train-labels-idx1-ubyte")[order],
    )
    yield "MNIST (28 × 28)", grey(images[:most]), labels[:most], grey(images[-most:]), labels[-most:]
    of = {
        split: decoded(
            folder(f"cats_dogs/{split}/cat", most // 2) + folder(f"cats_dogs/{split}/dog", most // 2)
        )
        for split in ("train", "production")
    }
    labels = {split: np.repeat([0, 1], len(images) // 2) for split, images in of.items()}
    yield "cats or dogs (224)", of["train"], labels["train"], of["production"], labels["production"]


def least_milliseconds(work: Callable[[], Any], images: int, repeats: int = 5) -> float:
    """Processor time an image in the fastest of some runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1e3 * best / images


def speed() -> list[str]:
    lines = ["| embedder | dimensions | prepare 224 × 224 | 640 × 480 | 1920 × 1080 | 3840 × 2160 | embed |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    rng = np.random.default_rng(0)
    sizes = ((224, 224), (480, 640), (1080, 1920), (2160, 3840))
    photos = [cv2.resize(rng.integers(0, 256, (60, 80, 3), np.uint8), size[::-1]) for size in sizes]
    for embedder in embedders():
        prepare = [
            least_milliseconds(lambda p=photo, e=embedder: [e.prepare(p) for _ in range(20)], 20)
            for photo in photos
        ]
        batch = np.stack([embedder.prepare(photos[0])] * 32)
        cost = least_milliseconds(lambda e=embedder, b=batch: e.embed(b), 32)
        cells = " | ".join(f"{value:.2f}" for value in [*prepare, cost])
        lines.append(f"| {embedder.identity} | {embedder.dimensions} | {cells} |")
    lines += ["", "Milliseconds of processor time an image, one thread, batches of 32."]
    if len(embedders()) > 2:
        lines += ["", *first_use()]
    return lines


def first_use() -> list[str]:
    taken = []
    with tempfile.TemporaryDirectory() as cache:
        os.environ["DRIFTWHEEL_CACHE"] = cache
        for _ in range(2):
            start = time.perf_counter()
            load_embedder("efficientnet-lite0", threads=1)
            taken.append(time.perf_counter() - start)
        del os.environ["DRIFTWHEEL_CACHE"]
    made, opened = (f"{seconds:.2f} s" for seconds in taken)
    return [f"EfficientNet-Lite0 is first written as ONNX ({made} with loading), then opens in {opened}."]


def quality(most: int) -> list[str]:
    lines = [
        "| images | n to learn, to test | embedder | linear | nearest neighbours |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, left, left_labels, right, right_labels in classified(most):
        for embedder in embedders():
            a, b = embed(embedder, left), embed(embedder, right)
            # C is chosen on the images to learn from: on those to test it would flatter
            inner = np.arange(len(a)) % 4 == 0
            best = max(
                (1e-4, 1e-3, 1e-2, 1e-1),
                key=lambda c, a=a, y=left_labels, i=inner: linear(c).fit(a[~i], y[~i]).score(a[i], y[i]),
            )
            probe = linear(best).fit(a, left_labels).score(b, right_labels)
            near = KNeighborsClassifier(9).fit(a, left_labels).score(b, right_labels)
            lines.append(f"| {name} | {len(a)}, {len(b)} | {embedder.identity} | {probe:.1%} | {near:.1%} |")
    lines += [
        "",
        "Share of test images put in the right class, by a linear classifier and by 9 nearest neighbours.",
    ]
    return lines


def linear(c: float) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=500))


def windows(most: int, repeats: int) -> list[str]:
    """Share of windows of 50 in which MMD finds a change at p ≤ 0.05, by what changed."""
    if not SHARED.is_dir():
        return [f"Left out: no data in {SHARED}."]
    cats, dogs = (decoded(folder(f"cats_dogs/train/{kind}", most // 2)) for kind in ("cat", "dog"))
    more = [
        image
        for kind in ("cat", "dog")
        for image in decoded(folder(f"cats_dogs/production/{kind}", most // 4))
    ]
    rng = np.random.default_rng(0)
    order = np.random.default_rng(1).permutation(len(more))
    more = [more[i] for i in order]
    faulty = {
        f"{fault}, severity {severity}": [apply_fault(image, fault, severity, 1) for image in more]
        for fault, severity in (
            ("blur", 2),
            ("noise", 2),
            ("under_exposure", 2),
            ("colour_cast", 2),
            ("occlusion", 2),
        )
    }
    zero, one = digit_groups(most)
    cases: dict[str, tuple[Images, Images]] = {
        "none": (cats + dogs, more),
        "dogs only": (cats + dogs, dogs),
        **{name: (cats + dogs, images) for name, images in faulty.items()},
        "digits 0–4 → 5–9 (MNIST)": (zero, one),
        "day → night": tuple(decoded(folder(f"day_night/{kind}", most)) for kind in ("day", "night")),
    }
    names = [embedder.identity for embedder in embedders()]
    lines = ["| change | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for change, (reference, current) in cases.items():
        shares = []
        for embedder in embedders():
            a, b = embed(embedder, reference), embed(embedder, current)
            found = 0
            for _ in range(repeats):
                rows = rng.choice(len(b), min(WINDOW, len(b)), replace=False)
                found += (mmd(a, b[rows], rng=rng, threads=1).p_value or 0.0) <= 0.05
            shares.append(f"{found / repeats:.0%}")
        lines.append(f"| {change} | " + " | ".join(shares) + " |")
    return [
        *lines,
        "",
        f"Share of {repeats} windows of {WINDOW} images with p ≤ 0.05 in the MMD test of the embeddings.",
    ]


def digit_groups(most: int) -> tuple[Images, Images]:
    images, labels = idx("mnist", "t10k-images-idx3-ubyte"), idx("mnist", "t10k-labels-idx1-ubyte")
    return grey(images[labels < 5][:most]), grey(images[labels >= 5][:most])


def records(embedder: Embedder | None, files: list[Any], images: Images) -> Records:
    return Records(
        tuple(f"{number:05}" for number in range(len(images))),
        np.array([measure(data).values for data in files]),
        PROPERTY_NAMES,
        None if embedder is None else embed(embedder, images),
        None if embedder is None else embedder.identity,
    )


def encode(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def outlier_quality(most: int, halves: int) -> list[str]:
    """False flags on halves of one set, and how well strange images are told from the rest."""
    if not SHARED.is_dir():
        return [f"Left out: no data in {SHARED}."]
    files = [data for kind in ("cat", "dog") for data in folder(f"cats_dogs/production/{kind}", most // 2)]
    images = decoded(files)
    strange: dict[str, tuple[list[Any], Images]] = {}
    for name in ("bccd/JPEGImages", "day_night/night"):
        found = folder(name, 100)
        strange[name.split("/")[0]] = found, decoded(found)
    for fault, severity in (("blur", 4), ("noise", 4), ("under_exposure", 4), ("occlusion", 4)):
        faulty = [apply_fault(image, fault, severity, 1) for image in images[::5]]
        strange[f"{fault}, severity {severity}"] = [encode(image) for image in faulty], faulty
    choices: list[Embedder | None] = [None, *embedders()[1:]]
    names = ["properties only" if one is None else f"{one.identity} and properties" for one in choices]
    columns: list[list[str]] = []
    for choice in choices:
        whole = records(choice, files, images)
        flagged = []
        for seed in range(halves):
            rows = np.random.default_rng(seed).permutation(len(images))
            half = len(rows) // 2
            p = [one.p_value for one in outliers(whole.take(rows[:half]), whole.take(rows[half:]))]
            flagged.append([np.mean(np.array(p) <= alpha) for alpha in (0.01, 0.05, 0.1)])
        column = [" / ".join(f"{share:.1%}" for share in np.mean(flagged, axis=0))]
        rows = np.random.default_rng(0).permutation(len(images))
        half = len(rows) // 2
        reference, rest = whole.take(rows[:half]), whole.take(rows[half:])
        for changed_files, changed in strange.values():
            planted = records(choice, changed_files, changed)
            column.append(planted_share(reference, rest, planted))
        columns.append(column)
    lines = ["| images | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    labels = [f"alike: flagged at 1 / 5 / 10 % ({halves} random halves)", *strange]
    lines += [
        f"| {label} | " + " | ".join(cells) + " |" for label, *cells in zip(labels, *columns, strict=True)
    ]
    note = f"Reference: half of {len(images)} photos of cats and dogs."
    return [*lines, "", f"{note} Below the first row: AUROC against the other half, and share with p ≤ 0.01."]


def planted_share(reference: Records, rest: Records, planted: Records) -> str:
    alike, found = (outliers(reference, one) for one in (rest, planted))
    labels = [0] * len(alike) + [1] * len(found)
    auroc = roc_auc_score(labels, [-one.p_value for one in (*alike, *found)])
    return f"{auroc:.3f}, {np.mean([one.p_value <= 0.01 for one in found]):.0%}"


def outlier_speed(sizes: tuple[tuple[int, int], ...]) -> list[str]:
    lines = ["| reference × current × dimensions | seconds | processor seconds |", "| --- | --- | --- |"]
    for n, d in sizes:
        rng = np.random.default_rng(0)
        sides = [
            Records(
                tuple(f"{i:06}" for i in range(n)),
                rng.normal(100, 10, (n, len(PROPERTY_NAMES))).astype(np.float32),
                PROPERTY_NAMES,
                rng.normal(size=(n, d)).astype(np.float32),
                "random",
            )
            for _ in range(2)
        ]
        wall, processor = time.perf_counter(), time.process_time()
        outliers(*sides)
        taken = time.perf_counter() - wall, time.process_time() - processor
        lines.append(f"| {n:,} × {n:,} × {d} | {taken[0]:.2f} | {taken[1]:.2f} |")
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the images, no table")
    quick = options.parse_args().quick
    cv2.setNumThreads(1)
    most, repeats = (200, 5) if quick else (2000, 50)
    text = ["# Embedders and outliers", ""]
    sections: dict[str, Callable[[], list[str]]] = {
        "Cost": speed,
        "What they see of single images": lambda: quality(most),
        f"What they see of windows of {WINDOW}": lambda: windows(most // 2, repeats),
        "Outliers": lambda: outlier_quality(most // 2, 1 if quick else 20),
        "Cost of outliers": lambda: outlier_speed(((500, 1280),) if quick else ((2000, 1280), (10_000, 128))),
    }
    for title, lines in sections.items():
        section = [f"## {title}", "", *lines(), ""]
        print("\n".join(section), flush=True)
        text += section
    text += machine_lines("scikit-learn", *(["onnxruntime"] if "onnxruntime" in sys.modules else []))
    if not quick:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
