"""Automatic acceptance: the true share of wrong labels beside the promised one, and when it stops."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from driftwheel.agreement.audit import AuditState, advance_audit
from driftwheel.agreement.automatic_acceptance import acceptance_threshold
from driftwheel.formats.idx import read_idx

RUNS, RISK = 300, 0.05


def mnist(folder: Path, n: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """n images of the test half as (n, 196) numbers, four pixels in one, and their digits."""
    images, labels = (
        read_idx(gzip.decompress((folder / "mnist" / f"t10k-{name}-ubyte.gz").read_bytes()))
        for name in ("images-idx3", "labels-idx1")
    )
    rows = np.random.default_rng(seed).permutation(len(labels))[:n]
    small = images[rows].reshape(n, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
    return small.reshape(n, -1), labels[rows].astype(np.intp)


def acceptance_lines(data: Path) -> tuple[list[str], list[str]]:
    rows, missed = [], []
    for name, boast in (("calibrated", 1.0), ("too sure", 2.0)):
        for n in (300, 1000):
            for bound in (0.01, 0.02, 0.05):
                rows.append(_simulated(name, boast, n, bound, missed))
                print(rows[-1], flush=True)
    if (data / "mnist").is_dir():
        for bound in (0.01, 0.02, 0.05):
            rows.append(_digits(data, bound, missed))
            print(rows[-1], flush=True)
    return [
        "## Automatic acceptance: the true error beside its bound",
        "",
        f"{RUNS} draws of known answers a row. The promise is broken where more than the bound are wrong",
        f"among all that would be accepted; it may be in {RISK:.0%} of the draws.",
        "",
        "| confidence | known answers | bound | promise broken | accepted | wrong among them |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        *_audit_lines(missed),
    ], missed


def _simulated(name: str, boast: float, n: int, bound: float, missed: list[str]) -> str:
    rng = np.random.default_rng(n)

    def draw(size: int) -> NDArray[np.float64]:
        return 1 - rng.beta(0.3, 2.0, size=size)

    def chance(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 - (1 - confidence) ** (1 / boast))

    many = np.sort(draw(200_000))
    errors = np.cumsum((1 - chance(many))[::-1])[::-1] / np.arange(len(many), 0, -1)
    broken, shares, wrong = 0, [], []
    for _ in range(RUNS):
        known = draw(n)
        found = acceptance_threshold(known, rng.random(n) < chance(known), draw(3000), bound=bound, risk=RISK)
        shares.append(found.share)
        if found.threshold is not None:
            true = float(errors[np.searchsorted(many, found.threshold)])
            broken += true > bound
            wrong.append(true)
    return _row(f"simulated, {name}", n, bound, (broken, shares, wrong), missed)


def _digits(data: Path, bound: float, missed: list[str]) -> str:
    images, labels = mnist(data, 10_000, 0)
    model = LogisticRegression(C=0.3, max_iter=100, tol=0.01).fit(images[:1000], labels[:1000])
    chances = model.predict_proba(images[1000:])
    sure, right = chances.max(axis=1), model.classes_[chances.argmax(axis=1)] == labels[1000:]
    rng = np.random.default_rng(1)
    broken, shares, wrong = 0, [], []
    for _ in range(RUNS):
        order = rng.permutation(len(sure))
        known, rest = order[:1000], order[1000:]
        found = acceptance_threshold(sure[known], right[known], sure[rest], bound=bound, risk=RISK)
        shares.append(found.share)
        if found.threshold is not None:
            true = float((~right[rest])[sure[rest] >= found.threshold].mean())
            broken += true > bound
            wrong.append(true)
    name = f"digits of MNIST, a linear model of 1,000 ({right.mean():.0%} right)"
    return _row(name, 1000, bound, (broken, shares, wrong), missed)


def _row(
    name: str, n: int, bound: float, found: tuple[int, list[float], list[float]], missed: list[str]
) -> str:
    broken, shares, wrong = found
    if broken / RUNS > RISK + 3 * np.sqrt(RISK * (1 - RISK) / RUNS):
        missed.append(f"{name}, bound {bound:g}: the promise was broken in {broken} of {RUNS} draws")
    true = f"{np.mean(wrong):.2%}" if wrong else "–"
    return f"| {name} | {n:,} | {bound:.0%} | {broken / RUNS:.1%} | {np.mean(shares):.0%} | {true} |"


def _audit_lines(missed: list[str]) -> list[str]:
    rows, runs, length = [], 200, 1500
    for begun in (0, 1000):
        for times in (0.5, 1.0, 1.5, 2.0, 3.0, 5.0):
            rng = np.random.default_rng(int(10 * times) + begun)
            stops = []
            for _ in range(runs):
                state = advance_audit(AuditState(), rng.random(begun) < 0.01)
                if state.stopped:
                    stops.append(0)
                    continue
                for n, one in enumerate(rng.random(length) < 0.02 * times, 1):
                    state = advance_audit(state, [bool(one)])
                    if state.stopped:
                        stops.append(n)
                        break
            mean = f"{np.median(stops):.0f}" if len(stops) > runs / 2 else "–"
            rows.append(f"| {begun:,} | {2 * times:g} % | {len(stops) / runs:.1%} | {mean} |")
            print(rows[-1], flush=True)
            if times <= 1 and len(stops) / runs > RISK + 0.03:
                missed.append(f"the audit stopped {len(stops)} of {runs} runs within the bound")
    return [
        f"The audit, with a promise of 2 % wrong and a risk of 5 %: {runs} runs of {length:,} audits.",
        "",
        "| audits before with 1 % wrong | then wrong | stopped | audits until then (median) |",
        "| ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ]
