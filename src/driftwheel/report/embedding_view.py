"""The evidence of the embeddings as the report shows it: what it amounts to, its tests, and a map."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.drift.check import Check
from driftwheel.records import Evidence
from driftwheel.report.charts.embedding_map import EmbeddingMap, embedding_map
from driftwheel.report.numbers import count, p_statement, p_value, quantity
from driftwheel.report.printable import printable

__all__ = ["EmbeddingView", "embedding_view"]


@dataclass(frozen=True, slots=True)
class EmbeddingView:
    """All texts are plain; `tests` holds the name, statistic, p-value and sample sizes of each test made."""

    embedder: str
    drifted: bool
    p: str
    effect: str
    threshold: str
    tests: tuple[tuple[str, str, str, str], ...]
    map: EmbeddingMap | None


def embedding_view(check: Check) -> EmbeddingView | None:
    """Return the view; None when no embedder ran."""
    found = check.verdict.embedding
    if found is None:
        return None
    before, after = check.reference.embeddings, check.current.embeddings
    named = (
        ("kernel two-sample test (MMD)", found.mmd),
        ("Fréchet distance", found.frechet),
        ("domain classifier", found.classifier),
    )
    return EmbeddingView(
        embedder=printable(found.embedder),
        drifted=found.drifted,
        p=p_statement(found.p_value),
        effect=quantity(found.effect),
        threshold=quantity(found.threshold),
        tests=tuple(_test(name, test) for name, test in named if test is not None),
        map=None if before is None or after is None else embedding_map(before, after),
    )


def _test(name: str, found: Evidence) -> tuple[str, str, str, str]:
    sizes = f"{count(found.n_reference)} and {count(found.n_current)}"
    return name, quantity(found.statistic), p_value(found.p_value), sizes
