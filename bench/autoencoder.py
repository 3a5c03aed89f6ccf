"""Reconstruction drift: the published experiment (learn MNIST, meet notMNIST), and a test on 20 images.

Runs what `driftwheel demo autoencoder` runs. Targets on 2 cores: trained within 10 minutes; validation loss
at most 0.095; fresh noise within 2 % of it; notMNIST at least 60 % above; 1,000 windows of 20 images without
change called drift at the default dial at most 5 % of the time, those of notMNIST at least 95 %; and p-values
that are honest: p ≤ 0.05 on 3 to 6.6 % of the windows without change.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from driftwheel.demo.autoencoder import ALPHAS, Experiment, repeat_experiment
from driftwheel.report.numbers import several
from driftwheel.services.measure.parallel import default_threads
from machine import machine_lines

RESULTS = Path(__file__).parent / "results" / "autoencoder.md"
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", Path(__file__).parents[2] / "shared"))
N = 20

ITSELF = (
    "Mean binary cross-entropy in nats a pixel. *Against itself*: the network's answer held against the "
    "answer, which is how the published figures after the first were made."
)
SHARES = (
    "the share with a p-value at or below a level, and the share called drift at the level of one false "
    "alarm a year, where the effect must be large enough too. MNIST's own test images differ from its "
    "training images, so they are not a null."
)


def targets(done: Experiment) -> list[tuple[str, str, str, bool]]:
    """What is wanted, what was found, and whether that is enough."""
    baseline, noisy, other = (one.loss for one in done.losses[:3])
    unchanged, _, changed = done.rates
    return [
        ("training", "≤ 600 s", f"{done.seconds:.0f} s", done.seconds <= 600),
        ("validation loss", "≤ 0.095", f"{baseline:.4f}", baseline <= 0.095),
        ("noisy, over it", "≤ +2 %", f"{100 * (noisy / baseline - 1):+.1f} %", noisy <= 1.02 * baseline),
        ("notMNIST, over it", "≥ +60 %", f"{100 * (other / baseline - 1):+.0f} %", other >= 1.6 * baseline),
        (f"false alarms, n = {N}", "≤ 5 %", f"{100 * unchanged.drifted:.1f} %", unchanged.drifted <= 0.05),
        (f"power on notMNIST, n = {N}", "≥ 95 %", f"{100 * changed.drifted:.1f} %", changed.drifted >= 0.95),
        (
            "p ≤ 0.05 without change",
            "3 to 6.6 %",
            f"{100 * unchanged.significant[0]:.1f} %",
            0.03 <= unchanged.significant[0] <= 0.066,
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=default_threads())
    options = parser.parse_args()
    if not (options.data / "mnist").is_dir():
        raise SystemExit(f"No MNIST at {options.data / 'mnist'}; give the folder above it with --data.")
    done = repeat_experiment(
        options.data, seed=options.seed, epochs=options.epochs, n=N, threads=options.threads
    )
    found = targets(done)
    made = (
        f"{done.n_fit:,} training images of MNIST, {done.epochs} epochs with noise 0.5 clipped to [0, 1], "
        f"{several(done.threads, 'thread')}, seed {options.seed}; 12,000 more were held out."
    )
    lines = [
        "# Reconstruction drift",
        "",
        *machine_lines("torch", "onnxruntime"),
        "",
        made,
        "",
        "| target | wanted | found | |",
        "| --- | --- | --- | --- |",
    ]
    for name, wanted, what, met in found:
        lines.append(f"| {name} | {wanted} | {what} | {'met' if met else '**missed**'} |")
    lines += [
        "",
        ITSELF,
        "",
        "| images | loss | over validation | published | against itself |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in done.losses:
        over = f"{100 * (one.loss / done.losses[0].loss - 1):+.1f} %"
        published = "–" if one.published is None else f"{one.published:.4f}"
        lines.append(f"| {one.name} | {one.loss:.4f} | {over} | {published} | {one.against_itself:.4f} |")
    heads = " | ".join(f"p ≤ {alpha:g}" for alpha in ALPHAS)
    shares = f"Of {done.rates[0].draws:,} windows of {N} images each: {SHARES}"
    lines += ["", shares, "", f"| windows of | {heads} | drift |", "| --- | --- | --- | --- | --- |"]
    for rate in done.rates:
        cells = " | ".join(f"{100 * share:.1f} %" for share in (*rate.significant, rate.drifted))
        lines.append(f"| {rate.name} | {cells} |")
    RESULTS.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    if missed := [name for name, _, _, met in found if not met]:
        raise SystemExit(f"Missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
