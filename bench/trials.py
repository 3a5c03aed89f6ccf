"""Trials on real images: does `check` stay silent without a change, and see and name every fault?

    python bench/trials.py --data DIR [--embedder gist] [--quick]

DIR holds `cats_dogs/{train,production}`, `day_night/{day,night}`, `mnist` and `notmnist`. Writes
bench/results/trials.md.
"""

from __future__ import annotations

import argparse
import gzip
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from driftwheel.drift.diagnosis.diagnosis import diagnose
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.drift.judge import judge
from driftwheel.images.decode import decode
from driftwheel.images.faults import FAULTS, frozen_order
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Image, Records
from driftwheel.services.check.check_images import check_images
from driftwheel.services.check.simulate_faults import faulty_file, simulate_faults
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.sources import open_source
from machine import machine_lines

RESULTS = Path(__file__).parent / "results" / "trials.md"


def records_of(images: list[Image], embedder) -> Records:
    return concatenate(measure_images(images, embedder=embedder))


def images_in(folder: Path) -> list[Image]:
    return [image for image in open_source(folder) if isinstance(image, Image)]


def with_fault(images: list[Image], case: FaultCase, seed: int) -> Iterator[Image]:
    for image in images:
        yield Image(image.name, faulty_file(decode(image.data), case, seed))


def random_halves(records: Records, runs: int) -> list[str]:
    alarms = []
    low = 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(records))
        half = len(order) // 2
        verdict = judge(records.take(order[:half]), records.take(order[half:]), rng=rng)
        low += verdict.p_value <= 0.05
        if verdict.verdict == "drift":
            alarms.append(f"seed {seed}: {verdict.properties[0].name}, p = {verdict.p_value:.2g}")
    n = len(records) // 2
    detail = f" ({'; '.join(alarms)})" if alarms else ""
    return [f"| {runs} random halves | {n:,} + {n:,} | {len(alarms)} alarms{detail}; p ≤ 0.05 in {low} |"]


def fault_sweep(data: Path, embedder, sizes: tuple[int, ...]) -> list[str]:
    train, production = (images_in(data / "cats_dogs" / name) for name in ("train", "production"))
    reference = records_of(train, embedder)
    clean = records_of(production, embedder)
    rng = np.random.default_rng(0)
    verdict = judge(reference, clean, rng=rng)
    p = verdict.p_value
    lines = [
        "## cats_dogs",
        "",
        "| trial | images | answer |",
        "| --- | --- | --- |",
        f"| train → production | {len(train):,} + {len(clean):,} | {verdict.verdict}, p = {p:.2g} |",
        *random_halves(concatenate([reference, clean]), 20),
        "",
        "Faults given to the production images: severities at which drift was found / the right fault was",
        "named first / its severity was within one step.",
        "",
        "| fault | " + " | ".join(f"n = {n}" for n in sizes) + " |",
        "| --- |" + " --- |" * len(sizes),
    ]
    chosen = rng.choice(len(train), 100, replace=False)
    library = simulate_faults([train[i] for i in chosen], embedder=embedder)
    order = rng.permutation(len(production))
    totals = {n: [0, 0, 0, 0] for n in sizes}
    for fault in FAULTS:
        counts = {n: [0, 0, 0, 0] for n in sizes}
        for severity in fault.severities:
            shuffled = [production[i] for i in order[: max(sizes)]]
            if fault.function is None:
                frozen = frozen_order(len(shuffled), severity or 3, np.random.default_rng(7))
                faulty = [Image(f"{i:05}.jpg", shuffled[j].data) for i, j in enumerate(frozen)]
                current = records_of(faulty, embedder)
            else:
                case = FaultCase(fault.name, severity, fault.variants[0])
                faulty = [
                    Image(f"{i:05}.jpg", x.data) for i, x in enumerate(with_fault(shuffled, case, seed=1234))
                ]
                current = records_of(faulty, embedder)
            for n in sizes:
                window = current.take(range(n))
                found = judge(reference, window, rng=np.random.default_rng(1))
                count = counts[n]
                count[0] += 1
                if found.verdict != "drift":
                    continue
                count[1] += 1
                findings = diagnose(library, reference, window, rng=np.random.default_rng(1)).findings
                if findings and findings[0].fault == fault.name:
                    count[2] += 1
                    named = findings[0].severity
                    count[3] += severity is None or (named is not None and abs(named - severity) <= 1)
        cells = []
        for n in sizes:
            cells.append(" / ".join(str(x) for x in counts[n][1:]) + f" of {counts[n][0]}")
            totals[n] = [a + b for a, b in zip(totals[n], counts[n], strict=True)]
        lines.append(f"| {fault.title} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    summed = [" / ".join(str(x) for x in totals[n][1:]) + f" of {totals[n][0]}" for n in sizes]
    lines.append("| **all** | " + " | ".join(summed) + " |")
    return lines


def idx_images(path: Path, limit: int) -> np.ndarray:
    with gzip.open(path) as file:
        _, count, height, width = struct.unpack(">4i", file.read(16))
        flat = np.frombuffer(file.read(min(count, limit) * height * width), np.uint8)
    return flat.reshape(-1, height, width)


def checks(data: Path, embedder: str) -> list[str]:
    lines = [
        "",
        "## Other folders",
        "",
        "| trial | images | answer | strongest | diagnosis | seconds |",
        "| --- |" + " --- |" * 5,
    ]

    def row(name: str, reference, current) -> None:
        begun = time.perf_counter()
        found = check_images(reference, current, embedder=embedder).verdict
        strongest = found.properties[0] if found.properties else None
        named = (
            ", ".join(f"{f.fault} {f.severity or ''} ({f.share:.0%})" for f in found.diagnosis[:2])
            or "none named"
        )
        lines.append(
            f"| {name} | {found.n_reference:,} + {found.n_current:,} ({len(found.unreadable)} unreadable) "
            f"| {found.verdict}, p = {found.p_value:.2g}, {found.kind or '–'} "
            f"| {f'{strongest.name} {strongest.effect:.2f}' if strongest else '–'} | {named} "
            f"| {time.perf_counter() - begun:.0f} |"
        )
        print(lines[-1], flush=True)

    day = sorted((data / "day_night" / "day").rglob("*.*"))
    half = [p for i, p in enumerate(day) if i % 2 == 0], [p for i, p in enumerate(day) if i % 2]
    row("day → night", data / "day_night" / "day", data / "day_night" / "night")
    row("day → other day images", half[0], half[1])
    digits, letters = (
        idx_images(data / name / "t10k-images-idx3-ubyte.gz", 2000) for name in ("mnist", "notmnist")
    )
    row("mnist → other mnist", list(digits[:1000]), list(digits[1000:]))
    row("mnist → notmnist", list(digits[:1000]), list(letters[:1000]))
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder)
        rng = np.random.default_rng(3)
        production = images_in(data / "cats_dogs" / "production")
        for i, k in enumerate(rng.permutation(len(production))[:600]):
            image = production[k]
            content = image.data
            if i % 20 == 0:
                content = [b"", content[: len(content) // 2], rng.bytes(2000), content[:40]][(i // 20) % 4]
            (broken / f"{i:04}.jpg").write_bytes(content)
        row("train → cats alone", data / "cats_dogs" / "train", data / "cats_dogs" / "production" / "cat")
        row("train → 600 files, 5 % broken", data / "cats_dogs" / "train", broken)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("DRIFTWHEEL_SHARED", shared.parent)) / "data"
    )
    parser.add_argument("--embedder", default="gist")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if not options.data.is_dir():
        raise SystemExit(f"No data at {options.data}; give its folder with --data.")
    sizes = (50,) if options.quick else (50, 200, 700)
    lines = ["# Trials on real images", "", *machine_lines(), "", f"Embedder: {options.embedder}.", ""]
    lines += fault_sweep(options.data, load_embedder(options.embedder), sizes)
    lines += checks(options.data, options.embedder)
    RESULTS.write_text("\n".join(lines) + "\n")
    print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
