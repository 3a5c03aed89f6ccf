"""Kind of change: content, appearance and both told apart on simulated models, at stated rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftwheel.drift.diagnosis.kind_of_change import KindOfChange, joined_kind, kind_of_change
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.records import Records

CLASSES = ("cat", "dog", "owl", "fox")
USUAL, OTHER = (0.4, 0.3, 0.2, 0.1), (0.15, 0.15, 0.3, 0.4)
RUNS = 40


def scene(
    n: int, rng: np.random.Generator, prior=USUAL, *, darker: float = 0.0, share: float = 1.0
) -> Records:
    """Images of four classes that look different, and a model that is right about nine times in ten.

    Darker images move all that is measured, and make the model less sure.
    """
    truth = rng.choice(4, p=prior, size=n)
    hit = (rng.random(n) < share) * darker
    means = np.random.default_rng(1).normal(size=(4, 8))
    values = np.full((n, len(PROPERTY_NAMES)), np.nan, np.float32)
    for column, name in enumerate(("brightness", "contrast", "sharpness")):
        values[:, PROPERTY_NAMES.index(name)] = 0.1 * (means[truth, column] + rng.normal(size=n) - hit) + 0.5
    embeddings = means[truth] + rng.normal(size=(n, 8)) + hit[:, None] * np.eye(8)[0]
    logits = (4.0 - hit[:, None]) * np.eye(4)[truth] + 1.6 * rng.normal(size=(n, 4))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Records(
        images=tuple(f"{i:05}.jpg" for i in range(n)),
        properties=values,
        property_names=PROPERTY_NAMES,
        embeddings=embeddings.astype(np.float32),
        embedder="made-1",
        scores=scores.astype(np.float32),
        classes=CLASSES,
    )


def kinds(n: int, m: int, **changed) -> list[str]:
    found = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        kind = kind_of_change(scene(n, rng), scene(m, rng, **changed), rng=rng)
        assert kind is not None
        found.append(kind.kind)
    return found


@pytest.mark.parametrize(("n", "m"), [(1000, 200), (400, 400)])
def test_another_mix_of_classes_is_content(n: int, m: int) -> None:
    assert kinds(n, m, prior=OTHER).count("content") >= 0.9 * RUNS


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_the_same_classes_seen_darker_are_appearance(share: float) -> None:
    assert kinds(1000, 200, darker=1.0, share=share).count("appearance") >= 0.9 * RUNS


def test_both_at_once_are_mixed() -> None:
    assert kinds(1000, 200, prior=OTHER, darker=1.0).count("mixed") >= 0.9 * RUNS


def test_without_a_change_nothing_is_claimed() -> None:
    assert kinds(300, 100).count("unknown") >= 0.9 * RUNS


def test_within_classes_the_p_value_keeps_its_word_when_only_the_mix_changed() -> None:
    low = 0
    for seed in range(200):  # a model without errors: within a class really nothing changes
        rng = np.random.default_rng(seed)
        left, right = scene(150, rng), scene(60, rng, OTHER)
        exact = []
        for side, prior in ((left, USUAL), (right, OTHER)):
            truth = rng.choice(4, p=prior, size=len(side))
            means = np.random.default_rng(1).normal(size=(4, 8))
            embeddings = (means[truth] + rng.normal(size=(len(side), 8))).astype(np.float32)
            values = np.full_like(side.properties, np.nan)
            values[:, PROPERTY_NAMES.index("brightness")] = 0.1 * embeddings[:, 0] + 0.5
            sure = rng.uniform(0.6, 0.9, size=len(side))[:, None]
            scores = sure * np.eye(4)[truth] + (1 - sure) / 3 * (1 - np.eye(4)[truth])
            exact.append(
                replace(side, embeddings=embeddings, properties=values, scores=scores.astype(np.float32))
            )
        found = kind_of_change(exact[0], exact[1], rng=rng)
        assert found is not None
        low += found.within_p_value <= 0.05
    assert low <= 23  # exceeded by binomial(200, 0.05) once in ten thousand


def test_images_of_a_class_that_the_reference_lacks_are_content() -> None:
    rng = np.random.default_rng(3)
    found = kind_of_change(scene(500, rng, (0.5, 0.5, 0, 0)), scene(200, rng, (0.3, 0.3, 0.4, 0)), rng=rng)
    assert found is not None
    assert found.kind == "content"
    assert found.mix_effect > 0.25


def test_of_many_classes_those_with_the_highest_scores_are_looked_at() -> None:
    def with_rare(side: Records, rare: int) -> Records:
        extra = np.tile(np.linspace(1e-6, 1e-7, rare, dtype=np.float32), (len(side), 1))
        names = tuple(f"rare {i}" for i in range(rare))
        return replace(
            side,
            scores=np.column_stack([np.asarray(side.scores), extra]).astype(np.float32),
            classes=CLASSES + names,
        )

    drawn = np.random.default_rng(5)
    usual, darker = scene(300, drawn), scene(100, drawn, darker=1.0)
    few, many = (
        kind_of_change(with_rare(usual, rare), with_rare(darker, rare), rng=np.random.default_rng(0))
        for rare in (28, 996)
    )
    assert few is not None
    assert many is not None
    assert (few.within_p_value, few.stays) == (many.within_p_value, many.stays)


def test_without_scores_there_is_nothing_to_say() -> None:
    rng = np.random.default_rng(4)
    reference, current = scene(100, rng), scene(40, rng)
    assert current.scores is not None
    few = current.scores.copy()
    few[19:] = np.nan
    assert kind_of_change(replace(reference, scores=None, classes=()), current, rng=rng) is None
    assert kind_of_change(reference, replace(current, scores=few), rng=rng) is None


@pytest.mark.parametrize(
    ("by_class", "diagnosed", "kind"),
    [
        ("content", "unknown", "content"),
        ("content", "appearance", "content"),
        ("appearance", "content", "appearance"),
        ("appearance", "mixed", "appearance"),
        ("mixed", "appearance", "appearance"),
        ("mixed", "mixed", "mixed"),
        ("mixed", "unknown", "mixed"),
        ("unknown", "content", "content"),
        ("unknown", None, "unknown"),
        (None, "appearance", "appearance"),
    ],
)
def test_predictions_decide_unless_a_fault_explains_both(by_class, diagnosed, kind) -> None:
    found = None if by_class is None else KindOfChange(by_class, 0.5, 0.0, 0.5, 0.0)
    assert joined_kind(found, diagnosed) == kind
