"""How often `check --autoencoder` is wrong without a change: both looks at the same images, at one dial.

Digits of MNIST and photos of cats and dogs: each reference is drawn anew, an autoencoder is trained on it,
and windows are drawn from what is left, none of them with an image of another. At a dial of one false alarm
in twenty windows at most one in twenty may be called drift, within what so many windows vary by.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binom

from driftwheel.learning.autoencoder import open_autoencoder
from driftwheel.learning.autoencoder_shape import AutoencoderShape, shape_for
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.services.check.check_images import check_against
from driftwheel.services.check.measure_reference import measure_reference
from driftwheel.services.check.train_autoencoder import train_autoencoder_on
from driftwheel.sources.idx_folder import read_idx_images
from machine import machine_lines

RESULTS = Path(__file__).parent / "results" / "autoencoder_alarms.md"
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", Path(__file__).parents[2] / "shared"))
HEADS = ("images", "reference", "references × windows", "p ≤ 0.05", "p ≤ 0.01", "by the autoencoder", "drift")
ALPHA, WINDOWS = 0.05, 365.0
DIAL = -WINDOWS * float(np.log1p(-ALPHA))
"""False alarms a year that make one window in twenty a false alarm."""


def digits(data: Path) -> Sequence[np.ndarray]:
    return list(read_idx_images(data / "mnist", "test"))


def photos(data: Path) -> Sequence[Path]:
    return sorted((data / "cats_dogs").rglob("*.jpg"))


def draws_of(name: str, pool: Sequence[object], shape: AutoencoderShape, n: int, options) -> str:
    """One row: windows called drift, by each look and by both, over references of n images drawn anew."""
    found = []
    for seed in range(options.references):
        order = np.random.default_rng([seed, 1]).permutation(len(pool))
        own = [pool[i] for i in order[:n]]
        model = train_autoencoder_on(
            own, shape=shape, training=AutoencoderTraining(), threads=1, seed=seed
        ).model
        network = open_autoencoder(model, threads=1)
        reference = measure_reference(own, embedder="gist", threads=1)
        for draw in range(options.windows):
            first = n + draw * options.size
            window = [pool[i] for i in order[first : first + options.size]]
            assert len(window) == options.size, "the pool is too small"
            verdict = check_against(
                reference,
                window,
                diagnose=False,
                false_alarms_per_year=DIAL,
                windows_per_year=WINDOWS,
                autoencoder=network,
                seed=1000 * seed + draw,
            ).verdict
            look = verdict.reconstruction
            assert look is not None
            found.append((seed, verdict.p_value, look.p_value, look.drifted, verdict.verdict == "drift"))
            print(name, *found[-1], flush=True)
    table = np.array(found, float)
    draws, alarms = len(table), int(table[:, 4].sum())
    most = int(binom.ppf(0.975, draws, ALPHA))
    shares = " | ".join(f"{100 * (table[:, 1] <= level).mean():.1f} %" for level in (0.05, 0.01))
    return (
        f"| {name} | {n:,} | {options.references} × {options.windows} | {shares} "
        f"| {100 * table[:, 3].mean():.1f} % | {100 * alarms / draws:.1f} % | {alarms} of at most {most} "
        f"| {'met' if alarms <= most else '**missed**'} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--references", type=int, default=15)
    parser.add_argument("--windows", type=int, default=20)
    parser.add_argument("--size", type=int, default=100)
    options = parser.parse_args()
    rows = [
        draws_of("digits", digits(options.data), shape_for(28, colour=False), 1000, options),
        draws_of("photos", photos(options.data), shape_for(64, colour=True), 500, options),
    ]
    lines = [
        "# False alarms of a check with an autoencoder",
        "",
        *machine_lines("torch", "onnxruntime"),
        "",
        f"Windows of {options.size} images, the default autoencoder and GIST embeddings, at a dial of one",
        f"false alarm in {1 / ALPHA:.0f} windows: half is the autoencoder's, half all other evidence's. Of",
        "so many windows without a change at most the number said may be called drift (97.5 % of what chance",
        "makes of 5 %).",
        "",
        f"| {' | '.join(HEADS)} | | |",
        f"|{' --- |' * (len(HEADS) + 2)}",
        *rows,
    ]
    RESULTS.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    if any("missed" in row for row in rows):
        raise SystemExit("Missed.")


if __name__ == "__main__":
    main()
