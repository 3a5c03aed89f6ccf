"""The head on embeddings: the known minimum, calibrated scores, and an accuracy that is what it says."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from driftwheel.errors import IncomparableError, UsageError
from driftwheel.learning.fit_embedding_head import fit_embedding_head
from driftwheel.learning.softmax_regression import softmax_regression


def images(n, seed=0, d=8, classes=3, apart=1.0):
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(0, apart, (classes, d))
    labels = rng.integers(classes, size=n)
    return middles[labels] + rng.normal(size=(n, d)), np.array(["cat", "dog", "eel", "fox"])[labels]


def test_it_is_scikit_learns_minimum():
    table, names = images(200)
    points = (table - table.mean(axis=0)).astype(np.float32)
    _, labels = np.unique(names, return_inverse=True)
    even = np.full((200, 1), 1 / 200)
    ours = softmax_regression(points, labels, even, 3, penalty=0.02)[0]
    theirs = LogisticRegression(C=1 / (200 * 0.02), tol=1e-8, max_iter=1000).fit(points, labels)
    assert pytest.approx(theirs.coef_, abs=2e-3) == ours[:-1].T
    assert ours[-1] - ours[-1].mean() == pytest.approx(theirs.intercept_ - theirs.intercept_.mean(), abs=5e-3)


def test_several_weightings_at_once_are_those_one_by_one_wherever_it_begins():
    table, names = images(90)
    points = table.astype(np.float32) - table.mean(axis=0, dtype=np.float32)
    _, labels = np.unique(names, return_inverse=True)
    weights = np.random.default_rng(0).random((90, 3))
    weights /= weights.sum(axis=0)
    together = softmax_regression(points, labels, weights, 3, penalty=0.05)
    for part in range(3):
        alone = softmax_regression(
            points, labels, weights[:, [part]], 3, penalty=0.05, start=together[[(part + 1) % 3]]
        )
        assert alone[0] == pytest.approx(together[part], abs=5e-3)


def test_more_dimensions_than_labels_and_constant_ones_are_fine():
    table, names = images(30)
    wide = np.hstack((table, np.full((30, 50), 7.0), table[:, :2]))
    fitted = fit_embedding_head(wide, names, seed=0)
    assert fitted.head.weights.shape == (60, 3)
    assert (np.array(fitted.head.classes)[fitted.head.scores(wide).argmax(axis=1)] == names).mean() > 0.7


def test_scores_are_as_sure_as_they_are_right():
    table, names = images(300)
    head = fit_embedding_head(table, names, seed=0).head
    new, truth = images(4000, seed=1)
    scores = head.scores(new)
    right = np.array(head.classes)[scores.argmax(axis=1)] == truth
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert scores.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.03)


def test_few_labels_that_are_all_right_do_not_make_it_certain():
    table, names = images(12, classes=2, apart=4.0)
    fitted = fit_embedding_head(table, names, seed=0)
    assert fitted.head.scores(table).max() < 0.999
    assert fitted.accuracy.low < 0.85


def test_the_interval_holds_the_accuracy_on_new_images():
    held = []
    for seed in range(60):
        fitted = fit_embedding_head(*images(100, seed=seed, apart=0.6), seed=seed)
        new, truth = images(1500, seed=1000 + seed, apart=0.6)
        classes = np.array(fitted.head.classes)
        accuracy = (classes[fitted.head.scores(new).argmax(axis=1)] == truth).mean()
        held.append(fitted.accuracy.low <= accuracy <= fitted.accuracy.high)
    assert np.mean(held) >= 0.85


def test_only_what_was_drawn_at_random_is_measured_on_and_what_is_held_out_is_not_learnt():
    table, names = images(120)
    held = np.arange(120) < 20
    lies = np.where(held, "lie", names)
    chances = np.where(np.arange(120) < 40, 0.1, np.nan)
    fitted = fit_embedding_head(table, lies, seed=0, probabilities=chances, holdout=held)
    assert "lie" not in fitted.head.classes
    assert fitted.n == sum(fitted.counts.values()) == 100
    assert fitted.accuracy.n == 40
    assert fitted.accuracy.accuracy <= 0.5
    assert fitted.recalls["lie"].accuracy == 0.0
    unmeasured = fit_embedding_head(table, names, seed=0, probabilities=np.full(120, np.nan))
    assert unmeasured.accuracy.accuracy is None


def test_balanced_finds_more_of_a_rare_class():
    table, names = images(1200, classes=2, apart=0.5)
    rare = np.flatnonzero(names == "dog")[:25]
    rows = np.concatenate((np.flatnonzero(names == "cat"), rare))
    plain, even = (
        fit_embedding_head(table[rows], names[rows], seed=0, balanced=one) for one in (False, True)
    )
    assert even.recalls["dog"].accuracy > plain.recalls["dog"].accuracy + 0.1
    assert even.accuracy.accuracy < plain.accuracy.accuracy


def test_the_next_fit_looks_near_the_penalty_before_and_finds_as_good_a_head():
    table, names = images(200)
    first = fit_embedding_head(table[:150], names[:150], seed=0)
    cold = fit_embedding_head(table, names, seed=0)
    warm = fit_embedding_head(table, names, seed=0, before=first.head)
    assert warm.loss == pytest.approx(cold.loss, abs=0.02)


def test_the_same_seed_gives_the_same_head():
    first, second = (fit_embedding_head(*images(80), seed=4) for _ in range(2))
    assert first.head.weights.tolist() == second.head.weights.tolist()
    assert first.accuracy == second.accuracy


def test_too_little_to_learn_from_is_said():
    table, names = images(40)
    with pytest.raises(UsageError, match="9 labels of 3 classes"):
        fit_embedding_head(table[:9], names[:9], seed=0)
    with pytest.raises(UsageError, match="40 labels of 1 class to"):
        fit_embedding_head(table, ["cat"] * 40, seed=0)
    with pytest.raises(UsageError, match="got shapes"):
        fit_embedding_head(table, names[:5], seed=0)
    with pytest.raises(UsageError, match="not finite"):
        fit_embedding_head(np.where(table > 3, np.nan, table), names, seed=0)
    with pytest.raises(IncomparableError, match="8 dimensions"):
        fit_embedding_head(table, names, seed=0).head.scores(np.zeros((1, 3)))
