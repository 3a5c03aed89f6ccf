"""How much drift is seen, and how often falsely: the verdict on the shifts of "Failing Loudly", beside peers.

    python bench/detection.py [FOLDER] --data CACHE [--seeds 0-4] [--sizes 20,50,100] [--share 1/2]

FOLDER holds idx files, or one sub-folder of images a class; by default MNIST of the shared data. All that is
measured, trained and found is kept below CACHE, so a run that was stopped goes on where it was, and two
processes (`--share 1/2`, `--share 2/2`) divide the seeds between them. The table is written from whatever is
complete. `--task table` writes it and works nothing out.

Rabanser, Günnemann and Lipton, "Failing Loudly: An Empirical Study of Methods for Detecting Dataset Shift",
NeurIPS 2019.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy reads it

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from detection_images import SIDE, open_images
from detection_methods import METHODS, Axes, version_of
from detection_pool import Pool, Sample
from detection_results import Line, Unit, add_lines, done_in
from detection_shifts import CELLS
from detection_table import write_table

SIZES = (10, 20, 50, 100, 200, 500, 1000, 10_000)
SEEDS = 20
SEEDS_FOR_MANY = 5
"""Seeds beyond n = 1000."""

DRAWS = {"matched": 1000, "full": 200}
"""Unshifted draws for each n, over all its seeds; beside the full reference each takes seconds."""

ROOT = Path(__file__).resolve().parents[2]


def seeds_of(size: int) -> int:
    return SEEDS if size <= 1000 else SEEDS_FOR_MANY


def units(
    sizes: tuple[int, ...], seeds: tuple[int, ...], references: tuple[str, ...], tasks: tuple[str, ...]
) -> Iterator[Unit]:
    """Seed by seed up to n = 1000, then the large ones; a matched reference of all images is the full one."""
    for few in (True, False):
        for seed in seeds:
            for task in tasks:
                for size in sizes:
                    if (size <= 1000) is not few or seed >= seeds_of(size):
                        continue
                    for reference in references:
                        if few or reference == "matched":
                            yield Unit(task, seed, size, reference)


def reference_size(unit: Unit, pool: Pool) -> int:
    return unit.size if unit.reference == "matched" else len(pool.reference)


def cases(unit: Unit, pool: Pool, draws: int) -> Iterator[tuple[str, int]]:
    """Return the names of a unit's comparisons and the number each one's randomness is drawn from."""
    if unit.task == "shifts":
        yield from ((cell.name, place) for place, cell in enumerate(CELLS))
    elif unit.size + reference_size(unit, pool) <= 2 * len(pool.test):
        yield from ((str(number), 10_000 + number) for number in range(draws))


def samples(unit: Unit, place: int, pool: Pool, reference: Sample | None) -> tuple[Sample, Sample]:
    """Return the reference and the window of one comparison."""
    if unit.task == "shifts":
        assert reference is not None
        return reference, pool.shifted(CELLS[place], unit.size)
    held = np.concatenate([pool.reference, pool.test])
    order = held[np.random.default_rng([pool.seed, unit.size, place]).permutation(len(held))]
    size = reference_size(unit, pool)
    return pool.clean(order[:size]), pool.clean(order[size : size + unit.size])


def work(unit: Unit, pool: Pool, axes: Axes, *, methods: tuple[str, ...], draws: int, folder: Path) -> int:
    """Work out what is missing of one unit; return how many comparisons that was."""
    path, count = unit.path(folder), 0
    known = done_in(path)
    versions = {method: version_of(method) for method in methods}
    reference: Sample | None = None
    for name, place in cases(unit, pool, draws):
        missing = [method for method in methods if (name, method) not in known]
        if not missing:
            continue
        if unit.task == "shifts" and reference is None:
            reference = pool.clean(pool.reference[: reference_size(unit, pool)])
        before, now = samples(unit, place, pool, reference)
        lines = []
        for method in missing:
            rng = np.random.default_rng([unit.seed, unit.size, place, list(METHODS).index(method)])
            found = METHODS[method](before, now, axes, rng)
            p_value, alarm = (None, None) if found is None else (found.p_value, found.alarm)
            lines.append(Line(name, method, p_value, alarm, len(now.pixels), versions[method]))
        add_lines(path, lines)
        count += 1
    return count


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = Path(os.environ.get("DRIFTWHEEL_SHARED", ROOT / "shared"))
    parser.add_argument("images", type=Path, nargs="?", default=shared / "data" / "mnist", metavar="FOLDER")
    parser.add_argument("--data", type=Path, default=ROOT / "detection-cache", help="what is kept of the run")
    parser.add_argument("--seeds", default=f"0-{SEEDS - 1}", help="for example 0-4 or 3")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--references", default="matched,full")
    parser.add_argument("--task", default="shifts,draws", help="shifts, draws, both, or table")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--draws", type=int, help=f"unshifted draws a seed; by default {DRAWS} in all")
    parser.add_argument("--share", default="1/1", help="1/2 and 2/2: two processes divide the seeds")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels a side that photos are reduced to")
    parser.add_argument("--table", type=Path, help="what is written; bench/results/… by default")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if not options.images.is_dir():
        raise SystemExit(f"No folder {options.images}; name the folder of idx files or of classes.")
    first, _, last = options.seeds.partition("-")
    seeds = tuple(range(int(first), int(last or first) + 1))
    part, _, parts = options.share.partition("/")
    seeds = seeds[int(part) - 1 :: int(parts)]
    sizes = tuple(int(size) for size in options.sizes.split(","))
    images = open_images(options.images, options.side)
    folder = options.data / images.name / "results"
    pools: dict[int, tuple[Pool, Axes]] = {}
    tasks = tuple(task for task in options.task.split(",") if task != "table")
    for unit in units(sizes, seeds, tuple(options.references.split(",")), tasks):
        if unit.seed not in pools:
            pool = Pool(images, unit.seed, options.data)
            pools = {unit.seed: (pool, Axes.of(images.pixels[pool.train]))}
        pool, axes = pools[unit.seed]
        if unit.size > len(pool.test):
            continue
        draws = options.draws or -(-DRAWS[unit.reference] // seeds_of(unit.size))
        begun = time.monotonic()
        methods = tuple(options.methods.split(","))
        count = work(unit, pool, axes, methods=methods, draws=draws, folder=folder)
        if count:
            print(f"{unit}: {count} comparisons in {time.monotonic() - begun:.0f} s", flush=True)
    name = "detection" if images.name == "mnist" else f"detection_{images.name}"
    write_table(folder, options.table or Path(__file__).parent / "results" / f"{name}.md", images)


if __name__ == "__main__":
    main()
