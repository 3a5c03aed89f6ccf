"""Dawid-Skene: a plain second telling of the algorithm as oracle, and the law that it only climbs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.agreement.class_answers import Answer, ClassAnswers, class_answers, vote_counts
from driftwheel.agreement.dawid_skene import dawid_skene
from driftwheel.errors import UsageError


def plain(answers: ClassAnswers, smoothing: float, rounds: int) -> NDArray[np.float64]:
    """The algorithm as in the paper, with loops."""
    t, a, k = answers.shape
    votes = vote_counts(answers)
    belief = votes / votes.sum(axis=1, keepdims=True)
    for _ in range(rounds):
        rates = np.full((a, k, k), smoothing)
        for task, who, label in zip(answers.tasks, answers.annotators, answers.labels, strict=True):
            for c in range(k):
                rates[who, c, label] += belief[task, c]
        rates /= rates.sum(axis=2, keepdims=True)
        shares = belief.sum(axis=0) + smoothing
        shares /= shares.sum()
        belief = np.tile(shares, (t, 1))
        for task, who, label in zip(answers.tasks, answers.annotators, answers.labels, strict=True):
            belief[task] *= rates[who, :, label]
        belief /= belief.sum(axis=1, keepdims=True)
    return belief


@pytest.fixture
def answers(crowds: Any) -> ClassAnswers:
    rng = np.random.default_rng(5)
    crowd = crowds.make_crowd(rng, {"good": 4, "sloppy": 3}, 3)
    truth = rng.integers(3, size=80)
    found: ClassAnswers = crowds.assigned(rng, crowds.answer_all(rng, crowd, truth), 3, crowd)
    return found


@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_it_is_the_algorithm_of_the_paper(answers: ClassAnswers, rounds: int) -> None:
    found = dawid_skene(answers, smoothing=0.05, most_rounds=rounds, tolerance=1e-300)
    assert found.consensus.posterior == pytest.approx(plain(answers, 0.05, rounds), abs=1e-6)
    assert not found.converged


@pytest.mark.parametrize("golden", [False, True])
def test_the_log_posterior_never_falls(answers: ClassAnswers, golden: bool) -> None:
    known = np.where(np.arange(80) % 4 == 0, 1, -1) if golden else None
    path = dawid_skene(answers, known).log_posterior
    assert len(path) > 3
    assert (np.diff(path) > -1e-8).all()


def test_rows_are_distributions_and_known_classes_stay(answers: ClassAnswers) -> None:
    known = np.full(80, -1)
    known[:5] = 2
    found = dawid_skene(answers, known)
    assert found.confusions.sum(axis=2) == pytest.approx(1.0)
    assert found.consensus.posterior.sum(axis=1) == pytest.approx(1.0)
    assert found.consensus.labels[:5].tolist() == [2] * 5
    assert found.converged


def test_matrices_are_learned_without_any_truth(crowds: Any) -> None:
    rng = np.random.default_rng(8)
    crowd = crowds.make_crowd(rng, {"good": 6, "one class": 2}, 3)
    truth = rng.integers(3, size=3000)
    found = dawid_skene(crowds.assigned(rng, crowds.answer_all(rng, crowd, truth), 5, crowd))
    assert np.abs(found.confusions - crowd.confusions).max() < 0.06
    assert found.well_founded.all()
    assert (found.consensus.labels == truth).mean() > 0.95


def test_few_answers_are_not_well_founded() -> None:
    told = [Answer(t, who, "abc"[t % 3]) for t in range(8) for who in range(2)]
    assert not dawid_skene(class_answers(told, list("abc"))).well_founded.any()


def test_no_answer_at_all_is_no_error() -> None:
    found = dawid_skene(class_answers([], ["a", "b"], tasks=[1, 2]))
    assert found.consensus.labels.tolist() == [-1, -1]


def test_parameters_out_of_range_are_refused(answers: ClassAnswers) -> None:
    with pytest.raises(UsageError, match="Smoothing 0, 200 rounds"):
        dawid_skene(answers, smoothing=0.0)
