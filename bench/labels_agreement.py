"""Labels people can trust: what the rules of agreement save, catch and promise, on simulated crowds.

Labels saved by dynamic overlap; bans right and wrong; automatic acceptance's true error beside its bound;
planted errors found; the consensus of boxes; aggregation beside crowd-kit in an environment of its own.
``python bench/labels_agreement.py rules errors`` runs only those parts, and writes their tables anew.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy reads them

import sys
from collections.abc import Callable
from pathlib import Path

from labels_acceptance import acceptance_lines
from labels_boxes import boxes_lines
from labels_errors import errors_lines
from labels_overlap import overlap_lines
from labels_peers import peers_lines
from labels_rules import rules_lines
from machine import machine_lines

BENCH = Path(__file__).parent
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", BENCH.parents[1] / "shared")) / "data"
RESULT = BENCH / "results" / "labels_agreement.md"

PARTS: dict[str, Callable[[], tuple[list[str], list[str]]]] = {
    "peers": peers_lines,
    "overlap": overlap_lines,
    "rules": rules_lines,
    "acceptance": lambda: acceptance_lines(SHARED),
    "errors": lambda: errors_lines(SHARED),
    "boxes": lambda: boxes_lines(SHARED),
}


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    lines = ["# Labels: agreement", "", *machine_lines("scikit-learn"), ""]
    lines += ["Written by [labels_agreement.py](../labels_agreement.py); the crowds are those of"]
    lines += [
        "[labels_crowds.py](../labels_crowds.py): good annotators are right 92 % of the time,",
        "sloppy ones 60 %.",
        "",
    ]
    kept = RESULT.read_text(encoding="utf-8").split("\n## ")[1:] if RESULT.exists() else []
    sections = {text.partition("\n")[0]: f"## {text.rstrip()}\n" for text in kept}
    missed: list[str] = []
    for name in names:
        told, wrong = PARTS[name]()
        if wrong:
            told += ["Missed:", "", *(f"- {one}" for one in wrong), ""]
        missed += wrong
        sections[told[0].removeprefix("## ")] = "\n".join(told).rstrip() + "\n"
        RESULT.write_text("\n".join([*lines, *sections.values()]), encoding="utf-8")
    if missed:
        sys.exit("Missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
