"""How often the verdict is wrong without a change, on draws from one pool of measured images.

The pool is the nominal textile images of conformal-clip-data, or the images of --images DIR. Each draw takes
a fresh reference and window without overlap; the share with p ≤ 0.05 and p ≤ 0.01, and the alarms at one
false alarm a model-year (α = 0.0027), are counted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from driftwheel.demo.textile_week import textile_images
from driftwheel.drift.judge import judge
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.sources import open_source
from machine import machine_lines

RESULTS = Path(__file__).parent / "results" / "calibration.md"
SIZES = (20, 50, 100, 200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", action="append", default=[], help="a folder; may be given more than once")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--embedder", default="gist")
    options = parser.parse_args()
    nominal = {path.name: path for path in textile_images()["nominal"]}
    pools = {"textile, nominal": [str(path) for path in nominal.values()]}
    pools.update({Path(folder).name: folder for folder in options.images})
    rows = []
    for name, source in pools.items():
        embedder = load_embedder(options.embedder)
        pool = concatenate(measure_images(open_source(source), embedder=embedder))
        for size in SIZES:
            p_values, alarms = [], 0
            for seed in range(options.draws):
                rng = np.random.default_rng(seed)
                order = rng.permutation(len(pool))
                n_reference = min(400, len(pool) - size)
                reference, window = pool.take(order[:n_reference]), pool.take(order[n_reference:][:size])
                verdict = judge(reference, window, rng=rng)
                p_values.append(verdict.p_value)
                alarms += verdict.verdict == "drift"
            p = np.array(p_values)
            rows.append(
                f"| {name} | {n_reference} | {size} | {(p <= 0.05).mean():.3f} | {(p <= 0.01).mean():.4f} "
                f"| {(p <= 0.00274).mean():.4f} | {alarms} |"
            )
            print(rows[-1], flush=True)
    error = np.sqrt(0.05 * 0.95 / options.draws)
    lines = [
        "# False alarms without a change",
        "",
        *machine_lines(),
        "",
        f"{options.draws:,} draws a row, properties and {options.embedder} embeddings. A p-value that keeps",
        f"its word is at most 0.05 in 0.05 of the draws; their standard error is {error:.3f}.",
        "",
        "| images | reference | window | share p ≤ 0.05 | p ≤ 0.01 | p ≤ 0.0027 | alarms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *rows,
    ]
    RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
