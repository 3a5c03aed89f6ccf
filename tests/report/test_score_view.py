"""The section on scores: numbers with their sample sizes, hostile names escaped, many classes kept short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.report.conftest import HOSTILE, build

from driftwheel.drift.check import Check
from driftwheel.drift.verdict import ClassShare, ScoreDrift
from driftwheel.report.html import html_report
from driftwheel.report.score_view import score_view
from driftwheel.report.score_words import changed_classes, shares_that_moved


def with_scores(check: Check, classes: tuple[str, ...], *, drifted: bool = True) -> Check:
    """The check, with a window in which the last class grew at the cost of the first."""
    rng = np.random.default_rng(0)
    n, m, k = len(check.reference), len(check.current), len(classes)
    sides, counts = [], []
    for size, last in ((n, 0.1), (m, 0.6)):
        truth = np.where(rng.random(size) < last, k - 1, rng.integers(0, k, size))
        scores = np.full((size, k), 0.2 / k, np.float32)
        scores[np.arange(size), truth] += 0.8
        sides.append(scores)
        counts.append(np.bincount(scores.argmax(axis=1), minlength=k))
    shares = tuple(
        ClassShare(name, int(before), int(now), 1e-6 if i == k - 1 else 0.5)
        for i, (name, before, now) in enumerate(zip(classes, *counts, strict=True))
    )
    found = ScoreDrift(drifted, 1e-6, classes[-1], 0.45, 0.45, 0.1, 1e-6, 0.4, 0.1, shares, n, m)
    return replace(
        check,
        verdict=replace(check.verdict, scores=found),
        reference=replace(check.reference, scores=sides[0], classes=classes),
        current=replace(check.current, scores=sides[1], classes=classes),
    )


def test_what_moved_comes_first_with_its_sizes() -> None:
    check = with_scores(build(), ("cat", "dog", "owl"))
    view = score_view(check)
    assert view is not None
    assert view.drifted
    assert view.mix_drifted
    assert view.rows[0][0] == "owl"
    assert view.rows[0][2] == str(int((check.reference.scores.argmax(axis=1) == 2).sum()))  # type: ignore[union-attr]
    assert view.rows[0][5].startswith("+")
    assert view.charts[0].title == "largest score of an image"
    assert len(view.charts) == 4
    assert "owl" in view.mix
    page = html_report(check)
    assert "n = 400" in page
    assert 'id="scores"' in page


def test_of_many_classes_only_those_that_matter_are_drawn() -> None:
    view = score_view(with_scores(build(), tuple(f"class {i}" for i in range(60))))
    assert view is not None
    assert view.mix == ""
    assert len(view.charts) == 6
    assert len(view.rows) == 20
    assert view.left == 40


def test_names_of_classes_are_escaped() -> None:
    page = html_report(with_scores(build(), ("cat", HOSTILE)))
    assert HOSTILE not in page
    assert "<script>alert" not in page


def test_without_scores_there_is_no_section() -> None:
    assert score_view(build()) is None
    assert 'id="scores"' not in html_report(build())


@pytest.mark.parametrize("most", [1, 2])
def test_only_classes_beyond_chance_are_named(most: int) -> None:
    found = with_scores(build(), ("cat", "dog", "owl")).verdict.scores
    assert found is not None
    assert [one.name for one in changed_classes(found)] == ["owl"]
    said = shares_that_moved(found, most)
    assert said.startswith("owl ")
    assert "→" in said
    assert "cat" not in said
