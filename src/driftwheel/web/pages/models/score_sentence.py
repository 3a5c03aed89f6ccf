"""What the verdict says of the model's scores, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from driftwheel.drift.evidence.score_evidence import CONFIDENCE
from driftwheel.drift.verdict import ClassShare
from driftwheel.report.numbers import count, p_statement, share
from driftwheel.report.printable import shortened
from driftwheel.report.score_words import shares_that_moved

__all__ = ["score_sentence"]

_NAMED = 3  # classes


@dataclass(frozen=True, slots=True)
class _Mix:
    classes: tuple[ClassShare, ...]
    n_reference: int
    n_current: int


def score_sentence(document: Mapping[str, Any] | None) -> str:
    """Return how the scores of a window stand beside the reference's; empty where they were not compared.

    `document` is that of the window's verdict, None without one.
    """
    found: Mapping[str, Any] | None = (document or {}).get("scores")
    if not found:
        return ""
    column = (
        "largest score" if found["column"] == CONFIDENCE else f"score of {shortened(found['column'], 24)}"
    )
    answer = "drifted" if found["drifted"] else "did not drift"
    moved = f"the {column} moved most, by {_share(found['effect'])} of the images"
    mixed = f"{_share(found['mix_effect'])} of the images are in other classes"
    parts = [
        f"{moved} (counts above {_share(found['threshold'])})",
        f"{mixed} (counts above {_share(found['mix_threshold'])})",
    ]
    n, m = int(found["n_reference"]), int(found["n_current"])
    its = tuple(
        ClassShare(one["name"], one["reference"], one["current"], one["p_value"] or 0.0)
        for one in found["classes"]
    )
    changed = shares_that_moved(_Mix(its, n, m), _NAMED, letters=24)
    if changed and found["drifted"]:
        parts.append(changed)
    return (
        f"Beside the reference its scores {answer} ({p_statement(found['p_value'])}): {'; '.join(parts)}. "
        f"n = {count(m)} against {count(n)}."
    )


def _share(value: float | None) -> str:
    return "–" if value is None else share(value)
