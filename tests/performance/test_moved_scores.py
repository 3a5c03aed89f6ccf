import math

import numpy as np
import pytest

from driftwheel.performance.answers import Answers, KnownAnswers
from driftwheel.performance.moved_scores import log_odds, moved_scores, usual_scores


def known(n: int = 1000, classes: int = 4, seed: int = 0) -> KnownAnswers:
    rng = np.random.default_rng(seed)
    sure = rng.uniform(0.4, 1, n)
    said = rng.integers(classes, size=n)
    truth = np.where(rng.random(n) < sure, said, (said + 1) % classes)
    return KnownAnswers(sure, said, truth)


def test_the_reference_has_not_moved() -> None:
    answers = known()
    assert moved_scores(usual_scores(answers), answers) == pytest.approx([0, 0, 0])


def test_less_sure_answers_move_the_first_two() -> None:
    answers = known()
    moved = moved_scores(usual_scores(answers), Answers(answers.confidence * 0.9, answers.predicted))
    assert moved[0] < -0.1
    assert moved[1] < -0.1
    assert moved[2] == 0


def test_another_mix_moves_the_third() -> None:
    answers = known()
    moved = moved_scores(usual_scores(answers), Answers(answers.confidence, np.zeros(1000, np.intp)))
    assert moved[:2] == pytest.approx([0, 0])
    assert moved[2] == pytest.approx(4 * 0.75, abs=0.2)


def test_a_class_that_was_never_named_before_is_another_mix() -> None:
    answers = known()
    moved = moved_scores(usual_scores(answers), Answers(answers.confidence, np.full(1000, 9)))
    assert moved[2] == pytest.approx(4, abs=0.2)


def test_chance_alone_moves_the_mix_little() -> None:
    rng = np.random.default_rng(1)
    usual = usual_scores(known(5000))
    found = [moved_scores(usual, known(50, seed=int(rng.integers(10**6))))[2] for _ in range(200)]
    assert 0 <= np.mean(found) < 0.15


def test_log_odds_are_finite_and_odd() -> None:
    assert math.isfinite(log_odds(0.0, 10))
    assert log_odds(0.2, 50) == pytest.approx(-log_odds(0.8, 50))
