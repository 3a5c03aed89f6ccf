"""The tables of the detection benchmark, from whatever is complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import beta

from detection_images import LabelledImages
from detection_methods import ALPHA, METHODS
from detection_results import Line, newest, read_lines
from detection_shifts import CELLS, Cell
from machine import machine_lines

OURS, PEER = "Driftwheel", "BBSDs"
ALARM = "Driftwheel, verdict"
BY_NAME = {cell.name: cell for cell in CELLS}
PUBLISHED_SIZES = (10, 20, 50, 100, 200, 500, 1000, 10_000)
PUBLISHED = {
    "published: BBSDs": (0.19, 0.28, 0.47, 0.47, 0.51, 0.65, 0.70, 0.79),
    "published: best MMD": (0.20, 0.27, 0.40, 0.43, 0.45, 0.53, 0.61),
}
"""Of MNIST and CIFAR-10 together, from the paper; not of this run."""


@dataclass(frozen=True)
class Answer:
    """One method's answer to one comparison: `found` is p ≤ 0.05, or an alarm for the whole verdict."""

    task: str
    reference: str
    size: int
    seed: int
    case: str
    method: str
    found: bool


def answers_in(folder: Path) -> list[Answer]:
    """Read every file of results; a seed whose shifts are not complete for a method is left out of them."""
    answers = []
    for path in sorted(folder.glob("*.jsonl")):
        task, reference, size, seed = path.stem.split("-")
        lines = newest(read_lines(path))
        whole = Counter(line.method for line in lines if line.p_value is not None)
        for line in lines:
            if line.p_value is None or (task == "shifts" and whole[line.method] < len(CELLS)):
                continue
            about = task, reference, int(size[1:]), int(seed[4:]), line.case
            answers.append(Answer(*about, line.method, line.p_value <= ALPHA))
            if line.alarm is not None:
                answers.append(Answer(*about, ALARM, line.alarm))
    return answers


def interval(hits: int, draws: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Clopper and Pearson."""
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, draws - hits + 1))
    high = 1.0 if hits == draws else float(beta.ppf(0.975, hits + 1, draws - hits))
    return low, high


def _rate(answers: Iterable[Answer]) -> float | None:
    found = [answer.found for answer in answers]
    return float(np.mean(found)) if found else None


def _shown(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.2f}"


def _row(title: str, cells: Iterable[str]) -> str:
    return f"| {title} | " + " | ".join(cells) + " |"


def _head(title: str, sizes: list[int]) -> list[str]:
    return [_row(title, (f"n = {size:,}" for size in sizes)), "| --- |" + " --- |" * len(sizes)]


def _by_method(answers: list[Answer], sizes: list[int]) -> list[str]:
    lines = _head("method", sizes)
    for method in (OURS, ALARM, *list(METHODS)[1:]):
        of_method = [answer for answer in answers if answer.method == method]
        rates = [_rate(answer for answer in of_method if answer.size == size) for size in sizes]
        lines.append(_row(method, map(_shown, rates)))
    return lines


def _side_by_side(
    title: str, answers: list[Answer], sizes: list[int], groups: dict[str, Callable[[Cell], bool]]
) -> list[str]:
    lines = _head(title, sizes)
    for name, belongs in groups.items():
        chosen = [answer for answer in answers if belongs(BY_NAME[answer.case])]
        cells = []
        for size in sizes:
            rates = [
                _rate(answer for answer in chosen if answer.size == size and answer.method == method)
                for method in (OURS, PEER)
            ]
            cells.append(" / ".join(map(_shown, rates)))
        lines.append(_row(name, cells))
    return lines


def _false_positives(answers: list[Answer], sizes: list[int]) -> list[str]:
    lines = _head("method", sizes)
    for method in (OURS, ALARM, *list(METHODS)[1:]):
        cells = []
        for size in sizes:
            found = [answer.found for answer in answers if answer.method == method and answer.size == size]
            if not found:
                cells.append("–")
                continue
            low, high = interval(sum(found), len(found))
            cells.append(f"{np.mean(found):.3f} ({low:.3f}–{high:.3f})")
        lines.append(_row(method, cells))
    counts = Counter(answer.size for answer in answers if answer.method == OURS)
    lines.append(_row("draws", (f"{counts[size]:,}" for size in sizes)))
    return lines


def _groups() -> list[tuple[str, dict[str, Callable[[Cell], bool]]]]:
    shifts = dict.fromkeys(cell.shift for cell in CELLS)
    intensities = dict.fromkeys(cell.intensity for cell in CELLS)
    shares = dict.fromkeys(cell.share for cell in CELLS)
    return [
        ("shift", {name: lambda cell, name=name: cell.shift == name for name in shifts}),
        ("intensity", {name: lambda cell, name=name: cell.intensity == name for name in intensities}),
        ("δ", {f"{share:g}": lambda cell, share=share: cell.share == share for share in shares}),
    ]


def _targets(shifts: list[Answer], draws: list[Answer]) -> list[str]:
    """Say of each target whether it is met by the matched reference."""
    sizes = sorted({answer.size for answer in shifts if answer.size >= 20})
    ahead = {}
    for size in sizes:
        ours, theirs = (
            _rate(answer for answer in shifts if answer.size == size and answer.method == method)
            for method in (OURS, PEER)
        )
        if ours is not None and theirs is not None:
            ahead[size] = ours - theirs
    lines = []
    if ahead:
        least = min(ahead, key=ahead.__getitem__)
        mean = float(np.mean(list(ahead.values())))
        met = "met" if ahead[least] > 0 and mean >= 0.08 else "not met"
        lines.append(
            f"- Ahead of {PEER} at every n from 20 up and by ≥ 0.08 on average: {met}; by {mean:.3f} on "
            f"average, least at n = {least:,} ({ahead[least]:+.3f})."
        )
    noise = _rate(
        answer
        for answer in shifts
        if answer.size == 100 and answer.method == OURS and BY_NAME[answer.case].shift == "small noise"
    )
    if noise is not None:
        lines.append(
            f"- Small Gaussian noise ≥ 0.60 at n = 100: {'met' if noise >= 0.60 else 'not met'}, {noise:.2f}."
        )
    rates = {
        size: _rate(answer for answer in draws if answer.size == size and answer.method == OURS)
        for size in sorted({answer.size for answer in draws if answer.size >= 20})
    }
    known = {size: rate for size, rate in rates.items() if rate is not None}
    if known:
        met = "met" if all(0.03 <= rate <= 0.06 for rate in known.values()) else "not met"
        shown = ", ".join(f"{rate:.3f} at {size:,}" for size, rate in known.items())
        lines.append(f"- False positives in 0.03–0.06 at every n: {met}; {shown}.")
    return lines


def _of_this_run(lines: list[Line]) -> str:
    versions = {line.version for line in lines if line.method == OURS}
    return "one version" if len(versions) == 1 else f"{len(versions)} versions (compare with care)"


def write_table(folder: Path, path: Path, images: LabelledImages) -> None:
    """Write what `folder` holds of results as Markdown."""
    answers = answers_in(folder)
    if not answers:
        print("nothing to write yet")
        return
    everything = [line for file in sorted(folder.glob("*.jsonl")) for line in newest(read_lines(file))]
    lines = [
        f"# Drift seen, and drift seen falsely: {images.name}",
        "",
        *machine_lines("torch", "scikit-learn"),
        "",
        'The protocol of "Failing Loudly" (Rabanser, Günnemann and Lipton 2019): all images pooled and',
        "shuffled by seed, the last as the test pool, those before them as the reference, a classifier",
        f"trained on the rest; {len(CELLS)} shifts, every image 8 bits again after each. A shift counts as",
        f"seen at p ≤ {ALPHA:g} after correction for all that a method looks at. All methods see the same",
        "images in the same run.",
        "",
        f"- {OURS}: the p-value of the default verdict on properties, embeddings of the base install and the",
        f"  classifier's scores. *{ALARM}* is the whole verdict at α = {ALPHA:g}, which asks for an effect",
        "  beyond what the reference itself varies by as well. Below 20 images it is `insufficient` and",
        "  counts as not seen.",
        f"- {PEER}: Kolmogorov-Smirnov on each softmax column, Bonferroni. MMD on PCA: aggregated kernel on",
        "  32 axes of the pixels, 200 permutations, up to n = 1,000. Domain classifier: logistic regression",
        "  on these axes, binomial test on the half it was not fitted on.",
        "- A knock-out leaves fewer images than the test pool holds, only zero about a tenth of it: at the",
        "  largest n the window is what is left.",
        f"- Answers of {OURS} are of {_of_this_run(everything)} of its judge.",
    ]
    shifts, draws = ([answer for answer in answers if answer.task == task] for task in ("shifts", "draws"))
    matched = [[one for one in some if one.reference == "matched"] for some in (shifts, draws)]
    if images.name == "mnist":
        lines += ["", "## Targets", "", *(_targets(*matched) or ["- Not yet."])]
    for reference in ("matched", "full"):
        chosen = [answer for answer in shifts if answer.reference == reference]
        sizes = sorted({answer.size for answer in chosen})
        if not sizes:
            continue
        seeds = {size: len({answer.seed for answer in chosen if answer.size == size}) for size in sizes}
        what = "as many images as the window" if reference == "matched" else "the whole validation pool"
        lines += ["", f"## Reference: {what}", "", "Share of shifts seen.", "", *_by_method(chosen, sizes)]
        lines.append(_row("seeds", (str(seeds[size]) for size in sizes)))
        if reference == "matched" and images.name == "mnist":
            for name, rates in PUBLISHED.items():
                known = dict(zip(PUBLISHED_SIZES, rates, strict=False))  # MMD has none at the largest
                lines.append(_row(name, (_shown(known.get(size)) for size in sizes)))
        for title, groups in _groups():
            lines += ["", f"{OURS} / {PEER} by {title}:", "", *_side_by_side(title, chosen, sizes, groups)]
    for reference in ("matched", "full"):
        chosen = [answer for answer in draws if answer.reference == reference]
        sizes = sorted({answer.size for answer in chosen})
        if sizes:
            lines += ["", f"## Without a change, reference {reference}", ""]
            lines += ["Share of unshifted draws with p ≤ 0.05, and its 95 % interval.", ""]
            lines += _false_positives(chosen, sizes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print(f"wrote {path}")
