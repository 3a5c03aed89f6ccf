"""Aggregation beside crowd-kit: the share of right labels on the same answers, and seconds of 50,000."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.class_answers import ClassAnswers
from driftwheel.agreement.dawid_skene import dawid_skene
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.agreement.krippendorff_alpha import krippendorff_alpha
from driftwheel.agreement.majority_vote import majority_vote
from labels_crowds import answer_all, assigned, golden_of, make_crowd

BENCH = Path(__file__).parent
CROWDS = {
    "good": {"good": 20},
    "good and sloppy": {"good": 12, "sloppy": 8},
    "before any ban": {"good": 10, "sloppy": 5, "random": 3, "one class": 2},
    "six collude": {"good": 12, "colluding": 6},
}
PEERS = ("MajorityVote", "GoldMajorityVote", "Wawa", "DawidSkene", "OneCoinDawidSkene", "MMSR")
OURS = {
    "majority vote": "MajorityVote",
    "golden-weighted Bayes": "GoldMajorityVote",
    "Dawid-Skene": "DawidSkene",
}
"""Ours → the peer's that it may be at most half a point worse than."""

TASKS, SEEDS, WITHIN, SECONDS = 1500, 2, 0.005, 10.0


def environment() -> Path:
    """Make (once) an environment of crowd-kit's own: it brings 775 MB."""
    home = BENCH / ".venvs" / "labels_crowdkit"
    interpreter = home / "bin" / "python"
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # crowd-kit 1.4.2 asks for no version; some of its methods do not run with later ones
        subprocess.run([*pip, "crowd-kit", "scikit-learn<1.6"], check=True)
        (home / "complete").touch()
    return interpreter


def ask(
    interpreter: Path, answers: ClassAnswers, golden: NDArray[np.intp], methods: list[str], alpha: bool
) -> dict[str, Any]:
    request = {
        "tasks": answers.tasks.tolist(),
        "annotators": answers.annotators.tolist(),
        "labels": answers.labels.tolist(),
        "golden": {int(task): int(golden[task]) for task in np.flatnonzero(golden >= 0)},
        "n": answers.shape[0],
        "methods": methods,
        "alpha": alpha,
    }
    done = subprocess.run(
        [interpreter, BENCH / "labels_peers_worker.py"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def crowd_answers(
    crowd_of: dict[str, int], n_classes: int, overlap: int, seed: int, n: int = TASKS
) -> tuple[ClassAnswers, NDArray[np.intp], NDArray[np.intp]]:
    """Return answers, truth and golden column."""
    rng = np.random.default_rng(seed)
    crowd = make_crowd(rng, crowd_of, n_classes)
    truth = rng.choice(n_classes, size=n, p=rng.dirichlet(np.full(n_classes, 5.0)))
    said = answer_all(rng, crowd, truth, hard=0.05)
    return assigned(rng, said, overlap, crowd), truth, golden_of(rng, truth, 0.1)


def peers_lines() -> tuple[list[str], list[str]]:
    try:
        interpreter = environment()
    except (subprocess.CalledProcessError, OSError) as error:
        return ["## Beside crowd-kit", "", f"crowd-kit could not be installed: {error}", ""], []
    ask_version = "from importlib.metadata import version as v; print(v('crowd-kit'), v('scikit-learn'))"
    told = subprocess.run([interpreter, "-c", ask_version], capture_output=True, text=True, check=True)
    version, sklearn = told.stdout.split()
    rows, missed, alpha_off = [], [], 0.0
    sums: dict[str, list[float]] = {}
    for crowd_name, crowd_of in CROWDS.items():
        for n_classes in (2, 5):
            for overlap in (3, 5):
                runs: dict[str, list[float]] = {}
                for seed in range(SEEDS):
                    answers, truth, golden = crowd_answers(crowd_of, n_classes, overlap, seed)
                    real = golden < 0
                    peer = ask(interpreter, answers, golden, list(PEERS), alpha=seed == 0)
                    for name in PEERS:
                        if "labels" in peer[name]:
                            right = (np.array(peer[name]["labels"]) == truth)[real].mean()
                            runs.setdefault(name, []).append(float(right))
                    ours = {
                        "majority vote": majority_vote(answers),
                        "golden-weighted Bayes": golden_bayes(answers, golden).consensus,
                        "Dawid-Skene": dawid_skene(answers).consensus,
                    }
                    for name, found in ours.items():
                        runs.setdefault(name, []).append(float((found.labels == truth)[real].mean()))
                    if seed == 0:
                        alpha = krippendorff_alpha(answers, np.random.default_rng(0), draws=20).alpha
                        alpha_off = max(alpha_off, abs(alpha - peer["alpha"]))
                means = {name: float(np.mean(values)) for name, values in runs.items()}
                for name, value in means.items():
                    sums.setdefault(name, []).append(value)
                shown = " | ".join(f"{means[name]:.1%}" if name in means else "–" for name in (*OURS, *PEERS))
                rows.append(f"| {crowd_name} | {n_classes} | {overlap} | {shown} |")
                print(rows[-1], flush=True)
                missed += [
                    f"{own}: {means[own]:.1%}, crowd-kit's {other} {means[other]:.1%} ({crowd_name})"
                    for own, other in OURS.items()
                    if other in means and means[own] < means[other] - WITHIN
                ]
    mean = " | ".join(f"{np.mean(sums[name]):.1%}" if name in sums else "–" for name in (*OURS, *PEERS))
    seconds, slow = _time_lines(interpreter)
    return [
        "## Beside crowd-kit",
        "",
        f"crowd-kit {version}, with scikit-learn {sklearn}, in an environment of its own.",
        f"Share of right labels over tasks that are not golden; {TASKS:,} tasks, a tenth golden, 5 % hard;",
        f"the mean of {SEEDS} crowds. Ours first. Wanted: at most {100 * WITHIN:g} points below crowd-kit's",
        "(majority vote, votes weighed by golden tasks, Dawid-Skene). Krippendorff's α differs from",
        f"crowd-kit's by at most {alpha_off:.0e}.",
        "",
        "| crowd | classes | overlap | " + " | ".join((*OURS, *PEERS)) + " |",
        "| --- | ---: | ---: |" + " ---: |" * (len(OURS) + len(PEERS)),
        *rows,
        f"| mean | | | {mean} |",
        "",
        *seconds,
    ], missed + slow


def _time_lines(interpreter: Path) -> tuple[list[str], list[str]]:
    rows, missed = [], []
    for n_classes in (2, 10, 50):
        answers, _, golden = crowd_answers({"good": 30, "sloppy": 20}, n_classes, 3, 0, n=16_667)
        peer = ask(interpreter, answers, golden, ["MajorityVote", "DawidSkene"], alpha=False)
        cells = []
        for work in (
            partial(majority_vote, answers),
            partial(golden_bayes, answers, golden),
            partial(dawid_skene, answers),
            partial(krippendorff_alpha, answers, np.random.default_rng(0)),
        ):
            begun = time.process_time()
            work()
            taken = time.process_time() - begun
            cells.append(f"{taken:.2f} s")
            missed += [f"50,000 answers take {taken:.1f} s"] if taken > SECONDS else []
        cells += [
            f"{peer[name]['seconds']:.2f} s" if "seconds" in peer[name] else "–"
            for name in ("MajorityVote", "DawidSkene")
        ]
        rows.append(f"| {n_classes} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return [
        f"Seconds of the processor for 50,000 answers of 50 annotators (wanted: below {SECONDS:.0f}):",
        "",
        (
            "| classes | majority vote | golden-weighted Bayes | Dawid-Skene | α with interval | "
            "crowd-kit MajorityVote | crowd-kit DawidSkene |"
        ),
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ], missed
